"""Measure the floor: how far real data is from other real data."""

from pathlib import Path

from scoreladder import evaluation, files
from scoreladder import reference as references
from scoreladder.rows import Stored


def measure_floor(reference: Path, spec: dict, path: Path) -> None:
    """Write the floor of every sample metric for each number of samples in use."""
    places = references.files(reference)
    pool = Stored([places[name] for name in references.SPLITS])
    against = len(references.read(reference).compared())
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
