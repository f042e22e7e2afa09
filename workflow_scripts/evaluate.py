"""Measure one run: its samples against held-out data, and the model that drew them."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, denoiser, evaluation, files, sampling


def evaluate(
    data: Path,
    reference: Path,
    classifier: Path | None,
    model: Path,
    shards: list[Path],
    spec: dict,
    path: Path,
) -> None:
    """Write the run's metrics, their standard errors within the run, and its curves over levels."""
    samples = np.concatenate([np.load(shard) for shard in shards])
    with np.load(reference) as arrays:
        real = arrays["test"]
    found = evaluation.features_of(samples, classifier)
    measured = evaluation.sample_metrics(found, real, spec["dataset"])
    measured |= evaluation.standard_errors(found, real, spec["dataset"])
    of_model, levels = evaluation.model_metrics(
        denoiser.load(model),
        spec,
        sampling.smallest_sigma(spec["sample"]),
        datasets.read(data).test,
        spec["dataset"],
        spec["seed"],
    )
    files.write_json(path, {"metrics": measured | of_model, "levels": levels})


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
        )
        current.facts |= {"device": "cpu", "dtype": "float32 model, float64 metrics"}
