"""Choose a variant's step size on the tuning split: the same trials for every variant."""

from pathlib import Path

import numpy as np

from scoreladder import denoiser, devices, evaluation, files, progress, tuning


def tune(
    model: Path, reference: Path, classifier: Path | None, spec: dict, device: str, path: Path
) -> dict:
    """Sample with every trial step size, measure, keep the whole curve and the best.

    A trial whose chains do not stay finite has value null. Raises JobFailed if all are so.
    """
    where = devices.choose(device)
    with np.load(reference) as arrays:
        real = arrays["tune"]
    chosen, sizes = spec["tuning"], spec["tuning"]["relative_step_sizes"]

    def measure(samples: np.ndarray) -> float:
        found = evaluation.features_of(samples, classifier)
        return evaluation.sample_metrics(found, real, spec["dataset"])[chosen["metric"]]

    network = denoiser.load(model, where)
    trials = tuning.trials(
        network, spec["sample"], sizes, chosen["count"], measure, ("tune", spec["seed"]), where
    )
    curve = list(progress.track(trials, len(sizes), "tuning", "trial"))
    best = tuning.best(curve)
    at_edge = len(curve) > 1 and best in (curve[0], curve[-1])
    result = {"metric": chosen["metric"], "curve": curve, "at_grid_edge": at_edge}
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
