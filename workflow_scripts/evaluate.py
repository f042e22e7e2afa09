"""Measure one run: its samples against held-out data, and the model that drew them."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, devices, evaluation, features, files, models, sampling
from scoreladder import reference as references
from scoreladder.denoiser import Denoiser
from scoreladder.rows import Stored
from scoreladder.steps import Keep, at_once

# held-out images that a score model's losses are measured on
PROBED = 1000


def evaluate(
    data: Path,
    reference: Path,
    classifier: Path | None,
    model: Path,
    shards: list[Path],
    extracted: list[Path],
    spec: dict,
    device: str,
    path: Path,
    keep: Keep = at_once,
) -> str:
    """Write the run's metrics, their standard errors within the run, and its curves over levels.

    extracted: the shards' features, where they have been computed already. Returns the device that
    features and the model ran on.
    """
    where = devices.choose(device)
    if extracted:
        found = Stored(extracted)
    else:
        extract = features.extractor(spec["features"], classifier, where)
        found = evaluation.features_of(np.concatenate([np.load(each) for each in shards]), extract)
    known = references.read(reference)
    measured = keep("metrics", lambda: evaluation.run_metrics(found, known, spec))
    network, levels = models.load(model, where), {}
    if isinstance(network, Denoiser):
        smallest = sampling.smallest_sigma(spec["sample"], network)
        splits = datasets.read(data)
        test = splits.values("test", PROBED if splits.test.ndim > 2 else None)
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
            [Path(each) for each in snakemake.input.features],
            current.spec,
            current.device,
            Path(snakemake.output.metrics),
            current.keep,
        )
        current.facts["dtype"] = "float32 features and model, float64 metrics"
