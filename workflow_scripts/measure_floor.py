"""Measure the floor: how far real data is from other real data."""

from pathlib import Path

import numpy as np

from scoreladder import evaluation, files


def measure_floor(reference: Path, spec: dict, path: Path) -> None:
    """Write the floor of every sample metric for each number of samples in use."""
    with np.load(reference) as arrays:
        pool = np.concatenate([arrays[name] for name in ("train", "tune", "test")])
        against = len(arrays[evaluation.reference_split(spec["features"])])
    floors = {str(n): evaluation.floors(pool, n, against, spec) for n in spec["counts"]}
    files.write_json(path, floors)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        measure_floor(
            Path(snakemake.input.reference),
            current.spec,
            Path(snakemake.output.floor),
        )
