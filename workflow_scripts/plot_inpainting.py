"""Draw held-out images, what is known of them, how variants fill the hole, and how they spread."""

from pathlib import Path

import numpy as np

from scoreladder.plotting import holes, style


def plot_inpainting(
    completions: dict[str, Path],
    labels: dict[str, str],
    masks: list[str],
    method: str,
    svg: Path,
    png: Path,
) -> None:
    """Draw, a row per mask, what one method makes of it by each variant's completions."""
    drawn = {}
    for variant, path in completions.items():
        with np.load(path, allow_pickle=False) as arrays:
            drawn[variant] = dict(arrays)
    first = next(iter(drawn.values()))
    rows = {
        mask.replace("_", " "): holes.Filled(
            first["truth"],
            first[f"known_{mask}"],
            {labels[variant]: each[f"{mask}_{method}"] for variant, each in drawn.items()},
        )
        for mask in masks
    }
    style.save(holes.holes(rows), svg, png)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_inpainting(
            dict(zip(current.spec["shown"], map(Path, snakemake.input.completions), strict=True)),
            dict(current.spec["labels"]),
            current.spec["masks"],
            current.spec["method"],
            Path(snakemake.output.svg),
            Path(snakemake.output.png),
        )
