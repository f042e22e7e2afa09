"""How costs grow with levels, images, variants and shards: exponents of fitted powers.

A cost ∝ n^e is a line of slope e on logarithmic axes; at 1 it is linear. The range given is that of
the slopes between neighbouring sizes.
"""

import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
import torch

from benchmarks import networks
from benchmarks.pairs import Spread, in_turns, spread
from benchmarks.rows import EXPONENT, Aim, Row
from benchmarks.sources import COLD, copied, run
from scoreladder import metrics_features, noise, sampling
from scoreladder.rows import Stored

LEVELS = (1, 10, 100, 1000)
IMAGES = (1_000, 10_000, 100_000)
VARIANTS = (1, 10, 100, 1000)
SHARDS = (1, 10, 100, 500)
FEATURES = 256
ROUNDS = 3
MLP = {"kind": "mlp", "width": 128, "blocks": 2}


def _aim(work: str, sizes: Sequence[int], what: str, goal: float = 1.0) -> Aim:
    return Aim(work, f"{what} from {sizes[0]:,} to {sizes[-1]:,}", EXPONENT, goal, at_least=False)


STEP = _aim("training step, digits", LEVELS, "levels")
SAMPLING = _aim("a pass of DDIM down the ladder", LEVELS, "levels")
MOMENTS = _aim(f"FID's moments of {FEATURES} features", IMAGES, "images")
MEMORY = _aim(f"memory of FID's moments of {FEATURES} features", IMAGES, "images", 0.1)
PLAN = _aim("snakemake --dry-run", VARIANTS, "variants")
SHARDED = _aim("snakemake --dry-run", SHARDS, "shards")
READING = _aim("FID's moments of 100,000 samples", SHARDS, "shards")
AIMS = (STEP, SAMPLING, MOMENTS, MEMORY, READING, PLAN, SHARDED)


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> Spread:
    """The slope of log cost against log size by least squares, and the range of its pieces."""
    points = [(log(size), log(cost)) for size, cost in zip(sizes, costs, strict=True)]
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairwise(points)]
    (slope, _) = np.polyfit(*zip(*points, strict=True), 1)
    return Spread(float(slope), min(slopes), max(slopes))


def _row(aim: Aim, sizes: Sequence[int], costs: Sequence[float], unit: str) -> Row:
    note = ", ".join(f"{cost:.3g} {unit} at {n:,}" for n, cost in zip(sizes, costs, strict=True))
    return Row("growth", aim, exponent(sizes, costs), note=note)


def _costs(make: Callable[[int], Callable[[], object]], sizes: Sequence[int]) -> list[float]:
    """The median seconds of make(size)(), by size."""
    found = in_turns({size: make(size) for size in sizes}, ROUNDS)
    return [spread(found[size]).median for size in sizes]


def measure() -> Iterator[Row]:
    """All sizes of a kind in turns, then the fit."""
    yield _row(STEP, LEVELS, _costs(training_steps, LEVELS), "s")
    yield _row(SAMPLING, LEVELS, _costs(ddim, LEVELS), "s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = write_features(folder)
        yield _row(MOMENTS, IMAGES, _costs(lambda n: lambda: moments([parts[n]]), IMAGES), "s")
        yield _row(MEMORY, IMAGES, [peak(lambda n=n: moments([parts[n]])) for n in IMAGES], "MiB")
        shards = {count: cut(parts[IMAGES[-1]], count, folder / str(count)) for count in SHARDS}
        yield _row(READING, SHARDS, _costs(lambda n: lambda: moments(shards[n]), SHARDS), "s")
        plans = [plan(folder / f"variants{n}", n, 1) for n in VARIANTS]
        yield _row(PLAN, VARIANTS, plans, "s")
        plans = [plan(folder / f"shards{n}", 1, n) for n in SHARDS]
        yield _row(SHARDED, SHARDS, plans, "s")


def ladder(levels: int) -> dict:
    """The block of a ladder of so many levels."""
    if levels == 1:
        return {"kind": "single", "sigma": 1.0}
    return {"kind": "geometric", "sigma_max": 20.0, "sigma_min": 0.05, "levels": levels}


def training_steps(levels: int) -> Callable[[], None]:
    """A call of 20 steps of a training on a ladder."""
    blocks = networks.spec(MLP, 128) | {"noise": ladder(levels)}
    step = networks.stepping(networks.started(blocks, networks.pictures(500, 8, 1)))

    def call() -> None:
        for _ in range(20):
            step()

    return call


def ddim(levels: int) -> Callable[[], object]:
    """A call that samples down a ladder."""
    model = networks.model(MLP, networks.pictures(500, 8, 1))
    sigmas = noise.ladder(ladder(levels))
    x = float(sigmas[0]) * torch.randn(100, *model.shape)
    return lambda: sampling.ddim(model, x, sigmas)


def write_features(folder: Path) -> dict[int, Path]:
    """A file of features for each number of images."""
    random, paths = np.random.default_rng(0), {}
    for count in IMAGES:
        paths[count] = folder / f"{count}.npy"
        np.save(paths[count], random.standard_normal((count, FEATURES), dtype=np.float32))
    return paths


def cut(path: Path, count: int, folder: Path) -> list[Path]:
    """The features of a file in so many files."""
    folder.mkdir()
    paths = [folder / f"shard{number}.npy" for number in range(count)]
    for part, shard in zip(np.array_split(np.load(path), count), paths, strict=True):
        np.save(shard, part)
    return paths


def moments(paths: list[Path]) -> None:
    """Mean and covariance of stored features, as an FID takes them."""
    metrics_features.moments(Stored(paths))


def peak(call: Callable[[], object]) -> float:
    """The MiB that a call holds of its own at most; mapped files are not counted."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def plan(folder: Path, variants: int, shards: int) -> float:
    """Seconds of a dry run of an experiment."""
    place = copied(folder, variants, shards)
    return run(place, "python", *COLD, "--dry-run", "--cores=2", "--quiet=all").seconds
