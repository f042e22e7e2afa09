"""Every step against the schedulers of diffusers, with a mixture's exact denoiser as the model."""

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    ScoreSdeVeScheduler,
)

from scoreladder import sampling
from scoreladder.analytic import GaussianMixture

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

STEPS = 10
MEANS = torch.tensor([[1.0, 0.5], [-1.0, 0.0]], dtype=torch.float64)
MIXTURE = GaussianMixture(MEANS, 0.3, [0.6, 0.4])
# the schedulers keep their own levels in float32
CLOSE = {"rtol": 2e-4, "atol": 2e-5}
# where the states are float32 too, rounding grows from level to level, on each processor otherwise
SINGLE = {"rtol": 2e-4, "atol": 2e-4}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def start(sigma):
    return float(sigma) * torch.randn(20, 2, generator=generator(), dtype=torch.float64)


def epsilon(x, sigma):
    """The noise that an ε-model would predict, in VE coordinates."""
    return (x - MIXTURE(x, sigma)) / sigma


def levels_of(scheduler):
    """The VE σ of a DDPM-type scheduler's steps, float64, in its order."""
    bars = scheduler.alphas_cumprod.double()[scheduler.timesteps]
    return ((1 - bars) / bars).sqrt()


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("schedule", ["linear", "squaredcos_cap_v2"])
def test_ddim_is_that_of_diffusers(eta, schedule):
    scheduler = DDIMScheduler(beta_schedule=schedule, clip_sample=False)
    scheduler.set_timesteps(STEPS)
    sigmas = levels_of(scheduler)
    x = start(sigmas[0])
    scaled = x / (1 + sigmas[0] ** 2).sqrt()
    draws = generator(1)
    states = sampling.ddim.states(MIXTURE, x, sigmas, eta, generator(1))
    for i, (t, state) in enumerate(zip(scheduler.timesteps, states, strict=True)):
        predicted = epsilon(scaled * (1 + sigmas[i] ** 2).sqrt(), sigmas[i])
        z = torch.randn(20, 2, generator=draws, dtype=torch.float64)
        scaled = scheduler.step(predicted, t, scaled, eta=eta, variance_noise=z).prev_sample
        after = sigmas[i + 1] if i + 1 < STEPS else torch.zeros(())
        assert torch.allclose(state, scaled * (1 + after**2).sqrt(), **CLOSE)


def test_ancestral_sampling_is_diffusers_ddpm():
    scheduler = DDPMScheduler(variance_type="fixed_small", clip_sample=False)
    scheduler.set_timesteps(STEPS)
    sigmas = levels_of(scheduler)
    x = start(sigmas[0])
    scaled = x / (1 + sigmas[0] ** 2).sqrt()
    draws = generator(1)
    states = sampling.ancestral.states(MIXTURE, x, sigmas, generator(1))
    for i, (t, state) in enumerate(zip(scheduler.timesteps, states, strict=True)):
        predicted = epsilon(scaled * (1 + sigmas[i] ** 2).sqrt(), sigmas[i])
        scaled = scheduler.step(predicted, t, scaled, generator=draws).prev_sample
        after = sigmas[i + 1] if i + 1 < STEPS else torch.zeros(())
        assert torch.allclose(state, scaled * (1 + after**2).sqrt(), **CLOSE)


def test_dpmpp_2m_is_that_of_diffusers():
    scheduler = DPMSolverMultistepScheduler(solver_order=2, algorithm_type="dpmsolver++")
    scheduler.set_timesteps(STEPS)
    sigmas = scheduler.sigmas.double()
    x = start(sigmas[0])
    scaled = x / (1 + sigmas[0] ** 2).sqrt()
    states = sampling.dpmpp_2m.states(MIXTURE, x, sigmas[:-1])
    for i, (t, state) in enumerate(zip(scheduler.timesteps, states, strict=True)):
        predicted = epsilon(scaled * (1 + sigmas[i] ** 2).sqrt(), sigmas[i])
        scaled = scheduler.step(predicted, t, scaled).prev_sample
        assert torch.allclose(state, scaled * (1 + sigmas[i + 1] ** 2).sqrt(), **CLOSE)


def test_ddim_at_eta_0_is_diffusers_euler():
    scheduler = EulerDiscreteScheduler(use_karras_sigmas=True)
    scheduler.set_timesteps(STEPS)
    sigmas = scheduler.sigmas.double()
    x = oracle = start(sigmas[0])
    states = sampling.ddim.states(MIXTURE, x, sigmas[:-1])
    for i, (t, state) in enumerate(zip(scheduler.timesteps, states, strict=True)):
        scheduler.scale_model_input(oracle, t)
        oracle = scheduler.step(epsilon(oracle, sigmas[i]), t, oracle).prev_sample
        assert torch.allclose(state, oracle, **CLOSE)


def test_heun_is_that_of_diffusers():
    scheduler = HeunDiscreteScheduler(use_karras_sigmas=True)
    scheduler.set_timesteps(STEPS)
    asked = scheduler.sigmas.double()
    sigmas = torch.cat([asked[:1], asked[1:-1:2]])
    x = oracle = start(sigmas[0])
    found, expected = sampling.heun.states(MIXTURE, x, sigmas), []
    assert len(scheduler.timesteps) == 2 * STEPS - 1
    for i, t in enumerate(scheduler.timesteps):
        scheduler.scale_model_input(oracle, t)
        oracle = scheduler.step(epsilon(oracle, asked[i]), t, oracle).prev_sample
        if i % 2 or i == 2 * STEPS - 2:
            expected.append(oracle)
    for state, oracle in zip(found, expected, strict=True):
        assert torch.allclose(state, oracle, **CLOSE)


def test_predictor_and_corrector_are_diffusers_score_sde():
    """In their loop: at each level the corrector, then the predictor; the last step is the mean."""
    mixture = GaussianMixture(MEANS.float(), 0.3, [0.6, 0.4])
    scheduler = ScoreSdeVeScheduler(
        num_train_timesteps=STEPS, snr=0.2, sigma_min=0.05, sigma_max=5.0, correct_steps=2
    )
    scheduler.set_timesteps(STEPS)
    scheduler.set_sigmas(STEPS, 0.05, 5.0)
    sigmas = scheduler.discrete_sigmas.flip(0)
    x = oracle = start(sigmas[0]).float()
    draws = generator(1)
    states = sampling.predictor_corrector.states(mixture, x, sigmas, 0.2, 2, generator(1))
    for sigma, t in zip(sigmas, scheduler.timesteps, strict=True):
        for _ in range(2):
            score = mixture.score(oracle, sigma)
            oracle = scheduler.step_correct(score, oracle, generator=draws).prev_sample
            assert torch.allclose(next(states), oracle, **SINGLE)
        predicted = scheduler.step_pred(mixture.score(oracle, sigma), t, oracle, generator=draws)
        oracle = predicted.prev_sample if sigma > sigmas[-1] else predicted.prev_sample_mean
        assert torch.allclose(next(states), oracle, **SINGLE)
    assert next(states, None) is None
