"""One-pass stochastic samplers: their moments on Gaussians, and what they have in common."""

import pytest
import torch
from torch import nn

from scoreladder import noise, sampling
from scoreladder.analytic import GaussianMixture
from scoreladder.denoiser import Denoiser

MEAN, STD, N = 1.5, 0.6, 100_000
SIGMAS = noise.geometric(4.0, 0.3, 5)
DTYPES = [torch.float32, torch.float64]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def shrink(sigma):
    """∂x̂₀/∂x on N(MEAN, STD²)."""
    return STD**2 / (STD**2 + sigma**2)


def gaussian(x, sigma):
    """The exact denoiser of N(MEAN, STD²) in every coordinate."""
    return MEAN + shrink(float(sigma)) * (x - MEAN)


def reverse_diffusion_step(sigma, after):
    """(a, b) of x − m ← a (x − m) + b z, an Euler–Maruyama step of the reverse VE SDE."""
    variance = sigma**2 - after**2
    return 1 - variance / (STD**2 + sigma**2), variance**0.5


def ddim_step(eta):
    def step(sigma, after):
        added = eta * after * (1 - after**2 / sigma**2) ** 0.5
        kept = shrink(sigma)
        return kept + (after**2 - added**2) ** 0.5 / sigma * (1 - kept), added

    return step


def churned_heun_step(sigma, after):
    """Two linear maps: the churn raises σ by γ = .5/L, then Heun's step, or Euler's to 0."""
    raised = sigma * (1 + 0.5 / len(SIGMAS))
    first = (1 - shrink(raised)) / raised
    euler = 1 + (after - raised) * first
    if not after:
        factor = euler
    else:
        second = (1 - shrink(after)) / after * euler
        factor = 1 + (after - raised) * (first + second) / 2
    return factor, factor * 1.1 * (raised**2 - sigma**2) ** 0.5


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name, options, step",
    [
        ("reverse_diffusion", {}, reverse_diffusion_step),
        ("ancestral", {}, ddim_step(1.0)),
        ("ddim", {"eta": 0.5}, ddim_step(0.5)),
        ("ddim", {"eta": 0.0}, ddim_step(0.0)),
        ("heun", {"churn": 0.5, "noise": 1.1}, churned_heun_step),
    ],
)
def test_every_step_has_the_moments_of_its_linear_map_on_a_gaussian(name, options, step, dtype):
    ladder = [*SIGMAS.tolist(), 0.0]
    variance = STD**2 + ladder[0] ** 2
    x = MEAN + variance**0.5 * torch.randn(1, N, generator=generator(), dtype=dtype)
    sampler = getattr(sampling, name)
    states = sampler.states(gaussian, x, SIGMAS, generator=generator(1), **options)
    for i, (state, sigma, after) in enumerate(zip(states, ladder, ladder[1:], strict=False)):
        factor, added = step(sigma, after)
        # the last step of reverse diffusion adds no noise
        variance = factor**2 * variance + (added**2 if after or name == "heun" else 0)
        assert state.mean().item() == pytest.approx(MEAN, abs=4 * (variance / N) ** 0.5), i
        assert state.var().item() == pytest.approx(variance, rel=4 * (2 / N) ** 0.5), i


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["reverse_diffusion", "ancestral", "predictor_corrector"])
def test_on_a_fine_ladder_the_variance_of_the_data_comes_back(name, dtype):
    x = MEAN + 4 * torch.randn(2000, 10, generator=generator(), dtype=dtype)
    fine = noise.geometric(4.0, 0.01, 200)
    sample = getattr(sampling, name)(gaussian, x, fine, generator=generator(1))
    assert sample.var().item() == pytest.approx(STD**2, rel=0.05)
    assert sample.mean().item() == pytest.approx(MEAN, abs=0.02)


class ExactEDM(nn.Module):
    """What a network says under EDM's preconditioning where data are N(MEAN, STD²), as it knows."""

    def forward(self, x, c_noise):
        sigma = (4 * c_noise).exp().reshape(-1, 1)
        # (x̂₀ − c_skip x)/c_out = MEAN σ/(STD √(σ² + STD²))
        return (MEAN * sigma / (STD * (sigma**2 + STD**2).sqrt())).expand_as(x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "sigmas",
    [noise.sub_vp(100), noise.vp(100), noise.karras(80, 0.002, 100)],
    ids=["sub_vp", "vp", "karras"],
)
@pytest.mark.parametrize("kind", ["mixture", "network"])
def test_predictor_and_corrector_find_the_data_in_either_precision(kind, sigmas, dtype):
    """Ladders down to σ = 1e-4, where x̂₀ − x is lost among the digits of x in float32."""
    mixture = GaussianMixture(torch.tensor([[MEAN]], dtype=dtype), STD, [1.0])
    model = mixture if kind == "mixture" else Denoiser(ExactEDM(), "edm", STD)
    x = float(sigmas[0]) * torch.randn(20_000, 1, generator=generator(), dtype=dtype)
    sample = sampling.predictor_corrector(model, x, sigmas, generator=generator(1))
    assert sample.dtype == dtype
    assert sample.std().item() == pytest.approx(STD, rel=0.03)
    assert sample.mean().item() == pytest.approx(MEAN, abs=0.02)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_corrector_without_a_score_to_go_by_stays_where_it_is(dtype):
    x = torch.randn(20, 3, generator=generator(), dtype=dtype)
    states = sampling.predictor_corrector.states(
        lambda x, sigma: x, x, SIGMAS, corrector_steps=2, generator=generator(1)
    )
    corrected, again, predicted, *_ = states
    assert torch.equal(corrected, x) and torch.equal(again, x)
    assert predicted.isfinite().all() and not torch.equal(predicted, x)


def test_the_corrector_takes_the_step_that_its_signal_to_noise_ratio_asks_for():
    """In high dimension norms are sharp: ‖z‖² = D and ‖s‖² = D var/V², with V = s₀² + σ²."""
    snr, dim = 0.3, 2000
    total = STD**2 + float(SIGMAS[0]) ** 2
    variance = 2.0
    x = MEAN + variance**0.5 * torch.randn(100, dim, generator=generator())
    states = sampling.predictor_corrector.states(gaussian, x, SIGMAS, snr, 3, generator(1))
    for _, state in zip(range(3), states, strict=False):
        epsilon = 2 * snr**2 * total**2 / variance
        variance = (1 - epsilon / total) ** 2 * variance + 2 * epsilon
        assert state.var().item() == pytest.approx(variance, rel=0.02)
    factor, added = reverse_diffusion_step(*SIGMAS[:2].tolist())
    assert next(states).var().item() == pytest.approx(factor**2 * variance + added**2, rel=0.02)


def test_a_predictor_without_corrector_is_reverse_diffusion_bit_for_bit():
    x = 4 * torch.randn(50, 2, generator=generator())
    alone = sampling.reverse_diffusion(gaussian, x, SIGMAS, generator=generator(1))
    pair = sampling.predictor_corrector(
        gaussian, x, SIGMAS, corrector_steps=0, generator=generator(1)
    )
    assert torch.equal(alone, pair)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ancestral_sampling_is_ddim_at_eta_1_and_ddpms_posterior(dtype):
    x = 4 * torch.randn(50, 2, generator=generator(), dtype=dtype)
    ancestral = sampling.ancestral(gaussian, x, SIGMAS, generator=generator(1))
    assert torch.equal(ancestral, sampling.ddim(gaussian, x, SIGMAS, 1.0, generator(1)))
    z = torch.randn(50, 2, generator=generator(2), dtype=dtype)
    first = next(sampling.ancestral.states(gaussian, x, SIGMAS, generator(2)))
    before, after = SIGMAS[:2].tolist()
    posterior = gaussian(x, before) + (after / before) ** 2 * (x - gaussian(x, before))
    posterior += after * (1 - (after / before) ** 2) ** 0.5 * z
    assert torch.allclose(first, posterior, rtol=1e-4 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize("dtype, exact", [(torch.float32, 1e-4), (torch.float64, 1e-12)])
def test_ddim_at_eta_0_is_eulers_method_on_the_probability_flow_and_draws_nothing(dtype, exact):
    mixture = GaussianMixture(2 * torch.eye(2, dtype=dtype), 0.3, [0.6, 0.4])
    x = 4 * torch.randn(50, 2, generator=generator(), dtype=dtype)
    used = generator(1)
    states = list(sampling.ddim.states(mixture, x, SIGMAS, generator=used))
    assert torch.equal(used.get_state(), generator(1).get_state())
    ladder = [*SIGMAS.tolist(), 0.0]
    for state, sigma, after in zip(states, ladder, ladder[1:], strict=False):
        x = x - (after - sigma) * sigma * mixture.score(x, sigma)
        assert torch.allclose(state, x, rtol=exact, atol=exact)


@pytest.mark.parametrize("dtype, exact", [(torch.float32, 1e-4), (torch.float64, 1e-10)])
def test_scores_and_ddim_of_the_variance_preserving_process_are_those_of_ve_rescaled(dtype, exact):
    """x_VP = √ᾱ x with σ² = (1 − ᾱ)/ᾱ: the score grows by 1/√ᾱ, DDIM is the same path."""
    means = torch.tensor([[1.0, 2.0], [-2.0, 0.0]], dtype=dtype)
    mixture = GaussianMixture(means, 0.5, [0.3, 0.7])
    bars = (1 / (1 + SIGMAS**2)).tolist()
    x = torch.randn(50, 2, generator=generator(), dtype=dtype)
    scaled = GaussianMixture(bars[0] ** 0.5 * means, 0.5 * bars[0] ** 0.5, [0.3, 0.7])
    expected = mixture.score(x / bars[0] ** 0.5, SIGMAS[0]) / bars[0] ** 0.5
    found = scaled.score(x, (1 - bars[0]) ** 0.5)
    assert torch.allclose(found, expected, rtol=exact, atol=exact)
    states = list(sampling.ddim.states(mixture, x / bars[0] ** 0.5, SIGMAS))
    for bar, after, sigma, state in zip(bars, bars[1:], SIGMAS, states, strict=False):
        # arXiv 2010.02502, equation 12, in its own coordinates
        x0 = mixture(x / bar**0.5, sigma)
        epsilon = (x - bar**0.5 * x0) / (1 - bar) ** 0.5
        x = after**0.5 * x0 + (1 - after) ** 0.5 * epsilon
        assert torch.allclose(state, x / after**0.5, rtol=exact, atol=exact)
