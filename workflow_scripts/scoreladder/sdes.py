"""The VE, VP and sub-VP diffusions of arXiv 2011.13456, each seen also in VE coordinates.

Forward, on t in (0, 1]: dx = f(x, t) dt + g(t) dw, so that x(t) = scale(t) x₀ + marginal_std(t) z.
Divided by scale(t) this is x₀ + σ(t) z, the coordinates of all the rest of the library. There
dσ²/dt = g²/scale², and one score serves both: ∇ log p_t(x) = s(x/scale, σ)/scale.

Functions of t take a tensor of any shape and keep its shape, type and device.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def check_range(sigma_max: float, sigma_min: float) -> None:
    """Raise ValueError unless 0 < sigma_min < sigma_max < inf."""
    if not 0 < sigma_min < sigma_max < math.inf:
        raise ValueError(
            f"need 0 < sigma_min < sigma_max, found sigma_min={sigma_min}, sigma_max={sigma_max}"
        )


@dataclass(frozen=True)
class VE:
    """Variance exploding: f = 0, σ(t) = σ_min (σ_max/σ_min)^t, the limit of a geometric ladder.

    arXiv 2011.13456, eq. 9 and appendix C. Raises ValueError unless 0 < sigma_min < sigma_max.
    """

    sigma_min: float
    sigma_max: float

    def __post_init__(self) -> None:
        check_range(self.sigma_max, self.sigma_min)

    @property
    def _log_ratio(self) -> float:
        return math.log(self.sigma_max / self.sigma_min)

    def scale(self, t: Tensor) -> Tensor:
        """The mean's coefficient: 1."""
        return torch.ones_like(t)

    def marginal_std(self, t: Tensor) -> Tensor:
        """Standard deviation of x(t) given x₀: σ(t), from sigma_min at t = 0 to sigma_max at 1."""
        return self.sigma(t)

    def sigma(self, t: Tensor) -> Tensor:
        """σ(t) = σ_min (σ_max/σ_min)^t."""
        return self.sigma_min * (self._log_ratio * t).exp()

    def time(self, sigma: Tensor) -> Tensor:
        """The t at which σ(t) is sigma > 0; outside [sigma_min, sigma_max] it leaves [0, 1]."""
        return (sigma / self.sigma_min).log() / self._log_ratio

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """f(x, t) = 0, in the shape of x."""
        return torch.zeros_like(x)

    def diffusion(self, t: Tensor) -> Tensor:
        """g(t) = σ(t) √(2 ln(σ_max/σ_min))."""
        return self.sigma(t) * math.sqrt(2 * self._log_ratio)

    def sigma2_rate(self, t: Tensor) -> Tensor:
        """dσ²/dt = g²."""
        return 2 * self._log_ratio * self.sigma(t) ** 2


@dataclass(frozen=True)
class _LinearBeta:
    """What VP and sub-VP share: β(t) = β_min + (β_max−β_min) t and the mean that it shrinks."""

    beta_min: float = 0.1
    beta_max: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.beta_min <= self.beta_max < math.inf:
            raise ValueError(
                f"need 0 < beta_min <= beta_max, found beta_min={self.beta_min}, "
                f"beta_max={self.beta_max}"
            )

    def _beta(self, t: Tensor) -> Tensor:
        return self.beta_min + (self.beta_max - self.beta_min) * t

    def _integral(self, t: Tensor) -> Tensor:
        """B(t), the integral of β from 0 to t."""
        return self.beta_min * t + 0.5 * (self.beta_max - self.beta_min) * t**2

    def _time_of_integral(self, integral: Tensor) -> Tensor:
        # the root of the quadratic in the form that loses no digits where t is small
        slope = self.beta_max - self.beta_min
        return 2 * integral / (self.beta_min + (self.beta_min**2 + 2 * slope * integral).sqrt())

    def scale(self, t: Tensor) -> Tensor:
        """The mean's coefficient √ᾱ = exp(−B/2), B = β_min t + (β_max−β_min) t²/2."""
        return (-0.5 * self._integral(t)).exp()

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """f(x, t) = −½ β(t) x; x (n, ...), t of one element or (n,); returns the shape of x."""
        return -0.5 * self._beta(t).reshape(-1, *[1] * (x.ndim - 1)) * x


@dataclass(frozen=True)
class VP(_LinearBeta):
    """Variance preserving: f = −½ β x, g = √β, the limit of DDPM's linear schedule.

    arXiv 2011.13456, eq. 11 and appendix C. Raises ValueError unless 0 < beta_min <= beta_max.
    """

    def marginal_std(self, t: Tensor) -> Tensor:
        """Standard deviation of x(t) given x₀: √(1 − e^{−B}) = √(1−ᾱ)."""
        return (-(-self._integral(t)).expm1()).sqrt()

    def sigma(self, t: Tensor) -> Tensor:
        """σ(t) = √((1−ᾱ)/ᾱ) = √(e^B − 1)."""
        return self._integral(t).expm1().sqrt()

    def time(self, sigma: Tensor) -> Tensor:
        """The t at which σ(t) is sigma >= 0, from B = ln(1+σ²); beyond σ(1) it exceeds 1."""
        return self._time_of_integral((sigma**2).log1p())

    def diffusion(self, t: Tensor) -> Tensor:
        """g(t) = √β(t)."""
        return self._beta(t).sqrt()

    def sigma2_rate(self, t: Tensor) -> Tensor:
        """dσ²/dt = g²/scale² = β e^B."""
        return self._beta(t) * self._integral(t).exp()


@dataclass(frozen=True)
class SubVP(_LinearBeta):
    """VP's mean with a smaller variance: f = −½ β x, g = √(β (1 − e^{−2B})).

    arXiv 2011.13456, eq. 12 and appendix C. Raises ValueError unless 0 < beta_min <= beta_max.
    """

    def marginal_std(self, t: Tensor) -> Tensor:
        """Standard deviation of x(t) given x₀: 1 − e^{−B}, the square of VP's."""
        return -(-self._integral(t)).expm1()

    def sigma(self, t: Tensor) -> Tensor:
        """σ(t) = (1 − e^{−B})/e^{−B/2} = 2 sinh(B/2)."""
        return 2 * (0.5 * self._integral(t)).sinh()

    def time(self, sigma: Tensor) -> Tensor:
        """The t at which σ(t) is sigma >= 0, from B = 2 arsinh(σ/2); beyond σ(1) it exceeds 1."""
        return self._time_of_integral(2 * (0.5 * sigma).asinh())

    def diffusion(self, t: Tensor) -> Tensor:
        """g(t) = √(β(t) (1 − e^{−2B}))."""
        return (-self._beta(t) * (-2 * self._integral(t)).expm1()).sqrt()

    def sigma2_rate(self, t: Tensor) -> Tensor:
        """dσ²/dt = g²/scale² = 2 β sinh B."""
        return 2 * self._beta(t) * self._integral(t).sinh()


SDE = VE | VP | SubVP
