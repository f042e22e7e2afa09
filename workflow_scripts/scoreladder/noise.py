"""Noise ladders (σ descending) and the densities p(σ) that training draws its levels from."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


def _check_range(sigma_max: float, sigma_min: float) -> None:
    if not 0 < sigma_min < sigma_max < math.inf:
        raise ValueError(
            f"need 0 < sigma_min < sigma_max, found sigma_min={sigma_min}, sigma_max={sigma_max}"
        )


def _check_levels(levels: int) -> None:
    if levels < 2:
        raise ValueError(f"a ladder needs levels >= 2, found {levels}; use single() for one level")


def single(sigma: float) -> Tensor:
    """One noise scale: a ladder of one level, shape (1,), float64.

    Raises ValueError unless 0 < sigma < inf.
    """
    if not 0 < sigma < math.inf:
        raise ValueError(f"need sigma > 0, found {sigma}")
    return torch.tensor([sigma], dtype=torch.float64)


def geometric(sigma_max: float, sigma_min: float, levels: int) -> Tensor:
    """σ_i = σ_1 (σ_L/σ_1)^((i−1)/(L−1)), constant ratio; shape (levels,), descending, float64.

    Song & Ermon 2019 (arXiv 1907.05600), section 4. Raises ValueError unless
    0 < sigma_min < sigma_max and levels >= 2.
    """
    _check_range(sigma_max, sigma_min)
    _check_levels(levels)
    return torch.from_numpy(np.geomspace(sigma_max, sigma_min, levels))


def linear(sigma_max: float, sigma_min: float, levels: int) -> Tensor:
    """Equally spaced σ; shape (levels,), descending, float64.

    Raises ValueError unless 0 < sigma_min < sigma_max and levels >= 2.
    """
    _check_range(sigma_max, sigma_min)
    _check_levels(levels)
    return torch.from_numpy(np.linspace(sigma_max, sigma_min, levels))


LADDERS = {"single": single, "geometric": geometric, "linear": linear}


def ladder(spec: dict) -> Tensor:
    """The ladder that a config block such as {kind: geometric, sigma_max: 5, …} describes."""
    arguments = {key: value for key, value in spec.items() if key != "kind"}
    return LADDERS[spec["kind"]](**arguments)


def technique1_sigma_max(x: Tensor) -> float:
    """NCSNv2's Technique 1: σ_1 = the largest Euclidean distance between two data points.

    x has shape (n, ...) with n >= 2 (arXiv 2006.09011, section 3.1).
    """
    if len(x) < 2:
        raise ValueError(f"need at least two data points, found {len(x)}")
    flat = x.flatten(1).double()
    return max(float(torch.cdist(block, flat).max()) for block in flat.split(1024))


def technique2_levels(dim: int, sigma_max: float, sigma_min: float, c: float = 0.5) -> int:
    """NCSNv2's Technique 2: the number of levels of a geometric ladder for data dimension `dim`.

    The ratio γ solves Φ(√(2D)(γ−1)+3γ) − Φ(√(2D)(γ−1)−3γ) = C (arXiv 2006.09011, section 3.2);
    the count is the one whose ratio is nearest to it. c is in (0, 0.997): no ratio has more.
    """
    _check_range(sigma_max, sigma_min)
    if not 0 < c < 0.997 or dim < 1:
        raise ValueError(f"need dim >= 1 and 0 < c < 0.997, found dim={dim}, c={c}")
    # here, because every job imports this module and SciPy takes half a second
    from scipy.optimize import brentq
    from scipy.special import ndtr

    root = math.sqrt(2 * dim)

    def overlap(gamma: float) -> float:
        centre = root * (gamma - 1)
        # by symmetry, in the lower tail, where differences of Φ keep their digits
        return ndtr(3 * gamma - centre) - ndtr(-3 * gamma - centre) - c

    upper = 2.0
    while overlap(upper) > 0:
        upper *= 2
        if upper > 1e6:
            return 2
    gamma = brentq(overlap, 1.0, upper, xtol=1e-14)
    return max(2, 1 + round(math.log(sigma_max / sigma_min) / math.log(gamma)))


def variance_ratio(eta: float, ratio: float, steps_per_level: int) -> float:
    """Var/σ² after one level of Langevin, started from the level above: NCSNv2's equation for T4.

    eta = α/σ² is the relative step, ratio = γ = σ_{i−1}/σ_i; returns ρ(γ²−b)+b with
    ρ = (1−η)^{2T}, b = 2η/(1−(1−η)²) (arXiv 2006.09011, proposition 3).
    """
    shrink = (1 - eta) ** (2 * steps_per_level)
    floor = 2 * eta / (1 - (1 - eta) ** 2)
    return shrink * (ratio**2 - floor) + floor


def technique4_step_size(sigmas: Tensor, steps_per_level: int) -> float:
    """NCSNv2's Technique 4: ε in α_i = ε σ_i²/σ_L² that brings s_T²/σ² nearest to 1.

    sigmas is a geometric ladder, shape (L,), L >= 2, descending (arXiv 2006.09011, section 3.4).
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


@dataclass(frozen=True)
class OverLadder:
    """p(σ) uniform over the L levels of a ladder: Σ_i in the objective becomes an expectation."""

    sigmas: Tensor

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest σ that can be drawn."""
        return float(self.sigmas.min()), float(self.sigmas.max())

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), in the dtype and on the device of the ladder."""
        device = self.sigmas.device
        index = torch.randint(len(self.sigmas), (n,), generator=generator, device=device)
        return self.sigmas[index]

    def log_prob(self, sigma: Tensor) -> Tensor:
        """log probability of each level: −log L on the ladder, −inf off it."""
        on_ladder = (sigma[..., None] == self.sigmas).any(-1)
        level = torch.full_like(sigma, -math.log(len(self.sigmas)))
        return torch.where(on_ladder, level, -math.inf)


@dataclass(frozen=True)
class LogUniform:
    """ln σ uniform between two ends: the continuous limit of a geometric ladder (VE SDE)."""

    sigma_min: float
    sigma_max: float

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest σ that can be drawn."""
        return self.sigma_min, self.sigma_max

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), float32, on the generator's device."""
        device = generator.device if generator is not None else None
        u = torch.rand(n, generator=generator, device=device)
        return self.sigma_min * (self.sigma_max / self.sigma_min) ** u

    def log_prob(self, sigma: Tensor) -> Tensor:
        """log density in σ: −log σ − log ln(σ_max/σ_min) inside, −inf outside."""
        inside = (sigma >= self.sigma_min) & (sigma <= self.sigma_max)
        width = math.log(self.sigma_max / self.sigma_min)
        return torch.where(inside, -sigma.log() - math.log(width), -math.inf)


@dataclass(frozen=True)
class LogNormal:
    """ln σ ~ N(mean, std²): EDM's training density (arXiv 2206.00364, table 1)."""

    mean: float
    std: float

    @property
    def support(self) -> tuple[float, float]:
        """Every σ > 0 can be drawn."""
        return 0.0, math.inf

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), float32, on the generator's device."""
        device = generator.device if generator is not None else None
        return (self.mean + self.std * torch.randn(n, generator=generator, device=device)).exp()

    def log_prob(self, sigma: Tensor) -> Tensor:
        """log density in σ."""
        z = (sigma.log() - self.mean) / self.std
        return -0.5 * z**2 - math.log(self.std * math.sqrt(2 * math.pi)) - sigma.log()


Density = OverLadder | LogUniform | LogNormal

DENSITIES = {
    "ladder": lambda sigmas: OverLadder(sigmas),
    "log_uniform": lambda sigmas, sigma_min, sigma_max: LogUniform(sigma_min, sigma_max),
    "log_normal": lambda sigmas, mean, std: LogNormal(mean, std),
}


def density(spec: dict, sigmas: Tensor) -> Density:
    """The density p(σ) that a config block describes, for the given ladder."""
    arguments = {key: value for key, value in spec.items() if key != "kind"}
    return DENSITIES[spec["kind"]](sigmas, **arguments)
