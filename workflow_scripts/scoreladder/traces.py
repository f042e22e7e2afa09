"""Where chains are on their way from noise to samples."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from scoreladder import sampling
from scoreladder.denoiser import Denoiser
from scoreladder.samplers.base import CountCalls

# the start, and after each tenth of the evaluations
FRAMES = 11
POINTS, MOST_IMAGES = 1000, 12
# of a frame with all variants, so that eleven of noise are about two megabytes
MOST_VALUES = 160_000


class Witness(CountCalls):
    """A counted denoiser that remembers the level it was last asked at."""

    sigma: float = math.nan

    def _ask(self, sigma: Tensor | float) -> None:
        super()._ask(sigma)
        self.sigma = float(torch.as_tensor(sigma).flatten()[0])


def chains(shape: tuple[int, ...], variants: int) -> int:
    """How many chains of that shape, (2,) or (C, H, W), are shown of each of so many variants."""
    if len(shape) == 1:
        return POINTS
    return min(MOST_IMAGES, max(1, MOST_VALUES // (variants * math.prod(shape))))


def trace(
    model: Denoiser,
    sample: dict,
    relative_step_size: float | None,
    key: tuple[int | str, ...],
    rows: int,
    device: torch.device | str = "cpu",
) -> dict[str, np.ndarray]:
    """The states of a block of chains at even shares of the evaluations that a sampler spends.

    states (FRAMES, rows, *shape): the first is where chains start, each other the last one that
    cost no more than its share; evaluations (FRAMES,): what it cost; sigmas (FRAMES,): the noise
    level of the last of these. sample is a config block of a score model, relative_step_size is
    α_i/σ_i², None for samplers without one; key and rows fix the random numbers.
    """
    total = sampling.expected_nfe(sample, sampling.ladder_of(sample, model))
    visited = _visited(model, sample, relative_step_size, key, rows, device)
    if total is None:
        visited = list(visited)
        total = visited[-1][1]
    # a later state takes the place of an earlier one of the same share
    kept = {-(-each[1] * (FRAMES - 1) // total): each for each in visited}
    shown = [kept[max(place for place in kept if place <= frame)] for frame in range(FRAMES)]
    states, evaluations, sigmas = map(np.array, zip(*shown, strict=True))
    return {"states": states, "evaluations": evaluations, "sigmas": sigmas}


def _visited(
    model: Denoiser,
    sample: dict,
    relative_step_size: float | None,
    key: tuple[int | str, ...],
    rows: int,
    device: torch.device | str,
) -> Iterator[tuple[np.ndarray, int, float]]:
    """All states of a block of chains, the start too, with evaluations spent and last level."""
    seen, sigmas = Witness(model), sampling.ladder_of(sample, model)
    start = sampling.start_of(sample, model, float(sigmas[0]))
    states = sampling.block_states(
        seen, sample, sigmas, relative_step_size, key, start, device, rows
    )
    x, _ = sampling.first_state(key, start, device, rows)
    yield x.cpu().numpy(), 0, float(sigmas[0])
    for state in states:
        yield state.cpu().numpy(), seen.calls, seen.sigma
