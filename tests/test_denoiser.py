"""Preconditioning, conversions, conditioning, and descriptions."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scoreladder import denoiser, parameterizations
from scoreladder.denoiser import Denoiser

SIGMA_DATA = 0.6
SIGMAS = [5.0, 1.0, 0.2, 0.05]
DESCRIPTION = {
    "family": "score",
    "network": {"kind": "mlp", "width": 16, "blocks": 2},
    "parameterization": "edm",
    "shape": [1, 2, 3],
    "sigma_data": SIGMA_DATA,
    "sigma_range": [0.05, 5.0],
    "sigmas": SIGMAS,
    "moments": [[0.5, -0.5, 0.0, 1.0, 2.0, 3.0], 0.4],
}
KINDS = sorted(parameterizations.PREDICTIONS)
DTYPES = [torch.float32, torch.float64]


class Spy(nn.Module):
    """A network that answers with given values and remembers what it was asked."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x, c_noise):
        self.x, self.c_noise = x, c_noise
        return self.answer(x) if callable(self.answer) else self.answer


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def trained(description=DESCRIPTION, seed=1):
    """A model whose zero-initialised layers have been filled, as training would."""
    model = denoiser.build(description)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model


def test_edm_denoises_by_its_definition():
    x, answer, sigma = randn(5, 3), randn(5, 3, seed=1), torch.linspace(0.1, 4, 5).double()
    network = Spy(answer)
    found = Denoiser(network, "edm", SIGMA_DATA)(x, sigma)
    s, total = sigma[:, None], sigma[:, None] ** 2 + SIGMA_DATA**2
    c_skip, c_out, c_in = SIGMA_DATA**2 / total, s * SIGMA_DATA / total**0.5, total**-0.5
    assert torch.allclose(found, c_skip * x + c_out * answer)
    assert torch.allclose(network.x, c_in * x)
    assert torch.allclose(network.c_noise, sigma.log() / 4)


def test_score_over_sigma_has_the_score_that_technique_3_names():
    x, answer, sigma = randn(5, 3), randn(5, 3, seed=1), torch.linspace(0.1, 4, 5).double()
    network = Spy(answer)
    model = Denoiser(network, "score_over_sigma", SIGMA_DATA)
    assert torch.allclose(model.score(x, sigma), answer / sigma[:, None])
    assert torch.equal(network.x, x)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_predicts_a_kind_denoises_as_its_conversion_does(kind):
    x, answer, sigma = randn(5, 3), randn(5, 3, seed=1), torch.linspace(0.1, 4, 5).double()
    network = Spy(answer)
    found = Denoiser(network, kind, SIGMA_DATA)(x, sigma)
    assert torch.allclose(
        found, parameterizations.convert(answer, x, sigma, kind, "x0"), rtol=1e-12
    )
    # score networks see x, the others what DDPM would: x_VP = √ᾱ x
    scale = 1 if kind == "score" else (1 + sigma[:, None] ** 2) ** -0.5
    assert torch.allclose(network.x, scale * x)


def test_conversions_are_what_the_kinds_are_called():
    """Of x = x₀ + σz told exactly, with √ᾱ = 1/√(1+σ²): ε = z, v = √ᾱ ε − √(1−ᾱ) x₀, s = −z/σ."""
    x0, z, sigma = randn(5, 3), randn(5, 3, seed=1), torch.linspace(0.1, 4, 5).double()
    s = sigma[:, None]
    x = x0 + s * z
    root = (1 + s**2) ** -0.5
    expected = {"x0": x0, "epsilon": z, "score": -z / s, "v": root * z - s * root * x0}
    assert sorted(expected) == KINDS
    for kind, answer in expected.items():
        assert torch.allclose(
            parameterizations.convert(x0, x, sigma, "x0", kind), answer, rtol=1e-11
        )


def test_a_conversion_refuses_kinds_that_are_none():
    for source, target in (("noise", "x0"), ("x0", "noise")):
        with pytest.raises(ValueError, match="unknown prediction 'noise'; one of: score, epsilon"):
            parameterizations.convert(randn(2), randn(2), 1.0, source, target)
    with pytest.raises(ValueError, match="unknown parameterization 'noise'; one of: edm, score"):
        Denoiser(Spy(0.0), "noise", 1.0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
@settings(max_examples=5)
@given(st.floats(0.02, 50), st.lists(st.integers(1, 4), max_size=3), st.integers(0, 1000))
def test_conversions_round_trip(source, target, dtype, sigma, shape, seed):
    x, answer = randn(3, *shape, seed=seed).to(dtype), randn(3, *shape, seed=seed + 1).to(dtype)
    there = parameterizations.convert(answer, x, sigma, source, target)
    back = parameterizations.convert(there, x, sigma, target, source)
    assert there.shape == x.shape and there.dtype == dtype
    scale = 1 + max(sigma, 1 / sigma) ** 2
    assert torch.allclose(back, answer, rtol=0, atol=scale * 20 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", parameterizations.PARAMETERIZATIONS)
@settings(max_examples=8)
@given(st.floats(0.01, 50), st.floats(0.05, 5), st.integers(0, 1000))
def test_parameterizations_round_trip(kind, dtype, sigma, sigma_data, seed):
    """A network that answers with the inverse of a parameterisation gives x̂₀ and score back."""
    x, wanted = randn(4, 2, seed=seed).to(dtype), randn(4, 2, seed=seed + 1).to(dtype)
    c_skip, c_out, _ = parameterizations.PARAMETERIZATIONS[kind](
        torch.tensor(sigma, dtype=dtype), sigma_data
    )
    answer = (wanted - c_skip * x) / c_out
    model = Denoiser(Spy(answer), kind, sigma_data)
    rounding = 20 * torch.finfo(dtype).eps * float((x.abs() + (c_out * answer).abs()).max())
    assert torch.allclose(model(x, sigma), wanted, rtol=0, atol=rounding)
    expected, scale = (wanted - x) / sigma**2, sigma**-2
    found = model.score(x, sigma)
    assert found.shape == x.shape and found.dtype == dtype
    assert torch.allclose(found, expected, rtol=0, atol=rounding * scale)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.floats(0.01, 100), st.floats(0.05, 5))
def test_edm_gives_unit_variance_in_and_out(dtype, sigma, sigma_data):
    coefficients = parameterizations.edm(torch.tensor(sigma, dtype=dtype), sigma_data)
    c_skip, c_out, c_in = (coefficient.double() for coefficient in coefficients)
    signal, noise = sigma_data**2, sigma**2
    exact = 1e-12 if dtype == torch.float64 else 1e-5
    assert c_in.item() ** 2 * (signal + noise) == pytest.approx(1, rel=exact)
    # the network's target is (x₀ − c_skip (x₀ + σz)) / c_out
    target = ((1 - c_skip) ** 2 * signal + c_skip**2 * noise) / c_out**2
    spared = noise if signal > noise else signal
    assert target.item() == pytest.approx(1, rel=exact * (1 + (signal + noise) / spared))


def test_sigma_may_be_a_number_or_one_per_sample():
    model, x = trained(), randn(3, 1, 2, 3).float()
    together = model(x, torch.tensor([0.1, 1.0, 4.0]))
    alone = [model(x[i : i + 1], sigma) for i, sigma in enumerate([0.1, 1.0, 4.0])]
    assert together.shape == x.shape
    assert torch.allclose(together, torch.cat(alone), atol=1e-6)


@pytest.mark.parametrize("kind", parameterizations.PARAMETERIZATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_parameterization_keeps_shape_and_dtype(kind, dtype):
    model = trained(DESCRIPTION | {"parameterization": kind}).to(dtype)
    x = randn(4, 1, 2, 3).to(dtype)
    for sigma in (0.3, torch.tensor([0.01, 0.3, 1.0, 20.0], dtype=torch.float64)):
        found = model(x, sigma)
        assert (found.shape, found.dtype) == (x.shape, dtype)
        assert found.isfinite().all()


def test_the_network_is_told_the_level_by_its_index():
    model = Denoiser(Spy(0.0), "edm", 1.0, (0.05, 5.0), (2,), SIGMAS, "index")
    asked = [100.0, 5.0, 2.3, 2.2, 1.0, 0.2, 0.11, 0.09, 0.05, 0.001]
    model(randn(10, 2), torch.tensor(asked))
    assert model.network.c_noise.tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 3]
    model(randn(10, 2).float(), 0.2)
    assert model.network.c_noise.tolist() == [2]


def test_a_network_without_conditioning_is_told_nothing():
    model = Denoiser(Spy(0.0), "edm", 1.0, conditioning="none")
    model(randn(3, 2), torch.tensor([0.1, 1.0, 9.0]))
    assert model.network.c_noise.tolist() == [0, 0, 0]
    network = DESCRIPTION["network"] | {"conditioning": "none"}
    built = trained(DESCRIPTION | {"network": network, "parameterization": "score_over_sigma"})
    x = randn(1, 1, 2, 3).float()
    # s_θ(x, σ) = F(x)/σ with one F: the whole of NCSNv2's conditioning
    assert torch.allclose(built.score(x, 0.1), 10 * built.score(x, 1.0), rtol=1e-4)


def test_the_ladder_of_training_stays_in_double_precision_wherever_the_model_goes():
    model = denoiser.build(DESCRIPTION).to(torch.float32)
    assert model.sigmas.dtype == torch.float64
    assert model.sigmas.tolist() == SIGMAS


def test_a_description_follows_from_blocks_and_data():
    spec = {
        "noise": {"kind": "geometric", "sigma_max": 2.0, "sigma_min": 0.5, "levels": 3},
        "density": {"kind": "log_normal", "mean": 0.0, "std": 1.0},
        "denoiser": "v",
        "network": {"kind": "mlp", "width": 8, "blocks": 1, "conditioning": "log_sigma"},
    }
    data = randn(50, 2, 3).float()
    found = denoiser.describe(spec, data)
    mean, std = found["moments"]
    assert mean == pytest.approx(data.mean(dim=0).flatten().tolist(), abs=1e-6)
    assert std == pytest.approx(float((data - data.mean(dim=0)).square().mean().sqrt()))
    assert found["sigma_range"] == [0.0, None] and found["sigmas"] == pytest.approx([2, 1, 0.5])
    assert found["shape"] == [2, 3] and found["sigma_data"] == pytest.approx(float(data.std()))
    model = denoiser.build(found)
    assert model.sigma_range == (0.0, math.inf)
    assert model(data, 0.3).shape == data.shape
    uniform = denoiser.describe(spec | {"density": {"kind": "ladder"}}, data)
    assert uniform["sigma_range"] == pytest.approx([0.5, 2.0])


def test_the_prior_has_the_moments_of_the_noisy_data():
    """Mean by coordinate; variance about it pooled over the coordinates, to which σ² is added."""
    spec = {
        "noise": {"kind": "geometric", "sigma_max": 9.0, "sigma_min": 0.5, "levels": 3},
        "density": {"kind": "ladder"},
        "denoiser": "edm",
        "network": DESCRIPTION["network"],
    }
    data = torch.tensor([1.0, 3.0])[:, None] * randn(100_000, 2, 2).float() + torch.tensor([5, -2])
    model = denoiser.build(denoiser.describe(spec, data)).double()
    mean, std = model.prior(2.0)
    noisy = data.double() + 2 * randn(100_000, 2, 2, seed=1)
    assert mean.shape == (2, 2) and mean.dtype == torch.float64
    assert torch.allclose(mean, noisy.mean(dim=0), atol=0.06)
    assert std == pytest.approx(float(noisy.var(dim=0).mean().sqrt()), rel=0.01)
    assert std == pytest.approx((5.0 + 4.0) ** 0.5, rel=0.01)
    # a model that is told no moments has data of mean 0 and spread sigma_data
    mean, std = Denoiser(Spy(0.0), "edm", 3.0, shape=(2,)).prior(4.0)
    assert mean.tolist() == [0.0, 0.0] and std == 5.0


def test_untrained_denoisers_start_from_their_skip_connection():
    x = randn(4, 1, 2, 3).float()
    edm = denoiser.build(DESCRIPTION)(x, 0.3)
    assert torch.allclose(edm, SIGMA_DATA**2 / (SIGMA_DATA**2 + 0.3**2) * x)
    plain = denoiser.build(DESCRIPTION | {"parameterization": "score_over_sigma"})(x, 0.3)
    assert torch.equal(plain, x)


def test_weights_depend_on_the_seed_alone_and_leave_the_global_generator_be():
    torch.manual_seed(0)
    first = denoiser.build(DESCRIPTION, seed=7).state_dict()
    after = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(after, torch.rand(1))
    second, other = (denoiser.build(DESCRIPTION, seed=seed).state_dict() for seed in (7, 8))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)
