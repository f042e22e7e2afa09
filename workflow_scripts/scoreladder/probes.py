"""What is measured of a model itself, without drawing samples from it."""

import numpy as np
import torch

from scoreladder import objectives, seeds, weighting
from scoreladder.analytic import GaussianMixture
from scoreladder.denoiser import Denoiser, score


def window(mixture: GaussianMixture, points: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """A regular grid over a planar mixture: axes' ticks (points,) and points (points², 2)."""
    spread = mixture.variances.max().sqrt()
    reach = float((mixture.means.abs().max(dim=1).values.max() + 3 * spread).ceil())
    ticks = np.linspace(-reach, reach, points)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return ticks, grid


def score_errors(
    model: Denoiser, sigma: float, mixture: GaussianMixture, draws: int = 4096
) -> dict[str, float]:
    """Root-mean-square error of s_θ(x, σ) against the noiseless ∇ log p(x), by density.

    score_error is over x ~ p; dense and sparse are over a regular grid, split at the density that
    95 % of the mixture's mass exceeds.
    """
    drawn = mixture.sample(draws, generator=seeds.generator("score errors"))
    grid = torch.from_numpy(window(mixture)[1])
    threshold = mixture.log_prob(drawn).quantile(0.05)
    dense = mixture.log_prob(grid) >= threshold
    parts = {
        "score_error": drawn,
        "score_error_dense": grid[dense],
        "score_error_sparse": grid[~dense],
    }
    errors = {}
    for name, x in parts.items():
        with torch.no_grad():
            gap = score(model, x.float(), sigma).double() - mixture.score(x)
        errors[name] = float(gap.square().sum(dim=1).mean().sqrt())
    errors["sparse_to_dense"] = errors["score_error_sparse"] / errors["score_error_dense"]
    return errors


def epsilon_identity_gap(mixture: GaussianMixture, seed: int = 0, draws: int = 1024) -> float:
    """Largest |∇ log p_t(x) − (−ε̂/√(1−ᾱ))| over DDPM's noise levels, in float64.

    The left side is automatic differentiation of the density of √ᾱ x₀ + √(1−ᾱ) z; the right is
    the ε̂ = (x_VE − x̂₀)/σ of the exact denoiser at σ = √((1−ᾱ)/ᾱ), x_VE = x/√ᾱ.
    """
    largest = 0.0
    for alpha_bar in (0.9999, 0.99, 0.5, 0.01):
        covariances = (mixture.axes * mixture.variances[:, None]) @ mixture.axes.mT
        scaled = GaussianMixture(
            mixture.means * alpha_bar**0.5, covariances * alpha_bar, mixture.weights
        )
        remaining = (1 - alpha_bar) ** 0.5
        generator = seeds.generator("epsilon identity", seed)
        x = scaled.sample(draws, remaining, generator).requires_grad_()
        (left,) = torch.autograd.grad(scaled.log_prob(x, remaining).sum(), x)
        x_ve, sigma = x.detach() / alpha_bar**0.5, (1 / alpha_bar - 1) ** 0.5
        epsilon = (x_ve - mixture.denoise(x_ve, sigma)) / sigma
        largest = max(largest, float((left + epsilon / remaining).abs().max()))
    return largest


def losses_by_level(model: Denoiser, data: torch.Tensor, sigmas: torch.Tensor) -> list[float]:
    """E‖σ s_θ + z‖²/D on held-out data at each level; 0 is perfect knowledge of z, 1 none.

    data (n, ...), sigmas (L,); the noise is the same for every model and level.
    """
    z = torch.randn(data.shape, generator=seeds.generator("held-out noise"))
    result = []
    for sigma in sigmas.tolist():
        with torch.no_grad():
            each = objectives.denoising_score_matching(
                model, data, torch.full((len(data),), sigma), z, weighting.sigma_power(2)
            )
        result.append(float(each.mean()) / data[0].numel())
    return result


def loss_shares(losses: list[float], sigmas: torch.Tensor, weight: dict) -> np.ndarray:
    """Each level's share of Σ λ(σ_i) E‖s_θ + z/σ_i‖², from losses that carry a factor σ²."""
    contributions = weighting.weighting(weight)(sigmas).numpy() / sigmas.numpy() ** 2 * losses
    return contributions / contributions.sum()


def balance(shares: np.ndarray) -> float:
    """Evenness of the levels' shares, exp(entropy)/L: from 1 (all equal) to 1/L (one rules)."""
    positive = shares[shares > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()) / len(shares))


def score_errors_by_level(
    model: Denoiser, mixture: GaussianMixture, sigmas: torch.Tensor, draws: int = 4096
) -> list[float]:
    """Root-mean-square σ(s_θ − ∇ log p_σ) per dimension, over x ~ p_σ, at each level."""
    errors = []
    for sigma in sigmas.tolist():
        x = mixture.sample(draws, sigma, seeds.generator("score errors by level"))
        with torch.no_grad():
            gap = score(model, x.float(), sigma).double() - mixture.score(x, sigma)
        errors.append(float(sigma * gap.square().mean().sqrt()))
    return errors


def score_fields(
    models: dict[str, tuple[Denoiser, float]], mixture: GaussianMixture
) -> dict[str, np.ndarray]:
    """Learned scores on a regular P×P grid beside the exact one; models: name → (model, its σ).

    Returns ticks (P,), log_prob (P, P), exact (P, P, 2), variants (V,), sigmas (V,) and scores
    (V, P, P, 2); rows are the second coordinate, columns the first.
    """
    ticks, grid = window(mixture)
    side = (len(ticks), len(ticks))
    x = torch.from_numpy(grid)
    with torch.no_grad():
        learned = [
            score(model, x.float(), sigma).double().reshape(*side, 2).numpy()
            for model, sigma in models.values()
        ]
    return {
        "ticks": ticks,
        "log_prob": mixture.log_prob(x).reshape(side).numpy(),
        "exact": mixture.score(x).reshape(*side, 2).numpy(),
        "variants": np.array(list(models)),
        "sigmas": np.array([sigma for _, sigma in models.values()]),
        "scores": np.stack(learned),
    }
