"""Evaluations that solvers need for the quality of 1000 steps of annealed Langevin dynamics.

On digits, by the experiment's own model, sampler settings and FID; the Langevin chain has the best
step size of the experiment's grid.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.pairs import spread
from benchmarks.rows import Aim, Row
from scoreladder import datasets, evaluation, features, sampling, specs, training, variants
from scoreladder.denoiser import Denoiser

EXPERIMENT = Path("config/experiments/digits.yaml")
SLOW, LONG = "annealed_langevin", 1000
SEEDS = (0, 1, 2)
FAST = ("heun", "dpmpp_2m")


def _aim(sampler: str) -> Aim:
    work, beside = f"{sampler}, digits, to the same FID", f"annealed Langevin at {LONG} NFE"
    return Aim(work, beside, "times fewer evaluations", 20)


AIMS = tuple(map(_aim, FAST))


def measure() -> Iterator[Row]:
    """Train the model of the experiment's sweep, and draw from it by every solver and budget."""
    experiment = variants.load_experiment(EXPERIMENT)
    splits = datasets.load(experiment["dataset"])
    model = trained(experiment, splits)
    grey = (splits.values("train"), splits.train_labels)
    classifier = features.train_classifier(*grey, experiment["features"]["steps"])
    real = features.extract(splits.values("test"), classifier.features)

    def draw(sample: dict, step_size: float | None, seed: int) -> tuple[float, float]:
        """The FID of one set of samples, and the seconds that they took."""
        begun = time.perf_counter()
        drawn, _ = sampling.draw(model, sample, step_size, (0, seed), sample["count"])
        spent = time.perf_counter() - begun
        if not np.isfinite(drawn).all():
            return np.inf, spent
        spec = {"dataset": experiment["dataset"], "features": experiment["features"]}
        extract = lambda images: features.extract(images, classifier.features)  # noqa: E731
        return evaluation.metric_of("fid", drawn, real, extract, spec), spent

    blocks = experiment["nfe_sweep"]["samples"]
    (slow,) = [block for name, block in blocks if name == SLOW and block["nfe"] == LONG]
    sizes = experiment["tuning"]["relative_step_sizes"]
    best = min(sizes, key=lambda size: draw(slow, size, SEEDS[0])[0])
    langevin = [draw(slow, best, seed) for seed in SEEDS]
    for name in FAST:
        tried = {}
        for sampler, block in blocks:
            if sampler == name:
                nfe = sampling.expected_nfe(block, sampling.ladder_of(block, model))
                tried[nfe] = [draw(block, None, seed) for seed in SEEDS]
        yield _row(name, langevin, tried)


def trained(experiment: dict, splits: datasets.Splits) -> Denoiser:
    """The model that the sweep samples, trained as the experiment says."""
    spec = specs.train(experiment, experiment["nfe_sweep"]["variant"], 0)
    data = torch.from_numpy(splits.train)
    run = training.start(spec, data, 0, bin_width=splits.bin_width)
    for _ in training.advance(run):
        pass
    return run.ema


def _row(
    name: str, slow: list[tuple[float, float]], tried: dict[int, list[tuple[float, float]]]
) -> Row:
    """By sample seed, the fewest evaluations that are as good; 0 times where none are.

    As good is an FID within the range of the chain's own over its sample seeds, or below it.
    """
    ratios, seconds = [], []
    reached = max(fid for fid, _ in slow)
    for index in range(len(slow)):
        enough = [nfe for nfe in sorted(tried) if tried[nfe][index][0] <= reached]
        ratios.append(LONG / enough[0] if enough else 0.0)
        seconds += [tried[enough[0]][index][1]] if enough else []
    told = {LONG: slow, **tried}
    note = "FID " + ", ".join(
        f"{statistics.median(fid for fid, _ in found):.1f} at {nfe}"
        for nfe, found in sorted(told.items())
    )
    took = statistics.median(spent for _, spent in slow)
    pair = (statistics.median(seconds), took) if seconds else None
    return Row("quality", _aim(name), spread(ratios), pair, note)
