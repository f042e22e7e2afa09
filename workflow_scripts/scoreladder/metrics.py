"""What is measured of samples, in float64 throughout."""

import numpy as np
import torch
from scipy import linalg
from scipy.special import gammaincinv

from scoreladder.analytic import GaussianMixture


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and unbiased covariance (d, d) of features (n, d), in float64."""
    features = np.asarray(features, dtype=np.float64)
    return features.mean(axis=0), np.cov(features, rowvar=False).reshape(features.shape[1], -1)


def frechet_distance(mu1, cov1, mu2, cov2) -> float:
    """‖μ₁−μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½), the squared W₂ of two Gaussians (arXiv 1706.08500).

    The trace of the root is Σ√eig(Σ₁^½ Σ₂ Σ₁^½): symmetric, hence real, and exact for singular
    covariances too. mu (d,), cov (d, d). Raises ValueError on unlike shapes or values that are
    not finite.
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
    values, vectors = linalg.eigh(cov1)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    product = root @ cov2 @ root
    overlap = np.sqrt(linalg.eigvalsh((product + product.T) / 2).clip(min=0)).sum()
    distance = np.sum((mu1 - mu2) ** 2) + np.trace(cov1) + np.trace(cov2) - 2 * overlap
    return float(max(distance, 0.0))


def sliced_wasserstein(
    x: np.ndarray, y: np.ndarray, order: int = 2, projections: int = 100, seed: int = 0
) -> float:
    """Sliced p-Wasserstein distance of two point sets (n, D), (m, D), in the data's unit.

    The p-th root of the mean, over seeded random directions, of the p-th power of the projections'
    W_p, p = order >= 1. Sets of unequal size are compared at the quantiles of the smaller one.
    """
    random = np.random.default_rng(seed)
    directions = random.standard_normal((x.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    count = min(len(x), len(y))
    gaps = _quantiles(x @ directions, count) - _quantiles(y @ directions, count)
    return float(np.mean(np.abs(gaps) ** order) ** (1 / order))


def _quantiles(values: np.ndarray, count: int) -> np.ndarray:
    """Per column, the quantiles of n values (n, k) at (i + ½)/count, interpolated; (count, k)."""
    ordered = np.sort(values, axis=0)
    if len(ordered) == count:
        return ordered
    position = (np.arange(count) + 0.5) / count * len(ordered) - 0.5
    below = np.floor(position).astype(int).clip(0, len(ordered) - 2)
    part = (position - below)[:, None]
    return (1 - part) * ordered[below] + part * ordered[below + 1]


def mixture_metrics(samples: np.ndarray, mixture: GaussianMixture) -> dict[str, float]:
    """How well samples (n, D) keep the weights and the spread of a mixture's components.

    weight_error: total variation between found and true weights, in [0, 1]; heavy_weight: the
    share of samples that belong to the heaviest component; blur: mean |found/true − 1| of the
    components' spread, from the median squared distance (a stray sample does not move it).
    """
    x = torch.from_numpy(np.asarray(samples)).to(mixture.means)
    owner = mixture.responsibilities(x).argmax(dim=1).numpy()
    weights = mixture.weights.numpy()
    found = np.bincount(owner, minlength=len(weights)) / len(owner)
    dim = samples.shape[1]
    median = 2 * gammaincinv(dim / 2, 0.5)  # of the squared distance, chi-squared
    spreads = []
    for k, mean in enumerate(mixture.means.numpy()):
        offsets = (np.asarray(samples)[owner == k] - mean) @ mixture.axes[k].numpy()
        if len(offsets):
            squared = (offsets**2 / mixture.variances[k].numpy()).sum(axis=1)
            spreads.append(abs(np.sqrt(np.median(squared) / median) - 1))
    return {
        "weight_error": float(0.5 * np.abs(found - weights).sum()),
        "heavy_weight": float(found[weights.argmax()]),
        "blur": float(np.mean(spreads)),
    }
