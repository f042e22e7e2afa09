"""What a network may predict: parameterisations of the denoiser, and answers told as one another.

A parameterisation is the function (σ, sigma_data) → c_skip, c_out, c_in of x̂₀ = c_skip x + c_out F,
F = F(c_in x): σ of any shape, above 0, gives three tensors of that shape and its dtype, so that
`per_sample(σ, x)` gives what multiplies x. sigma_data, the data's standard deviation, matters to
edm only.
"""

from collections.abc import Callable

import torch
from torch import Tensor

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
