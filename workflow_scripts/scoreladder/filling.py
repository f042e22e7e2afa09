"""Filling holes in images with a given number of network evaluations, by any of METHODS.

A method is one of `conditional`; what it does not leave open is fixed here, so that methods are
compared at equal cost.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial

import numpy as np
import torch
from torch import Tensor

from scoreladder import conditional, noise, progress, seeds
from scoreladder.blocks import BLOCK
from scoreladder.conditional import METHODS
from scoreladder.denoiser import Denoiser
from scoreladder.errors import JobFailed
from scoreladder.operators import Operator
from scoreladder.samplers.base import CountCalls, Denoise
from scoreladder.samplers.registry import steps_per_level
from scoreladder.steps import Keep, at_once

__all__ = ["METHODS", "Diverged", "fill", "has_steps", "plan", "states"]

# jumps of 10 in a ladder of 250 levels, each gone 10 times (arXiv 2201.09865, section 5.1)
REPAINT_LEVELS, REPAINT_JUMP, REPAINT_RESAMPLINGS = 250, 10, 10


class Diverged(JobFailed):
    """Chains that fill holes did not stay finite."""


def plan(method: str, sigmas: Tensor, nfe: int) -> tuple[Tensor, dict]:
    """The ladder and the knobs with which a method spends `nfe` evaluations per sample, or fewer.

    sigmas (L,) is the ladder that a model is sampled through, descending. replacement spends nfe on
    it exactly; projection L·⌊nfe/L⌋, with as many correctors as that is. repaint and ddrm go down a
    geometric ladder between its ends, of as many levels as nfe is enough for: ddrm's are nfe;
    repaint's jumps are, as in its paper, a 25th of the ladder long, one level at least, and gone 10
    times, less often where nfe < 11. Raises JobFailed where nfe is too little, or a single level is
    no ladder to go down.
    """
    count = len(sigmas)
    if method == "replacement":
        if nfe <= count:
            raise JobFailed(
                f"found {nfe} evaluations; replacement needs {count + 1}: one for each level and "
                "one to denoise"
            )
        return sigmas, {"steps_per_level": steps_per_level(nfe, count, denoise=True)}
    if method == "projection":
        if nfe < count:
            allowed = f"projection needs {count}: one for each level"
            raise JobFailed(f"found {nfe} evaluations; {allowed}")
        return sigmas, {"corrector_steps": nfe // count - 1}
    if count < 2 or nfe < 2:
        found = f"found {count} levels and {nfe} evaluations"
        raise JobFailed(f"{found}; {method} goes down a ladder, of two levels at least")
    levels, knobs = (nfe, {}) if method == "ddrm" else _resampled(nfe)
    return noise.geometric(float(sigmas[0]), float(sigmas[-1]), levels), knobs


def has_steps(method: str, sigmas: Tensor, nfe: int) -> bool:
    """Whether a method makes steps with nfe evaluations whose size there is to choose."""
    if method == "projection":
        return plan(method, sigmas, nfe)[1]["corrector_steps"] > 0
    return method == "replacement"


def _resampled(nfe: int) -> tuple[int, dict]:
    """The most levels on which repaint, scaled, spends nfe >= 2 evaluations or fewer; its knobs."""

    def knobs(levels: int) -> dict:
        jump = max(1, levels * REPAINT_JUMP // REPAINT_LEVELS)
        # two levels, the fewest, are gone once and the first of them once more for each resampling
        return {"jump_length": jump, "resamplings": min(REPAINT_RESAMPLINGS, nfe - 1)}

    return next(
        (levels, knobs(levels))
        for levels in range(nfe, 1, -1)
        if conditional.expected_nfe("repaint", levels, **knobs(levels)) <= nfe
    )


def states(
    network: Denoiser,
    images: Tensor,
    operator: Operator,
    method: str,
    sigmas: Tensor,
    nfe: int,
    key: tuple[int | str, ...],
    start_std: float | None = None,
    relative_step_size: float | None = None,
    denoise: Denoise | None = None,
) -> Iterator[Tensor]:
    """The states (n, C, H, W) of one block of chains, each on its way to a filling of one image.

    images (n, C, H, W), of which what operator.forward gives is known; sigmas and nfe are those of
    `plan`; key and n fix the random numbers, the same for all methods: with nothing known they are
    those of the unconditional sampler given seeds.generator("inpaint", *key). replacement
    needs α_i/σ_i² and takes chains that start from N(0, start_std²); the others, or where that is
    None, start from the Gaussian with the mean and variance of the data under noise σ_1. projection
    may have α_i/σ_i² too, of its correctors: that is 2 snr² where the score's norm is that of z/σ,
    as a good model's is; its paper's snr is 0.16. denoise is asked in place of the network, such as
    a counter around it. Raises JobFailed as `plan` does.
    """
    where = images.device
    ladder, knobs = plan(method, sigmas, nfe)
    if method == "replacement":
        knobs["step_size"] = relative_step_size * float(sigmas[-1]) ** 2
    if method == "projection" and relative_step_size is not None:
        knobs["snr"] = (relative_step_size / 2) ** 0.5
    generator = seeds.generator("inpaint", *key, device=where)
    mean, std = network.prior(float(sigmas[0]))
    if method == "replacement" and start_std is not None:
        mean, std = torch.zeros_like(mean), start_std
    return METHODS[method].states(
        denoise or network,
        mean + std * torch.randn(images.shape, generator=generator, device=where),
        operator.forward(images),
        operator,
        ladder,
        generator=generator,
        observation_generator=seeds.generator("inpaint observations", *key, device=where),
        **knobs,
    )


def fill(
    network: Denoiser,
    images: Tensor,
    operator: Operator,
    method: str,
    sigmas: Tensor,
    nfe: int,
    completions: int,
    key: tuple[int | str, ...],
    start_std: float | None = None,
    relative_step_size: float | None = None,
    label: str | None = None,
    keep: Keep = at_once,
) -> tuple[np.ndarray, int]:
    """Fillings (completions, n, C, H, W), float32, of n images, and the NFE of each, counted.

    The chains are those of `states` in blocks of BLOCK, each whole and alone, with key and its
    number for a key, and kept as block0, block1, .... With a label, progress is shown. Raises
    JobFailed as `plan` does, and Diverged where a filling is not finite.
    """
    ladder, knobs = plan(method, sigmas, nfe)
    worth, total = conditional.expected_nfe(method, len(ladder), **knobs), completions * len(images)
    blocks = range(-(-total // BLOCK))
    shown = progress.bar(len(blocks) * worth, label, "evaluation") if label else nullcontext(_quiet)

    def block(number: int) -> dict[str, np.ndarray]:
        counted = CountCalls(network)
        rows = torch.arange(number * BLOCK, min(total, (number + 1) * BLOCK)) % len(images)
        for state in states(
            network,
            images[rows.to(images.device)],
            operator,
            method,
            sigmas,
            nfe,
            (*key, number),
            start_std,
            relative_step_size,
            counted,
        ):
            reach(number * worth + counted.calls)
            filled = state
        if not filled.isfinite().all():
            reason = "the network's answers are not"
            if relative_step_size is not None:
                reason = (
                    f"the relative step size {relative_step_size:g} is too large for this model"
                )
            raise Diverged(f"fillings by {method} did not stay finite: {reason}")
        return {"x": filled.cpu().numpy(), "nfe": np.array(counted.calls)}

    with shown as reach:
        found = [keep(f"block{number}", partial(block, number)) for number in blocks]
    together = np.concatenate([each["x"] for each in found])
    return together.reshape(completions, *images.shape), int(found[0]["nfe"])


def _quiet(n: int) -> None:
    """Progress that nobody is shown."""
