"""Choose a variant's step size on the tuning split: the same trials for every variant."""

from pathlib import Path

import numpy as np

from scoreladder import denoiser, devices, evaluation, files, progress, sampling
from scoreladder.errors import JobFailed


def tune(
    model: Path, reference: Path, classifier: Path | None, spec: dict, device: str, path: Path
) -> dict:
    """Sample with every trial step size, measure, keep the whole curve and the best.

    A trial whose chains do not stay finite has value null. Raises JobFailed if all are so.
    """
    where = devices.choose(device)
    network = denoiser.load(model, where)
    with np.load(reference) as arrays:
        real = arrays["tune"]
    tuning, curve = spec["tuning"], []
    trials = progress.track(
        tuning["relative_step_sizes"], len(tuning["relative_step_sizes"]), "tuning", "trial"
    )
    for size in trials:
        samples, _ = sampling.draw(
            network, spec["sample"], size, ("tune", spec["seed"]), tuning["count"], where
        )
        value = None
        if np.isfinite(samples).all():
            found = evaluation.features_of(samples, classifier)
            value = evaluation.sample_metrics(found, real, spec["dataset"])[tuning["metric"]]
        curve.append({"relative_step_size": size, "value": value})
    finite = [trial for trial in curve if trial["value"] is not None]
    if not finite:
        raise JobFailed("no trial step size kept the chains finite; try smaller ones in tuning")
    best = min(finite, key=lambda trial: trial["value"])
    at_edge = len(curve) > 1 and best in (curve[0], curve[-1])
    result = {"metric": tuning["metric"], "curve": curve, "at_grid_edge": at_edge}
    files.write_json(path, result | {"relative_step_size": best["relative_step_size"]})
    return {"device": devices.describe(where), "dtype": "float32"}


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= tune(
            Path(snakemake.input.model),
            Path(snakemake.input.reference),
            optional(snakemake.input, "classifier"),
            current.spec,
            current.device,
            Path(snakemake.output.tuning),
        )
