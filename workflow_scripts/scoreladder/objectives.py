"""Training objectives, unreduced: one number per sample, so that the caller owns the mean.

All are E_p(σ)[λ(σ) · a divergence of s_θ(·, σ) from ∇ log p_σ], up to a constant that no model
moves, so one learning rate and one λ serve them all. Shapes: x0, z and x (n, ...), sigma (n,),
positive; each returns (n,) in the data's dtype, differentiable in the denoiser's parameters. λ is
given σ in the data's dtype.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from scoreladder.denoiser import score
from scoreladder.kinds import entry
from scoreladder.parameterizations import per_sample
from scoreladder.weighting import Weighting

Denoise = Callable[..., Tensor]
Objective = Callable[..., Tensor]


def noisy(x0: Tensor, sigma: Tensor | float, z: Tensor) -> Tensor:
    """x = x₀ + σz; x0 and z (n, ...), sigma a number or (n,); the shape and dtype of x0."""
    return x0 + per_sample(sigma, x0) * z


def denoising_score_matching(
    denoiser: Denoise, x0: Tensor, sigma: Tensor, z: Tensor, weighting: Weighting
) -> Tensor:
    """λ(σ)‖s_θ(x₀+σz, σ) + z/σ‖², summed over dimensions, per sample (arXiv 1907.05600, eq. 5).

    In x₀ space this is λ(σ)/σ⁴ ‖x̂₀−x₀‖².
    """
    sigma = sigma.to(x0)
    error = (denoiser(noisy(x0, sigma, z), sigma) - x0).flatten(1).square().sum(dim=1)
    return weighting(sigma) / sigma**4 * error


def _score_at(denoiser: Denoise, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """x as a leaf to differentiate by, and the score there, (n, D)."""
    x = x.detach().requires_grad_()
    return x, score(denoiser, x, sigma).flatten(1)


def _gradient(values: Tensor, x: Tensor) -> Tensor:
    """∇_x of each row's value, (n,) → (n, D); rows do not see each other."""
    (gradient,) = torch.autograd.grad(values.sum(), x, create_graph=True)
    return gradient.flatten(1)


@torch.enable_grad()
def implicit_score_matching(
    denoiser: Denoise, x: Tensor, sigma: Tensor, weighting: Weighting
) -> Tensor:
    """λ(σ)(‖s‖² + 2 tr ∇s) at x ~ p_σ: Hyvärinen 2005 (JMLR 6), equation 4, doubled.

    One backward pass per dimension: for low dimension.
    """
    sigma = sigma.to(x)
    x, s = _score_at(denoiser, x, sigma)
    trace = sum(_gradient(s[:, i], x)[:, i] for i in range(s.shape[1]))
    return weighting(sigma) * (s.square().sum(dim=1) + 2 * trace)


@torch.enable_grad()
def sliced_score_matching(
    denoiser: Denoise, x: Tensor, sigma: Tensor, v: Tensor, weighting: Weighting
) -> Tensor:
    """λ(σ)((vᵀs)² + 2 vᵀ∇(vᵀs)) at x ~ p_σ (arXiv 1905.07088, equation 7, doubled).

    v, of the shape of x, holds one slice per sample, with E[vvᵀ] = I.
    """
    sigma, v = sigma.to(x), v.flatten(1)
    x, s = _score_at(denoiser, x, sigma)
    along = (v * s).sum(dim=1)
    return weighting(sigma) * (along.square() + 2 * (v * _gradient(along, x)).sum(dim=1))


@torch.enable_grad()
def sliced_score_matching_vr(
    denoiser: Denoise, x: Tensor, sigma: Tensor, v: Tensor, weighting: Weighting
) -> Tensor:
    """λ(σ)(‖s‖² + 2 vᵀ∇(vᵀs)): sliced, its first term exact (arXiv 1905.07088, equation 8).

    v is as in `sliced_score_matching`; the expectation is the same, the variance lower.
    """
    sigma, v = sigma.to(x), v.flatten(1)
    x, s = _score_at(denoiser, x, sigma)
    turn = (v * _gradient((v * s).sum(dim=1), x)).sum(dim=1)
    return weighting(sigma) * (s.square().sum(dim=1) + 2 * turn)


def slices(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Random signs of the shape, dtype and device of x: slices v with E[vvᵀ] = I.

    Of all such v, independent signs (Rademacher) give vᵀAv the least variance.
    """
    bits = torch.randint(2, x.shape, generator=generator, device=x.device)
    return 2 * bits.to(x.dtype) - 1


def _sliced(objective: Objective) -> Objective:
    """An objective of x and slices v as one of x0 and z, with fresh slices."""
    return lambda denoiser, x0, sigma, z, weighting, generator: objective(
        denoiser, noisy(x0, sigma, z), sigma, slices(x0, generator), weighting
    )


# every entry: (denoiser, x0, sigma, z, weighting, generator) → (n,)
OBJECTIVES: dict[str, Objective] = {
    "dsm": lambda denoiser, x0, sigma, z, weighting, generator: denoising_score_matching(
        denoiser, x0, sigma, z, weighting
    ),
    "sliced": _sliced(sliced_score_matching),
    "sliced_vr": _sliced(sliced_score_matching_vr),
    "implicit": lambda denoiser, x0, sigma, z, weighting, generator: implicit_score_matching(
        denoiser, noisy(x0, sigma, z), sigma, weighting
    ),
}


def objective(name: str) -> Objective:
    """The entry of OBJECTIVES of that name. Raises ValueError where there is none."""
    return entry(OBJECTIVES, name, "objective")
