"""Draw what training and tuning showed: learning curves, losses by level, tuning curves."""

from pathlib import Path

import pandas as pd

from scoreladder.plotting import comparisons, style, training

DRAWINGS = {
    "learning_curves": training.learning_curves,
    "levels": training.levels,
    "tuning": comparisons.tuning,
}


def plot_training(
    name: str, table: Path, labels: dict[str, str], shown: list[str], *paths: Path
) -> None:
    """Draw the figure of that name from its table.

    labels: of all variants, in order, which fixes their colours; shown: those that are drawn.
    """
    drawn = {variant: labels[variant] for variant in shown}
    figure = DRAWINGS[name](pd.read_csv(table), drawn, style.palette(list(labels)))
    style.save(figure, *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_training(
            snakemake.params.figure,
            Path(snakemake.input.table),
            dict(current.spec["labels"]),
            current.spec["shown"],
            *map(Path, snakemake.output.drawings),
        )
