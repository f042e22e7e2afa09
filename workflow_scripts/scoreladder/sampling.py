"""From a config block to samples: which sampler, which ladder, in blocks that shards can share."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scoreladder import noise, progress, seeds
from scoreladder.blocks import BLOCK
from scoreladder.denoiser import Denoiser
from scoreladder.files import read_json
from scoreladder.samplers.base import CountCalls, Denoise, layer_passes, sampler
from scoreladder.samplers.langevin import (
    StepSizeError,
    annealed_langevin,
    consistent_annealed,
    langevin,
)
from scoreladder.samplers.ode import dpmpp_2m, heun, pf_ode
from scoreladder.samplers.registry import SAMPLERS, expected_nfe, steps_per_level
from scoreladder.samplers.sde import ancestral, ddim, predictor_corrector, reverse_diffusion
from scoreladder.steps import Keep, at_once

__all__ = [
    "BLOCK",
    "SAMPLERS",
    "CountCalls",
    "Denoise",
    "StepSizeError",
    "ancestral",
    "annealed_langevin",
    "block_rows",
    "block_states",
    "consistent_annealed",
    "ddim",
    "dpmpp_2m",
    "draw",
    "expected_nfe",
    "first_state",
    "heun",
    "ladder_of",
    "langevin",
    "pf_ode",
    "predictor_corrector",
    "relative_step_size",
    "reverse_diffusion",
    "sampler",
    "shard_blocks",
    "smallest_sigma",
    "start_of",
    "steps_per_level",
]


# compute(number, rows, at): a block by its number and rows; at(n) hears of n evaluations
Compute = Callable[[int, int, Callable[[int], None]], dict[str, np.ndarray]]


def relative_step_size(sample: dict, tuning: Path | None) -> float | None:
    """α_i/σ_i² of a config block: what tuning chose, in the file at `tuning`, or what it says.

    None for samplers without a step size.
    """
    return sample.get("step_size") if tuning is None else read_json(tuning)["relative_step_size"]


def ladder_of(sample: dict, model: Denoiser) -> Tensor:
    """The ladder that a config block samples `model` through, (L,), descending, float64.

    A ladder made from the data (ncsnv2) is the one that the model was trained on.
    """
    spec = sample["ladder"]
    return model.sigmas.cpu() if spec["kind"] == "ncsnv2" else noise.ladder(spec)


def smallest_sigma(sample: dict, model: Denoiser) -> float:
    """σ_L of the ladder that a config block samples `model` through."""
    return float(ladder_of(sample, model)[-1])


def start_of(sample: dict, model: Denoiser, sigma: float) -> tuple[Tensor, float]:
    """Mean and standard deviation of the Gaussian that a config block's chains start from.

    N(0, start_std² I), or where the block has no start_std that of the model's noisy data at σ_1.
    """
    mean, std = model.prior(sigma)
    start_std = sample.get("start_std")
    return (mean, std) if start_std is None else (torch.zeros_like(mean), start_std)


def first_state(
    key: tuple[int | str, ...],
    start: tuple[Tensor, float],
    device: torch.device | str = "cpu",
    rows: int = BLOCK,
) -> tuple[Tensor, torch.Generator]:
    """Where a block's chains start, (rows, *shape), as `block_states` has it, and its generator.

    x ~ N(mean, std² I), start = (mean, std); the generator draws what comes after.
    """
    generator = seeds.generator("sample", *key, device=device)
    mean, std = start
    x = mean + std * torch.randn(rows, *mean.shape, generator=generator, device=device)
    return x, generator


def block_states(
    denoiser: Denoise,
    sample: dict,
    sigmas: Tensor,
    relative_step_size: float | None,
    key: tuple[int | str, ...],
    start: tuple[Tensor, float],
    device: torch.device | str = "cpu",
    rows: int = BLOCK,
) -> Iterator[Tensor]:
    """Yield the states of one block of `rows` chains, whose random numbers `key` and rows fix.

    sample is a config block, sigmas (L,) its ladder (`ladder_of`), relative_step_size is α_i/σ_i²,
    None for samplers without one; start = (mean, std) as in `first_state`. Because a block is
    always computed whole and alone, a sample depends neither on how blocks are grouped into shards
    nor on the order in which they run.
    """
    x, generator = first_state(key, start, device, rows)
    states = SAMPLERS[sample["sampler"]]
    return states(denoiser, x, sigmas, sample, relative_step_size, generator)


def block_rows(count: int, number: int) -> int:
    """How many of `count` samples in all are in block `number`: BLOCK, but in the last the rest."""
    return min(BLOCK, count - number * BLOCK)


def shard_blocks(count: int, shards: int, shard: int) -> range:
    """Which blocks shard number `shard` of `shards` computes, for `count` samples in all."""
    blocks = -(-count // BLOCK)
    return range(shard * blocks // shards, (shard + 1) * blocks // shards)


def draw(
    model: nn.Module,
    sample: dict,
    relative_step_size: float | None,
    key: tuple[int | str, ...],
    count: int,
    device: torch.device | str = "cpu",
    shard: int = 0,
    shards: int = 1,
    label: str | None = None,
    keep: Keep = at_once,
) -> tuple[np.ndarray, int]:
    """One shard of `count` samples, float32 (n, *shape), and the NFE that each of them took.

    model is a Denoiser, or for the sampler `direct` one with sample(n, generator). Shards put
    together in order are the samples that a single shard would give, bit for bit. The NFE are
    counted: passes through the whole network that draws, as `layer_passes` has them for `direct`;
    the mean over the shard's samples, rounded, where pf_ode adapts.
    With a label, progress is shown. Each block is kept as block0, block1, .... Raises ValueError
    where there are more shards than blocks.
    """
    blocks = shard_blocks(count, shards, shard)
    if not blocks:
        total = -(-count // BLOCK)
        raise ValueError(f"{count} samples are {total} blocks, too few for {shards} shards")
    if sample["sampler"] == "direct":
        compute, nfe = _direct_block(model, key, device), None
    else:
        compute = _chained_block(model, sample, relative_step_size, key, device)
        nfe = expected_nfe(sample, ladder_of(sample, model))
    # where evaluations cannot be foreseen, blocks are counted
    worth, unit = (1, "block") if nfe is None else (nfe, "evaluation")
    shown = progress.bar(len(blocks) * worth, label, unit) if label else nullcontext(_quiet)
    found = []
    with shown as reach:
        for index, number in enumerate(blocks):

            def at(n: int, start: int = index * worth) -> None:
                reach(start + min(n, worth))

            rows, told = block_rows(count, number), at if nfe else _quiet
            found.append(keep(f"block{number}", partial(compute, number, rows, told)))
            at(worth)
    together = np.concatenate([block["x"] for block in found])
    spent = sum(float(block["nfe"]) * len(block["x"]) for block in found)
    return together, round(spent / len(together))


def _quiet(n: int) -> None:
    """Progress that nobody is shown."""


def _block(x: Tensor, nfe: float) -> dict[str, np.ndarray]:
    """A block as it is kept: its samples, and the evaluations that each of them took."""
    return {"x": x.cpu().numpy(), "nfe": np.array(nfe)}


def _direct_block(
    model: nn.Module, key: tuple[int | str, ...], device: torch.device | str
) -> Compute:
    """A function from a block's number and rows to its samples, by a model that needs no chains."""

    def compute(number: int, rows: int, at: Callable[[int], None]) -> dict[str, np.ndarray]:
        with torch.no_grad(), layer_passes(model) as passes:
            x = model.sample(rows, seeds.generator("sample", *key, number, device=device))
        return _block(x, passes.total() / max(1, len(passes)))

    return compute


def _chained_block(
    model: Denoiser,
    sample: dict,
    relative_step_size: float | None,
    key: tuple[int | str, ...],
    device: torch.device | str,
) -> Compute:
    """A function from a block's number and rows to its chains' last state."""
    counted = CountCalls(model)
    sigmas = ladder_of(sample, model)
    start = start_of(sample, model, float(sigmas[0]))

    def compute(number: int, rows: int, at: Callable[[int], None]) -> dict[str, np.ndarray]:
        before = counted.calls
        for state in block_states(
            counted, sample, sigmas, relative_step_size, (*key, number), start, device, rows
        ):
            at(counted.calls - before)
            x = state
        return _block(x, counted.calls - before)

    return compute
