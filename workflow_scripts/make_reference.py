"""Held-out real data as the metrics see it."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, devices, evaluation, features, files
from scoreladder.catalog import PICTURES


def make_reference(
    data: Path, classifier: Path | None, spec: dict, device: str, path: Path
) -> dict:
    """Save the features of the train, tune and test splits."""
    where, splits = devices.choose(device), datasets.read(data)
    extract = features.extractor(spec["features"], classifier, where)

    def part(name: str) -> np.ndarray:
        levels = getattr(splits, name)
        # Inception takes levels as they lie on the disk
        as_they_are = spec["dataset"]["name"] in PICTURES
        return evaluation.features_of(levels if as_they_are else splits.values(name), extract)

    with files.atomic_path(path) as temporary:
        np.savez(temporary, **{name: part(name) for name in ("train", "tune", "test")})
    return {"device": devices.describe(where), "dtype": "float32"}


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= make_reference(
            Path(snakemake.input.data),
            optional(snakemake.input, "classifier"),
            current.spec,
            current.device,
            Path(snakemake.output.reference),
        )
