"""Draw what network evaluations buy with each sampler of a sweep."""

from pathlib import Path

import numpy as np
import pandas as pd

from scoreladder import files
from scoreladder.plotting import style, sweeps


def plot_nfe_sweep(
    table: Path, floor: Path, metric: str, count: int, labels: dict[str, str], *paths: Path
) -> None:
    """Draw the sweep in `table`; floor: the metrics of `count` real samples; labels: by sampler."""
    floors = files.read_json(floor).get(str(count), {})
    least = floors.get(metric, {}).get("mean", np.nan)
    style.save(sweeps.nfe_sweep(pd.read_csv(table), labels, metric, least), *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_nfe_sweep(
            Path(snakemake.input.table),
            Path(snakemake.input.floor),
            current.spec["metric"],
            current.spec["count"],
            dict(current.spec["labels"]),
            *map(Path, snakemake.output.drawings),
        )
