"""Samplers by the names and the settings that config blocks give them."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from scoreladder.blocks import LANGEVIN
from scoreladder.errors import JobFailed
from scoreladder.samplers.base import Denoise
from scoreladder.samplers.langevin import annealed_langevin, consistent_annealed
from scoreladder.samplers.ode import dpmpp_2m, heun, pf_ode
from scoreladder.samplers.sde import ancestral, ddim, predictor_corrector, reverse_diffusion

States = Callable[..., Iterator[Tensor]]


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


def _one_pass(states: States, *options: str) -> States:
    """A sampler without a step size, whose options are keys of the config block."""

    def from_block(
        denoiser: Denoise,
        x: Tensor,
        sigmas: Tensor,
        sample: dict,
        relative_step_size: float | None,
        generator: torch.Generator,
    ) -> Iterator[Tensor]:
        chosen = {key: sample[key] for key in options}
        return states(denoiser, x, sigmas, generator=generator, **chosen)

    return from_block


# name → (denoiser, x, sigmas, config block, relative step size, generator) → states
SAMPLERS: dict[str, States] = {
    "langevin": _annealed,
    "annealed_langevin": _annealed,
    "consistent_annealed": _consistent,
    "reverse_diffusion": _one_pass(reverse_diffusion.states),
    "ancestral": _one_pass(ancestral.states),
    "ddim": _one_pass(ddim.states, "eta"),
    "predictor_corrector": _one_pass(predictor_corrector.states, "snr", "corrector_steps"),
    "pf_ode": _one_pass(pf_ode.states, "rtol"),
    "heun": _one_pass(heun.states, "churn"),
    "dpmpp_2m": _one_pass(dpmpp_2m.states),
}


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
    kind = sample["sampler"]
    if kind in ("pf_ode", "direct"):
        return None
    if kind in LANGEVIN:
        return sample["nfe"]
    levels = len(sigmas)
    if kind == "consistent_annealed":
        return levels + sample["denoise"]
    if kind == "heun":
        return 2 * levels - 1
    if kind == "predictor_corrector":
        return levels * (1 + sample["corrector_steps"])
    return levels
