"""Gather what an experiment's jobs left into tables, and keep its configuration beside them."""

from pathlib import Path

import pandas as pd
import yaml

from scoreladder import files, runs


def write_tables(tables: dict[str, pd.DataFrame], paths: dict[str, Path]) -> None:
    """Write each table as CSV to the path of its name."""
    for name, table in tables.items():
        with files.atomic_path(paths[name]) as temporary:
            table.to_csv(temporary, index=False)


def write_settings(experiment: dict, path: Path) -> None:
    """Write the resolved experiment whose numbers these are as YAML."""
    settings = {key: value for key, value in experiment.items() if key != "missing"}
    files.write_text(path, yaml.safe_dump(settings, allow_unicode=True, width=100))


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        names = ("runs", "levels", "tuning", "curves", "sweeps", "mixing", "inpainting")
        paths = {name: Path(snakemake.output[name]) for name in names}
        write_tables(runs.gather(current.spec, paths["runs"].parents[1]), paths)
        write_settings(current.spec, Path(snakemake.output.experiment))
