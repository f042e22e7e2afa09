"""Draw samples from one model by every sampler of a sweep, at every budget, and measure them."""

from functools import partial
from pathlib import Path

import numpy as np

from scoreladder import (
    denoiser,
    devices,
    evaluation,
    features,
    files,
    progress,
    sampling,
    tuning,
)
from scoreladder import reference as references
from scoreladder.steps import Keep, at_once


def sweep_nfe(
    model: Path,
    reference: Path,
    classifier: Path | None,
    spec: dict,
    device: str,
    path: Path,
    keep: Keep = at_once,
) -> dict:
    """Write one row per sampler and budget: the evaluations really spent, and the metrics.

    A step size that is to be tuned is tuned for its row, on the tuning split with this seed's
    model, and the row keeps the tuning curve. A budget at which no chains stay finite, or whose
    step size the sampler refuses, leaves a row without metrics: it must not sink the others.
    """
    where = devices.choose(device)
    network = denoiser.load(model, where)
    known = references.read(reference)
    tune, against = known.tune[:], known.compared()[:]
    extract, key = features.extractor(spec["features"], classifier, where), ("sweep", spec["seed"])

    def tuned(block: dict) -> dict:
        chosen = spec["tuning"]
        trials = tuning.trials(
            network,
            block,
            chosen["relative_step_sizes"],
            chosen["count"],
            lambda x: evaluation.metric_of(chosen["metric"], x, tune, extract, spec),
            ("tune", *key),
            where,
        )
        curve = list(trials)
        if all(trial["value"] is None for trial in curve):
            return {"relative_step_size": None, "at_grid_edge": False, "curve": curve}
        return tuning.chosen(curve)

    def row(name: str, block: dict) -> dict:
        step = {"relative_step_size": block.get("step_size")}
        if step["relative_step_size"] == "tuned":
            step = tuned(block)
        size = step["relative_step_size"]
        failed = {"sampler": name, "nfe": block.get("nfe"), **step}
        if size is None and "step_size" in block:
            return failed
        try:
            samples, nfe = sampling.draw(network, block, size, key, block["count"], where)
        except sampling.StepSizeError as error:
            print(f"{name} at {block['nfe']} evaluations: {error}")
            return failed
        if not np.isfinite(samples).all():
            return failed | {"nfe": nfe}
        found = evaluation.measured(samples, against, extract, spec, known.moments)
        return failed | {"nfe": nfe} | found

    every = progress.track(enumerate(spec["samples"]), len(spec["samples"]), "sweep", "budget")
    rows = [keep(f"row{number}", partial(row, *budget)) for number, budget in every]
    files.write_json(path, {"rows": rows})
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
            current.keep,
        )
