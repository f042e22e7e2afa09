"""Distances between sets of points: closed forms, pairs by hand and invariances."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.special import gamma, gammaincinv
from scipy.stats import wasserstein_distance

from scoreladder import metrics


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


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_a_shift_is_exactly_its_length_away(n, dim, seed):
    random = np.random.default_rng(seed)
    x, shift = random.standard_normal((n, dim)), random.standard_normal(dim)
    found = metrics.wasserstein2(x, random.permutation(x) + shift)
    assert found == pytest.approx(np.linalg.norm(shift), rel=1e-9)
    assert metrics.wasserstein2(x, random.permutation(x)) == pytest.approx(0, abs=1e-12)


def test_w2_on_the_line_pairs_the_sorted_points():
    x, y = np.random.default_rng(0).standard_normal((2, 200, 1)) ** 3
    expected = np.sqrt(np.mean((np.sort(x[:, 0]) - np.sort(y[:, 0])) ** 2))
    assert metrics.wasserstein2(x, y) == pytest.approx(expected, rel=1e-12)


def test_w2_is_the_best_of_all_pairings():
    x, y = np.random.default_rng(0).standard_normal((2, 6, 2))
    best = min(
        np.mean(np.sum((x - y[list(order)]) ** 2, axis=1)) for order in permutations(range(6))
    )
    assert metrics.wasserstein2(x, y) == pytest.approx(np.sqrt(best), rel=1e-12)


@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 1000))
def test_w2_is_no_less_than_sliced_w2_and_is_a_distance(n, dim, seed):
    random = np.random.default_rng(seed)
    x, y, z = random.standard_normal((3, n, dim)) * np.array([1, 2, 0.5])[:, None, None]
    found = metrics.wasserstein2(x, y)
    assert found >= metrics.sliced_wasserstein(x, y) * (1 - 1e-12)
    assert metrics.wasserstein2(y, x) == pytest.approx(found)
    assert found <= metrics.wasserstein2(x, z) + metrics.wasserstein2(z, y) + 1e-12
    assert metrics.wasserstein2(10 * x + 3, 10 * y + 3) == pytest.approx(10 * found)
    single = metrics.wasserstein2(x.astype(np.float32), y.astype(np.float32))
    assert single == pytest.approx(found, rel=1e-5)


def test_w2_uses_equally_many_first_points_of_each():
    x, y = np.random.default_rng(0).standard_normal((2, 50, 2))
    assert metrics.wasserstein2(x, y, limit=20) == metrics.wasserstein2(x[:20], y[:20])
    assert metrics.wasserstein2(x[:30], y) == metrics.wasserstein2(x[:30], y[:30])


def test_w2_refuses_what_it_cannot_measure():
    x = np.random.default_rng(0).standard_normal((5, 2))
    for wrong in (x[:, :1], x[0]):
        with pytest.raises(ValueError, match="point sets do not match"):
            metrics.wasserstein2(x, wrong)
    with pytest.raises(ValueError, match="need 1 or more points of each, found 0 and 0"):
        metrics.wasserstein2(x[:0], x)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="not finite"):
            metrics.wasserstein2(x * bad, x)


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
    with pytest.raises(ValueError, match="need 2 or more points of each, found 1 and 5"):
        metrics.mmd(x[:1], x)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="not finite"):
            metrics.mmd(x * bad, x)
    with pytest.raises(ValueError, match="no bandwidth"):
        metrics.mmd(x, np.zeros((5, 2)))
