"""Langevin samplers against linear-Gaussian theory."""

import math

import numpy as np
import pytest
import torch

from scoreladder import noise, sampling
from scoreladder.analytic import GaussianMixture

DTYPES = [torch.float32, torch.float64]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def origin(x, sigma):
    """The exact denoiser of a point mass at 0: its noisy density is N(0, σ²)."""
    return torch.zeros_like(x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("relative", [0.1, 0.5, 1.0, 1.5])
def test_langevin_settles_at_the_variance_of_its_linear_recursion(relative, dtype):
    sigma, n = 0.7, 100_000
    alpha = relative * sigma**2
    x = torch.zeros(1, n, dtype=dtype)
    x = sampling.langevin(origin, x, sigma, 40, alpha, generator=generator())
    expected = sigma**2 / (1 - alpha / (2 * sigma**2))
    assert x.var().item() == pytest.approx(expected, rel=4 * (2 / n) ** 0.5)


@pytest.mark.parametrize("dtype, exact", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("relative", [0.1, 1.0, 1.9, 2.1, 2.5])
def test_langevin_contracts_below_twice_the_variance_and_diverges_above(relative, dtype, exact):
    """Two chains under the same noise differ by the deterministic part alone."""
    sigma, steps = 0.7, 40
    starts = torch.tensor([[1.0], [3.0]], dtype=dtype)
    ends = [
        sampling.langevin(
            origin, start[None], sigma, steps, relative * sigma**2, generator=generator()
        )
        for start in starts
    ]
    gap = (ends[1] - ends[0]).item()
    assert gap == pytest.approx(2 * (1 - relative) ** steps, rel=exact, abs=exact)
    assert (abs(gap) > 2) == (relative > 2)


# the ends of a ladder, its levels, steps on each, their size over σ², and Var/σ² on all of it
FIXED_POINTS = {
    "NCSNv2 on CIFAR-10": ((50, 0.01), 232, 5, 6.2e-2, 1.128),
    "NCSN": ((1, 0.01), 10, 100, 0.2, 1.111),
    "NCSNv2 on FFHQ": ((348, 0.01), 2311, 3, 9e-3, 1.200),
}


@pytest.mark.parametrize(
    "ends, levels, steps, eta, fixed_point", FIXED_POINTS.values(), ids=FIXED_POINTS
)
def test_the_variance_ratio_settles_at_the_ladders_fixed_point(
    ends, levels, steps, eta, fixed_point
):
    sigmas = noise.geometric(*ends, levels)
    gamma = float(sigmas[0] / sigmas[1])
    shrink = (1 - eta) ** (2 * steps)
    floor = 2 * eta / (1 - (1 - eta) ** 2)
    limit = floor * (1 - shrink) / (1 - gamma**2 * shrink)
    ratio = 1.0
    for _ in range(levels):
        ratio = noise.variance_ratio(eta, gamma * ratio**0.5, steps)
    assert ratio == pytest.approx(limit, rel=1e-3)
    assert limit == pytest.approx(fixed_point, abs=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "last"), [*zip(FIXED_POINTS, (30, 3, 150), strict=True)])
def test_annealed_langevin_has_the_variance_of_the_fixed_point(name, last, dtype):
    """From any level: after the last ones here nothing is left of where the chain began."""
    ends, levels, steps, eta, fixed_point = FIXED_POINTS[name]
    sigmas, n = noise.geometric(*ends, levels)[-last:], 40_000
    x = float(sigmas[0]) * torch.randn(1, n, generator=generator(), dtype=dtype)
    step_size = eta * float(sigmas[-1]) ** 2
    x = sampling.annealed_langevin(origin, x, sigmas, steps, step_size, False, generator(1))
    assert x.var().item() / 0.01**2 == pytest.approx(fixed_point, rel=4 * (2 / n) ** 0.5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_level_has_the_variance_ratio_of_technique_4(dtype):
    n, gamma, steps, eta = 200_000, 1.6, 3, 0.2
    x = gamma * 0.5 * torch.randn(1, n, generator=generator(), dtype=dtype)
    x = sampling.langevin(origin, x, 0.5, steps, eta * 0.25, generator=generator(1))
    expected = noise.variance_ratio(eta, gamma, steps)
    assert x.var().item() / 0.25 == pytest.approx(expected, rel=4 * (2 / n) ** 0.5)


def test_annealing_is_langevin_level_after_level():
    x, sigmas = torch.randn(50, 2, generator=generator()), noise.geometric(3.0, 0.5, 3)
    mixture = GaussianMixture(torch.eye(2), 0.3, [0.6, 0.4])
    annealed = sampling.annealed_langevin(mixture, x, sigmas, 4, 0.02, False, generator(1))
    common = generator(1)
    for sigma in sigmas.tolist():
        alpha = 0.02 * sigma**2 / 0.5**2
        x = sampling.langevin(mixture, x, sigma, 4, alpha, generator=common)
    assert torch.equal(annealed, x)


def test_the_final_denoise_takes_a_point_mass_back_to_its_point():
    point = torch.tensor([[3.0, -2.0]])
    mass = GaussianMixture(point, 0.0, [1.0])
    x = torch.randn(100, 2, generator=generator())
    raw, clean = (
        sampling.annealed_langevin(
            mass, x, noise.geometric(2, 0.1, 4), 5, 0.002, denoise, generator()
        )
        for denoise in (False, True)
    )
    assert torch.allclose(clean, point.expand(100, 2), atol=1e-6)
    assert (raw - point).square().mean().item() > 0.1**2 / 2
    assert torch.equal(clean, mass(raw, 0.1))


@pytest.mark.parametrize("size", [0.0, -1.0, math.nan, math.inf])
def test_langevin_refuses_step_sizes_that_are_none(size):
    with pytest.raises(ValueError, match=f"need step_size > 0, found {size}"):
        sampling.langevin(origin, torch.zeros(1, 1), 1.0, 1, size)


@pytest.mark.parametrize(
    "steps", [[1, 2, 4], (1, 2, 4), np.array([1, 2, 4]), torch.tensor([1, 2, 4])], ids=type
)
def test_steps_may_differ_from_level_to_level(steps):
    counted = sampling.CountCalls(origin)
    ladder = noise.geometric(2.0, 0.5, 3)
    sampling.annealed_langevin(counted, torch.zeros(2, 1), ladder, steps, 0.01, denoise=False)
    assert counted.calls == 7


@pytest.mark.parametrize("steps", [2, np.int64(2), torch.tensor(2)], ids=type)
def test_whole_numbers_of_any_type_are_steps_of_every_level(steps):
    counted = sampling.CountCalls(origin)
    ladder = noise.geometric(2.0, 0.5, 3)
    sampling.annealed_langevin(counted, torch.zeros(2, 1), ladder, steps, 0.01, denoise=False)
    assert counted.calls == 6


@pytest.mark.parametrize("steps", [0, -1, 2.0, math.nan, [1, 2], [1, 2, 3, 4], [1, 0, 1], [], [2]])
def test_steps_that_do_not_fit_the_ladder_are_refused(steps):
    ladder = noise.geometric(2.0, 0.5, 3)
    with pytest.raises(ValueError, match="need steps_per_level >= 1, one whole number or 3, found"):
        sampling.annealed_langevin(origin, torch.zeros(2, 1), ladder, steps, 0.01)


def test_a_constraint_is_applied_before_every_evaluation():
    """Held at x = σ, a chain takes every step, and the final denoise, from there."""
    seen = []

    def denoiser(x, sigma):
        seen.append((x.unique().item(), float(sigma)))
        return torch.zeros_like(x)

    sampling.annealed_langevin(
        denoiser,
        torch.zeros(3, 2),
        noise.geometric(2, 1, 2),
        2,
        0.1,
        generator=generator(),
        constrain=lambda x, sigma: torch.full_like(x, sigma),
    )
    assert seen == [(2, 2), (2, 2), (1, 1), (1, 1), (1, 1)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("eta", [0.7, 1.0, 1.3])
def test_consistent_annealing_keeps_a_point_mass_at_the_variance_of_each_level(eta, dtype):
    n, sigmas = 200_000, noise.geometric(5.0, 0.1, 6)
    x = float(sigmas[0]) * torch.randn(1, n, generator=generator(), dtype=dtype)
    states = list(sampling.consistent_annealed.states(origin, x, sigmas, eta, True, generator(1)))
    for state, sigma in zip(states, sigmas[1:].tolist(), strict=False):
        assert state.var().item() / sigma**2 == pytest.approx(1, rel=4 * (2 / n) ** 0.5)
    # after the last level nothing is added, and the denoiser of a point mass leaves nothing
    assert torch.allclose(states[-2], (1 - eta) * states[-3])
    assert torch.equal(states[-1], torch.zeros(1, n, dtype=dtype))


@pytest.mark.parametrize("eta", [-1.0, 0.0, 0.49, 0.5, 1.5, 1.51, math.nan, math.inf])
def test_consistent_annealing_refuses_steps_outside_its_range(eta):
    sigmas = torch.tensor([4.0, 3.0, 1.5])
    message = r"need 0\.5 < step_size < 1\.5 on this ladder, found"
    with pytest.raises(sampling.StepSizeError, match=message):
        sampling.consistent_annealed(origin, torch.zeros(1, 1), sigmas, eta)
    sampling.consistent_annealed(origin, torch.zeros(1, 1), sigmas, 0.51)
    sampling.consistent_annealed(origin, torch.zeros(1, 1), sigmas, 1.49)


def test_a_step_size_is_what_is_wrong_only_where_it_does_not_suit_the_ladder():
    """What is wrong with the ladder itself is a ValueError of another kind."""
    assert issubclass(sampling.StepSizeError, ValueError)
    with pytest.raises(ValueError) as refusal:
        sampling.consistent_annealed(origin, torch.zeros(1, 1), torch.tensor([1.0, 2.0]), 1.0)
    assert not isinstance(refusal.value, sampling.StepSizeError)
