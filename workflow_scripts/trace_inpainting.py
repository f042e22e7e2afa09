"""Trace how a model draws samples and fills the holes of held-out images, step by step."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from scoreladder import datasets, denoiser, devices, files, filling, problems, sampling
from scoreladder.plotting import animations


def trace_inpainting(
    data: Path,
    model: Path,
    tuning: Path | None,
    inpainted: Path,
    spec: dict,
    device: str,
    path: Path,
) -> dict:
    """Write states of `samples`, and those of `completions`, one of each image, as one .npz.

    Both are (frames, n, C, H, W). Samples take the step size that tuning chose, completions the one
    that inpainting chose.
    """
    where = devices.choose(device)
    network, sample = denoiser.load(model, where), spec["sample"]
    count = animations.shown(network.shape)
    truth = torch.from_numpy(datasets.read(data).values("test", count)).to(where)
    sigmas = sampling.ladder_of(sample, network)
    drawn = sampling.block_states(
        network,
        sample,
        sigmas,
        sampling.relative_step_size(sample, tuning),
        ("animation", spec["seed"]),
        sampling.start_of(sample, network, float(sigmas[0])),
        where,
        len(truth),
    )
    filled = filling.states(
        network,
        truth,
        problems.problem(spec["mask"], truth.shape[1:], where).operator,
        spec["method"],
        sigmas,
        sample["nfe"],
        (spec["seed"], spec["mask"]),
        sample.get("start_std"),
        files.read_json(inpainted)["relative_step_sizes"].get(spec["method"]),
    )
    with files.atomic_path(path) as temporary:
        np.savez(temporary, samples=_kept(drawn), completions=_kept(filled))
    return {"device": devices.describe(where), "dtype": "float32"}


def _kept(states: Iterable[torch.Tensor]) -> np.ndarray:
    return np.stack(animations.chosen([state.cpu().numpy() for state in states]))


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= trace_inpainting(
            Path(snakemake.input.data),
            Path(snakemake.input.model),
            optional(snakemake.input, "tuning"),
            Path(snakemake.input.inpainted),
            current.spec,
            current.device,
            Path(snakemake.output.states),
        )
