"""Get the Inception network whose features FID is measured in."""

from pathlib import Path

from scoreladder import inception


def fetch_inception(path: Path, local: str | None) -> dict:
    """Write the network's file; returns its SHA-256, for the manifest."""
    return inception.fetch(path, local)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= fetch_inception(Path(snakemake.output.network), current.spec["path"])
