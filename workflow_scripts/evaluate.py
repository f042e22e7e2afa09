"""Measure one run: its samples against held-out data, and the model that drew them."""

from functools import partial
from pathlib import Path

import numpy as np

from scoreladder import datasets, devices, evaluation, features, files, models, sampling
from scoreladder.denoiser import Denoiser
from scoreladder.steps import Keep, at_once

# held-out images that a score model's losses are measured on
PROBED = 1000


def evaluate(
    data: Path,
    reference: Path,
    classifier: Path | None,
    model: Path,
    shards: list[Path],
    spec: dict,
    device: str,
    path: Path,
    keep: Keep = at_once,
) -> str:
    """Write the run's metrics, their standard errors within the run, and its curves over levels.

    Returns the device that features were computed on.
    """
    where = devices.choose(device)
    extract = features.extractor(spec["features"], classifier, where)

    def rows(shard: Path) -> dict[str, np.ndarray]:
        return {"rows": evaluation.features_of(np.load(shard, mmap_mode="r"), extract)}

    parts = [keep(f"features{number}", partial(rows, each)) for number, each in enumerate(shards)]
    found = np.concatenate([part["rows"] for part in parts])
    with np.load(reference) as arrays:
        real = dict(arrays)
    measured = keep("metrics", lambda: evaluation.run_metrics(found, real, spec))
    network, levels = models.load(model), {}
    if isinstance(network, Denoiser):
        smallest = sampling.smallest_sigma(spec["sample"], network)
        test = datasets.read(data).values("test")
        test = test[:PROBED] if test.ndim > 2 else test
        of_model, levels = evaluation.model_metrics(network, spec, smallest, test)
        measured |= of_model
    files.write_json(path, {"metrics": measured, "levels": levels})
    return devices.describe(where)


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts["device"] = evaluate(
            Path(snakemake.input.data),
            Path(snakemake.input.reference),
            optional(snakemake.input, "classifier"),
            Path(snakemake.input.model),
            [Path(shard) for shard in snakemake.input.shards],
            current.spec,
            current.device,
            Path(snakemake.output.metrics),
            current.keep,
        )
        current.facts["dtype"] = "float32 features and model, float64 metrics"
