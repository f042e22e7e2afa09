"""Measure how likely a trained model finds held-out data."""

from functools import partial
from pathlib import Path

import numpy as np

from scoreladder import datasets, devices, evaluation, files, models, progress
from scoreladder.errors import JobFailed
from scoreladder.steps import Keep, at_once

# values of a batch, whose activations and gradients memory has to hold
BATCH_VALUES = 150_000


def measure_likelihood(
    data: Path, model: Path, spec: dict, device: str, path: Path, keep: Keep = at_once
) -> dict:
    """Write the mean negative log-likelihood of the first `points` test data, and its error."""
    where, splits = devices.choose(device), datasets.read(data)
    test, network = splits.values("test", spec["points"]), models.load(model, where)
    size = max(1, BATCH_VALUES // test[0].size)

    def batch(start: int) -> dict[str, np.ndarray]:
        found = evaluation.negative_log_likelihood(
            network,
            test[start : start + size],
            splits.bin_width,
            spec["divergence"],
            ("likelihood", spec["seed"], *([start] if start else [])),
        )
        return {"nll": found}

    starts = range(0, len(test), size)
    shown = progress.track(starts, len(test), "likelihood", "point", size)
    parts = [keep(f"points{start}", partial(batch, start))["nll"] for start in shown]
    each = np.concatenate(parts)
    if not np.isfinite(each).all():
        raise JobFailed(
            f"the likelihood of {np.mean(~np.isfinite(each)):.0%} of the data is not finite"
        )
    error = float(each.std(ddof=1) / len(each) ** 0.5)
    files.write_json(path, {"metrics": {"nll": float(each.mean()), "nll_se": error}})
    dtype = "float32 model, float64 integration"
    return {"device": devices.describe(where), "dtype": dtype}


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= measure_likelihood(
            Path(snakemake.input.data),
            Path(snakemake.input.model),
            current.spec,
            current.device,
            Path(snakemake.output.metrics),
            current.keep,
        )
