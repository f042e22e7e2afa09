"""Draw one comparison: every variant's metric with its interval."""

from pathlib import Path

import pandas as pd

from scoreladder.plotting import comparisons, style


def plot_comparison(
    table: Path, runs: Path, labels: dict[str, str], axis: dict | None, *paths: Path
) -> None:
    """Draw the comparison in `table`; labels of all variants, in order.

    axis: the number that the arms differ in, {"label", "values": pairs (variant, number)}, or None.
    """
    styles = style.palette(list(labels))
    rows, every = pd.read_csv(table), pd.read_csv(runs)
    if axis is None:
        figure = comparisons.comparison(rows, every, styles)
    else:
        values = dict(axis["values"])
        figure = comparisons.along_axis(rows, every, styles, values, axis["label"])
    style.save(figure, *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_comparison(
            Path(snakemake.input.table),
            Path(snakemake.input.runs),
            dict(current.spec["labels"]),
            current.spec["axis"],
            *map(Path, snakemake.output.drawings),
        )
