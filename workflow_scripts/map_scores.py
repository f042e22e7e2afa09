"""Evaluate learned scores on a grid beside the exact one, for the pictures of score fields."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, denoiser, files, probes, sampling


def map_scores(
    models: dict[str, Path], ladders: dict[str, dict], dataset: dict, path: Path
) -> None:
    """Write the grid, log p, ∇ log p, and s_θ(x, σ_L) of each model, as one .npz.

    σ_L is the smallest level of the ladder that a model is sampled through.
    """
    loaded = {name: denoiser.load(model) for name, model in models.items()}
    asked = {
        name: (model, sampling.smallest_sigma({"ladder": ladders[name]}, model))
        for name, model in loaded.items()
    }
    fields = probes.score_fields(asked, datasets.mixture_of(dataset))
    with files.atomic_path(path) as temporary:
        np.savez(temporary, **fields)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        ladders = dict(current.spec["ladders"])
        models = dict(zip(ladders, map(Path, snakemake.input.models), strict=True))
        map_scores(models, ladders, current.spec["dataset"], Path(snakemake.output.fields))
