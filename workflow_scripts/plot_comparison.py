"""Draw one comparison: every variant's metric with its interval."""

from pathlib import Path

import pandas as pd

from scoreladder.plotting import comparisons, style


def plot_comparison(table: Path, runs: Path, names: list[str], svg: Path, png: Path) -> None:
    """Draw the comparison in `table`; names are all of the experiment's variants, in order."""
    figure = comparisons.comparison(pd.read_csv(table), pd.read_csv(runs), style.palette(names))
    style.save(figure, svg, png)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_comparison(
            Path(snakemake.input.table),
            Path(snakemake.input.runs),
            list(current.spec["labels"]),
            Path(snakemake.output.svg),
            Path(snakemake.output.png),
        )
