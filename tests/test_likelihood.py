"""Likelihoods by the probability-flow ODE against exact densities."""

import math

import pytest
import torch

from scoreladder import sampling
from scoreladder.analytic import GaussianMixture
from scoreladder.likelihood import bits_per_dim, log_prob

SIGMA_MAX, SIGMA_MIN = 20.0, 0.02
# dtype, the solver's tolerance, what is left of the error
PRECISIONS = [(torch.float32, 1e-5, 2e-3), (torch.float64, 1e-8, 1e-5)]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def mixture(dtype=torch.float64):
    return GaussianMixture(
        torch.tensor([[1.0, 2.0, 0.0], [-2.0, 0.0, 0.5]], dtype=dtype), 0.5, [0.3, 0.7]
    )


def points(n=30, dtype=torch.float64):
    """The same points in either precision."""
    return mixture().sample(n, SIGMA_MIN, generator()).to(dtype)


def exact_prior(x):
    return mixture(x.dtype).log_prob(x, SIGMA_MAX)


@pytest.mark.parametrize("dtype, rtol, error", PRECISIONS)
def test_a_gaussian_has_its_log_density_exactly(dtype, rtol, error):
    """Of mean 0, so that the default prior is the exact one but for its variance."""
    std = 0.8
    gaussian = GaussianMixture(torch.zeros(1, 3, dtype=torch.float64), std, [1.0])
    x = gaussian.sample(30, SIGMA_MIN, generator())
    single = GaussianMixture(torch.zeros(1, 3, dtype=dtype), std, [1.0])
    found = log_prob(single, x.to(dtype), SIGMA_MAX, SIGMA_MIN, rtol=rtol)
    assert found.dtype == dtype
    at_the_end = x * ((std**2 + SIGMA_MAX**2) / (std**2 + SIGMA_MIN**2)) ** 0.5
    normal = torch.distributions.Normal(0, SIGMA_MAX)
    wider = torch.distributions.Normal(0, (std**2 + SIGMA_MAX**2) ** 0.5)
    gap = (normal.log_prob(at_the_end) - wider.log_prob(at_the_end)).sum(dim=1)
    exact = gaussian.log_prob(x, SIGMA_MIN) + gap
    assert torch.allclose(found.double(), exact, rtol=0, atol=error)


@pytest.mark.parametrize("dtype, rtol, error", PRECISIONS)
def test_a_mixture_has_its_log_density_where_the_prior_is_exact(dtype, rtol, error):
    found = log_prob(
        mixture(dtype), points(dtype=dtype), SIGMA_MAX, SIGMA_MIN, rtol=rtol, prior=exact_prior
    )
    assert found.shape == (30,) and found.dtype == dtype
    exact = mixture().log_prob(points(), SIGMA_MIN)
    assert torch.allclose(found.double(), exact, rtol=0, atol=error)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("divergence", ["exact", "hutchinson"])
def test_rows_may_be_single_numbers(divergence, dtype):
    """In one dimension a random sign squared is 1: the estimate of the trace is exact."""
    flat = GaussianMixture(torch.zeros(1, 1, dtype=dtype), 0.8, [1.0])
    x = 0.8 * torch.randn(7, generator=generator(), dtype=dtype)
    found = log_prob(
        lambda x, sigma: flat(x[:, None], sigma)[:, 0],
        x,
        400.0,
        SIGMA_MIN,
        divergence,
        generator=generator(),
    )
    assert torch.allclose(found, flat.log_prob(x[:, None], SIGMA_MIN), atol=2e-3)


def test_the_defaults_are_near_it_in_float32_too():
    """The default prior is off by about ‖E[x₀]‖/σ_max, in standard deviations."""
    found = log_prob(mixture(torch.float32), points().float(), 400.0, SIGMA_MIN)
    assert found.dtype == torch.float32
    exact = mixture().log_prob(points(), SIGMA_MIN).float()
    assert torch.allclose(found, exact, atol=0.02)


def test_hutchinsons_estimate_has_the_exact_value_as_its_mean_and_follows_its_generator():
    exact = log_prob(mixture(), points(5), SIGMA_MAX, SIGMA_MIN, rtol=1e-5)
    copies = points(5).repeat_interleave(400, dim=0)
    found = log_prob(
        mixture(), copies, SIGMA_MAX, SIGMA_MIN, "hutchinson", rtol=1e-5, generator=generator(1)
    ).reshape(5, 400)
    error = found.std(dim=1) / 400**0.5
    assert (found.std(dim=1) > 0.01).all()
    assert ((found.mean(dim=1) - exact).abs() < 4 * error + 1e-3).all()
    again = log_prob(
        mixture(), copies, SIGMA_MAX, SIGMA_MIN, "hutchinson", rtol=1e-5, generator=generator(1)
    )
    assert torch.equal(again.reshape(5, 400), found)


def test_more_probes_leave_less_noise():
    spreads = []
    for probes in (1, 16):
        copies = points(1).repeat(300, 1)
        found = log_prob(
            mixture(), copies, SIGMA_MAX, SIGMA_MIN, "hutchinson", probes, 1e-4, None, generator()
        )
        spreads.append(found.std().item())
    assert spreads[0] / spreads[1] == pytest.approx(4, rel=0.25)


def test_images_and_models_in_training_mode_are_taken_as_they_are():
    """A linear denoiser on (1, 2, 2): the trace is over all of a row's coordinates."""
    gain = torch.nn.Parameter(torch.ones(()))
    calls = sampling.CountCalls(lambda x, sigma: gain * 0.64 / (0.64 + sigma**2) * x)
    flat = GaussianMixture(torch.zeros(1, 4), 0.8, [1.0])
    x = 0.8 * torch.randn(7, 1, 2, 2, generator=generator())
    found = log_prob(calls, x, 50.0, SIGMA_MIN, prior=lambda x: flat.log_prob(x.flatten(1), 50.0))
    assert torch.allclose(found, flat.log_prob(x.flatten(1), SIGMA_MIN), atol=2e-3)
    assert not found.requires_grad and gain.grad is None and calls.calls < 400


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"sigma_max": 0.02}, "need 0 < sigma_min < sigma_max, found 0.02 and 0.02"),
        ({"sigma_min": 0.0}, "need 0 < sigma_min < sigma_max, found 0.0 and 20.0"),
        ({"divergence": "guess"}, "need divergence exact or hutchinson and probes >= 1"),
        ({"divergence": "hutchinson", "probes": 0}, "and probes >= 1, found hutchinson and 0"),
        ({"rtol": 1.0}, "need 0 < rtol < 1, found 1.0"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    chosen = {"sigma_max": SIGMA_MAX, "sigma_min": SIGMA_MIN} | arguments
    with pytest.raises(ValueError, match=message):
        log_prob(mixture(), points(2), **chosen)


def test_bits_per_dim_of_a_uniform_density_count_its_bins():
    """Uniform on [0, 1)^D with bins of 1/256: eight bits a dimension, whatever D."""
    for dim in (1, 3, 64):
        assert bits_per_dim(torch.zeros(5), dim, 1 / 256) == pytest.approx([8.0] * 5)
    with pytest.raises(ValueError, match="need dim >= 1 and bin_width > 0, found 2 and 0"):
        bits_per_dim(torch.zeros(1), 2, 0)


def test_bits_per_dim_are_those_of_the_bins_where_the_density_is_constant_in_them():
    """Two values, .25 and .75 likely, as a density on [0, 2): the entropy of the coin."""
    density = torch.tensor([0.25, 0.75], dtype=torch.float64)
    bits = (density * bits_per_dim(density.log(), 1, 1.0)).sum().item()
    assert bits == pytest.approx(-0.25 * math.log2(0.25) - 0.75 * math.log2(0.75))
