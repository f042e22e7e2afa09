"""What is measured of samples, in float64 throughout."""

from collections.abc import Callable

import numpy as np
import torch
from scipy import linalg
from scipy.special import gammainc, gammaincinv

from scoreladder.analytic import GaussianMixture


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and unbiased covariance (d, d) of features (n, d), n >= 2, in float64."""
    features = np.asarray(features, dtype=np.float64)
    return features.mean(axis=0), np.cov(features, rowvar=False).reshape(features.shape[1], -1)


def frechet_distance(mu1, cov1, mu2, cov2) -> float:
    """‖μ₁−μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½), the squared W₂ of two Gaussians (arXiv 1706.08500).

    The trace of the root is Σ√eig(FᵀΣ₂F) of any factor FFᵀ = Σ₁: symmetric, hence real, and exact
    for singular covariances too. mu (d,), cov (d, d). Raises ValueError on unlike shapes or values
    that are not finite.
    """
    mu1, mu2 = np.atleast_1d(mu1).astype(float), np.atleast_1d(mu2).astype(float)
    cov1, cov2 = np.atleast_2d(cov1).astype(float), np.atleast_2d(cov2).astype(float)
    if mu1.shape != mu2.shape or cov1.shape != cov2.shape or cov1.shape != 2 * mu1.shape:
        raise ValueError(
            f"moments do not match: means {mu1.shape} and {mu2.shape}, "
            f"covariances {cov1.shape} and {cov2.shape}"
        )
    if not all(np.isfinite(part).all() for part in (mu1, mu2, cov1, cov2)):
        raise ValueError("moments are not finite")
    factor = _factor(cov1)
    product = factor.T @ cov2 @ factor
    return _distance(mu1 - mu2, np.trace(cov1) + np.trace(cov2), product)


def _distance(between: np.ndarray, traces: float, product: np.ndarray) -> float:
    """‖μ₁−μ₂‖² + tr Σ₁ + tr Σ₂ − 2 Σ√eig of a matrix that is symmetric but for rounding."""
    overlap = np.sqrt(linalg.eigvalsh((product + product.T) / 2).clip(min=0)).sum()
    return float(max(np.sum(between**2) + traces - 2 * overlap, 0.0))


def frechet_to(features: np.ndarray, mu: np.ndarray, cov: np.ndarray) -> float:
    """`frechet_distance` of the moments of features (n, d), n >= 2, to others: mu (d,), cov (d, d).

    The covariance is XᵀX with X (n, d), and the trace of the root is Σ√eig(XΣXᵀ), n numbers instead
    of d: what is cheap where n <= d. Raises ValueError as `frechet_distance` does.
    """
    x = np.asarray(features, dtype=float)
    if x.shape[1:] != np.shape(mu) or np.shape(cov) != 2 * np.shape(mu):
        raise ValueError(f"moments do not match: {x.shape}, {np.shape(mu)} and {np.shape(cov)}")
    if not all(np.isfinite(part).all() for part in (x, mu, cov)):
        raise ValueError("moments are not finite")
    centre = x.mean(axis=0)
    x = (x - centre) / np.sqrt(len(x) - 1)
    return _distance(centre - mu, np.sum(x**2) + np.trace(cov), x @ cov @ x.T)


def _factor(cov: np.ndarray) -> np.ndarray:
    """A factor F (d, d) of a covariance, FFᵀ = Σ: Cholesky's, or of eigenvectors if singular."""
    try:
        return linalg.cholesky(cov, lower=True)
    except linalg.LinAlgError:
        values, vectors = linalg.eigh(cov)
        return vectors * np.sqrt(values.clip(min=0))


def sliced_wasserstein(
    x: np.ndarray, y: np.ndarray, order: int = 2, projections: int = 100, seed: int = 0
) -> float:
    """Sliced p-Wasserstein distance of two point sets (n, D), (m, D), in the data's unit.

    The p-th root of the mean, over seeded random directions, of the p-th power of the projections'
    W_p, p = order >= 1 (Bonneel et al. 2015, J. Math. Imaging and Vision 51). Sets of unequal size
    are compared at the quantiles of the smaller one; of equal size, it is at most their W_p. NaN
    where values are not finite; raises ValueError on unlike dimensions.
    """
    (distance,) = sliced_to(y, projections, seed)(x, order)
    return distance


def sliced_to(
    y: np.ndarray, projections: int = 100, seed: int = 0
) -> Callable[..., tuple[float, ...]]:
    """`sliced_wasserstein` of many sets to one y (m, D), which is projected and ordered once.

    Returns a function (x, *orders) → one distance for each order.
    """
    random = np.random.default_rng(seed)
    directions = random.standard_normal((y.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    known = np.sort(y @ directions, axis=0)

    def distances(x: np.ndarray, *orders: int) -> tuple[float, ...]:
        count = min(len(x), len(known))
        found = np.sort(x @ directions, axis=0)
        gaps = np.abs(_quantiles(found, count) - _quantiles(known, count))
        return tuple(float(np.mean(gaps**order) ** (1 / order)) for order in orders)

    return distances


def _quantiles(ordered: np.ndarray, count: int) -> np.ndarray:
    """Per column, the quantiles of n ordered values (n, k) at (i + ½)/count, interpolated."""
    if len(ordered) == count:
        return ordered
    position = (np.arange(count) + 0.5) / count * len(ordered) - 0.5
    below = np.floor(position).astype(int).clip(0, len(ordered) - 2)
    part = (position - below)[:, None]
    return (1 - part) * ordered[below] + part * ordered[below + 1]


def _point_sets(
    x: np.ndarray, y: np.ndarray, limit: int, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first `limit` points of each in float64; ValueError where they cannot be compared."""
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"point sets do not match: {x.shape} and {y.shape}")
    x, y = np.asarray(x[:limit], dtype=float), np.asarray(y[:limit], dtype=float)
    if min(len(x), len(y)) < least:
        raise ValueError(f"need {least} or more points of each, found {len(x)} and {len(y)}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("points are not finite")
    return x, y


def wasserstein2(x: np.ndarray, y: np.ndarray, limit: int = 1000) -> float:
    """Exact 2-Wasserstein distance of two point sets (n, D), (m, D), in the data's unit.

    √(min over pairings of the mean of ‖x_i − y_j‖²), of the first min(n, m, limit) points of each:
    between equally many points of equal mass an optimal plan pairs them (arXiv 1803.00567,
    proposition 2.1). Points of one law are some way apart too, more in many dimensions: compare it
    with that floor. Time grows as limit³, memory as limit². Raises ValueError on no points, unlike
    dimensions or values that are not finite.
    """
    # here, because it takes half a second and only evaluation needs it
    from scipy.optimize import linear_sum_assignment

    x, y = _point_sets(x, y, min(len(x), len(y), limit), least=1)
    rows, columns = linear_sum_assignment(squared_distances(x, y))
    return float(np.sqrt(((x[rows] - y[columns]) ** 2).sum(axis=1).mean()))


def mmd(x: np.ndarray, y: np.ndarray, limit: int = 1000) -> float:
    """Unbiased squared maximum mean discrepancy of samples x (n, D) from real data y (m, D).

    E k(x,x′) + E k(y,y′) − 2 E k(x,y) without the pairs of a point and itself (Gretton et al. 2012,
    equation 3), so that its mean is 0 where the laws agree and one value may be slightly negative;
    at most 2. k is the mean of the Gaussian kernels exp(−d²/2b²) of bandwidths b = 1/4, 1/2, 1, 2,
    4 times the median distance between points of y, hence the same whatever x is. The first `limit`
    points of each are used; memory is three limit×limit matrices. Points that occur twice bias it:
    do not bootstrap it. Raises ValueError on fewer than two points, unlike dimensions, values that
    are not finite, or y whose median distance is 0.
    """
    x, y = _point_sets(x, y, limit, least=2)
    within = squared_distances(y, y)
    unit = np.median(np.sqrt(within[np.triu_indices(len(y), 1)])) ** 2
    if unit == 0:
        raise ValueError("half of the real points are one point: no bandwidth")
    terms = (_kernel(squared_distances(x, x), unit), _kernel(within, unit))
    same = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in terms]
    return float(sum(same) - 2 * _kernel(squared_distances(x, y), unit).mean())


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """‖x_i − y_j‖², (n, m), by ‖x‖² + ‖y‖² − 2xy about the mean of y, where it loses least."""
    centre = y.mean(axis=0)
    x, y = x - centre, y - centre
    squared = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return squared.clip(min=0)


def _kernel(squared: np.ndarray, unit: float) -> np.ndarray:
    """The mean of Gaussian kernels whose bandwidths are 4, 2, 1, 1/2, 1/4 times √unit."""
    kernel = np.exp(squared / (-32 * unit))
    total = kernel.copy()
    for _ in range(4):
        # half the bandwidth is the fourth power, cheaper than another exp
        kernel = (kernel * kernel) ** 2
        total += kernel
    return total / 5


def mixture_metrics(samples: np.ndarray, mixture: GaussianMixture) -> dict[str, float]:
    """How well samples (n, D), n >= 1, keep the weights and the spread of a mixture's components.

    A sample belongs to the component that it is likeliest of. weight_error: total variation between
    found and true weights, in [0, 1]; heavy_weight: the share of samples that belong to the
    heaviest component (the first of equals); blur: mean |found/true − 1| of the spread of the
    components that have samples, from the median squared distance (a stray sample does not move
    it); mode_coverage: the share of components that have, within 3 standard deviations, at least a
    tenth of the samples that the mixture puts there, in [0, 1], higher being better. Raises
    ValueError on no samples.
    """
    if len(samples) == 0:
        raise ValueError("no samples")
    x = torch.from_numpy(np.asarray(samples)).to(mixture.means)
    owner = mixture.responsibilities(x).argmax(dim=1).cpu().numpy()
    weights = mixture.weights.cpu().numpy()
    found = np.bincount(owner, minlength=len(weights)) / len(owner)
    half_dim = samples.shape[1] / 2
    median = 2 * gammaincinv(half_dim, 0.5)  # of the squared distance, chi-squared
    spreads, near = [], np.zeros(len(weights))
    for k in np.unique(owner):
        offsets = (x[owner == k] - mixture.means[k]) @ mixture.axes[k]
        squared = (offsets**2 / mixture.variances[k]).sum(dim=1).cpu().numpy()
        spreads.append(abs(np.sqrt(np.median(squared) / median) - 1))
        near[k] = (squared <= 9).sum() / len(owner)
    due = weights * gammainc(half_dim, 9 / 2)
    return {
        "weight_error": float(0.5 * np.abs(found - weights).sum()),
        "heavy_weight": float(found[weights.argmax()]),
        "blur": float(np.mean(spreads)),
        "mode_coverage": float(np.mean(near >= 0.1 * due)),
    }
