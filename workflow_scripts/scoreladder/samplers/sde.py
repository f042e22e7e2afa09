"""Samplers that take one pass down the ladder and end with the step from σ_L to 0.

All are in variance-exploding coordinates, x = x₀ + σz; a ladder of VP/DDPM's σ = √((1−ᾱ)/ᾱ)
makes them the samplers of those papers on x_VP = √ᾱ x.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from scoreladder.denoiser import score_at
from scoreladder.samplers.base import Denoise, descent, one_pass, sampler, standard_normal


@one_pass
@sampler
def reverse_diffusion(
    denoiser: Denoise, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None
) -> Iterator[Tensor]:
    """Reverse diffusion of the VE SDE (arXiv 2011.13456, appendix E).

    From σ to the next σ': x ← x + (σ² − σ'²) s(x, σ) + √(σ² − σ'²) z; the last step, to 0, adds no
    noise and so gives x̂₀. x (n, ...) at noise σ_1, sigmas (L,) descending; returns the shape of x,
    after L evaluations. Raises ValueError unless σ_1 > … > σ_L > 0.
    """
    for sigma, following, known in descent(denoiser, sigmas, score_at):
        x = _reverse_step(known(x), x, sigma, following, generator)
        yield x


def _reverse_step(
    direction: Tensor, x: Tensor, sigma: float, following: float, generator: torch.Generator | None
) -> Tensor:
    """One Euler–Maruyama step of the reverse VE SDE along the score `direction`."""
    variance = sigma**2 - following**2
    x = x + variance * direction
    return x + variance**0.5 * standard_normal(x, generator) if following else x


@one_pass
@sampler
def predictor_corrector(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    snr: float = 0.16,
    corrector_steps: int = 1,
    generator: torch.Generator | None = None,
    constrain: Callable[[Tensor, float], Tensor] | None = None,
) -> Iterator[Tensor]:
    """Predictor–corrector sampling of the VE SDE (arXiv 2011.13456, algorithms 2 and 4).

    At each level `corrector_steps` Langevin steps x ← x + ε s + √(2ε) z with
    ε = 2 (snr ‖z‖/‖s‖)², norms averaged over the rows of x; then one step of `reverse_diffusion`.
    Where the score is zero in all rows there is nothing to measure ε by, and ε = 0. (The paper's
    loop begins with the predictor; in this order all levels are corrected alike.)
    x (n, ...) at noise σ_1, sigmas (L,) descending; yields after every step, and returns the shape
    of x, after L·(1 + corrector_steps) evaluations. constrain(x, σ) → x, where given, is applied
    before each evaluation.
    Raises ValueError unless σ_1 > … > σ_L > 0, inf > snr > 0 and corrector_steps >= 0.
    """
    if not 0 < snr < math.inf or corrector_steps < 0:
        raise ValueError(
            f"need snr > 0 and corrector_steps >= 0, found {snr} and {corrector_steps}"
        )
    for sigma, following, known in descent(denoiser, sigmas, score_at):
        for _ in range(corrector_steps):
            x = constrain(x, sigma) if constrain else x
            direction = known(x)
            z = standard_normal(x, generator)
            length = _mean_norm(direction)
            epsilon = 2 * (snr * _mean_norm(z) / length) ** 2
            epsilon = epsilon.where(length > 0, 0.0)
            x = x + epsilon * direction + (2 * epsilon).sqrt() * z
            yield x
        x = constrain(x, sigma) if constrain else x
        x = _reverse_step(known(x), x, sigma, following, generator)
        yield x


def _mean_norm(x: Tensor) -> Tensor:
    """The Euclidean norm of a row, averaged over the rows."""
    return x.reshape(len(x), -1).norm(dim=1).mean()


@one_pass
@sampler
def ddim(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """DDIM (arXiv 2010.02502, equation 12): deterministic at η = 0, ancestral sampling at η = 1.

    From σ to the next σ', in VE coordinates: x ← x̂₀ + √(σ'² − v²) (x − x̂₀)/σ + v z with
    v = η σ' √(1 − σ'²/σ²). At η = 0 it is Euler's method on the probability-flow ODE dx/dσ = −σ s.
    x (n, ...) at noise σ_1, sigmas (L,) descending; the last step, to 0, gives x̂₀; returns the
    shape of x, after L evaluations.
    Raises ValueError unless σ_1 > … > σ_L > 0 and 0 <= eta <= 1.
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"need 0 <= eta <= 1, found {eta}")
    for sigma, following, known in descent(denoiser, sigmas):
        x = ddim_step(known(x), x, sigma, following, eta, generator)
        yield x


def ddim_step(
    x0: Tensor,
    x: Tensor,
    sigma: float,
    following: float,
    eta: float,
    generator: torch.Generator | None,
) -> Tensor:
    """One step of `ddim`, from x at σ, where the denoiser says x₀, to the next level."""
    added = eta * following * (1 - (following / sigma) ** 2) ** 0.5
    return renoised(x0, x, sigma, following, added, generator)


def renoised(
    x0: Tensor,
    x: Tensor,
    sigma: float,
    following: float,
    added: float,
    generator: torch.Generator | None,
) -> Tensor:
    """x₀ + √(σ'² − v²) (x − x₀)/σ + v z at the next level σ', z fresh and v = `added`."""
    x = x0 + (following**2 - added**2) ** 0.5 / sigma * (x - x0)
    return x + added * standard_normal(x, generator) if added else x


@one_pass
@sampler
def ancestral(
    denoiser: Denoise, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None
) -> Iterator[Tensor]:
    """Ancestral sampling (DDPM, arXiv 2006.11239, algorithm 2): the posterior of the forward chain.

    From σ to the next σ', in VE coordinates: x ← x̂₀ + σ'²/σ² (x − x̂₀) + σ' √(1 − σ'²/σ²) z, the
    posterior variance of the paper's two choices; this is `ddim` with η = 1. x (n, ...) at noise
    σ_1, sigmas (L,) descending; the last step, to 0, gives x̂₀; returns the shape of x, after L
    evaluations. Raises ValueError unless σ_1 > … > σ_L > 0.
    """
    yield from ddim.states(denoiser, x, sigmas, 1.0, generator)
