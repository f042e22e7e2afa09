"""Draw the mixing weights that exact and learned scores reach in Song & Ermon's toy."""

from pathlib import Path

import pandas as pd

from scoreladder.plotting import style, sweeps


def plot_mixing(table: Path, *paths: Path) -> None:
    """Draw the table of mixing weights."""
    style.save(sweeps.mixing_weights(pd.read_csv(table)), *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake):
        plot_mixing(Path(snakemake.input.table), *map(Path, snakemake.output.drawings))
