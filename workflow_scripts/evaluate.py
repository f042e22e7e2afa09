"""Measure one run: its samples against held-out data, and the model that drew them."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, evaluation, files, models, sampling
from scoreladder.denoiser import Denoiser
from scoreladder.steps import Keep, at_once


def evaluate(
    data: Path,
    reference: Path,
    classifier: Path | None,
    model: Path,
    shards: list[Path],
    spec: dict,
    path: Path,
    keep: Keep = at_once,
) -> None:
    """Write the run's metrics, their standard errors within the run, and its curves over levels."""
    samples = np.concatenate([np.load(shard) for shard in shards])
    with np.load(reference) as arrays:
        real = arrays["test"]
    found = keep("features", lambda: {"rows": evaluation.features_of(samples, classifier)})["rows"]
    measured = keep("metrics", lambda: evaluation.sample_metrics(found, real, spec["dataset"]))
    measured |= keep("errors", lambda: evaluation.standard_errors(found, real, spec["dataset"]))
    network, levels = models.load(model), {}
    if isinstance(network, Denoiser):
        smallest = sampling.smallest_sigma(spec["sample"], network)
        test = datasets.read(data).values("test")
        of_model, levels = evaluation.model_metrics(network, spec, smallest, test)
        measured |= of_model
    files.write_json(path, {"metrics": measured, "levels": levels})


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        evaluate(
            Path(snakemake.input.data),
            Path(snakemake.input.reference),
            optional(snakemake.input, "classifier"),
            Path(snakemake.input.model),
            [Path(shard) for shard in snakemake.input.shards],
            current.spec,
            Path(snakemake.output.metrics),
            current.keep,
        )
        current.facts |= {"device": "cpu", "dtype": "float32 model, float64 metrics"}
