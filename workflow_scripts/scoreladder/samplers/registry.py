"""Samplers by the names and the settings that config blocks give them."""

from collections.abc import Iterator

import torch
from torch import Tensor

from scoreladder.blocks import LANGEVIN, evaluations
from scoreladder.errors import JobFailed
from scoreladder.samplers import ode, sde  # noqa: F401 (they register)
from scoreladder.samplers.base import SAMPLERS, Denoise
from scoreladder.samplers.langevin import annealed_langevin, consistent_annealed


def _annealed(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    sample: dict,
    relative_step_size: float,
    generator: torch.Generator,
) -> Iterator[Tensor]:
    """Langevin at one level or down a ladder: `annealed_langevin` for a budget of evaluations."""
    return annealed_langevin.states(
        denoiser,
        x,
        sigmas,
        steps_per_level(sample["nfe"], len(sigmas), sample["denoise"]),
        relative_step_size * float(sigmas[-1]) ** 2,
        sample["denoise"],
        generator,
    )


def _consistent(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    sample: dict,
    relative_step_size: float,
    generator: torch.Generator,
) -> Iterator[Tensor]:
    """`consistent_annealed`, whose step size is relative to σ_i² by definition."""
    return consistent_annealed.states(
        denoiser, x, sigmas, relative_step_size, sample["denoise"], generator
    )


SAMPLERS["langevin"] = SAMPLERS["annealed_langevin"] = _annealed
SAMPLERS["consistent_annealed"] = _consistent


def steps_per_level(nfe: int, levels: int, denoise: bool) -> list[int]:
    """Steps of each level, largest σ first, that with the final denoise spend `nfe` exactly.

    What does not divide evenly goes to the smallest levels, one step each.
    Raises JobFailed where that is not a step for each level: the levels of a ladder that is made
    from the data are not known before.
    """
    each, left = divmod(nfe - denoise, levels)
    if each < 1:
        needed = levels + denoise
        raise JobFailed(
            f"sample.nfe is {nfe}, too few for a ladder of {levels} levels: give at least {needed}"
        )
    return [each + (level >= levels - left) for level in range(levels)]


def expected_nfe(sample: dict, sigmas: Tensor | None = None) -> int | None:
    """Network evaluations that a config block spends per sample; None where only counting tells.

    That is pf_ode, which adapts, and the direct models of a VAE, flow or GAN. sigmas (L,) is the
    ladder it samples through; direct models have none.
    """
    if sample["sampler"] in ("pf_ode", "direct"):
        return None
    if sample["sampler"] in LANGEVIN:
        return sample["nfe"]
    return evaluations(sample, len(sigmas))
