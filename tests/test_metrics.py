"""Distances between samples: closed forms, invariances and clean-fid's own numbers."""

import warnings
from itertools import permutations, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.special import gamma, gammaincinv
from scipy.stats import ortho_group, wasserstein_distance

from scoreladder import features, metrics
from scoreladder.analytic import GaussianMixture

TOY = GaussianMixture(
    torch.tensor([[5.0, 5.0], [-5.0, -5.0]], dtype=torch.float64), [1.0, 0.5], [0.8, 0.2]
)


def gaussian(dim, seed, rank=None):
    """A random mean and a covariance of the given rank."""
    random = np.random.default_rng(seed)
    factor = random.standard_normal((dim, rank or dim + 2))
    return random.standard_normal(dim), factor @ factor.T


def test_moments_are_those_of_numpy():
    rows = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
    mean, covariance = metrics.moments(rows)
    assert mean.dtype == covariance.dtype == np.float64
    assert mean == pytest.approx(rows.astype(float).mean(axis=0))
    assert covariance == pytest.approx(np.cov(rows.astype(float).T))
    assert metrics.moments(rows[:, :1])[1].shape == (1, 1)


@given(st.integers(1, 8), st.integers(0, 1000))
def test_frechet_distance_of_diagonal_gaussians_is_its_closed_form(dim, seed):
    random = np.random.default_rng(seed)
    mu1, mu2 = random.standard_normal((2, dim))
    s1, s2 = random.random((2, dim)) * 3
    expected = np.sum((mu1 - mu2) ** 2) + np.sum((s1 - s2) ** 2)
    found = metrics.frechet_distance(mu1, np.diag(s1**2), mu2, np.diag(s2**2))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.integers(1, 8), st.integers(0, 1000), st.sampled_from([None, 1]))
def test_frechet_distance_is_symmetric_zero_and_rotation_invariant(dim, seed, rank):
    first, second = gaussian(dim, seed, rank), gaussian(dim, seed + 1, rank)
    distance = metrics.frechet_distance(*first, *second)
    # roots of rounding errors of size 1e-16 are of size 1e-8
    close = {"rel": 1e-7, "abs": 1e-6}
    assert metrics.frechet_distance(*second, *first) == pytest.approx(distance, **close)
    assert metrics.frechet_distance(*first, *first) == pytest.approx(0, abs=1e-6)
    turn = ortho_group.rvs(dim, random_state=seed) if dim > 1 else np.array([[-1.0]])
    turned = [(turn @ mu, turn @ cov @ turn.T) for mu, cov in (first, second)]
    assert metrics.frechet_distance(*turned[0], *turned[1]) == pytest.approx(distance, **close)


def test_frechet_distance_is_exact_for_singular_covariances():
    # both on one line: W₂² of the two 1-D Gaussians along it
    line = np.array([3.0, 4.0]) / 5
    flat = np.outer(line, line)
    found = metrics.frechet_distance(0 * line, 4 * flat, 2 * line, 9 * flat)
    assert found == pytest.approx(4 + (3 - 2) ** 2)
    # on orthogonal lines: the traces add up
    across = np.outer([-line[1], line[0]], [-line[1], line[0]])
    assert metrics.frechet_distance(0 * line, 4 * flat, 0 * line, 9 * across) == pytest.approx(13)


@pytest.mark.parametrize("dim", [2, 16, 64])
def test_frechet_distance_is_that_of_cleanfid(dim):
    theirs = features.import_cleanfid().fid.frechet_distance
    first, second = gaussian(dim, 0), gaussian(dim, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # clean-fid's call of sqrtm
        expected = theirs(*first, *second)
    assert metrics.frechet_distance(*first, *second) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_refuses_shapes_and_values_that_are_wrong():
    mu, cov = gaussian(3, 0)
    for wrong in ((mu[:2], cov), (mu, cov[:2]), (mu[:2], cov[:2, :2])):
        with pytest.raises(ValueError, match="moments do not match"):
            metrics.frechet_distance(mu, cov, *wrong)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="moments are not finite"):
            metrics.frechet_distance(mu, cov, mu * bad, cov)
        with pytest.raises(ValueError, match="moments are not finite"):
            metrics.frechet_distance(mu, cov * bad, mu, cov)


def test_a_shift_has_its_length_times_what_a_random_direction_sees_of_it():
    x = np.random.default_rng(0).standard_normal((20, 4))
    shift = np.array([1.0, -2.0, 0.5, 3.0])
    # in D dimensions a unit vector's coordinate has √E u² = 1/√D and E|u| as below
    mean = gamma(4 / 2) / (np.sqrt(np.pi) * gamma(5 / 2))
    for order, seen in ((2, 1 / 2), (1, mean)):
        found = metrics.sliced_wasserstein(x, x + shift, order, projections=20_000)
        # which 20 000 directions know to about 1 %
        assert found == pytest.approx(seen * np.linalg.norm(shift), rel=0.02)


@pytest.mark.parametrize("order", [1, 2])
def test_on_the_line_it_is_exactly_the_distance_of_the_sorted_points(order):
    x, y = np.array([[0.0], [1.0]]), np.array([[3.0], [0.0]])
    expected = (2**order / 2) ** (1 / order)
    assert metrics.sliced_wasserstein(x, y, order) == pytest.approx(expected)
    x, y = np.random.default_rng(0).standard_normal((2, 31, 1))
    gaps = np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0]))
    expected = np.mean(gaps**order) ** (1 / order)
    assert metrics.sliced_wasserstein(x, y, order) == pytest.approx(expected)


def test_order_1_on_the_line_is_the_distance_of_scipy():
    x, y = np.random.default_rng(0).exponential(size=(2, 50, 1))
    expected = wasserstein_distance(x[:, 0], y[:, 0])
    assert metrics.sliced_wasserstein(x, y, 1) == pytest.approx(expected)


@pytest.mark.parametrize("order", [1, 2])
def test_it_is_a_distance_that_ignores_order_and_moves_with_the_unit(order):
    x, y = np.random.default_rng(0).standard_normal((2, 300, 3))
    y *= 2
    distance = metrics.sliced_wasserstein(x, y, order)
    assert distance > 0.3
    assert metrics.sliced_wasserstein(x, x[::-1], order) == 0
    assert metrics.sliced_wasserstein(y[::-1], x, order) == pytest.approx(distance, rel=1e-12)
    scaled = metrics.sliced_wasserstein(10 * x, 10 * y, order)
    assert scaled == pytest.approx(10 * distance, rel=1e-12)
    assert metrics.sliced_wasserstein(x, y, order) == distance


@pytest.mark.parametrize("order, expected", [(2, 1.0), (1, np.sqrt(2 / np.pi))])
def test_sets_of_unequal_size_go_to_the_distance_of_their_laws(order, expected):
    random = np.random.default_rng(0)
    # N(0, 1) against N(0, 4): the quantiles differ by a standard normal variable
    x, y = random.standard_normal((20_000, 1)), 2 * random.standard_normal((15_000, 1))
    found = metrics.sliced_wasserstein(x, y, order, projections=2)
    assert found == pytest.approx(expected, abs=0.03)


def gaussian_mmd(dim, shift, unit):
    """MMD² of N(0, I) and N(shift, I) under the five kernels, whose expectations are Gaussian."""
    total = 0.0
    for factor in (0.25, 0.5, 1, 2, 4):
        squared = (factor * unit) ** 2
        scale = (squared / (squared + 2)) ** (dim / 2)
        total += 2 * scale * (1 - np.exp(-(shift @ shift) / (2 * (squared + 2))))
    return total / 5


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_mmd_of_gaussians_is_its_closed_form(dim):
    random = np.random.default_rng(dim)
    shift = np.linspace(0.5, 1.0, dim)
    draws = [random.standard_normal((2, 1000, dim)) for _ in range(8)]
    found = np.array([metrics.mmd(x, y + shift) for x, y in draws])
    # of pairs, whose difference is N(0, 2I): √2 times the median norm
    unit = np.sqrt(2 * 2 * gammaincinv(dim / 2, 0.5))
    assert found.mean() == pytest.approx(gaussian_mmd(dim, shift, unit), rel=0.05)


def test_mmd_is_unbiased_where_the_laws_agree():
    random = np.random.default_rng(0)
    found = np.array([metrics.mmd(*random.standard_normal((2, 60, 2))) for _ in range(200)])
    assert found.min() < 0 < found.max()
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))


def test_mmd_is_the_sum_over_pairs():
    random = np.random.default_rng(0)
    x, y = random.standard_normal((7, 3)), 1 + random.standard_normal((9, 3))
    unit = np.median(pdist(y))

    def kernel(a, b):
        return np.mean(
            [
                np.exp(-((a - b) @ (a - b)) / (2 * (factor * unit) ** 2))
                for factor in (0.25, 0.5, 1, 2, 4)
            ]
        )

    expected = (
        np.mean([kernel(a, b) for a, b in permutations(x, 2)])
        + np.mean([kernel(a, b) for a, b in permutations(y, 2)])
        - 2 * np.mean([kernel(a, b) for a, b in product(x, y)])
    )
    assert metrics.mmd(x, y) == pytest.approx(expected, rel=1e-12)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 5), st.integers(0, 1000))
def test_mmd_ignores_order_unit_and_place(n, m, dim, seed):
    random = np.random.default_rng(seed)
    x, y = random.standard_normal((n, dim)), 2 * random.standard_normal((m, dim))
    found = metrics.mmd(x, y)
    assert -2 / (min(n, m) - 1) <= found <= 2
    for same in ((x[::-1], y[::-1]), (10 * x, 10 * y), (x + 100, y + 100)):
        assert metrics.mmd(*same) == pytest.approx(found, abs=1e-9)
    single = metrics.mmd(x.astype(np.float32), y.astype(np.float32))
    assert single == pytest.approx(found, abs=1e-5)


def test_mmd_of_sets_far_apart_is_what_each_has_within():
    x = np.random.default_rng(0).standard_normal((50, 2))
    collapsed = np.tile([1e6, 0.0], (50, 1))
    within = metrics.mmd(collapsed, x) - 1
    assert metrics.mmd(x + 1e6, x) == pytest.approx(2 * within, rel=1e-4)


def test_mmd_uses_the_first_points_of_each():
    x, y = np.random.default_rng(0).standard_normal((2, 50, 2))
    assert metrics.mmd(x, y, limit=20) == metrics.mmd(x[:20], y[:20])


def test_mmd_refuses_what_it_cannot_measure():
    x = np.random.default_rng(0).standard_normal((5, 2))
    for wrong in (x[:, :1], x[0]):
        with pytest.raises(ValueError, match="point sets do not match"):
            metrics.mmd(x, wrong)
    with pytest.raises(ValueError, match="at least two points"):
        metrics.mmd(x[:1], x)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="not finite"):
            metrics.mmd(x * bad, x)
    with pytest.raises(ValueError, match="no bandwidth"):
        metrics.mmd(x, np.zeros((5, 2)))


def test_exact_samples_keep_weights_and_spread():
    samples = TOY.sample(100_000, generator=torch.Generator().manual_seed(0)).numpy()
    found = metrics.mixture_metrics(samples, TOY)
    assert found["weight_error"] < 4 * (0.16 / 100_000) ** 0.5
    assert found["heavy_weight"] == pytest.approx(0.8, abs=0.005)
    assert found["blur"] < 0.01
    assert found["mode_coverage"] == 1.0


def test_mixture_metrics_see_wrong_weights_and_wrong_spread():
    draw = torch.Generator().manual_seed(0)
    even = GaussianMixture(TOY.means, [1.0, 0.5], [0.5, 0.5]).sample(50_000, generator=draw)
    found = metrics.mixture_metrics(even.numpy(), TOY)
    assert found["weight_error"] == pytest.approx(0.3, abs=0.01)
    assert found["heavy_weight"] == pytest.approx(0.5, abs=0.01)
    assert found["blur"] < 0.01
    wide = GaussianMixture(TOY.means, [1.5, 0.75], [0.8, 0.2]).sample(50_000, generator=draw)
    assert metrics.mixture_metrics(wide.numpy(), TOY)["blur"] == pytest.approx(0.5, abs=0.02)


def test_a_lost_mode_costs_its_weight_and_a_stray_sample_does_not_blur():
    heavy = TOY.means[:1] + torch.randn(
        20_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    found = metrics.mixture_metrics(heavy.numpy(), TOY)
    assert (found["weight_error"], found["heavy_weight"]) == (pytest.approx(0.2), 1.0)
    strays = np.concatenate([heavy.numpy(), np.full((5, 2), 1000.0)])
    assert metrics.mixture_metrics(strays, TOY)["blur"] == pytest.approx(found["blur"], abs=1e-3)
    assert found["mode_coverage"] == 0.5


GRID = GaussianMixture(
    torch.cartesian_prod(*2 * [2 * torch.arange(5.0, dtype=torch.float64) - 4]), 0.1, torch.ones(25)
)


@pytest.mark.parametrize("kept", [1, 7, 25])
def test_mode_coverage_counts_the_modes_of_a_grid_that_have_samples(kept):
    some = GaussianMixture(GRID.means[:kept], 0.1, torch.ones(kept))
    samples = some.sample(5000, generator=torch.Generator().manual_seed(0)).numpy()
    found = metrics.mixture_metrics(samples, GRID)
    assert found["mode_coverage"] == pytest.approx(kept / 25)
    assert found["weight_error"] == pytest.approx(1 - kept / 25, abs=0.04)
    assert found["blur"] < 0.1


@pytest.mark.parametrize("share, covered", [(0.099, 0.5), (0.101, 1.0)])
def test_a_mode_is_covered_from_a_tenth_of_what_is_due_to_it(share, covered):
    due = 0.2 * (1 - np.exp(-4.5))
    light = round(share * due * 100_000)
    heavy = TOY.means[:1].numpy().repeat(100_000 - light, axis=0)
    samples = np.concatenate([heavy, TOY.means[1:].numpy().repeat(light, axis=0)])
    assert metrics.mixture_metrics(samples, TOY)["mode_coverage"] == covered


@pytest.mark.parametrize("distance, covered", [(3.01, 0.0), (2.99, 0.5), (1.51, 0.5), (1.49, 1.0)])
def test_samples_beyond_three_standard_deviations_cover_nothing(distance, covered):
    cross = TOY.means.numpy()[:, None] + distance * np.eye(2)
    assert metrics.mixture_metrics(cross.reshape(-1, 2), TOY)["mode_coverage"] == covered


def test_samples_that_are_far_from_every_mode_are_measured_all_the_same():
    found = metrics.mixture_metrics(np.full((10, 2), 1e4), GRID)
    assert found["mode_coverage"] == 0.0
    assert found["weight_error"] == pytest.approx(24 / 25)
    assert np.isfinite(list(found.values())).all()
    with pytest.raises(ValueError, match="no samples"):
        metrics.mixture_metrics(np.empty((0, 2)), GRID)
