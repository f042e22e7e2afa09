"""Choose a variant's step size on the tuning split: the same trials for every variant."""

from pathlib import Path

import numpy as np

from scoreladder import denoiser, devices, evaluation, features, files, progress, tuning
from scoreladder import reference as references
from scoreladder.steps import Keep, at_once


def tune(
    model: Path,
    reference: Path,
    classifier: Path | None,
    spec: dict,
    device: str,
    path: Path,
    keep: Keep = at_once,
) -> dict:
    """Sample with every trial step size, measure, keep the whole curve and the best.

    A trial whose chains do not stay finite has value null. Raises JobFailed if all are so.
    """
    where = devices.choose(device)
    real = references.read(reference).tune[:]
    extract = features.extractor(spec["features"], classifier, where)
    chosen, sizes = spec["tuning"], spec["tuning"]["relative_step_sizes"]

    def measure(samples: np.ndarray) -> float:
        return evaluation.metric_of(chosen["metric"], samples, real, extract, spec)

    network = denoiser.load(model, where)
    trials = tuning.trials(
        network,
        spec["sample"],
        sizes,
        chosen["count"],
        measure,
        ("tune", spec["seed"]),
        where,
        keep,
    )
    curve = list(progress.track(trials, len(sizes), "tuning", "trial"))
    files.write_json(path, {"metric": chosen["metric"], **tuning.chosen(curve)})
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
            current.keep,
        )
