"""What is measured of images in the feature space of a network: moments, FID∞ and KID."""

from collections.abc import Iterable

import numpy as np

from scoreladder.metrics import frechet_distance, frechet_to
from scoreladder.rows import Rows, chunks, pick

# fewer features than this are no subset to extrapolate from
SMALLEST_SUBSET = 100


def checked(*sets: Rows, least: int) -> list[Rows]:
    """Sets of features (n, d), n >= least: arrays as NumPy arrays of their dtype, others as is.

    Raises ValueError on unlike dimensions, fewer rows or values that are not finite.
    """
    sets = alike(*sets, least=least)
    if not all(np.isfinite(part).all() for rows in sets for part in chunks(rows)):
        raise ValueError("features are not finite")
    return sets


def alike(*sets: Rows, least: int) -> list[Rows]:
    """`checked`, but for whether the values are finite: nothing is looked up."""
    sets = [rows if hasattr(rows, "shape") else np.asarray(rows) for rows in sets]
    shapes = [rows.shape for rows in sets]
    if any(len(shape) != 2 or shape[1:] != shapes[0][1:] for shape in shapes):
        raise ValueError(f"features do not match: {' and '.join(map(str, shapes))}")
    if min(map(len, sets)) < least:
        counts = " and ".join(str(len(rows)) for rows in sets)
        raise ValueError(f"need {least} or more features of each, found {counts}")
    return sets


def streaming_moments(parts: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray, int]:
    """Mean (d,), unbiased covariance (d, d) and number of the rows of all parts (·, d), float64.

    Each part's mean and scatter are merged into those so far (Chan, Golub & LeVeque 1983, The
    American Statistician 37): memory does not grow with the rows, a mean far from 0 costs no
    digits, and how the rows are cut changes only the rounding. Raises ValueError on fewer than two
    rows, unlike dimensions or values that are not finite.
    """
    count, mean, scatter = 0, 0.0, 0.0
    for part in parts:
        (rows,) = checked(np.asarray(part), least=0)
        if count and rows.shape[1:] != mean.shape:
            raise ValueError(f"features do not match: {mean.shape[0]} and then {rows.shape[1]}")
        if len(rows) == 0:
            continue
        rows = rows.astype(np.float64)
        centre = rows.mean(axis=0)
        rows -= centre
        total = count + len(rows)
        shift = centre - mean
        # the root on both sides keeps the scatter symmetric to the last bit
        apart = shift * np.sqrt(count * len(rows) / total)
        scatter = scatter + rows.T @ rows + np.outer(apart, apart)
        mean = mean + shift * (len(rows) / total)
        count = total
    if count < 2:
        raise ValueError(f"need 2 or more features, found {count}")
    return mean, scatter / (count - 1), count


def moments(features: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and unbiased covariance (d, d) of features (n, d), in float64, by chunks."""
    return streaming_moments(chunks(features))[:2]


def fid(features: Rows, mean: np.ndarray, covariance: np.ndarray) -> float:
    """Fréchet distance of features (n, d) to others' moments, by whichever form is the cheaper.

    mean (d,), covariance (d, d); memory does not grow with n. Raises ValueError on fewer than two
    features, unlike dimensions or values that are not finite.
    """
    (features,) = alike(features, least=2)
    if len(features) <= len(mean):
        return frechet_to(features[:], mean, covariance)
    return frechet_distance(*moments(features), mean, covariance)


def fid_infinity(
    features: Rows,
    reference_moments: tuple[np.ndarray, np.ndarray],
    points: int = 15,
    seed: int = 0,
) -> float:
    """The FID that features (n, d) would have if there were infinitely many (arXiv 1911.07023).

    FID is biased upwards by about c/N at N samples. FIDs at `points` sizes N, each of a seeded
    subset drawn without replacement, are regressed on 1/N; returned is the intercept, which may be
    negative. Sizes are evenly spaced from max(n/10, 100, min(2d, n/2)) to n: of fewer than 2d
    samples the bias is no line in 1/N. Two errors are left. The line is not quite one either: of
    white features and 5d <= n <= 20d the intercept is too low by about a tenth of what FID is too
    high, and by more where n < 4d. And the reference (mean (d,), covariance (d, d)) is biased too
    if it is of few samples. Raises ValueError on fewer than 200 features, points < 2, values that
    are not finite or moments that do not match.
    """
    (features,) = alike(features, least=2 * SMALLEST_SUBSET)
    if points < 2:
        raise ValueError(f"need 2 or more points for a line, found {points}")
    random = np.random.default_rng(seed)
    count, dim = features.shape
    smallest = max(count // 10, min(2 * dim, count // 2), SMALLEST_SUBSET)
    sizes = np.linspace(smallest, count, points).astype(int)
    distances = [
        fid(pick(features, random.permutation(count)[:size]), *reference_moments) for size in sizes
    ]
    return float(np.polynomial.Polynomial.fit(1 / sizes, distances, 1)(0.0))


def kid(
    x: Rows, y: Rows, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Kernel Inception Distance of features x (n, d) and y (m, d) (arXiv 1801.01401).

    The unbiased squared MMD, E k(x,x′) + E k(y,y′) − 2 E k(x,y) without the pairs of a feature and
    itself, of the kernel k(a, b) = (a·b/d + 1)³: 0 on average where the laws agree, and one value
    may be slightly negative. Returns its mean and its standard deviation (by `subsets`, not one
    less) over seeded subsets of min(subset_size, n, m), drawn without replacement in each set.
    Raises ValueError on fewer than two features, unlike dimensions, values that are not finite,
    subsets < 1 or subset_size < 2.
    """
    x, y = alike(x, y, least=2)
    if subsets < 1 or subset_size < 2:
        raise ValueError(
            f"need subsets >= 1 and subset_size >= 2, found {subsets} and {subset_size}"
        )
    size = min(subset_size, len(x), len(y))
    # the generator whose stream is frozen, which other programs draw the subsets by as well
    random = np.random.RandomState(seed)
    values = []
    for _ in range(subsets):
        a = x[random.choice(len(x), size, replace=False)]
        b = y[random.choice(len(y), size, replace=False)]
        a, b = checked(a, b, least=2)
        values.append(_polynomial_mmd(a.astype(np.float64), b.astype(np.float64)))
    return float(np.mean(values)), float(np.std(values))


def _polynomial_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased squared MMD of equally many features (n, d) each, in KID's kernel."""
    count, dim = x.shape
    within, across = 0.0, ((x @ y.T / dim + 1) ** 3).mean()
    for rows in (x, y):
        kernel = (rows @ rows.T / dim + 1) ** 3
        within += (kernel.sum() - np.trace(kernel)) / (count * (count - 1))
    return within - 2 * across
