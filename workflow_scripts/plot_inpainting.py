"""Draw held-out images, what is known of them, how variants fill the hole, and how they spread."""

from pathlib import Path

import numpy as np

from scoreladder.plotting import holes, style


def plot_inpainting(
    completions: dict[str, Path],
    labels: dict[str, str],
    problems: list[str],
    methods: list[str],
    *paths: Path,
) -> None:
    """Draw what methods make of problems by each variant's completions.

    A row for each problem shows the first method, one for each other method the first problem.
    """
    drawn = {}
    for variant, path in completions.items():
        with np.load(path, allow_pickle=False) as arrays:
            drawn[variant] = dict(arrays)
    first = next(iter(drawn.values()))
    shown = [(each, methods[0]) for each in problems]
    shown += [(problems[0], each) for each in methods[1:]]
    rows = {
        f"{mask.replace('_', ' ')}\n{method}": holes.Filled(
            first["truth"],
            first[f"seen_{mask}"],
            first[f"known_{mask}"],
            {labels[variant]: each[f"{mask}_{method}"] for variant, each in drawn.items()},
        )
        for mask, method in shown
    }
    style.save(holes.holes(rows), *paths)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        plot_inpainting(
            dict(zip(current.spec["shown"], map(Path, snakemake.input.completions), strict=True)),
            dict(current.spec["labels"]),
            current.spec["problems"],
            current.spec["methods"],
            *map(Path, snakemake.output.drawings),
        )
