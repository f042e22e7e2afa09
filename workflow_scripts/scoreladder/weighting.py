"""Weightings λ(σ) of the denoising score matching loss, in score space.

The objective is Σ λ(σ) E‖s_θ(x+σz, σ) + z/σ‖²; on ‖x₀ − x̂₀‖² the same weight is λ(σ)/σ⁴.
Each function maps σ of any shape to λ of the same shape.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Weighting = Callable[[Tensor], Tensor]


def one(sigma: Tensor) -> Tensor:
    """λ = 1: the plain sum of score errors, dominated by the smallest σ."""
    return torch.ones_like(sigma)


def sigma_power(power: float) -> Weighting:
    """λ = σ^power as a function of σ; power 2 is Song & Ermon's choice (arXiv 1907.05600)."""
    return lambda sigma: sigma**power


WEIGHTINGS = {
    "one": lambda: one,
    "sigma": lambda: sigma_power(1),
    "sigma2": lambda: sigma_power(2),
    "sigma_power": sigma_power,
}


def weighting(spec: dict) -> Weighting:
    """The weighting that a config block such as {kind: sigma_power, power: 3} describes."""
    arguments = {key: value for key, value in spec.items() if key != "kind"}
    return WEIGHTINGS[spec["kind"]](**arguments)
