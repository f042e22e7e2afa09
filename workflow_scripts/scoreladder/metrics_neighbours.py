"""What is measured of images by nearest neighbours in feature space: fidelity, diversity, copies.

All pairs of features are compared, in float64 and in strips: memory is a strip's, not n × m.
"""

from collections.abc import Iterator

import numpy as np

from scoreladder.metrics import squared_distances
from scoreladder.metrics_features import checked
from scoreladder.rows import Rows, chunks

# rows that are compared with all others at once
STRIP = 512
# of the largest squared distance: what is as good as equal after rounding
ROUNDING = 1e-12


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Precision and recall of fake features (m, d) against real ones (n, d) (arXiv 1904.06991).

    Precision: the share of fakes within the ball of some real feature, whose radius is the distance
    to its k-th nearest other real one. Recall: the share of real features within the like ball of
    some fake. Both in [0, 1]; balls are closed. Both fall as d grows and as n shrinks, also of
    equal laws: compare sets of like size. Raises ValueError on k < 1, k or fewer features, unlike
    dimensions or values that are not finite.
    """
    real, fake = _enough(real, fake, k)
    by_real, _ = _membership(fake, real, k)
    by_fake, _ = _membership(real, fake, k)
    return float(np.mean(by_real > 0)), float(np.mean(by_fake > 0))


def density_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Density and coverage of fake features (m, d) against real ones (n, d) (arXiv 2002.09797).

    Density: (1/km) times how often a fake lies within a real feature's ball, whose radius is the
    distance to its k-th nearest other real one; it may exceed 1. Coverage: the share of real
    features with a fake within their ball, in [0, 1]. Balls are closed. Of equal laws the
    expectations are 1 and 1 − (n−1)…(n−k) / ((m+n−1)…(m+n−k)). Raises ValueError on k < 1, k or
    fewer features, unlike dimensions or values that are not finite.
    """
    real, fake = _enough(real, fake, k)
    by_real, covered = _membership(fake, real, k)
    return float(by_real.mean() / k), float(covered.mean())


def nearest_neighbour_distance(samples: Rows, train: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distance (n,) of samples (n, d) to the nearest of train (m, d), and its index (n,).

    The distance is of the differences themselves, so that a copy's is exactly 0. Raises ValueError
    on no features, unlike dimensions or values that are not finite.
    """
    samples, train = checked(samples, train, least=1)
    index = np.empty(len(samples), dtype=np.int64)
    distances = np.empty(len(samples))
    for start in range(0, len(samples), STRIP):
        rows = slice(start, start + STRIP)
        part = samples[rows].astype(np.float64)
        found = index[rows] = _nearest(part, train)
        distances[rows] = np.linalg.norm(part - train[found], axis=1)
    return distances, index


def _nearest(part: np.ndarray, train: Rows) -> np.ndarray:
    """The index of the nearest row of train (m, d) to each of part (n, d), (n,)."""
    nearest, index = np.full(len(part), np.inf), np.zeros(len(part), dtype=np.int64)
    for number, others in enumerate(chunks(train, STRIP)):
        squared = squared_distances(part, others.astype(np.float64))
        found = squared.argmin(axis=1)
        least = np.take_along_axis(squared, found[:, None], axis=1)[:, 0]
        nearer = least < nearest
        nearest[nearer], index[nearer] = least[nearer], number * STRIP + found[nearer]
    return index


def fresh_distance(held_out: Rows, train: Rows) -> float:
    """Mean distance of held-out real features (l, d) to the nearest training feature (m, d).

    Raises ValueError as `nearest_neighbour_distance` does, and where all are training features.
    """
    distance = float(nearest_neighbour_distance(held_out, train)[0].mean())
    if distance == 0:
        raise ValueError("all held-out features are training features: no distance to measure by")
    return distance


def memorisation(samples: Rows, train: Rows, fresh: float) -> float:
    """How far samples (n, d) keep from the training data (m, d), by the measure of fresh data.

    Their mean distance to the nearest training feature over `fresh_distance`: 1 like fresh data,
    well below 1 memorised, above 1 far from the data. Raises ValueError as
    `nearest_neighbour_distance` does.
    """
    return float(nearest_neighbour_distance(samples, train)[0].mean() / fresh)


def _enough(real: np.ndarray, fake: np.ndarray, k: int) -> list[np.ndarray]:
    """Sets of more than k features each; ValueError where there are not, or where k < 1."""
    if k < 1:
        raise ValueError(f"need k >= 1, found {k}")
    return checked(real, fake, least=k + 1)


def _strips(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Slices of up to STRIP rows of x (n, d), and their ‖x_i − y_j‖² to all of y, (·, m)."""
    for start in range(0, len(x), STRIP):
        rows = slice(start, start + STRIP)
        part = x[rows].astype(np.float64)
        squared = np.empty((len(part), len(y)))
        for first in range(0, len(y), STRIP):
            columns = slice(first, first + STRIP)
            squared[:, columns] = squared_distances(part, y[columns].astype(np.float64))
        yield rows, squared


def _squared_radii(centres: np.ndarray, k: int) -> np.ndarray:
    """Squared distance (n,) to the k-th nearest other centre, rounded up: who is on it is in it."""
    radii, largest = np.empty(len(centres)), 0.0
    for rows, squared in _strips(centres, centres):
        largest = max(largest, squared.max())
        # the nearest of all is the centre itself
        radii[rows] = np.partition(squared, k, axis=1)[:, k]
    return radii + ROUNDING * largest


def _membership(points: np.ndarray, centres: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """In how many centres' balls each point is (n,), and which balls have a point (m,)."""
    radii = _squared_radii(centres, k)
    counts, covered = np.empty(len(points), dtype=np.int64), np.zeros(len(centres), dtype=bool)
    for rows, squared in _strips(points, centres):
        inside = squared <= radii
        counts[rows] = inside.sum(axis=1)
        covered |= inside.any(axis=0)
    return counts, covered
