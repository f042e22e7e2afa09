"""Intervals: over training seeds, paired by seed, and within one run by the bootstrap."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from scoreladder.rows import Rows, pick


class Interval(NamedTuple):
    """A mean of n values and its two-sided confidence interval, whose ends are NaN where n < 2."""

    mean: float
    low: float
    high: float
    n: int


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Student's t interval of the mean of independent values (n,), in their unit.

    mean ± t_{n−1}((1+level)/2) s/√n, 0 < level < 1, s with n − 1 degrees of freedom: exact where
    the values are normal (Student 1908, Biometrika 6). Raises ValueError on none.
    """
    values = np.asarray(values, dtype=float)
    if len(values) == 0:
        raise ValueError("no values")
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, float("nan"), float("nan"), len(values))
    standard_error = values.std(ddof=1) / np.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, 0.5 + level / 2) * standard_error)
    return Interval(mean, mean - half, mean + half, len(values))


def paired_interval(a: Sequence[float], b: Sequence[float], level: float = 0.95) -> Interval:
    """Interval of the mean of a − b, paired by seed. Raises ValueError on unequal lengths."""
    if len(a) != len(b):
        raise ValueError(f"paired values differ in number: {len(a)} and {len(b)}")
    return mean_interval(np.subtract(a, b), level)


def welch_interval(a: Sequence[float], b: Sequence[float], level: float = 0.95) -> Interval:
    """Interval of the difference of means a − b of independent values, whose spreads may differ.

    mean(a) − mean(b) ± t_ν √(s_a²/n_a + s_b²/n_b), ν by Welch (1947, Biometrika 34); n is that of
    the fewer values, and below 2 there are no ends. Raises ValueError on none.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    n = min(len(a), len(b))
    if n == 0:
        raise ValueError("no values")
    gap = float(a.mean() - b.mean())
    if n < 2:
        return Interval(gap, float("nan"), float("nan"), n)
    squares = np.array([each.var(ddof=1) / len(each) for each in (a, b)])
    total = squares.sum()
    if total == 0:
        return Interval(gap, gap, gap, n)
    freedom = total**2 / np.sum(squares**2 / [len(a) - 1, len(b) - 1])
    half = float(stdtrit(freedom, 0.5 + level / 2) * np.sqrt(total))
    return Interval(gap, gap - half, gap + half, n)


def outcome(difference: Interval, lower_is_better: bool) -> str:
    """What an interval of (arm − baseline) says of the arm: better, worse or inconclusive.

    An interval that holds 0, or that a single seed cannot give, is inconclusive.
    """
    if difference.low > 0:
        return "worse" if lower_is_better else "better"
    if difference.high < 0:
        return "better" if lower_is_better else "worse"
    return "inconclusive"


def bootstrap_se(
    statistic: Callable[[Rows], np.ndarray], rows: Rows, draws: int = 100, seed: int = 0
) -> np.ndarray:
    """Standard error of statistic(rows), shape (k,), when rows (n, ...) are resampled.

    The standard deviation over `draws` >= 2 sets of n rows drawn with replacement, seeded by `seed`
    (Efron 1979, Annals of Statistics 7); in the statistic's unit.
    """
    random = np.random.default_rng(seed)
    n = len(rows)
    values = [statistic(pick(rows, random.integers(n, size=n))) for _ in range(draws)]
    return np.std(values, axis=0, ddof=1)
