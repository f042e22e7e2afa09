"""NCSN's toy: what annealing does to the mixing weights of two far-apart modes.

Song & Ermon's two modes (arXiv 1907.05600, figure 3) as point masses seen through noise σ, so that
at σ = 1, where every chain ends, the components are the paper's unit Gaussians.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from scoreladder import noise, progress, seeds
from scoreladder.samplers.base import Denoise
from scoreladder.samplers.langevin import annealed_langevin

HEAVY_MODE = (5.0, 5.0)
LIGHT_MODE = (-5.0, -5.0)
HEAVY_WEIGHT = 0.8
START_HALF_WIDTH = 8.0
# α_i/σ_i²; the paper's ε = 0.1 in its α/2 convention
RELATIVE_STEP = 0.05


class Configuration(NamedTuple):
    """A geometric ladder from sigma_max down to 1, or the level 1 alone, and steps on each."""

    levels: int
    sigma_max: float
    steps_per_level: int


CONFIGURATIONS = {
    "plain, σ = 1": Configuration(1, 1.0, 1000),
    "L = 10, σ₁ = 20": Configuration(10, 20.0, 100),
    "L = 10, σ₁ = 5": Configuration(10, 5.0, 100),
    "L = 10, σ₁ = 2": Configuration(10, 2.0, 100),
    "L = 2, σ₁ = 20": Configuration(2, 20.0, 500),
    "L = 3, σ₁ = 20": Configuration(3, 20.0, 333),
    "L = 10, σ₁ = 20, 1000 steps a level": Configuration(10, 20.0, 1000),
}


def exact_denoiser(x: Tensor, sigma: Tensor | float) -> Tensor:
    """E[x₀ | x] of the two masses ±m: m tanh((m·x)/σ² + ½ ln(w/(1−w))), w the weight of +m.

    x (n, 2), sigma a number or (n,); returns (n, 2).
    """
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).reshape(-1, 1)
    mode = torch.tensor(HEAVY_MODE, dtype=x.dtype, device=x.device)
    odds = 0.5 * math.log(HEAVY_WEIGHT / (1 - HEAVY_WEIGHT))
    return mode * (x @ mode[:, None] / sigma**2 + odds).tanh()


def heavy_weight(
    denoiser: Denoise,
    configuration: Configuration,
    chains: int,
    generator: torch.Generator,
    *,
    dtype: torch.dtype = torch.float32,
) -> float:
    """The share of Langevin chains that end nearer the heavy mode; the truth is HEAVY_WEIGHT.

    Chains start uniformly on [−8, 8]² and go down the ladder by `annealed_langevin` with
    α_i = 0.05 σ_i² and no final denoise. denoiser works on (n, 2) in `dtype` on the generator's
    device. The standard error is √(w(1−w)/chains), at most 0.5/√chains. Raises ValueError on a
    configuration that makes no ladder or has no steps.
    """
    levels, sigma_max, steps = configuration
    sigmas = noise.single(1.0) if levels == 1 else noise.geometric(sigma_max, 1.0, levels)
    uniform = torch.rand(chains, 2, generator=generator, dtype=dtype, device=generator.device)
    x = START_HALF_WIDTH * (2 * uniform - 1)
    x = annealed_langevin(denoiser, x, sigmas, steps, RELATIVE_STEP, False, generator)
    modes = torch.tensor([HEAVY_MODE, LIGHT_MODE], dtype=dtype, device=x.device)
    return (torch.cdist(x, modes).argmin(dim=1) == 0).double().mean().item()


def table(
    denoiser: Denoise, chains: int, key: tuple[int | str, ...], device: torch.device | str = "cpu"
) -> list[dict]:
    """`heavy_weight` of every configuration: rows {"configuration": name, "heavy_weight": share}.

    `key` and the configuration's name fix the random numbers. Progress is shown.
    """
    rows = []
    every = progress.track(CONFIGURATIONS.items(), len(CONFIGURATIONS), "mixing", "row")
    for name, configuration in every:
        generator = seeds.generator(*key, name, device=device)
        share = heavy_weight(denoiser, configuration, chains, generator)
        rows.append({"configuration": name, "heavy_weight": share})
    return rows
