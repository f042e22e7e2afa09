"""How denoising score matching is weighted: sample by sample, alike in every parameterisation."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scoreladder import denoiser, objectives, parameterizations
from scoreladder.weighting import loss_weight, one, sigma_power, weighting, x0_weight


def generator():
    return torch.Generator().manual_seed(0)


def test_one_loss_per_sample_each_with_its_own_sigma_and_weight():
    x0 = torch.randn(6, 2, 3, generator=generator())
    z = torch.randn(6, 2, 3, generator=generator())
    sigma = torch.linspace(0.1, 2.0, 6)
    losses = objectives.denoising_score_matching(
        lambda x, sigma: 0.3 * x, x0, sigma, z, sigma_power(3)
    )
    for i in range(6):
        score = (0.3 - 1) * (x0[i] + sigma[i] * z[i]) / sigma[i] ** 2
        expected = sigma[i] ** 3 * (score + z[i] / sigma[i]).square().sum()
        assert losses[i].item() == pytest.approx(expected.item(), rel=1e-5)


def test_weight_sigma_squared_is_the_plain_error_of_the_noise():
    x0, z = torch.randn(2, 8, 3, dtype=torch.float64, generator=generator())
    sigma = torch.linspace(0.1, 2.0, 8, dtype=torch.float64)
    epsilon = torch.randn(8, 3, dtype=torch.float64, generator=generator())
    losses = objectives.denoising_score_matching(
        lambda x, sigma: x - sigma.reshape(-1, 1) * epsilon, x0, sigma, z, sigma_power(2)
    )
    assert torch.allclose(losses, (epsilon - z).square().sum(dim=1))


@pytest.mark.parametrize("dtype, rel", [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_the_objective_is_the_mean_of_weighted_losses_not_the_weight_of_the_mean_sigma(dtype, rel):
    x0 = torch.zeros(4, 1, dtype=dtype)
    z = torch.tensor([[1.0], [2.0], [0.5], [1.5]], dtype=dtype)
    sigma = torch.tensor([0.1, 0.5, 1.0, 4.0], dtype=dtype)

    def loss(weight):
        return objectives.denoising_score_matching(lambda x, s: 0.5 * x, x0, sigma, z, weight)

    weight = sigma_power(2)
    unweighted = loss(one)
    right = (sigma**2 * unweighted).mean().item()
    wrong = (weight(sigma.mean()) * unweighted.mean()).item()
    assert loss(weight).mean().item() == pytest.approx(right, rel=rel)
    assert not math.isclose(right, wrong, rel_tol=0.5)


WEIGHTINGS = [
    {"kind": "one"},
    {"kind": "sigma2"},
    {"kind": "likelihood", "sde": "vp"},
    {"kind": "truncated_snr"},
    {"kind": "min_snr", "gamma": 5.0},
    {"kind": "p2", "k": 1.0, "gamma": 0.5},
    {"kind": "edm"},
    {"kind": "x0"},
    {"kind": "v"},
]


# float32 loses digits of x̂₀ − x where σ is small, and of x − x̂₀ − σz where it is large
@pytest.mark.parametrize("dtype, rel, ends", [(torch.float32, 2e-3, 1), (torch.float64, 1e-7, 2)])
@pytest.mark.parametrize("spec", WEIGHTINGS, ids=lambda spec: spec["kind"])
def test_a_weighting_gives_one_loss_whatever_the_network_predicts(spec, dtype, rel, ends):
    """One scalar through score, ε, x₀ and v: each space has its own weight, not its own λ."""
    x0, z = torch.randn(2, 8, 3, dtype=torch.float64, generator=generator()).to(dtype)
    sigma = torch.logspace(-ends, ends, 8, dtype=dtype)
    x = x0 + sigma[:, None] * z
    guess = torch.randn(8, 3, dtype=torch.float64, generator=generator()).to(dtype) / 2
    weight = weighting(spec, sigma_data=0.7)
    expected = objectives.denoising_score_matching(lambda x, s: guess, x0, sigma, z, weight)
    for space in parameterizations.PREDICTIONS:
        said, true = (
            parameterizations.convert(value, x, sigma, "x0", space) for value in (guess, x0)
        )
        found = loss_weight(weight, space)(sigma) * (said - true).square().sum(dim=1)
        assert torch.allclose(found, expected, rtol=rel)


class Waves(torch.nn.Module):
    """A network, by no means an exact one, that remembers what it was asked and what it said."""

    def forward(self, x, c_noise):
        self.said = torch.sin(3 * x) + 0.2 * x
        return self.said


# what the network of a parameterisation predicts, as far as that has a name of its own
SPACE_OF = {"score": "score", "epsilon": "epsilon", "x0": "x0", "v": "v"}


@pytest.mark.parametrize("dtype, rel, ends", [(torch.float32, 1e-3, 1), (torch.float64, 1e-8, 2)])
@pytest.mark.parametrize("name", parameterizations.PARAMETERIZATIONS)
@pytest.mark.parametrize("spec", WEIGHTINGS, ids=lambda spec: spec["kind"])
def test_a_denoisers_loss_is_that_of_its_network_on_its_own_target(spec, name, dtype, rel, ends):
    """w c_out² ‖F − (x₀ − c_skip x)/c_out‖², for every parameterisation of a Denoiser.

    And λ's weight in the space of what F predicts, where that is score, ε, x₀ or v.
    """
    x0, z = torch.randn(2, 8, 3, dtype=torch.float64, generator=generator()).to(dtype)
    sigma = torch.logspace(-ends, ends, 8, dtype=dtype)
    x, weight, network = objectives.noisy(x0, sigma, z), weighting(spec, 0.7), Waves()
    model = denoiser.Denoiser(network, name, 0.7, shape=(3,))
    expected = objectives.denoising_score_matching(model, x0, sigma, z, weight)
    c_skip, c_out, _ = (c[:, None] for c in parameterizations.PARAMETERIZATIONS[name](sigma, 0.7))
    error = (network.said - (x0 - c_skip * x) / c_out).square().sum(dim=1)
    found = loss_weight(weight, "x0")(sigma) * c_out[:, 0] ** 2 * error
    assert torch.allclose(found, expected, rtol=rel)
    if name in SPACE_OF:
        target = parameterizations.convert(x0, x, sigma, "x0", SPACE_OF[name])
        error = (network.said - target).square().sum(dim=1)
        found = loss_weight(weight, SPACE_OF[name])(sigma) * error
        assert torch.allclose(found, expected, rtol=rel)


@pytest.mark.parametrize("dtype, rel", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@given(st.floats(0.01, 100), st.floats(0.05, 5))
def test_edms_weighting_undoes_its_output_scale(dtype, rel, sigma, sigma_data):
    sigma = torch.tensor(sigma, dtype=dtype)
    _, c_out, _ = parameterizations.edm(sigma, sigma_data)
    found = x0_weight({"kind": "edm"}, sigma_data)(sigma) * c_out**2
    assert found.dtype == dtype and found.item() == pytest.approx(1, rel=rel)
