"""Intervals, pairing, outcomes and the bootstrap."""

import math

import numpy as np
import pytest
from scipy import stats

from scoreladder.statistics import (
    Interval,
    bootstrap_se,
    mean_interval,
    outcome,
    paired_interval,
    welch_interval,
)

VALUES = [3.1, 2.7, 3.9, 3.3]


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_of_a_mean_is_students(level):
    found = mean_interval(VALUES, level)
    low, high = stats.ttest_1samp(VALUES, 0).confidence_interval(level)
    assert found == pytest.approx((np.mean(VALUES), low, high, 4))


def test_two_seeds_have_the_interval_of_the_table():
    # t(0.975, 1) = 12.706
    assert mean_interval([1.0, 3.0]) == pytest.approx((2, 2 - 12.706, 2 + 12.706, 2), rel=1e-4)


def test_one_value_has_no_interval_and_none_no_mean():
    found = mean_interval([2.0])
    assert (found.mean, found.n) == (2.0, 1) and math.isnan(found.low) and math.isnan(found.high)
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


def test_a_paired_interval_is_that_of_the_differences():
    a, b = np.array(VALUES), np.array([3.0, 2.5, 3.6, 3.2])
    expected = stats.ttest_rel(a, b).confidence_interval()
    assert paired_interval(a, b)[1:3] == pytest.approx(tuple(expected))
    # what the seeds share drops out: unpaired, this difference would be inconclusive
    assert paired_interval(a, b).low > 0
    assert stats.ttest_ind(a, b).confidence_interval().low < 0


def test_values_that_cannot_be_paired_are_refused():
    with pytest.raises(ValueError, match="differ in number: 2 and 3"):
        paired_interval([1, 2], [1, 2, 3])


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("b", [[3.0, 2.5, 3.6], [2.0, 9.0], [5.0, 5.1]])
def test_the_interval_of_independent_means_is_welchs(b, level):
    known = stats.ttest_ind(VALUES, b, equal_var=False)
    low, high = known.confidence_interval(level)
    expected = (np.mean(VALUES) - np.mean(b), low, high, len(b))
    assert welch_interval(VALUES, b, level) == pytest.approx(expected)


def test_independent_values_without_a_spread_have_an_interval_without_width():
    assert welch_interval([2.0, 2.0], [1.0, 1.0]) == (1.0, 1.0, 1.0, 2)
    single = welch_interval([2.0], VALUES)
    assert single[:1] + single[3:] == pytest.approx((2.0 - np.mean(VALUES), 1))
    assert math.isnan(single.low) and math.isnan(single.high)
    with pytest.raises(ValueError, match="no values"):
        welch_interval([], VALUES)


@pytest.mark.parametrize(
    "low, high, when_low_is_good",
    [
        (0.1, 0.5, "worse"),
        (-0.5, -0.1, "better"),
        (-0.1, 0.5, "inconclusive"),
        (0.0, 0.5, "inconclusive"),
        (-0.5, 0.0, "inconclusive"),
        (math.nan, math.nan, "inconclusive"),
    ],
)
def test_an_outcome_needs_an_interval_on_one_side_of_zero(low, high, when_low_is_good):
    difference = Interval((low + high) / 2, low, high, 3)
    opposite = {"worse": "better", "better": "worse"}.get(when_low_is_good, "inconclusive")
    assert outcome(difference, lower_is_better=True) == when_low_is_good
    assert outcome(difference, lower_is_better=False) == opposite


def test_the_bootstrap_knows_the_standard_error_of_a_mean():
    rows = np.random.default_rng(0).standard_normal((400, 2)) * [1.0, 3.0]
    found = bootstrap_se(lambda part: part.mean(axis=0), rows, draws=2000)
    # the relative error of a deviation from 2000 draws is 1/√4000
    assert found == pytest.approx(rows.std(axis=0) / 20, rel=4 / 4000**0.5)


def test_the_bootstrap_is_a_function_of_its_seed():
    rows = np.random.default_rng(0).standard_normal((50, 1))
    first, again, other = (
        bootstrap_se(lambda part: part.mean(axis=0), rows, 20, seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_intervals_hold_the_true_mean_as_often_as_they_say():
    random = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        found = mean_interval(random.standard_normal(4), 0.8)
        held += found.low < 0 < found.high
    assert held / 2000 == pytest.approx(0.8, abs=4 * (0.16 / 2000) ** 0.5)
