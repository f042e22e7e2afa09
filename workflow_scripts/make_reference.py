"""Held-out real data as the metrics see it."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, evaluation, files


def make_reference(data: Path, classifier: Path | None, path: Path) -> None:
    """Save the features of the train, tune and test splits."""
    splits = datasets.read(data)
    parts = {
        name: evaluation.features_of(splits.values(name), classifier)
        for name in ("train", "tune", "test")
    }
    with files.atomic_path(path) as temporary:
        np.savez(temporary, **parts)


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake):
        make_reference(
            Path(snakemake.input.data),
            optional(snakemake.input, "classifier"),
            Path(snakemake.output.reference),
        )
