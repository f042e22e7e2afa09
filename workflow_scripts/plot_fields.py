"""Draw learned score fields beside the exact one, and their error against density."""

from pathlib import Path

import numpy as np

from scoreladder.plotting import fields as drawings
from scoreladder.plotting import style


def plot_fields(name: str, fields: Path, labels: dict[str, str], *paths: Path) -> None:
    """Draw score_fields or error_by_density from the maps; labels of all variants, in order."""
    with np.load(fields, allow_pickle=False) as arrays:
        maps = dict(arrays)
    if name == "score_fields":
        figure = drawings.score_fields(maps, labels)
    else:
        figure = drawings.error_by_density(maps, labels, style.palette(list(labels)))
    style.save(figure, *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_fields(
            snakemake.params.figure,
            Path(snakemake.input.fields),
            dict(current.spec["labels"]),
            *map(Path, snakemake.output.drawings),
        )
