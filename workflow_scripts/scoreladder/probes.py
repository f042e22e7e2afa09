"""What is measured of a model itself, without drawing samples from it."""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from scoreladder import losses, objectives, seeds
from scoreladder.analytic import GaussianMixture
from scoreladder.denoiser import Denoiser, score
from scoreladder.densities import Density, ImportanceByLoss, OverLadder
from scoreladder.weighting import Weighting, sigma_power


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
    95 % of the mixture's mass exceeds. Modes too narrow to hold a grid point leave the dense part,
    and with it the ratio, out.
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
    for name, x in ((name, x) for name, x in parts.items() if len(x)):
        gap = _learned(model, x, sigma) - mixture.score(x)
        errors[name] = float(gap.square().sum(dim=1).mean().sqrt())
    if "score_error_dense" in errors:
        errors["sparse_to_dense"] = errors["score_error_sparse"] / errors["score_error_dense"]
    return errors


def _learned(model: Denoiser, x: Tensor, sigma: float) -> Tensor:
    """s_θ(x, σ) of points (n, D), in float64 on the CPU, wherever the model is."""
    device = next(model.parameters()).device if isinstance(model, nn.Module) else x.device
    with torch.no_grad():
        return score(model, x.float().to(device), sigma).double().cpu()


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


def losses_by_level(model: Denoiser, data: Tensor, sigmas: Tensor) -> list[float]:
    """E‖σ s_θ + z‖²/D on held-out data at each level; 0 is perfect knowledge of z, 1 none.

    data (n, ...), sigmas (L,); the noise is the same for every model and level.
    """
    generator = seeds.generator("held-out noise", device=data.device)
    z = torch.randn(data.shape, generator=generator, device=data.device)
    result = []
    for sigma in sigmas.tolist():
        level = torch.full((len(data),), sigma, device=data.device)
        with torch.no_grad():
            each = objectives.denoising_score_matching(model, data, level, z, sigma_power(2))
        result.append(float(each.mean()) / data[0].numel())
    return result


def level_masses(density: Density, sigmas: Tensor) -> np.ndarray:
    """What share of the training draws falls to each level of a ladder, (L,), Σ = 1.

    A continuous density gives a level p(σ) σ times its step in ln σ. Importance sampling counts as
    uniform: corrected for, it leaves the objective what it is under uniform levels.
    """
    if isinstance(density, ImportanceByLoss):
        return np.full(len(sigmas), 1 / len(sigmas))
    masses = density.log_prob(sigmas).double().exp().numpy()
    if not isinstance(density, OverLadder) and len(sigmas) > 1:
        masses = masses * np.abs(np.gradient(sigmas.numpy()))
    return masses / masses.sum()


def loss_shares(
    losses: list[float], sigmas: Tensor, weight: Weighting, density: Density
) -> np.ndarray:
    """Each level's share of E_p(σ)[λ(σ) E‖s_θ + z/σ‖²], from losses that carry a factor σ².

    losses and sigmas (L,), float64; returns (L,), Σ = 1. λ and p enter as a product.
    """
    weights = weight(sigmas).numpy() / sigmas.numpy() ** 2
    contributions = level_masses(density, sigmas) * weights * losses
    return contributions / contributions.sum()


def balance(shares: np.ndarray) -> float:
    """Evenness of the levels' shares, exp(entropy)/L: from 1 (all equal) to 1/L (one rules)."""
    positive = shares[shares > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()) / len(shares))


def gradient_noise(
    model: Denoiser,
    weight: Weighting,
    density: Density,
    data: Tensor,
    batch: int,
    batches: int = 32,
    seed: int = 0,
    micro_batch: int | None = None,
) -> float:
    """√(total variance of the mini-batch gradient) of the DSM objective, divided by its value.

    The division makes E_p[λ·loss] = 1: of two pairs with equal λ·p, whose expected gradients
    are equal, the noisier is the one whose p is the worse. data (n, ...), `batch` points a batch,
    of which micro_batch (default: all) are in memory at once, batches >= 2, on the model as it is;
    importance sampling first takes in the losses of this model, 10 a level. Dimension: that of
    1/parameter. The density is left as it was.
    """
    density = copy.deepcopy(density)
    trained = copy.deepcopy(model).requires_grad_(True)
    task = losses.ScoreTask(trained, "dsm", density, weight)
    generator = seeds.generator("gradient noise", seed, device=data.device)
    if isinstance(density, ImportanceByLoss):
        _acquaint(task, data, generator)
    values, total, squares, size = [], 0.0, 0.0, micro_batch or batch
    for _ in range(batches):
        flat, value = 0.0, 0.0
        for start in range(0, batch, size):
            x0 = losses.batch(data, min(size, batch - start), generator)
            loss = task.losses(x0, generator).mean() * (len(x0) / batch)
            gradients = torch.autograd.grad(loss, list(trained.parameters()))
            flat = flat + torch.cat([gradient.flatten() for gradient in gradients]).double()
            value += loss.item()
        total, squares = total + flat, squares + flat.square().sum()
        values.append(value)
    variance = (squares - total.square().sum() / batches) / (batches - 1)
    return float(variance.sqrt()) / float(np.mean(values))


def excess_gradient_noise(
    model: Denoiser,
    weight: Weighting,
    density: Density,
    data: Tensor,
    batch: int,
    seed: int = 0,
    micro_batch: int | None = None,
) -> float:
    """`gradient_noise` of λ and p(σ) over that of uniform levels with the same product λ(σ) p(σ).

    Both at the same model, so that only how often each level is visited differs: 1 for uniform
    levels, more for a p that is worse, less for one that is better. A continuous density is
    weighed on the model's ladder by `level_masses`. data (n, ...) on the device of the model and
    the density, `batch` points a batch, micro_batch of them (default: all) in memory at once.
    """
    sigmas = model.sigmas.to(data.device)
    masses = torch.from_numpy(level_masses(density, sigmas.cpu()))
    factors = (masses * len(sigmas)).to(data)
    log_levels = sigmas.log().to(data)

    def product(sigma: Tensor) -> Tensor:
        level = (sigma.log()[:, None] - log_levels).abs().argmin(dim=1)
        return weight(sigma) * factors[level]

    options = {"seed": seed, "micro_batch": micro_batch}
    own = gradient_noise(model, weight, density, data, batch, **options)
    return own / gradient_noise(model, product, OverLadder(sigmas), data, batch, **options)


def _acquaint(task: losses.ScoreTask, data: Tensor, generator: torch.Generator) -> None:
    """Show importance sampling as many losses of every level as it remembers."""
    density = task.density
    sigma = density.sigmas.repeat(density.HISTORY)
    x0 = losses.batch(data, len(sigma), generator)
    z = torch.randn(x0.shape, generator=generator, dtype=x0.dtype, device=x0.device)
    with torch.no_grad():
        each = objectives.denoising_score_matching(task.model, x0, sigma, z, task.weighting)
    density.update(sigma, each)


def score_errors_by_level(
    model: Denoiser, mixture: GaussianMixture, sigmas: Tensor, draws: int = 4096
) -> list[float]:
    """Root-mean-square σ(s_θ − ∇ log p_σ) per dimension, over x ~ p_σ, at each level."""
    errors = []
    for sigma in sigmas.tolist():
        x = mixture.sample(draws, sigma, seeds.generator("score errors by level"))
        gap = _learned(model, x, sigma) - mixture.score(x, sigma)
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
    learned = [
        _learned(model, x, sigma).reshape(*side, 2).numpy() for model, sigma in models.values()
    ]
    return {
        "ticks": ticks,
        "log_prob": mixture.log_prob(x).reshape(side).numpy(),
        "exact": mixture.score(x).reshape(*side, 2).numpy(),
        "variants": np.array(list(models)),
        "sigmas": np.array([sigma for _, sigma in models.values()]),
        "scores": np.stack(learned),
    }
