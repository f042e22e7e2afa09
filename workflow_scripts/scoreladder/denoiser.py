"""The denoiser seam: (x, σ) → x̂₀, whatever the network predicts underneath.

Everything is in variance-exploding coordinates, x = x₀ + σz, where the score and the denoiser
are one thing seen twice: ∇ log p_σ(x) = (x̂₀ − x)/σ² (Tweedie's formula: Robbins 1956; Efron 2011,
JASA 106, 1602).

A parameterisation is the function (σ, sigma_data) → c_skip, c_out, c_in of x̂₀ = c_skip x + c_out F,
F = F(c_in x): σ of any shape, above 0, gives three tensors of that shape and its dtype, so that
`per_sample(σ, x)` gives what multiplies x. sigma_data, the data's standard deviation, matters to
edm only.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from scoreladder import densities, greys, networks, noise, storage
from scoreladder.kinds import entry

Coefficients = tuple[Tensor, Tensor, Tensor]


def edm(sigma: Tensor, sigma_data: float) -> Coefficients:
    """EDM's: unit variance in and out (arXiv 2206.00364, table 1)."""
    total = sigma**2 + sigma_data**2
    return sigma_data**2 / total, sigma * sigma_data / total.sqrt(), 1 / total.sqrt()


def score_prediction(sigma: Tensor, sigma_data: float) -> Coefficients:
    """The network is the score itself, hence x̂₀ = x + σ²F(x) (NCSN, arXiv 1907.05600)."""
    return torch.ones_like(sigma), sigma**2, torch.ones_like(sigma)


def score_over_sigma(sigma: Tensor, sigma_data: float) -> Coefficients:
    """NCSNv2's Technique 3, s_θ(x, σ) = F(x)/σ, hence x̂₀ = x + σF (arXiv 2006.09011)."""
    return torch.ones_like(sigma), sigma, torch.ones_like(sigma)


def epsilon_prediction(sigma: Tensor, sigma_data: float) -> Coefficients:
    """DDPM's ε = F(x_VP), x_VP = x/√(1+σ²), hence x̂₀ = x − σF (arXiv 2006.11239)."""
    return torch.ones_like(sigma), -sigma, (1 + sigma**2).rsqrt()


def x0_prediction(sigma: Tensor, sigma_data: float) -> Coefficients:
    """The network is the denoiser: x̂₀ = F(x/√(1+σ²))."""
    return torch.zeros_like(sigma), torch.ones_like(sigma), (1 + sigma**2).rsqrt()


def v_prediction(sigma: Tensor, sigma_data: float) -> Coefficients:
    """v = √ᾱ ε − √(1−ᾱ) x₀ = F(x_VP), hence x̂₀ = x/(1+σ²) − σF/√(1+σ²) (arXiv 2202.00512)."""
    root = (1 + sigma**2).sqrt()
    return 1 / root**2, -sigma / root, 1 / root


PARAMETERIZATIONS = {
    "edm": edm,
    "score": score_prediction,
    "score_over_sigma": score_over_sigma,
    "epsilon": epsilon_prediction,
    "x0": x0_prediction,
    "v": v_prediction,
}


def _edm_score(sigma: Tensor, sigma_data: float) -> tuple[Tensor, Tensor]:
    total = sigma**2 + sigma_data**2
    return -1 / total, sigma_data / (sigma * total.sqrt())


# the score is a(σ) x + b(σ) F with a = (c_skip − 1)/σ² and b = c_out/σ², here in closed form: the
# difference of x̂₀ and x, which for small σ are nearly equal, would lose |x|/σ² units of rounding
SCORE_COEFFICIENTS: dict[str, Callable[[Tensor, float], tuple[Tensor, Tensor]]] = {
    "edm": _edm_score,
    "score": lambda sigma, _: (torch.zeros_like(sigma), torch.ones_like(sigma)),
    "score_over_sigma": lambda sigma, _: (torch.zeros_like(sigma), 1 / sigma),
    "epsilon": lambda sigma, _: (torch.zeros_like(sigma), -1 / sigma),
    "x0": lambda sigma, _: (-(sigma**-2), sigma**-2),
    "v": lambda sigma, _: (-1 / (1 + sigma**2), -1 / (sigma * (1 + sigma**2).sqrt())),
}

# an answer of each kind is a(σ) x + b(σ) x̂₀
PREDICTIONS: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    "score": lambda sigma: (-(sigma**-2), sigma**-2),
    "epsilon": lambda sigma: (1 / sigma, -1 / sigma),
    "x0": lambda sigma: (torch.zeros_like(sigma), torch.ones_like(sigma)),
    "v": lambda sigma: (1 / (sigma * (1 + sigma**2).sqrt()), -(1 + sigma**2).sqrt() / sigma),
}


def convert(answer: Tensor, x: Tensor, sigma: Tensor | float, source: str, target: str) -> Tensor:
    """What a model says of x as a prediction of one kind, told as another of PREDICTIONS.

    score = (x̂₀−x)/σ², ε = (x−x̂₀)/σ, v = (ε − σx̂₀)/√(1+σ²) (arXiv 2202.00512, section 4). x and
    answer (n, ...), sigma a number or (n,), σ > 0; returns the shape of x. Raises ValueError on a
    kind that is none of them.
    """
    sigma = per_sample(sigma, x)
    a, b = entry(PREDICTIONS, source, "prediction")(sigma)
    x0 = (answer - a * x) / b
    a, b = entry(PREDICTIONS, target, "prediction")(sigma)
    return a * x + b * x0


def per_sample(sigma: Tensor | float, x: Tensor) -> Tensor:
    """sigma, a number or (n,), in the dtype and on the device of x, shaped to multiply x."""
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
    return sigma.reshape(-1, *[1] * (x.ndim - 1))


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
    def score_at(self, sigma: float) -> Callable[[Tensor], Tensor]:
        """`score` at one level, x (n, ...) → the shape of x, with what σ decides computed once.

        For a sampler that stays there for many steps: without gradients, and good for as long as
        the weights stay as they are.
        """
        if self.autocast is not None or not hasattr(self.network, "at"):
            return lambda x: self.score(x, sigma)
        known = next(self.parameters()).new_tensor(sigma).clamp(*self.sigma_range)
        _, _, c_in = self.precondition(known, self.sigma_data)
        a, b = self.score_coefficients(known, self.sigma_data)
        # numbers, because arithmetic with tensors of one element takes as long as with thousands
        a, b, c_in = float(a), float(b), float(c_in)
        answer = self.network.at(self.c_noise(known[None]))
        return lambda x: a * x + b * answer(c_in * x)

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


def score_at(denoiser: Callable[..., Tensor], sigma: float) -> Callable[[Tensor], Tensor]:
    """The score of any denoiser at one level σ > 0, as a function of x (n, ...) alone.

    The denoiser's own `.score_at(sigma)` where it has one; else `score` there.
    """
    if hasattr(denoiser, "score_at"):
        return denoiser.score_at(sigma)
    return lambda x: score(denoiser, x, sigma)


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
