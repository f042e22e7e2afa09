"""Trace how chains of the shown variants become samples, state by state."""

from functools import partial
from pathlib import Path

import numpy as np

from scoreladder import config_queries, datasets, denoiser, devices, files, sampling, traces
from scoreladder.errors import JobFailed
from scoreladder.steps import Keep, at_once


def trace_samples(
    data: Path,
    models: list[Path],
    tunings: list[Path],
    traced: list[dict],
    device: str,
    path: Path,
    keep: Keep = at_once,
) -> dict:
    """Write the `variants` (V,), what `traces.trace` has of each, stacked, and as many `real` rows.

    traced: {variant, sample, seed} of each, in the order of models; tunings: of those whose step
    size is tuned. Chains of one training seed start at the same points where they can. Raises
    JobFailed on a step size that does not suit its ladder.
    """
    where, tuned, found = devices.choose(device), iter(tunings), []
    for model, each in zip(models, traced, strict=True):
        network, sample = denoiser.load(model, where), each["sample"]
        tuning = next(tuned) if config_queries.asks_for_tuning(sample) else None
        compute = partial(
            traces.trace,
            network,
            sample,
            sampling.relative_step_size(sample, tuning),
            ("trajectory", each["seed"]),
            traces.chains(network.shape, len(traced)),
            where,
        )
        try:
            found.append(keep(each["variant"], compute))
        except sampling.StepSizeError as error:
            raise JobFailed(f"{each['variant']}: sample.step_size: {error}") from error
    stacked = {name: np.stack([each[name] for each in found]) for name in found[0]}
    real = datasets.read(data).values("test", stacked["states"].shape[2])
    names = [each["variant"] for each in traced]
    with files.atomic_path(path) as temporary:
        np.savez(temporary, variants=names, real=real, **stacked)
    return {"device": devices.describe(where), "dtype": "float32"}


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= trace_samples(
            Path(snakemake.input.data),
            [Path(model) for model in snakemake.input.models],
            [Path(tuning) for tuning in snakemake.input.tunings],
            current.spec["traced"],
            current.device,
            Path(snakemake.output.states),
            current.keep,
        )
