"""Train the small classifier whose features the FID of digits is measured in."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, features


def train_features(data: Path, steps: int, path: Path) -> dict:
    """Fit the classifier to all the images, so that no split is nearer to it than another."""
    splits = datasets.read(data)
    images = np.concatenate([splits.values(part) for part in ("train", "tune", "test")])
    labels = np.concatenate([splits.train_labels, splits.tune_labels, splits.test_labels])
    network = features.train_classifier(images, labels, steps)
    features.save_classifier(network, path)
    return {"accuracy": features.accuracy(network, images, labels)}


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= train_features(
            Path(snakemake.input.data),
            current.spec["features"]["steps"],
            Path(snakemake.output.classifier),
        )
