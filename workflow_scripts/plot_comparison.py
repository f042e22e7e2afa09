"""Draw one comparison: every variant's metric with its interval."""

from pathlib import Path

import pandas as pd

from scoreladder.plotting import comparisons, style


def plot_comparison(table: Path, runs: Path, labels: dict[str, str], svg: Path, png: Path) -> None:
    """Draw the comparison in `table`; labels of all variants, in order."""
    styles = style.palette(list(labels))
    figure = comparisons.comparison(pd.read_csv(table), pd.read_csv(runs), styles)
    style.save(figure, svg, png)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_comparison(
            Path(snakemake.input.table),
            Path(snakemake.input.runs),
            dict(current.spec["labels"]),
            Path(snakemake.output.svg),
            Path(snakemake.output.png),
        )
