"""Draw one shard of a variant's samples."""

from pathlib import Path

import numpy as np

from scoreladder import denoiser, devices, files, sampling
from scoreladder.errors import JobFailed


def sample(model: Path, tuning: Path | None, spec: dict, device: str, path: Path) -> dict:
    """Sample and write (n, *shape) float32. Raises JobFailed if a chain did not stay finite."""
    where = devices.choose(device)
    network = denoiser.load(model, where)
    size = sampling.relative_step_size(spec["sample"], tuning)
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
    )
    if not np.isfinite(samples).all():
        raise JobFailed(
            f"{np.mean(~np.isfinite(samples)):.0%} of the sampled values are not finite: the "
            f"relative step size {size:g} is too large for this model"
        )
    with files.atomic_path(path) as temporary:
        np.save(temporary, samples)
    return {
        "device": devices.describe(where),
        "dtype": str(samples.dtype),
        "nfe": evaluations,
        "relative_step_size": size,
        "step_size": size * sampling.smallest_sigma(spec["sample"]) ** 2,
    }


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= sample(
            Path(snakemake.input.model),
            optional(snakemake.input, "tuning"),
            current.spec,
            current.device,
            Path(snakemake.output.samples),
        )
