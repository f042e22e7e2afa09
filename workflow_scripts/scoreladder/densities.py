"""The densities p(σ) that training draws its noise levels from.

Every density has `support`, `sample(n, generator)` and `log_prob(sigma)`. λ(σ) and p(σ) enter the
objective only as a product; p alone sets how noisy its gradient is.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from scoreladder.kinds import from_block
from scoreladder.sdes import SDE, VP, SubVP, check_range


def _check_ladder(sigmas: Tensor) -> None:
    if sigmas.ndim != 1 or not len(sigmas) or not (sigmas > 0).all():
        raise ValueError(f"need a ladder (L,) of sigmas > 0, found shape {tuple(sigmas.shape)}")


def _device(generator: torch.Generator | None) -> torch.device | None:
    return None if generator is None else generator.device


def _level(sigma: Tensor, sigmas: Tensor) -> tuple[Tensor, Tensor]:
    """The index of the level nearest to each σ, and whether σ is that level, to 1e-6 of it.

    The margin lets float32 and float64 speak of one ladder.
    """
    levels = sigmas.to(sigma.device, torch.float64)
    gap, index = (sigma.double()[..., None] - levels).abs().min(-1)
    return index, gap <= 1e-6 * levels[index]


class _OverLevels:
    """What the densities over the levels `sigmas` (L,) share; `_log_p` gives each level's log p."""

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest σ that can be drawn."""
        return float(self.sigmas.min()), float(self.sigmas.max())

    def log_prob(self, sigma: Tensor) -> Tensor:
        """log probability of the level that each σ is; shape and dtype of sigma, which is any.

        A level is known to 1e-6 of it, whatever the dtypes; off the ladder it is −inf.
        """
        index, known = _level(sigma, self.sigmas)
        log_p = self._log_p().to(sigma)[index]
        return torch.where(known, log_p, -math.inf)


@dataclass(frozen=True)
class OverLadder(_OverLevels):
    """Over the L levels of a ladder, p_i ∝ σ_i^power; power 0 is uniform.

    With power 0 the Σ_i of the objective (arXiv 1907.05600, eq. 6) becomes an expectation.
    sigmas (L,). Raises ValueError unless L >= 1, every σ > 0 and power is finite.
    """

    sigmas: Tensor
    power: float = 0.0

    def __post_init__(self) -> None:
        _check_ladder(self.sigmas)
        if not math.isfinite(self.power):
            raise ValueError(f"need a finite power, found {self.power}")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), in the dtype and on the device of the ladder."""
        if self.power == 0:
            device = self.sigmas.device
            index = torch.randint(len(self.sigmas), (n,), generator=generator, device=device)
        else:
            p = self._log_p().exp()
            index = torch.multinomial(p, n, replacement=True, generator=generator)
        return self.sigmas[index]

    def _log_p(self) -> Tensor:
        return (self.power * self.sigmas.double().log()).log_softmax(0)


@dataclass(frozen=True)
class LogUniform:
    """ln σ uniform between two ends: the continuous limit of a geometric ladder.

    It is also t uniform in the VE SDE (arXiv 2011.13456), which therefore has no kind of its own.
    Raises ValueError unless 0 < sigma_min < sigma_max.
    """

    sigma_min: float
    sigma_max: float

    def __post_init__(self) -> None:
        check_range(self.sigma_max, self.sigma_min)

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest σ that can be drawn."""
        return self.sigma_min, self.sigma_max

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), float32, on the generator's device."""
        u = torch.rand(n, generator=generator, device=_device(generator))
        return self.sigma_min * (self.sigma_max / self.sigma_min) ** u

    def log_prob(self, sigma: Tensor) -> Tensor:
        """log density in σ: −log σ − log ln(σ_max/σ_min) inside, −inf outside; shape of sigma."""
        inside = (sigma >= self.sigma_min) & (sigma <= self.sigma_max)
        width = math.log(self.sigma_max / self.sigma_min)
        return torch.where(inside, -sigma.log() - math.log(width), -math.inf)


@dataclass(frozen=True)
class LogNormal:
    """ln σ ~ N(mean, std²): EDM's training density (arXiv 2206.00364, table 1).

    Raises ValueError unless mean is finite and 0 < std < inf.
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.mean) or not 0 < self.std < math.inf:
            raise ValueError(f"need std > 0 and both finite, found {self.mean} and {self.std}")

    @property
    def support(self) -> tuple[float, float]:
        """Every σ > 0 can be drawn."""
        return 0.0, math.inf

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), float32, on the generator's device."""
        z = torch.randn(n, generator=generator, device=_device(generator))
        return (self.mean + self.std * z).exp()

    def log_prob(self, sigma: Tensor) -> Tensor:
        """log density in σ > 0: log N(ln σ; mean, std²) − ln σ; the shape of sigma."""
        z = (sigma.log() - self.mean) / self.std
        return -0.5 * z**2 - math.log(self.std * math.sqrt(2 * math.pi)) - sigma.log()


@dataclass(frozen=True)
class UniformTime:
    """σ(t) of an SDE for t uniform on [t_min, 1]: score-SDE's training density.

    arXiv 2011.13456, eq. 7. t_min = 1e-3 is where that paper's samplers end VP and sub-VP, so that
    no σ is trained which they do not visit; its own training goes down to 1e-5. Raises ValueError
    unless 0 < t_min < 1.
    """

    sde: SDE
    t_min: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.t_min < 1:
            raise ValueError(f"need 0 < t_min < 1, found {self.t_min}")

    @property
    def support(self) -> tuple[float, float]:
        """σ(t_min) and σ(1), the smallest and the largest σ that can be drawn."""
        low, high = self.sde.sigma(torch.tensor([self.t_min, 1.0], dtype=torch.float64)).tolist()
        return low, high

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), float32, on the generator's device."""
        u = torch.rand(n, generator=generator, device=_device(generator))
        sigma = self.sde.sigma(self.t_min + (1 - self.t_min) * u)
        # float32 may round past an end
        return sigma.clamp(*self.support)

    def log_prob(self, sigma: Tensor) -> Tensor:
        """log density in σ: log p(t) − log dσ/dt with dσ/dt = (dσ²/dt)/2σ; −inf outside.

        sigma > 0 of any shape, which is kept.
        """
        low, high = self.support
        rate = self.sde.sigma2_rate(self.sde.time(sigma))
        inside = (2 * sigma).log() - rate.log() - math.log(1 - self.t_min)
        return torch.where((sigma >= low) & (sigma <= high), inside, -math.inf)


class ImportanceByLoss(_OverLevels):
    """IDDPM's loss-aware sampling of levels: p_i ∝ √E[loss_i²] (arXiv 2102.09672, section 3.3).

    The mean is over the last 10 losses of each level, and p is uniform until every level has 10.
    Multiplied by `correction`, the losses keep the expectation that they have under uniform
    levels. p changes with every `update`; `state` and `restore` carry it over an interruption.
    sigmas (L,). Raises ValueError unless L >= 1 and every σ > 0.
    """

    HISTORY = 10

    def __init__(self, sigmas: Tensor):
        _check_ladder(sigmas)
        self.sigmas = sigmas
        self._losses = sigmas.new_zeros(len(sigmas), self.HISTORY)
        self._seen = torch.zeros(len(sigmas), dtype=torch.int64, device=sigmas.device)

    @property
    def probabilities(self) -> Tensor:
        """p_i, shape (L,), float64, Σp = 1."""
        # the smallest positive float, so that losses of 0 everywhere give uniform and not 0/0
        tiny = torch.finfo(torch.float64).tiny
        size = self._losses.double().square().mean(dim=1).sqrt().clamp_min(tiny)
        full = (self._seen >= self.HISTORY).all()
        p = torch.where(full, size, torch.ones_like(size))
        return p / p.sum()

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws, shape (n,), in the dtype and on the device of the ladder."""
        index = torch.multinomial(self.probabilities, n, replacement=True, generator=generator)
        return self.sigmas[index]

    def _log_p(self) -> Tensor:
        return self.probabilities.log()

    def correction(self, sigma: Tensor) -> Tensor:
        """(1/L)/p(σ) for drawn σ, the shape of sigma: E_p[correction · loss] is the uniform mean.

        It belongs to the p that drew σ: ask before `update`.
        """
        return (-self.log_prob(sigma) - math.log(len(self.sigmas))).exp()

    def update(self, sigma: Tensor, losses: Tensor) -> None:
        """Take in the losses (n,), λ(σ) included and uncorrected, of the drawn levels sigma (n,).

        Losses that are not finite are left out: then it is for training to say that it diverged.
        So are those of a σ that is no level, to 1e-6 of it.
        """
        level, known = _level(sigma, self.sigmas)
        used = losses.isfinite() & known
        # grouped by level, each group in the order of the batch
        level, order = level[used].sort(stable=True)
        new = losses.detach()[used][order].to(self._losses)
        count = level.bincount(minlength=len(self.sigmas))
        rank = torch.arange(len(level), device=level.device) - (count.cumsum(0) - count)[level]
        last = rank >= count[level] - self.HISTORY
        slot = (self._seen[level] + rank) % self.HISTORY
        self._losses[level[last], slot[last]] = new[last]
        self._seen += count

    def state(self) -> dict[str, Tensor]:
        """All that `update` changes, as copies: losses (L, 10) and how many each level has seen."""
        return {"losses": self._losses.clone(), "seen": self._seen.clone()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go back to a `state`, whatever device it was saved on; draws then repeat bit for bit.

        Raises ValueError where the state is that of a ladder with another number of levels.
        """
        if state["losses"].shape != self._losses.shape:
            found = len(state["losses"])
            raise ValueError(f"the state is of {found} levels, the ladder has {len(self.sigmas)}")
        self._losses.copy_(state["losses"])
        self._seen.copy_(state["seen"])


Density = OverLadder | LogUniform | LogNormal | UniformTime | ImportanceByLoss


def _uniform_time(
    sde: type[VP] | type[SubVP],
    sigmas: Tensor,
    beta_min: float = 0.1,
    beta_max: float = 20.0,
    t_min: float = 1e-3,
) -> UniformTime:
    return UniformTime(sde(beta_min, beta_max), t_min)


DENSITIES = {
    "ladder": OverLadder,
    "log_uniform": lambda sigmas, sigma_min, sigma_max: LogUniform(sigma_min, sigma_max),
    "log_normal": lambda sigmas, mean, std: LogNormal(mean, std),
    "vp": partial(_uniform_time, VP),
    "sub_vp": partial(_uniform_time, SubVP),
    "importance": ImportanceByLoss,
}


def density(spec: dict, sigmas: Tensor) -> Density:
    """The density p(σ) that a config block such as {kind: ladder, power: 1} describes.

    sigmas (L,) is the training ladder, which kinds ladder and importance draw from. Continuous
    VE training is log_uniform. Raises ValueError as the kind's own class does, for an unknown kind,
    and for keys that are missing or not the kind's.
    """
    return from_block(DENSITIES, spec, sigmas)
