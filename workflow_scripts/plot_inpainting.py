"""Draw held-out images, what is known of them, and how each variant fills the hole."""

from pathlib import Path

import numpy as np

from scoreladder.plotting import samples as drawings
from scoreladder.plotting import style


def plot_inpainting(
    completions: dict[str, Path], labels: dict[str, str], masks: list[str], svg: Path, png: Path
) -> None:
    """Draw, a row per mask, the truth, what is known of it, and each variant's first completion."""
    blocks, titles = {}, {}
    for variant, path in completions.items():
        with np.load(path, allow_pickle=False) as arrays:
            blocks["data"] = arrays["truth"]
            for mask in masks:
                known = arrays[f"known_{mask}"]
                blocks[f"truth {mask}"] = arrays["truth"]
                titles[f"truth {mask}"] = "real data"
                blocks[f"known {mask}"] = np.where(known, arrays["truth"], np.nan)
                titles[f"known {mask}"] = f"known: {mask}"
                blocks[f"{variant} {mask}"] = arrays[mask][0]
                titles[f"{variant} {mask}"] = f"{labels[variant]}: {mask}"
    columns = ("truth", "known", *completions)
    order = [f"{column} {mask}" for mask in masks for column in columns]
    # the figure begins with the real data by itself
    figure = drawings.sample_grid(blocks, order[1:], titles, len(columns))
    style.save(figure, svg, png)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        chosen = current.spec["inpaint"]
        plot_inpainting(
            dict(zip(chosen["variants"], map(Path, snakemake.input.completions), strict=True)),
            dict(current.spec["labels"]),
            chosen["masks"],
            Path(snakemake.output.svg),
            Path(snakemake.output.png),
        )
