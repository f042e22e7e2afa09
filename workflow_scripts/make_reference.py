"""Held-out real data as the metrics see it."""

from functools import partial
from pathlib import Path

from scoreladder import datasets, devices, evaluation, features, reference
from scoreladder.catalog import PICTURES
from scoreladder.steps import Keep, at_once


def make_reference(
    data: Path,
    classifier: Path | None,
    spec: dict,
    device: str,
    path: Path,
    keep: Keep = at_once,
) -> dict:
    """Save the features of the train, tune and test splits, and what is known of them."""
    where, splits = devices.choose(device), datasets.read(data)
    network = features.extractor(spec["features"], classifier, where)
    extract = partial(evaluation.features_of, extract=network)
    pictures = spec["dataset"]["name"] in PICTURES
    for name in reference.SPLITS:
        # Inception takes levels as they lie on the disk
        images = getattr(splits, name) if pictures else splits.values(name)
        features.store(reference.files(path)[name], images, extract, name, keep)
    reference.complete(path, reference.against(spec["features"]), neighbours=pictures)
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
            current.keep,
        )
