"""Real data as the metrics see it, and the floor: how far real data is from itself."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, evaluation, files


def make_reference(
    data: Path, classifier: Path | None, spec: dict, reference: Path, floor: Path
) -> None:
    """Save the features of the tune and test splits, and floors for every sample count in use."""
    splits = datasets.read(data)
    parts = {
        name: evaluation.features_of(getattr(splits, name), classifier)
        for name in ("train", "tune", "test")
    }
    with files.atomic_path(reference) as temporary:
        np.savez(temporary, tune=parts["tune"], test=parts["test"])
    pool = np.concatenate(list(parts.values()))
    counts = {
        str(count): evaluation.floors(pool, count, spec["dataset"]) for count in spec["counts"]
    }
    files.write_json(floor, counts)


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        make_reference(
            Path(snakemake.input.data),
            optional(snakemake.input, "classifier"),
            current.spec,
            Path(snakemake.output.reference),
            Path(snakemake.output.floor),
        )
