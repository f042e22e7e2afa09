"""Distances between samples: closed forms, invariances and clean-fid's own numbers."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gamma
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


def test_exact_samples_keep_weights_and_spread():
    samples = TOY.sample(100_000, generator=torch.Generator().manual_seed(0)).numpy()
    found = metrics.mixture_metrics(samples, TOY)
    assert found["weight_error"] < 4 * (0.16 / 100_000) ** 0.5
    assert found["heavy_weight"] == pytest.approx(0.8, abs=0.005)
    assert found["blur"] < 0.01


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
