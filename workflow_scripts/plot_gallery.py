"""Draw samples of several data sets beside their real points."""

from pathlib import Path

import numpy as np

from scoreladder import datasets
from scoreladder.plotting import samples, style


def plot_gallery(
    data: dict[str, Path],
    shards: dict[str, Path],
    shown: list[tuple[str, str, str]],
    *paths: Path,
) -> None:
    """A row per data set: its test split and the samples of each of its shown variants.

    data: data set → its splits; shards: variant → its samples; shown: (variant, data set, title).
    """
    rows = {name: {"real data": datasets.read(path).values("test")} for name, path in data.items()}
    for variant, name, title in shown:
        rows[name][title] = np.load(shards[variant], allow_pickle=False)
    named = {name.replace("-", " "): panels for name, panels in rows.items()}
    style.save(samples.gallery(named), *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        shown = current.spec["shown"]
        names = [name for name, _ in current.spec["datasets"]]
        plot_gallery(
            dict(zip(names, map(Path, snakemake.input.data), strict=True)),
            {each[0]: Path(p) for each, p in zip(shown, snakemake.input.shards, strict=True)},
            shown,
            *map(Path, snakemake.output.drawings),
        )
