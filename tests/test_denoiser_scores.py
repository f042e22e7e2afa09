"""Scores: without loss at small σ, the model's own, and outside the levels it was trained on."""

import pytest
import torch
from torch import nn

from scoreladder import denoiser, networks, parameterizations
from scoreladder.analytic import GaussianMixture
from scoreladder.denoiser import Denoiser

SIGMA_DATA = 0.6
DTYPES = [torch.float32, torch.float64]


class Answer(nn.Module):
    """A network that answers with a tensor, or with a function of what it is asked."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x, c_noise):
        return self.answer(x) if callable(self.answer) else self.answer


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("sigma", [1e-4, 2e-3, 0.3, 80.0])
@pytest.mark.parametrize("kind", parameterizations.PARAMETERIZATIONS)
def test_the_score_in_float32_is_that_of_the_networks_answer_in_float64(kind, sigma):
    """However small σ is; only where the answer is x̂₀ itself has the score gone from it."""
    x, answer = 100 * randn(50, 2), randn(50, 2, seed=1)
    if kind == "x0":
        x, answer = x.float().double(), answer.float().double()
    exact, found = (
        Denoiser(Answer(answer.to(dtype)), kind, SIGMA_DATA).score(x.to(dtype), sigma)
        for dtype in (torch.float64, torch.float32)
    )
    # where terms cancel, against the larger of them
    largest = exact.abs().max()
    assert torch.allclose(found.double(), exact, rtol=0, atol=1e-6 * float(largest))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_that_predicts_the_score_has_it_to_the_bit(dtype):
    model = Denoiser(Answer(torch.ones_like), "score", SIGMA_DATA)
    x = 300 * randn(20, 2).to(dtype)
    for sigma in (1e-4, torch.linspace(1e-4, 5, 20)):
        assert torch.equal(model.score(x, sigma), torch.ones_like(x))


def test_the_score_of_any_denoiser_is_its_own_where_it_has_one():
    mixture = GaussianMixture(torch.tensor([[1.0, 0.5], [-1.0, 0.0]]), 0.5, [0.6, 0.4])
    x, sigma = randn(50, 2).float(), 1e-4
    assert torch.equal(denoiser.score(mixture, x, sigma), mixture.score(x, sigma))
    by_tweedie = denoiser.score(mixture.denoise, x, 1.0)
    assert torch.allclose(by_tweedie, mixture.score(x, 1.0), atol=1e-5)
    # what is left of it in float32 at small σ
    assert not torch.allclose(denoiser.score(mixture.denoise, x, sigma), mixture.score(x, sigma))


def test_outside_its_range_a_model_keeps_the_score_of_the_nearest_level():
    low, high = 0.05, 5.0
    model, x = Denoiser(Answer(torch.sin), "edm", SIGMA_DATA, (low, high)), randn(4, 1, 2, 3)
    assert torch.equal(model.score(x, 20.0), model.score(x, high))
    assert torch.equal(model.score(x, 0.001), model.score(x, low))
    assert not torch.allclose(model.score(x, 1.0), model.score(x, high))
    asked = torch.tensor([0.001, 0.3, 20.0, high], dtype=torch.float64)
    mixed = model.score(x, asked)
    each = [model.score(x[i : i + 1], s) for i, s in enumerate([low, 0.3, high, high])]
    assert torch.allclose(mixed, torch.cat(each))
    # and the denoiser goes with it
    assert torch.allclose(model(x, asked), x + asked.reshape(4, 1, 1, 1) ** 2 * mixed)


@pytest.mark.parametrize("kind", parameterizations.PARAMETERIZATIONS)
def test_a_model_of_one_scale_has_one_score_field(kind):
    model = Denoiser(Answer(torch.sin), kind, SIGMA_DATA, (0.5, 0.5))
    x = randn(4, 2)
    for sigma in (0.01, 0.5, 10.0):
        assert torch.equal(model.score(x, sigma), model.score(x, 0.5))


NETWORKS = [
    {"kind": "mlp", "width": 16, "blocks": 2},
    {"kind": "mlp", "width": 16, "blocks": 1, "octaves": 3, "conditioning": "index"},
    {"kind": "mlp", "width": 16, "blocks": 1, "conditioning": "none"},
    {"kind": "unet", "size": "tiny"},
    {"kind": "unet", "size": "tiny", "conditioning": "index"},
]


def told(network: dict, kind: str, dtype: torch.dtype) -> Denoiser:
    """A model of a few levels, on images of 8×8, whose weights are not those of a start."""
    shape = (1, 8, 8)
    model = Denoiser(
        networks.build(network, shape, 0, 3),
        kind,
        SIGMA_DATA,
        (0.1, 5.0),
        shape,
        [5.0, 1.0, 0.1],
        network.get("conditioning", "log_sigma"),
    ).to(dtype)
    generator = torch.Generator().manual_seed(1)
    for weights in model.parameters():
        noise = torch.randn(weights.shape, generator=generator).to(dtype)
        weights.data.add_(0.1 * noise)
    return model


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", parameterizations.PARAMETERIZATIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_what_a_model_says_at_a_level_is_what_it_says_there(network, kind, dtype):
    """Also outside the levels that the model knows; to rounding, for sums are put together anew."""
    model, x = told(network, kind, dtype), randn(6, 1, 8, 8).to(dtype)
    sigmas = [0.01, 0.1, 0.7, 5.0, 20.0]
    for at, everywhere in ((model.score_at, model.score), (model.at, model)):
        for sigma, known in zip(sigmas, at(sigmas), strict=True):
            with torch.no_grad():
                expected = everywhere(x, sigma)
            found = known(x)
            close = 30 * torch.finfo(dtype).eps * float(expected.abs().max())
            assert torch.allclose(found, expected, rtol=0, atol=close)
            assert found.dtype == dtype and not found.requires_grad


@pytest.mark.parametrize("autocast", [None, torch.bfloat16])
def test_what_a_model_says_at_a_level_has_no_gradient_and_leaves_x_as_it_is(autocast):
    model, x = told(NETWORKS[0], "edm", torch.float32), randn(6, 1, 8, 8).float()
    model.autocast = autocast
    for known in (*model.at([0.7, 20.0]), *model.score_at([0.7, 20.0])):
        given = x.clone().requires_grad_()
        first, second = known(given), known(given)
        assert not first.requires_grad and torch.equal(first, second) and torch.equal(given, x)


def test_a_wrapped_network_is_asked_through_its_wrapper():
    class Wrapped(torch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner, self.at, self.asked = inner, inner.at, 0

        def forward(self, x, c_noise):
            self.asked += 1
            return self.inner(x, c_noise)

    model, x = told(NETWORKS[0], "edm", torch.float32), randn(6, 1, 8, 8).float()
    model.network = Wrapped(model.network)
    model.at([0.7])[0](x)
    assert model.network.asked == 1


def test_what_has_no_levels_is_asked_as_ever():
    mixture, x = GaussianMixture([[1.0, 0.5]], 0.5, [1.0]), randn(50, 2).float()
    for each in (mixture, mixture.denoise, Denoiser(Answer(torch.sin), "edm", SIGMA_DATA)):
        for sigma, known in zip([0.5, 0.3], denoiser.score_at(each, [0.5, 0.3]), strict=True):
            assert torch.equal(known(x), denoiser.score(each, x, sigma))
        for sigma, known in zip([0.5, 0.3], denoiser.at(each, [0.5, 0.3]), strict=True):
            assert torch.equal(known(x), each(x, sigma))


def test_half_precision_holds_at_a_level_too():
    model, x = told(NETWORKS[3], "edm", torch.float32), randn(6, 1, 8, 8).float()
    model.autocast = torch.bfloat16
    with torch.no_grad():
        assert torch.equal(model.score_at([0.7])[0](x), model.score(x, 0.7))
        assert torch.equal(model.at([0.7])[0](x), model(x, 0.7))
