"""Choosing a step size: the same trials for every variant, the whole curve kept."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch

from scoreladder import sampling
from scoreladder.denoiser import Denoiser
from scoreladder.errors import JobFailed
from scoreladder.steps import Keep, at_once


def trials(
    model: Denoiser,
    sample: dict,
    relative_step_sizes: Sequence[float],
    count: int,
    measure: Callable[[np.ndarray], float],
    key: tuple[int | str, ...],
    device: torch.device | str = "cpu",
    keep: Keep = at_once,
) -> Iterator[dict]:
    """One trial per step size: {"relative_step_size", "value"}, lower values being better.

    sample is a config block; each trial draws `count` samples with the random numbers of `key` and
    gives them to `measure`. A trial whose chains do not stay finite, or whose step size the sampler
    refuses on its ladder, has the value None. Each is kept as trial0, trial1, ....
    """

    def trial(size: float) -> dict:
        try:
            samples, _ = sampling.draw(model, sample, size, key, count, device)
        except sampling.StepSizeError:
            samples = np.array(np.nan)
        value = measure(samples) if np.isfinite(samples).all() else None
        return {"relative_step_size": size, "value": value}

    for number, size in enumerate(relative_step_sizes):
        yield keep(f"trial{number}", partial(trial, size))


def at_grid_edge(curve: list[dict]) -> bool:
    """Whether the best of several trials is the first or the last: a better one may lie beyond."""
    return len(curve) > 1 and best(curve) in (curve[0], curve[-1])


def chosen(curve: list[dict]) -> dict:
    """What tuning found: the whole curve, the best relative step size, whether it is at an edge.

    {"curve", "relative_step_size", "at_grid_edge"}. Raises JobFailed as `best` does.
    """
    return {
        "curve": curve,
        "relative_step_size": best(curve)["relative_step_size"],
        "at_grid_edge": at_grid_edge(curve),
    }


def best(curve: list[dict]) -> dict:
    """The trial with the lowest value. Raises JobFailed if none stayed finite."""
    finite = [trial for trial in curve if trial["value"] is not None]
    if not finite:
        raise JobFailed(
            "no trial step size suited the sampler and kept the chains finite; try others in tuning"
        )
    return min(finite, key=lambda trial: trial["value"])
