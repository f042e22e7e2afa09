"""Draw, frame by frame, how chains of the shown variants become samples."""

from pathlib import Path

import numpy as np

from scoreladder import files
from scoreladder.plotting import animations, style, trajectories


def plot_trajectory(states: Path, labels: dict[str, str], animation: Path, told: Path) -> None:
    """Write an animated PNG, and as JSON {"frames": [{"label"}, …]}, what its frames show.

    labels: of all variants, in order.
    """
    with np.load(states, allow_pickle=False) as arrays:
        trace = dict(arrays)
    names = [str(name) for name in trace["variants"]]
    notes = trajectories.labels(trace["evaluations"])
    drawn = trajectories.frames(
        trace["real"],
        dict(zip(names, trace["states"], strict=True)),
        dict(zip(names, trace["sigmas"], strict=True)),
        notes,
        labels,
        style.palette(list(labels)),
    )
    animations.write(drawn, animation, trajectories.MILLISECONDS)
    files.write_json(told, {"frames": [{"label": note} for note in notes]})


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_trajectory(
            Path(snakemake.input.states),
            dict(current.spec["labels"]),
            Path(snakemake.output.animation),
            Path(snakemake.output.frames),
        )
