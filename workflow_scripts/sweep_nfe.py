"""Draw samples from one model by every sampler of a sweep, at every budget, and measure them."""

from pathlib import Path

import numpy as np

from scoreladder import denoiser, devices, evaluation, files, progress, sampling, tuning


def sweep_nfe(
    model: Path, reference: Path, classifier: Path | None, spec: dict, device: str, path: Path
) -> dict:
    """Write one row per sampler and budget: the evaluations really spent, and the metrics.

    A step size that is to be tuned is tuned for its row, on the tuning split.
    """
    where = devices.choose(device)
    network = denoiser.load(model, where)
    with np.load(reference) as arrays:
        tune, test = arrays["tune"], arrays["test"]
    key = ("sweep", spec["seed"])

    def measured(samples: np.ndarray, real: np.ndarray) -> dict[str, float]:
        found = evaluation.features_of(samples, classifier)
        return evaluation.sample_metrics(found, real, spec["dataset"])

    def row(name: str, block: dict) -> dict:
        size = block.get("step_size")
        if size == "tuned":
            trials = tuning.trials(
                network,
                block,
                spec["tuning"]["relative_step_sizes"],
                spec["tuning"]["count"],
                lambda samples: measured(samples, tune)[spec["tuning"]["metric"]],
                ("tune", *key),
                where,
            )
            size = tuning.best(list(trials))["relative_step_size"]
        samples, evaluations = sampling.draw(network, block, size, key, block["count"], where)
        metrics = measured(samples, test) if np.isfinite(samples).all() else {}
        return {"sampler": name, "nfe": evaluations, "relative_step_size": size, **metrics}

    every = progress.track(spec["samples"], len(spec["samples"]), "sweep", "budget")
    files.write_json(path, {"rows": [row(name, block) for name, block in every]})
    return {"device": devices.describe(where), "dtype": "float32"}


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= sweep_nfe(
            Path(snakemake.input.model),
            Path(snakemake.input.reference),
            optional(snakemake.input, "classifier"),
            current.spec,
            current.device,
            Path(snakemake.output.sweep),
        )
