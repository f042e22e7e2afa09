"""Get the network in whose features LPIPS is measured."""

from pathlib import Path

from scoreladder import perceptual


def fetch_perceptual(path: Path) -> dict:
    """Write the network's weights; returns the SHA-256 of their source, for the manifest."""
    return perceptual.fetch(path)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= fetch_perceptual(Path(snakemake.output.network))
