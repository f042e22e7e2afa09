"""Samplers. Each is a generator of states, so that the caller owns progress and trajectories."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scoreladder import noise, progress, seeds
from scoreladder.blocks import BLOCK
from scoreladder.denoiser import Denoiser, score
from scoreladder.files import read_json

Denoise = Callable[..., Tensor]


class CountCalls:
    """A denoiser that counts its evaluations: `calls` is the NFE really spent."""

    def __init__(self, denoiser: Denoise):
        self.denoiser = denoiser
        self.calls = 0

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        self.calls += 1
        return self.denoiser(x, sigma)


def annealed_langevin_states(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    steps_per_level: int | Sequence[int],
    step_size: float,
    denoise: bool = True,
    generator: torch.Generator | None = None,
    constrain: Callable[[Tensor, float], Tensor] | None = None,
) -> Iterator[Tensor]:
    """Yield x after every step of `annealed_langevin`; arguments as there.

    constrain(x, sigma) → x, where given, is applied before each evaluation of the denoiser.
    """
    steps = [steps_per_level] * len(sigmas) if isinstance(steps_per_level, int) else steps_per_level
    if step_size <= 0 or min(steps) < 1:
        raise ValueError(
            f"need step_size > 0 and steps_per_level >= 1, found {step_size} and {steps_per_level}"
        )
    smallest = float(sigmas[-1])
    with torch.no_grad():
        for sigma, count in zip(map(float, sigmas), steps, strict=True):
            alpha = step_size * sigma**2 / smallest**2
            for _ in range(count):
                x = constrain(x, sigma) if constrain else x
                z = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
                x = x + alpha * score(denoiser, x, sigma) + (2 * alpha) ** 0.5 * z
                yield x
        if denoise:
            yield denoiser(constrain(x, smallest) if constrain else x, smallest)


def annealed_langevin(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    steps_per_level: int | Sequence[int],
    step_size: float,
    denoise: bool = True,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Annealed Langevin dynamics (arXiv 1907.05600, algorithm 1), one ULA chain per row of x.

    At each level, from large σ to small: x ← x + α_i s(x, σ_i) + √(2α_i) z with
    α_i = step_size·σ_i²/σ_L². (The paper writes α/2 and √α: its ε is twice this step_size.)
    With `denoise`, one last x ← x + σ_L² s(x, σ_L) removes the noise that is left (arXiv
    2006.09011). x (n, ...), sigmas (L,) descending, steps_per_level one number or one per level;
    returns the shape of x, after L·steps_per_level + denoise evaluations. On a Gaussian a level is
    stable while α_i < 2σ_i².
    Raises ValueError unless step_size > 0 and steps_per_level >= 1.
    """
    for x in annealed_langevin_states(  # noqa: B007, B020
        denoiser, x, sigmas, steps_per_level, step_size, denoise, generator
    ):
        pass
    return x


def langevin(
    denoiser: Denoise,
    x: Tensor,
    sigma: float,
    steps: int,
    step_size: float,
    denoise: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Plain (unadjusted) Langevin dynamics on p_σ: x ← x + α s(x, σ) + √(2α) z, α = step_size.

    On N(0, σ²) the chain's variance tends to σ²/(1 − α/(2σ²)); it diverges from α = 2σ² on.
    x (n, ...); returns the shape of x.
    """
    ladder = torch.tensor([sigma], dtype=torch.float64)
    return annealed_langevin(denoiser, x, ladder, steps, step_size, denoise, generator)


def steps_per_level(nfe: int, levels: int, denoise: bool) -> list[int]:
    """Steps of each level, largest σ first, that with the final denoise spend `nfe` exactly.

    What does not divide evenly goes to the smallest levels, one step each.
    """
    each, left = divmod(nfe - denoise, levels)
    return [each + (level >= levels - left) for level in range(levels)]


def relative_step_size(sample: dict, tuning: Path | None) -> float:
    """α_i/σ_i² of a config block: what tuning chose, in the file at `tuning`, or what it says."""
    return sample["step_size"] if tuning is None else read_json(tuning)["relative_step_size"]


def smallest_sigma(sample: dict) -> float:
    """σ_L of the ladder that a config block samples through."""
    return float(noise.ladder(sample["ladder"])[-1])


def block_states(
    denoiser: Denoise,
    sample: dict,
    relative_step_size: float,
    key: tuple[int | str, ...],
    shape: tuple[int, ...],
    device: torch.device | str = "cpu",
) -> Iterator[Tensor]:
    """Yield the states of one block of chains, BLOCK rows, whose random numbers `key` alone fixes.

    sample is a config block (ladder, nfe, denoise, start_std); relative_step_size is α_i/σ_i², in
    (0, 2). Because a block is always computed whole and alone, a sample depends neither on how
    blocks are grouped into shards nor on the order in which they run.
    """
    generator = seeds.generator("sample", *key, device=device)
    sigmas = noise.ladder(sample["ladder"])
    x = sample["start_std"] * torch.randn(BLOCK, *shape, generator=generator, device=device)
    return annealed_langevin_states(
        denoiser,
        x,
        sigmas,
        steps_per_level(sample["nfe"], len(sigmas), sample["denoise"]),
        relative_step_size * float(sigmas[-1]) ** 2,
        sample["denoise"],
        generator,
    )


def shard_blocks(count: int, shards: int, shard: int) -> range:
    """Which blocks shard number `shard` of `shards` computes, for `count` samples in all."""
    blocks = -(-count // BLOCK)
    return range(shard * blocks // shards, (shard + 1) * blocks // shards)


def draw(
    model: Denoiser,
    sample: dict,
    relative_step_size: float,
    key: tuple[int | str, ...],
    count: int,
    device: torch.device | str = "cpu",
    shard: int = 0,
    shards: int = 1,
    label: str | None = None,
) -> tuple[np.ndarray, int]:
    """One shard of `count` samples, float32 (n, *shape), and the NFE that each of them took.

    Shards put together in order are the samples that a single shard would give, bit for bit.
    With a label, progress is shown. Raises ValueError where there are more shards than blocks.
    """
    blocks = shard_blocks(count, shards, shard)
    if not blocks:
        total = -(-count // BLOCK)
        raise ValueError(f"{count} samples are {total} blocks, too few for {shards} shards")
    counted = CountCalls(model)

    def states() -> Iterator[tuple[int, Tensor]]:
        for number in blocks:
            block = (*key, number)
            for x in block_states(counted, sample, relative_step_size, block, model.shape, device):
                yield number, x

    steps = states()
    if label is not None:
        steps = progress.track(steps, len(blocks) * sample["nfe"], label, "step")
    final = {number: x for number, x in steps}
    rows = [x[: count - number * BLOCK].cpu().numpy() for number, x in final.items()]
    return np.concatenate(rows), counted.calls // len(blocks)
