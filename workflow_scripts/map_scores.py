"""Evaluate learned scores on a grid beside the exact one, for the pictures of score fields."""

from pathlib import Path

import numpy as np

from scoreladder import denoiser, evaluation, files, noise, probes


def map_scores(
    models: dict[str, Path], sigmas: dict[str, float], dataset: dict, path: Path
) -> None:
    """Write the grid, log p, ∇ log p, and s_θ(x, σ) of each model at its σ, as one .npz."""
    mixture = evaluation.mixture_of(dataset)
    fields = probes.score_fields(
        {name: (denoiser.load(model), sigmas[name]) for name, model in models.items()}, mixture
    )
    with files.atomic_path(path) as temporary:
        np.savez(temporary, **fields)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        ladders = dict(current.spec["ladders"])
        sigmas = {name: float(noise.ladder(ladder)[-1]) for name, ladder in ladders.items()}
        models = dict(zip(sigmas, map(Path, snakemake.input.models), strict=True))
        map_scores(models, sigmas, current.spec["dataset"], Path(snakemake.output.fields))
