"""Inception features of one shard of samples."""

from pathlib import Path

from scoreladder import devices, features
from scoreladder.rows import Stored
from scoreladder.steps import Keep, at_once


def extract_features(
    shard: Path, network: Path, spec: dict, device: str, path: Path, keep: Keep = at_once
) -> dict:
    """Save the features (n, 2048) of the shard's images."""
    where = devices.choose(device)
    extract = features.extractor(spec["features"], network, where)
    features.store(path, Stored([shard]), extract, "features", keep)
    return {"device": devices.describe(where), "dtype": "float32"}


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= extract_features(
            Path(snakemake.input.shard),
            Path(snakemake.input.network),
            current.spec,
            current.device,
            Path(snakemake.output.features),
            current.keep,
        )
