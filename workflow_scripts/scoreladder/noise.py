"""Noise ladders: the levels σ_1 > … > σ_L, in VE coordinates x = x₀ + σz.

Levels of a DDPM or VP schedule are given as σ = √((1−ᾱ)/ᾱ), that of x/√ᾱ. Every ladder is float64,
of shape (L,), strictly descending and positive.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from scoreladder import greys
from scoreladder.kinds import from_block, register
from scoreladder.sdes import VP, SubVP, check_range

LADDERS: dict[str, Callable[..., Tensor]] = {}


def _check_levels(levels: int) -> None:
    if levels < 2:
        raise ValueError(f"a ladder needs levels >= 2, found {levels}; use single() for one level")


@register(LADDERS)
def single(sigma: float) -> Tensor:
    """One noise scale: a ladder of one level, shape (1,), float64.

    Raises ValueError unless 0 < sigma < inf.
    """
    if not 0 < sigma < math.inf:
        raise ValueError(f"need sigma > 0, found {sigma}")
    return torch.tensor([sigma], dtype=torch.float64)


@register(LADDERS)
def geometric(sigma_max: float, sigma_min: float, levels: int) -> Tensor:
    """σ_i = σ_1 (σ_L/σ_1)^((i−1)/(L−1)), constant ratio; shape (levels,), descending, float64.

    Song & Ermon 2019 (arXiv 1907.05600), section 4. Raises ValueError unless
    0 < sigma_min < sigma_max and levels >= 2.
    """
    check_range(sigma_max, sigma_min)
    _check_levels(levels)
    return torch.from_numpy(np.geomspace(sigma_max, sigma_min, levels))


@register(LADDERS)
def linear(sigma_max: float, sigma_min: float, levels: int) -> Tensor:
    """Equally spaced σ; shape (levels,), descending, float64.

    Raises ValueError unless 0 < sigma_min < sigma_max and levels >= 2.
    """
    check_range(sigma_max, sigma_min)
    _check_levels(levels)
    return torch.from_numpy(np.linspace(sigma_max, sigma_min, levels))


@register(LADDERS)
def karras(sigma_max: float, sigma_min: float, levels: int, rho: float = 7.0) -> Tensor:
    """Equally spaced σ^{1/ρ}: σ_i = (σ_1^{1/ρ} + (i−1)/(L−1) (σ_L^{1/ρ} − σ_1^{1/ρ}))^ρ.

    arXiv 2206.00364, eq. 5: rho = 7 there, rho = 1 is linear() and rho → ∞ geometric(). Shape
    (levels,), descending, float64. Raises ValueError unless 0 < sigma_min < sigma_max,
    levels >= 2 and 0.1 <= rho <= 1e6: beyond, roots or powers run together in float64.
    """
    check_range(sigma_max, sigma_min)
    _check_levels(levels)
    if not 0.1 <= rho <= 1e6:
        raise ValueError(f"need 0.1 <= rho <= 1e6, found {rho}")
    sigmas = np.linspace(sigma_max ** (1 / rho), sigma_min ** (1 / rho), levels) ** rho
    # a root and its power need not give back the number
    sigmas[0], sigmas[-1] = sigma_max, sigma_min
    return torch.from_numpy(sigmas)


def _of_betas(betas: np.ndarray, levels: int) -> Tensor:
    """σ of ᾱ = Π(1−β) at `levels` even steps of a schedule, from its last step to its first."""
    steps = len(betas)
    if not 2 <= levels <= steps:
        raise ValueError(f"need 2 <= levels <= steps, found levels={levels}, steps={steps}")
    # (1−ᾱ)/ᾱ = e^B − 1 with B = −ln ᾱ, which keeps the digits of small σ
    sigmas = np.sqrt(np.expm1(-np.cumsum(np.log1p(-betas))))
    return torch.from_numpy(sigmas[np.linspace(steps - 1, 0, levels).round().astype(int)])


@register(LADDERS)
def ddpm_linear(
    levels: int, beta_start: float = 1e-4, beta_end: float = 0.02, steps: int = 1000
) -> Tensor:
    """DDPM's schedule, β equally spaced over `steps` steps (arXiv 2006.11239, section 4), as σ.

    σ_t = √((1−ᾱ_t)/ᾱ_t) at `levels` evenly spaced steps (rounded), both ends included; shape
    (levels,), descending, float64. Raises ValueError unless 0 < beta_start <= beta_end < 1 and
    2 <= levels <= steps.
    """
    if not 0 < beta_start <= beta_end < 1:
        raise ValueError(
            f"need 0 < beta_start <= beta_end < 1, found beta_start={beta_start}, "
            f"beta_end={beta_end}"
        )
    return _of_betas(np.linspace(beta_start, beta_end, steps), levels)


@register(LADDERS)
def cosine(levels: int, steps: int = 1000) -> Tensor:
    """IDDPM's schedule over `steps` steps (arXiv 2102.09672, eq. 17), as σ = √((1−ᾱ)/ᾱ).

    ᾱ(t) ∝ cos²((t+.008)/1.008·π/2), with β = 1 − ᾱ_t/ᾱ_{t−1} held at .999 or below, which makes the
    last step a leap: at 1000 steps σ_1 is 2·10⁴. `levels` evenly spaced steps (rounded), both ends
    included; shape (levels,), descending, float64. Raises ValueError unless 2 <= levels <= steps.
    """
    alpha_bar = np.cos((np.linspace(0, 1, steps + 1) + 0.008) / 1.008 * math.pi / 2) ** 2
    return _of_betas(np.minimum(1 - alpha_bar[1:] / alpha_bar[:-1], 0.999), levels)


def _over_time(sde: VP | SubVP, levels: int, t_min: float) -> Tensor:
    _check_levels(levels)
    if not 0 < t_min < 1:
        raise ValueError(f"need 0 < t_min < 1, found {t_min}")
    return sde.sigma(torch.linspace(1, t_min, levels, dtype=torch.float64))


@register(LADDERS)
def vp(levels: int, beta_min: float = 0.1, beta_max: float = 20.0, t_min: float = 1e-3) -> Tensor:
    """σ(t) of the VP SDE (arXiv 2011.13456) at `levels` equally spaced t from 1 down to t_min.

    Shape (levels,), descending, float64. Raises ValueError unless levels >= 2,
    0 < beta_min <= beta_max and 0 < t_min < 1.
    """
    return _over_time(VP(beta_min, beta_max), levels, t_min)


@register(LADDERS)
def sub_vp(
    levels: int, beta_min: float = 0.1, beta_max: float = 20.0, t_min: float = 1e-3
) -> Tensor:
    """σ(t) of the sub-VP SDE (arXiv 2011.13456) at `levels` equally spaced t from 1 down to t_min.

    Shape (levels,), descending, float64. Raises ValueError as vp() does.
    """
    return _over_time(SubVP(beta_min, beta_max), levels, t_min)


@register(LADDERS)
def ncsnv2(x: Tensor, sigma_min: float, c: float = 0.5, bin_width: float = 0.0) -> Tensor:
    """NCSNv2's ladder for the data x: σ_1 by Technique 1, L by Technique 2, geometric between.

    x (n, ...), n >= 2, the training data, values or grey levels bin_width apart (arXiv 2006.09011,
    sections 3.1 and 3.2). Shape (L,), descending, float64, on the CPU; L = 2 for data of fewer
    than 5 values a point. Raises ValueError unless n >= 2, 0 < sigma_min < σ_1 and 0 < c < 0.997.
    """
    sigma_max = technique1_sigma_max(x, bin_width)
    levels = technique2_levels(x[0].numel(), sigma_max, sigma_min, c)
    return geometric(sigma_max, sigma_min, levels)


def technique1_sigma_max(x: Tensor, bin_width: float = 0.0) -> float:
    """NCSNv2's Technique 1: σ_1 = the largest Euclidean distance between two data points.

    x (n, ...), values or grey levels bin_width apart; in the unit of the values (arXiv 2006.09011,
    section 3.1). Raises ValueError unless n >= 2.
    """
    if len(x) < 2:
        raise ValueError(f"need at least two data points, found {len(x)}")
    return greys.diameter(x, bin_width)


def technique2_levels(dim: int, sigma_max: float, sigma_min: float, c: float = 0.5) -> int:
    """NCSNv2's Technique 2: the number of levels of a geometric ladder for data dimension `dim`.

    The ratio γ solves Φ(√(2D)(γ−1)+3γ) − Φ(√(2D)(γ−1)−3γ) = C (arXiv 2006.09011, section 3.2);
    the count, at least 2, is the one whose ln γ is nearest to the solution's. CIFAR-10 (D = 3072,
    σ from 50 to 0.01) has 219 at C = 0.5; the paper's 232 overlap by 0.567.
    The left side is 2Φ(3)−1 = 0.9973 at γ = 1 and falls to 0 where D >= 5, so that one γ solves it.
    Where D < 5 it tends to 1 and never falls to C, however far apart two levels are: then 2 is
    returned, the fewest levels of a ladder. Raises ValueError unless 0 < sigma_min < sigma_max,
    0 < c < 0.997 and dim >= 1.
    """
    check_range(sigma_max, sigma_min)
    if not 0 < c < 0.997 or dim < 1:
        raise ValueError(f"need dim >= 1 and 0 < c < 0.997, found dim={dim}, c={c}")
    if dim < 5:
        return 2
    # here, because every job imports this module and SciPy takes half a second
    from scipy.optimize import brentq
    from scipy.special import ndtr

    root = math.sqrt(2 * dim)

    def excess(gamma: float) -> float:
        centre = root * (gamma - 1)
        # by symmetry, in the lower tail, where differences of Φ keep their digits
        return ndtr(3 * gamma - centre) - ndtr(-3 * gamma - centre) - c

    upper = 2.0
    while excess(upper) > 0:
        upper *= 2
    log_gamma = math.log(brentq(excess, 1.0, upper, xtol=1e-14))
    log_range = math.log(sigma_max / sigma_min)
    fewer = max(1, math.floor(log_range / log_gamma))
    return 1 + min(fewer, fewer + 1, key=lambda steps: abs(log_range / steps - log_gamma))


def variance_ratio(eta: float, ratio: float, steps_per_level: int) -> float:
    """Var/σ² after one level of Langevin, started from the level above: NCSNv2's equation for T4.

    eta = α/σ², 0 < eta < 2, is the relative step, ratio = γ = σ_{i−1}/σ_i, steps_per_level = T;
    returns ρ(γ²−b)+b with ρ = (1−η)^{2T}, b = 2η/(1−(1−η)²) (arXiv 2006.09011, proposition 3).
    """
    shrink = (1 - eta) ** (2 * steps_per_level)
    floor = 2 * eta / (1 - (1 - eta) ** 2)
    return shrink * (ratio**2 - floor) + floor


def technique4_step_size(sigmas: Tensor, steps_per_level: int) -> float:
    """NCSNv2's Technique 4: ε in α_i = ε σ_i²/σ_L² that brings s_T²/σ² nearest to 1.

    sigmas is a geometric ladder, shape (L,), descending, of which the first ratio and σ_L count;
    steps_per_level = T; ε has the unit of σ² (arXiv 2006.09011, section 3.4). The paper's own
    ladders give 6.18, 3.34, 1.77 and 0.893 ·10⁻⁶ for CIFAR-10, CelebA 64, LSUN bedroom 128 and
    FFHQ 256, which it prints as 6.2, 3.3, 1.8 and 0.9: rounding moves them by up to 2 %. Its 4.9
    for LSUN church is not the minimum, 2.3. Raises ValueError unless L >= 2 and T >= 1.
    """
    if len(sigmas) < 2 or steps_per_level < 1:
        raise ValueError("technique 4 needs at least two levels and one step per level")
    from scipy.optimize import minimize_scalar

    ratio = float(sigmas[0] / sigmas[1])
    best = minimize_scalar(
        lambda log_eta: abs(variance_ratio(math.exp(log_eta), ratio, steps_per_level) - 1),
        bounds=(math.log(1e-9), 0.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return math.exp(best.x) * float(sigmas[-1]) ** 2


def ladder(spec: dict, x: Tensor | None = None, bin_width: float = 0.0) -> Tensor:
    """The ladder that a config block such as {kind: geometric, sigma_max: 5, …} describes.

    x (n, ...) is the training data, values or grey levels bin_width apart, which only kind ncsnv2
    looks at. Shape (L,), descending, float64, on the CPU. Raises ValueError as the kind's
    own function does, for an unknown kind, for keys that are missing or not the kind's, and for
    ncsnv2 without data.
    """
    if spec.get("kind") != "ncsnv2":
        return from_block(LADDERS, spec)
    if x is None:
        raise ValueError("an ncsnv2 ladder follows from the training data: give x")
    return from_block(LADDERS, spec | {"bin_width": bin_width}, x)
