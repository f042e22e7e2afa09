"""Gather what an experiment's jobs left into tables."""

from pathlib import Path

import pandas as pd

from scoreladder import files, runs


def write_tables(tables: dict[str, pd.DataFrame], paths: dict[str, Path]) -> None:
    """Write each table as CSV to the path of its name."""
    for name, table in tables.items():
        with files.atomic_path(paths[name]) as temporary:
            table.to_csv(temporary, index=False)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        names = ("runs", "levels", "tuning", "curves", "sweeps", "mixing", "inpainting")
        paths = {name: Path(snakemake.output[name]) for name in names}
        write_tables(runs.gather(current.spec, paths["runs"].parents[1]), paths)
