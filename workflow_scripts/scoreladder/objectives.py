"""Training objectives, unreduced: one number per sample, so that the caller owns the mean."""

from collections.abc import Callable

from torch import Tensor

from scoreladder.weighting import Weighting


def denoising_score_matching(
    denoiser: Callable[..., Tensor], x0: Tensor, sigma: Tensor, z: Tensor, weighting: Weighting
) -> Tensor:
    """λ(σ)‖s_θ(x₀+σz, σ) + z/σ‖², summed over dimensions, per sample (arXiv 1907.05600, eq. 5).

    Shapes: x0 and z (n, ...), sigma (n,); returns (n,). In x₀ space this is λ(σ)/σ⁴ ‖x̂₀−x₀‖².
    """
    x = x0 + sigma.reshape(-1, *[1] * (x0.ndim - 1)) * z
    error = (denoiser(x, sigma) - x0).flatten(1).square().sum(dim=1)
    return weighting(sigma) / sigma**4 * error
