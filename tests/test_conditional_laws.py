"""The law of completions: closed forms on a Gaussian, and which limits are the exact conditional.

On a Gaussian of correlation .8 with one coordinate known as Y, every method moves the other by
h ← h + w (x̂₀ − h) + c z, x̂₀ linear in h and in Y + σ z': its mean and variance are a recursion.
"""

from itertools import pairwise

import pytest
import torch

from scoreladder import conditional, filling, noise, operators
from scoreladder.analytic import GaussianMixture
from scoreladder.analytic_conditional import conditional as exact_conditional

R, Y, N = 0.8, 1.5, 20_000
EXACT = (R * Y, 1 - R**2)
GAUSSIAN = GaussianMixture(
    torch.zeros(1, 2, dtype=torch.float64),
    torch.tensor([[[1.0, R], [R, 1.0]]], dtype=torch.float64),
    [1.0],
)


def langevin_moves(ladder, steps, relative):
    moves = [(s, relative, (2 * relative) ** 0.5 * s) for s in ladder for _ in range(steps)]
    return [*moves, (ladder[-1], 1.0, 0.0)]


def reverse_diffusion_moves(ladder):
    steps = pairwise([*ladder, 0.0])
    return [(s, 1 - (t / s) ** 2, (s**2 - t**2) ** 0.5 if t else 0.0) for s, t in steps]


def repaint_moves(ladder, jump_length, resamplings):
    moves, at, ends = [], 0, [*ladder, 0.0]
    for level in conditional.resampled_levels(len(ladder), jump_length, resamplings):
        if level < at:
            moves.append((1.0, 0.0, (ends[level] ** 2 - ends[at] ** 2) ** 0.5))
        at, share = level + 1, 1 - (ends[level + 1] / ends[level]) ** 2
        moves.append((ends[level], share, ends[at] * share**0.5))
    return moves


def ddrm_moves(ladder, eta):
    steps = pairwise([*ladder, 0.0])
    return [(s, 1 - (1 - eta**2) ** 0.5 * t / s, eta * t) for s, t in steps]


def moments(moves, variance):
    """Mean and variance of the hole after all moves, from N(0, variance)."""
    mean = 0.0
    for sigma, w, c in moves:
        det = (1 + sigma**2) ** 2 - R**2
        of_hole, of_known = (1 + sigma**2 - R**2) / det, R * sigma**2 / det
        kept = 1 - w + w * of_hole
        mean = kept * mean + w * of_known * Y
        variance = kept**2 * variance + (w * of_known * sigma) ** 2 + c**2
    return mean, variance


def filled(method, sigmas, n=N, model=GAUSSIAN, y=Y, **knobs):
    """The hole's values (n, D − 1) of completions that know the first coordinate to be y."""
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    dim, dtype = model.means.shape[1], model.means.dtype
    x = float(sigmas[0]) * torch.randn(n, dim, generator=generators[0], dtype=dtype)
    found = conditional.METHODS[method](
        model,
        x,
        torch.full((n, 1), y, dtype=dtype),
        operators.mask(torch.tensor([True] + [False] * (dim - 1)), (dim,)),
        sigmas,
        **knobs,
        generator=generators[1],
        observation_generator=generators[2],
    )
    return found[:, 1:]


LADDER = noise.geometric(5.0, 0.05, 10)
STEP = 0.3 * 0.05**2
CLOSED = [
    ("replacement", {"steps_per_level": 4, "step_size": STEP}, langevin_moves, (4, 0.3)),
    ("projection", {"corrector_steps": 0}, reverse_diffusion_moves, ()),
    ("repaint", {"jump_length": 1, "resamplings": 1}, repaint_moves, (1, 1)),
    ("repaint", {"jump_length": 3, "resamplings": 4}, repaint_moves, (3, 4)),
    ("ddrm", {"eta": 0.0}, ddrm_moves, (0.0,)),
    ("ddrm", {}, ddrm_moves, (0.85,)),
]


@pytest.mark.parametrize(("method", "knobs", "moves", "arguments"), CLOSED)
def test_completions_of_a_gaussian_have_the_moments_of_the_methods_recursion(
    method, knobs, moves, arguments
):
    found = filled(method, LADDER, **knobs)[:, 0]
    mean, variance = moments(moves(LADDER.tolist(), *arguments), 25.0)
    assert found.mean().item() == pytest.approx(mean, abs=4 * (variance / N) ** 0.5)
    assert found.var().item() == pytest.approx(variance, rel=4 * (2 / N) ** 0.5)


def fine(count, last=0.01):
    return noise.geometric(10.0, last, count).tolist()


EXACT_IN_THE_LIMIT = {
    "Langevin, many small steps": langevin_moves(fine(8, 0.05), 20_000, 0.1),
    "Langevin, a fine ladder": langevin_moves(fine(2000), 20, 0.05),
    "resampled one level back": repaint_moves(fine(1000), 1, 200),
    "resampled ten levels back": repaint_moves(fine(1000), 10, 200),
}


@pytest.mark.parametrize("moves", EXACT_IN_THE_LIMIT.values(), ids=EXACT_IN_THE_LIMIT)
def test_langevin_and_resampling_are_exact_in_the_limit(moves):
    assert moments(moves, 100.0) == pytest.approx(EXACT, rel=0.02)


@pytest.mark.parametrize("sigma", [0.2, 0.1, 0.05])
def test_replacement_takes_what_is_known_for_as_noisy_as_the_last_level_that_mixes(sigma):
    """The mean of p_σ(hole | known = y) is ρy/(1 + σ²): there the score is 0, nothing moves it."""
    mixed = langevin_moves([sigma], 10_000, 0.002 / sigma**2)
    assert moments(mixed, 1.0)[0] == pytest.approx(R * Y / (1 + sigma**2), rel=1e-9)
    # without the time to mix, smaller levels change little
    hurried = langevin_moves([sigma / 10, sigma / 100], 10, 0.1)
    assert moments(mixed + hurried, 1.0)[0] == pytest.approx(R * Y / (1 + sigma**2), rel=2e-3)


BIASED = {
    "reverse diffusion": (reverse_diffusion_moves, (), (0.750, 0.494)),
    "RePaint without resampling": (repaint_moves, (1, 1), (0.750, 0.494)),
    "DDRM, η = 0": (ddrm_moves, (0.0,), (0.520, 0.594)),
}


@pytest.mark.parametrize(("moves", "arguments", "limit"), BIASED.values(), ids=BIASED)
def test_one_pass_stays_short_of_what_is_known_and_spreads_too_much_on_the_finest_ladder(
    moves, arguments, limit
):
    found = [moments(moves(fine(count), *arguments), 100.0) for count in (10_000, 20_000)]
    assert found[0] == pytest.approx(found[1], abs=1e-3)
    mean, variance = found[1]
    assert (mean, variance) == pytest.approx(limit, abs=2e-3)
    assert mean < 0.65 * EXACT[0] and variance > 1.3 * EXACT[1]


@pytest.mark.parametrize(("eta", "temperature"), [(0.5, 0.933), (0.85, 0.764), (1.0, 0.5)])
def test_ddrm_on_a_fine_ladder_finds_the_mean_and_loses_spread_to_its_temperature(eta, temperature):
    mean, variance = moments(ddrm_moves(fine(20_000), eta), 100.0)
    assert mean == pytest.approx(EXACT[0], rel=0.01)
    assert temperature == pytest.approx(eta**2 / (2 - 2 * (1 - eta**2) ** 0.5), abs=1e-3)
    assert variance == pytest.approx(temperature * EXACT[1], rel=0.01)


# what the README tells of 200 evaluations: method, α/σ² or snr, mean, variance
SPENT = [
    ("replacement", {"step_size": 0.06 * 0.05**2}, 0.81, 0.85),
    ("replacement", {"step_size": 0.5 * 0.05**2}, 1.15, 0.40),
    ("projection", {"snr": 0.16}, 1.17, 0.37),
    ("repaint", {}, 1.13, 0.30),
    ("ddrm", {}, 1.16, 0.28),
]


@pytest.mark.parametrize(("method", "step", "mean", "variance"), SPENT)
def test_a_budget_of_200_evaluations_leaves_the_bias_that_is_told(method, step, mean, variance):
    ladder, knobs = filling.plan(method, LADDER, 200)
    found = filled(method, ladder, **knobs, **step)
    assert found.mean().item() == pytest.approx(mean, abs=0.015)
    assert found.var().item() == pytest.approx(variance, abs=0.015)


MIXTURE = GaussianMixture(
    torch.tensor([[1.0, 0.8, 0.0], [-0.5, -1.0, 0.5]], dtype=torch.float32),
    torch.tensor(
        [
            [[0.5, 0.3, 0.1], [0.3, 0.4, 0.2], [0.1, 0.2, 0.6]],
            [[0.6, -0.2, 0.3], [-0.2, 0.5, -0.1], [0.3, -0.1, 0.4]],
        ]
    ),
    [0.6, 0.4],
)
# levels, knobs, and the error allowed: repaint's steps are as coarse as its ladder
MANY = {
    "replacement": (50, {"steps_per_level": 20, "step_size": 0.1 * 0.05**2}, 0.04),
    "projection": (50, {"corrector_steps": 20, "snr": 0.2}, 0.04),
    "repaint": (100, {"jump_length": 1, "resamplings": 12}, 0.06),
}


@pytest.mark.parametrize("method", MANY)
def test_with_many_small_steps_a_hole_of_two_follows_the_exact_conditional(method):
    """Mean and covariance; a hole's two values are drawn together, from two components."""
    (levels, knobs, error), y = MANY[method], 0.4
    found = filled(method, noise.geometric(3.0, 0.05, levels), N, MIXTURE, y, **knobs)
    law = exact_conditional(MIXTURE, torch.tensor([True, False, False]), torch.tensor([y]))
    within = (law.axes * law.variances[:, None]) @ law.axes.mT
    mean = law.weights @ law.means
    second = within + law.means[:, :, None] * law.means[:, None]
    covariance = (law.weights[:, None, None] * second).sum(0) - mean[:, None] * mean
    scale = covariance.diagonal().sqrt()
    assert ((found.mean(0) - mean) / scale).abs().max() < error
    assert ((found.T.cov() - covariance) / (scale[:, None] * scale)).abs().max() < error


@pytest.mark.parametrize(
    ("method", "knobs"),
    [
        ("replacement", {"steps_per_level": 20, "step_size": 0.1 * 0.05**2}),
        ("projection", {"corrector_steps": 5}),
        ("repaint", {"jump_length": 1, "resamplings": 10}),
        ("ddrm", {}),
    ],
)
@pytest.mark.parametrize(
    ("apart", "y", "exact", "low", "high"),
    [(0.5, 0.4, 0.832, 0.45, 0.65), (3.0, 1.0, 1.0, 0.78, 1.0)],
    ids=["alike in what is known", "apart in what is known too"],
)
def test_modes_far_apart_are_shared_out_by_how_far_what_is_known_tells_them_apart(
    method, knobs, apart, y, exact, low, high
):
    """Components of equal weight at ±3 in the hole and ±apart in what is known."""
    means = torch.tensor([[apart, 3.0], [-apart, -3.0]], dtype=torch.float64)
    law, n = GaussianMixture(means, 0.5, [0.5, 0.5]), 1000
    weights = exact_conditional(law, torch.tensor([True, False]), torch.tensor([y])).weights
    assert weights[0].item() == pytest.approx(exact, abs=1e-3)
    found = filled(method, noise.geometric(8.0, 0.05, 60), n, law, y, **knobs)
    assert low < (found > 0).double().mean().item() <= high
