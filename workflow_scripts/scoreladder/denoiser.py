"""The denoiser seam: (x, σ) → x̂₀, whatever the network predicts underneath.

Everything is in variance-exploding coordinates, x = x₀ + σz, where the score and the denoiser
are one thing seen twice: ∇ log p_σ(x) = (x̂₀ − x)/σ² (Tweedie's formula: Robbins 1956; Efron 2011,
JASA 106, 1602).
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from scoreladder import densities, greys, networks, noise, storage
from scoreladder.kinds import entry
from scoreladder.parameterizations import PARAMETERIZATIONS, SCORE_COEFFICIENTS, per_sample


class Denoiser(nn.Module):
    """x̂₀(x, σ) = c_skip(σ) x + c_out(σ) F(c_in(σ) x, c_noise(σ)).

    `conditioning` is what the network is told of the noise: log_sigma, ¼ ln σ; index, that of the
    level of `sigmas` whose ln σ is nearest; none, always 0. Outside `sigma_range`, the noise levels
    it was trained on, the model answers with the score of the nearest level it knows:
    x̂₀ = x + σ² s(x, σ_nearest). So a model of one scale has one score field, at whatever σ it is
    asked. `shape` is that of one data point; `sigmas` is the ladder of training, float64 on the
    CPU, descending; `moments` are the data's mean, one number per coordinate, and the standard
    deviation about it, pooled over coordinates; left out, 0 and sigma_data. `autocast` may be set
    to a type for the network to compute in. Raises ValueError on a
    parameterisation that is none of PARAMETERIZATIONS.
    """

    def __init__(
        self,
        network: nn.Module,
        parameterization: str,
        sigma_data: float,
        sigma_range: tuple[float, float] = (0.0, math.inf),
        shape: tuple[int, ...] = (),
        sigmas: Sequence[float] = (),
        conditioning: str = "log_sigma",
        moments: tuple[Sequence[float], float] | None = None,
    ):
        super().__init__()
        self.shape = shape
        mean, self.data_std = moments or ([0.0] * math.prod(shape), sigma_data)
        self.register_buffer("data_mean", torch.tensor(mean).reshape(shape), persistent=False)
        self.network = network
        self.precondition = entry(PARAMETERIZATIONS, parameterization, "parameterization")
        self.score_coefficients = SCORE_COEFFICIENTS[parameterization]
        self.sigma_data = sigma_data
        self.sigma_range = sigma_range
        self.conditioning = conditioning
        self.autocast: torch.dtype | None = None
        self.sigmas = torch.tensor(sigmas, dtype=torch.float64)
        self.register_buffer("log_levels", self.sigmas.log().float(), persistent=False)

    def forward(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """Shapes: x (n, ...), sigma a number or (n,); returns the shape of x."""
        sigma = per_sample(sigma, x)
        known = sigma.clamp(*self.sigma_range)
        c_skip, c_out, c_in = self.precondition(known, self.sigma_data)
        x0 = c_skip * x + c_out * self._answer(c_in * x, known)
        return torch.where(sigma == known, x0, x + (sigma / known) ** 2 * (x0 - x))

    def c_noise(self, sigma: Tensor) -> Tensor:
        """What the network is told of sigma (n,): numbers, or the levels' indices; shape (n,)."""
        if self.conditioning == "log_sigma":
            return sigma.log() / 4
        if self.conditioning == "index":
            return (sigma.log()[:, None] - self.log_levels).abs().argmin(dim=1)
        return torch.zeros_like(sigma)

    def score(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """s_θ(x, σ) = (x̂₀ − x)/σ², the shape of x, as exact at small σ as the network's answer.

        It is put together from F without taking x̂₀ − x, of which float32 keeps nothing where
        σ² |s| < 1e-7 |x|; a network that predicts x₀ itself knows no more than that. Outside
        `sigma_range` it is the score of the nearest level. One evaluation.
        """
        known = per_sample(sigma, x).clamp(*self.sigma_range)
        _, _, c_in = self.precondition(known, self.sigma_data)
        a, b = self.score_coefficients(known, self.sigma_data)
        return a * x + b * self._answer(c_in * x, known)

    @torch.no_grad()
    def at(self, sigmas: Sequence[float]) -> list[Callable[[Tensor], Tensor]]:
        """The denoiser at each of some levels, x (n, ...) → x̂₀, with what σ decides computed once.

        For samplers: without gradients, and good for as long as the weights stay as they are.
        """
        if not self._splits():
            return [torch.no_grad()(partial(self, sigma=sigma)) for sigma in sigmas]
        given, known, answers = self._levels(sigmas)
        c_skip, c_out, c_in = self.precondition(known, self.sigma_data)
        stretch = (given / known) ** 2
        skip = c_skip.where(given == known, 1 + stretch * (c_skip - 1))
        return _combined(skip, stretch * c_out, c_in, answers)

    @torch.no_grad()
    def score_at(self, sigmas: Sequence[float]) -> list[Callable[[Tensor], Tensor]]:
        """`score` at each of some levels, x (n, ...) → the shape of x, as `at` has the denoiser."""
        if not self._splits():
            return [torch.no_grad()(partial(self.score, sigma=sigma)) for sigma in sigmas]
        _, known, answers = self._levels(sigmas)
        _, _, c_in = self.precondition(known, self.sigma_data)
        return _combined(*self.score_coefficients(known, self.sigma_data), c_in, answers)

    def _splits(self) -> bool:
        """Whether the network can be told of σ first and of x afterwards."""
        # its own, not one that a wrapper such as torch.compile's hands through
        return self.autocast is None and hasattr(type(self.network), "at")

    def _levels(
        self, sigmas: Sequence[float]
    ) -> tuple[Tensor, Tensor, list[Callable[[Tensor], Tensor]]]:
        """Levels and the nearest known ones, float64 on the CPU; for each of them, c_in x → F."""
        given = torch.tensor(sigmas, dtype=torch.float64)
        known = given.clamp(*self.sigma_range)
        return given, known, self.network.at(self.c_noise(known.to(next(self.parameters()))))

    def _answer(self, scaled: Tensor, sigma: Tensor) -> Tensor:
        """F of c_in x (n, ...) at sigma, shaped by `per_sample`."""
        told = self.c_noise(sigma.flatten())
        if self.autocast is None:
            return self.network(scaled, told)
        with torch.autocast(scaled.device.type, self.autocast):
            return self.network(scaled, told).to(scaled.dtype)

    def prior(self, sigma: float) -> tuple[Tensor, float]:
        """Mean, of the data's shape, and standard deviation of the Gaussian that p_σ is close to.

        p_σ has the data's mean and its variance plus σ²; for large σ it is nearly normal. Chains
        that are given no other start begin there, at σ_1.
        """
        return self.data_mean, math.hypot(self.data_std, sigma)


def score(denoiser: Callable[..., Tensor], x: Tensor, sigma: Tensor | float) -> Tensor:
    """The score of any denoiser; x (n, ...), sigma a number or (n,), σ > 0; the shape of x.

    The denoiser's own `.score(x, sigma)` where it has one; else (x̂₀ − x)/σ², Tweedie's formula,
    with a rounding error of about eps |x|/σ²: in float32 as large as |x| at σ = 3e-4.
    """
    if hasattr(denoiser, "score"):
        return denoiser.score(x, sigma)
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
    return (denoiser(x, sigma) - x) / per_sample(sigma, x) ** 2


def at(
    denoiser: Callable[..., Tensor], sigmas: Sequence[float]
) -> list[Callable[[Tensor], Tensor]]:
    """Any denoiser at each of some levels σ > 0, as functions of x (n, ...) alone.

    The `.at(sigmas)` of its class where that has it; else itself, asked there.
    """
    if hasattr(type(denoiser), "at"):
        return denoiser.at(sigmas)
    return [lambda x, sigma=sigma: denoiser(x, sigma) for sigma in sigmas]


def score_at(
    denoiser: Callable[..., Tensor], sigmas: Sequence[float]
) -> list[Callable[[Tensor], Tensor]]:
    """The score of any denoiser at each of some levels σ > 0, as functions of x (n, ...) alone.

    The `.score_at(sigmas)` of its class where that has it; else `score` there.
    """
    if hasattr(type(denoiser), "score_at"):
        return denoiser.score_at(sigmas)
    return [partial(score, denoiser, sigma=sigma) for sigma in sigmas]


def _combined(
    a: Tensor, b: Tensor, c_in: Tensor, answers: Sequence[Callable[[Tensor], Tensor]]
) -> list[Callable[[Tensor], Tensor]]:
    """For each level, x → a x + b F(c_in x); a, b and c_in (L,)."""

    def of_level(a: float, b: float, c_in: float, answer: Callable) -> Callable[[Tensor], Tensor]:
        # in place: F is of no other use; numbers: a tensor of one costs as much as thousands
        return torch.no_grad()(lambda x: answer(c_in * x).mul_(b).add_(x, alpha=a))

    return list(map(of_level, a.tolist(), b.tolist(), c_in.tolist(), answers))


def describe(spec: dict, data: Tensor, bin_width: float = 0.0) -> dict:
    """The description of the score model that a variant's blocks mean for data (n, *shape).

    data are values or grey levels bin_width apart. spec holds the blocks noise, density, denoiser
    and network. Plain data: {"family": "score",
    "network": {...}, "parameterization": name, "shape": [...], "sigma_data": float,
    "sigma_range": [low, high], "sigmas": [σ_1, …, σ_L], "moments": [[means], std]}, high being
    None where there is no end.
    Raises ValueError on a ladder or density that is none.
    """
    sigmas = noise.ladder(spec["noise"], data, bin_width)
    low, high = densities.density(spec["density"], sigmas).support
    mean, variance = greys.moments(data, bin_width)
    return {
        "family": "score",
        "network": spec["network"],
        "parameterization": spec["denoiser"],
        "shape": list(data.shape[1:]),
        "sigma_data": greys.spread(data, bin_width),
        "sigma_range": [low, None if math.isinf(high) else high],
        "sigmas": sigmas.tolist(),
        "moments": [mean.tolist(), float(variance.mean().sqrt())],
    }


def build(description: dict, seed: int = 0) -> Denoiser:
    """A fresh denoiser from what `describe` returned, its weights drawn from `seed` alone."""
    shape, sigmas = tuple(description["shape"]), description["sigmas"]
    low, high = description["sigma_range"]
    return Denoiser(
        networks.build(description["network"], shape, seed, len(sigmas)),
        description["parameterization"],
        description["sigma_data"],
        (low, math.inf if high is None else high),
        shape,
        sigmas,
        description["network"].get("conditioning", "log_sigma"),
        tuple(description["moments"]),
    )


def load(path: Path | str, device: torch.device | str = "cpu") -> Denoiser:
    """A score model's file, or folder: an object callable as (x, σ) → x̂₀, in evaluation mode.

    Raises FileNotFoundError, or ValueError where the file is no model of this program or holds a
    model of another family, which has no denoiser.
    """
    description, tensors = storage.read(path)
    if description["family"] != "score":
        raise ValueError(f"{path}: a model of family {description['family']} has no denoiser")
    return storage.rebuilt(path, description, tensors, build, device)
