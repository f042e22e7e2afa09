"""The law of completions: closed forms on a Gaussian, and which limits are the exact conditional.

On a Gaussian of correlation .8 with one coordinate known as Y, every method moves the other by
h ← h + w (x̂₀ − h) + c z, x̂₀ linear in h and in Y + σ z': its mean and variance are a recursion.
"""

from itertools import pairwise

import pytest
import torch

from scoreladder import conditional, filling, filling_bias, noise, operators
from scoreladder.analytic import GaussianMixture
from scoreladder.analytic_conditional import conditional as exact_conditional
from scoreladder.filling_bias import GAUSSIAN, R, Y
from scoreladder.report import tables

N = 20_000
EXACT = (R * Y, 1 - R**2)


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


def test_what_methods_make_of_200_evaluations_is_what_the_recursion_makes_of_them():
    """And projection, whose corrector's steps hang on the states, comes near the exact law."""
    told = filling_bias.table(N)
    exact, *rows = told["rows"]
    assert (exact["mean"], exact["variance"]) == pytest.approx(EXACT)
    found = {(row["method"], row["relative_step_size"]): row for row in rows}
    ladder, steps = filling.plan("replacement", LADDER, 200)
    jumps, knobs = filling.plan("repaint", LADDER, 200)
    counts = zip(ladder.tolist(), steps["steps_per_level"], strict=True)
    levels = [sigma for sigma, count in counts for _ in range(count)]
    expected = {
        ("replacement", size): [
            *((sigma, size, (2 * size) ** 0.5 * sigma) for sigma in levels),
            (0.05, 1.0, 0.0),
        ]
        for size in (0.06, 0.5)
    }
    expected["repaint", None] = repaint_moves(jumps.tolist(), **knobs)
    expected["ddrm", None] = ddrm_moves(filling.plan("ddrm", LADDER, 200)[0].tolist(), 0.85)
    for key, moves in expected.items():
        mean, variance = moments(moves, 25.0)
        assert found[key]["mean"] == pytest.approx(mean, abs=4 * (variance / N) ** 0.5)
        assert found[key]["variance"] == pytest.approx(variance, rel=4 * (2 / N) ** 0.5)
    near = found["projection", None]
    assert (near["mean"], near["variance"]) == pytest.approx(EXACT, rel=0.05)
    assert set(found) == {*expected, ("projection", None)}
    said = tables.filled_exact(told)
    assert (
        "has mean 1.20 and variance 0.36" in said and "by replacement at α/σ² = 0.06: 0.8" in said
    )


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
# levels and knobs of methods that are exact in this limit
MANY = {
    "replacement": (50, {"steps_per_level": 20, "step_size": 0.1 * 0.05**2}),
    "projection": (50, {"corrector_steps": 20, "snr": 0.2}),
    "repaint": (200, {"jump_length": 1, "resamplings": 12}),
}
CHAINS = 8000


def gaps(method, levels, knobs):
    """How far a hole of two values of MIXTURE is from its law, in its standard deviations.

    Gaps of the mean, which have the standard error n^-1/2, and of the covariance, (2/n)^1/2 at most
    where the law is Gaussian, which it nearly is.
    """
    y = 0.4
    found = filled(method, noise.geometric(3.0, 0.05, levels), CHAINS, MIXTURE, y, **knobs)
    law = exact_conditional(MIXTURE, torch.tensor([True, False, False]), torch.tensor([y]))
    within = (law.axes * law.variances[:, None]) @ law.axes.mT
    mean = law.weights @ law.means
    second = within + law.means[:, :, None] * law.means[:, None]
    covariance = (law.weights[:, None, None] * second).sum(0) - mean[:, None] * mean
    scale = covariance.diagonal().sqrt()
    return (found.mean(0) - mean) / scale, (found.T.cov() - covariance) / (scale[:, None] * scale)


@pytest.mark.parametrize("method", MANY)
def test_with_many_small_steps_a_hole_of_two_follows_the_exact_conditional(method):
    """Mean and covariance within four standard errors; the two values are drawn together."""
    of_mean, of_covariance = gaps(method, *MANY[method])
    assert of_mean.abs().max() < 4 * CHAINS**-0.5
    assert of_covariance.abs().max() < 4 * (2 / CHAINS) ** 0.5


ONE_PASS = {
    "projection": {"corrector_steps": 0},
    "repaint": {"jump_length": 1, "resamplings": 1},
    "ddrm": {"eta": 0.0},
}


@pytest.mark.parametrize("method", ONE_PASS)
def test_one_pass_is_off_by_a_tenth_of_the_spread_on_a_mixture_too(method):
    of_mean, _ = gaps(method, 200, ONE_PASS[method])
    assert 0.08 < of_mean.abs().max() < 0.25


def test_ddrm_loses_a_sixth_of_the_variance_on_a_mixture_too():
    _, of_covariance = gaps("ddrm", 200, {})
    assert of_covariance.diagonal().numpy() == pytest.approx([-0.17, -0.17], abs=0.08)


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
