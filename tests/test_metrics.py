"""Moments and the Fréchet distance: closed forms, invariances and clean-fid's own numbers."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from scoreladder import features, metrics


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


@pytest.mark.parametrize("count", [2, 11, 12, 40])
def test_few_features_are_as_far_as_their_moments_are(count):
    x = np.random.default_rng(0).standard_normal((count, 12)).astype(np.float32)
    other = gaussian(12, seed=1)
    expected = metrics.frechet_distance(*metrics.moments(x), *other)
    assert metrics.frechet_to(x, *other) == pytest.approx(expected, rel=1e-6)


def test_few_features_that_cannot_be_compared_are_refused():
    x = np.ones((3, 12))
    with pytest.raises(ValueError, match=r"do not match: \(3, 12\), \(4,\)"):
        metrics.frechet_to(x, np.zeros(4), np.eye(4))
    with pytest.raises(ValueError, match="not finite"):
        metrics.frechet_to(x * np.inf, np.zeros(12), np.eye(12))
