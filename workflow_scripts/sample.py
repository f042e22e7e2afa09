"""Draw one shard of a variant's samples."""

from pathlib import Path

import numpy as np

from scoreladder import devices, features, files, models, sampling
from scoreladder.errors import JobFailed
from scoreladder.steps import Keep, at_once


def sample(
    model: Path,
    tuning: Path | None,
    spec: dict,
    device: str,
    path: Path,
    keep: Keep = at_once,
) -> dict:
    """Sample and write (n, *shape), float32 or, where the spec says so, as 8-bit levels.

    Raises JobFailed if a chain did not stay finite.
    """
    where = devices.choose(device)
    network = models.load(model, where)
    size = sampling.relative_step_size(spec["sample"], tuning)
    try:
        samples, evaluations = sampling.draw(
            network,
            spec["sample"],
            size,
            (spec["seed"], spec["sample_seed"]),
            spec["sample"]["count"],
            where,
            spec["shard"],
            spec["shards"],
            label="sampling",
            keep=keep,
        )
    except sampling.StepSizeError as error:
        raise JobFailed(f"sample.step_size: {error}") from error
    if not np.isfinite(samples).all():
        share = f"{np.mean(~np.isfinite(samples)):.0%} of the sampled values are not finite"
        reason = "" if size is None else f": the relative step size {size:g} is too large"
        raise JobFailed(f"{share}{reason}")
    kept = features.to_uint8(samples) if spec["quantised"] else samples
    with files.atomic_path(path) as temporary:
        np.save(temporary, kept)
    facts = {"device": devices.describe(where), "dtype": str(samples.dtype), "nfe": evaluations}
    if size is not None:
        smallest = sampling.smallest_sigma(spec["sample"], network)
        facts |= {"relative_step_size": size, "step_size": size * smallest**2}
    return facts


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= sample(
            Path(snakemake.input.model),
            optional(snakemake.input, "tuning"),
            current.spec,
            current.device,
            Path(snakemake.output.samples),
            current.keep,
        )
