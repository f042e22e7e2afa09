"""Draw samples of the showcase's variants beside real data."""

from pathlib import Path

import numpy as np
import pandas as pd

from scoreladder import datasets
from scoreladder.plotting import samples as drawings
from scoreladder.plotting import style


def plot_samples(
    data: Path,
    runs: Path,
    shards: dict[str, Path],
    labels: dict[str, str],
    dataset: dict,
    *paths: Path,
) -> None:
    """Draw image grids or point clouds, whichever the data is; shards: variant → its samples."""
    splits = datasets.read(data)
    count = drawings.SHOWN if splits.test.ndim > 2 else None
    shown = {"data": splits.values("test", count)}
    for name, path in shards.items():
        samples = np.load(path, mmap_mode="r", allow_pickle=False)[:count]
        shown[name] = datasets.values(samples, splits.bin_width)
    order = list(shards)
    if shown["data"].ndim > 2:
        figure = drawings.sample_grid(shown, order, labels)
    else:
        shares, truth = None, np.nan
        if dataset["name"] == "gaussian_mixture":
            means = pd.read_csv(runs).groupby("variant")["heavy_weight"].mean()
            shares, truth = {name: float(means[name]) for name in order}, max(dataset["weights"])
        styles = style.palette(list(labels))
        figure = drawings.point_clouds(shown, order, labels, styles, shares, truth)
    style.save(figure, *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_samples(
            Path(snakemake.input.data),
            Path(snakemake.input.runs),
            dict(zip(current.spec["shown"], map(Path, snakemake.input.shards), strict=True)),
            dict(current.spec["labels"]),
            current.spec["dataset"],
            *map(Path, snakemake.output.drawings),
        )
