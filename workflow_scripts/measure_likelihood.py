"""Measure how likely a trained model finds held-out data."""

from pathlib import Path

import numpy as np

from scoreladder import datasets, evaluation, files, models
from scoreladder.errors import JobFailed


def measure_likelihood(data: Path, model: Path, spec: dict, path: Path) -> None:
    """Write the mean negative log-likelihood of the first `points` test data, and its error."""
    splits = datasets.read(data)
    test = splits.values("test", spec["points"])
    each = evaluation.negative_log_likelihood(
        models.load(model), test, splits.bin_width, spec["divergence"], spec["seed"]
    )
    if not np.isfinite(each).all():
        raise JobFailed(
            f"the likelihood of {np.mean(~np.isfinite(each)):.0%} of the data is not finite"
        )
    error = float(each.std(ddof=1) / len(each) ** 0.5)
    files.write_json(path, {"metrics": {"nll": float(each.mean()), "nll_se": error}})


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        measure_likelihood(
            Path(snakemake.input.data),
            Path(snakemake.input.model),
            current.spec,
            Path(snakemake.output.metrics),
        )
        current.facts |= {"device": "cpu", "dtype": "float32 model, float64 integration"}
