"""Draw, step by step, how a model draws samples and fills the holes of held-out images."""

from pathlib import Path

import numpy as np

from scoreladder.plotting import animations


def plot_animation(states: Path, path: Path) -> None:
    """Write the states of samples beside those of completions as an animated PNG."""
    with np.load(states, allow_pickle=False) as arrays:
        animations.write(animations.beside(arrays["samples"], arrays["completions"]), path)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake):
        plot_animation(Path(snakemake.input.states), Path(snakemake.output.animation))
