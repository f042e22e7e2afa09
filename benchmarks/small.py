"""Small networks: our loop beside a plain one, and jobs of one seed beside stacked networks.

The workflow trains each seed in a job of one thread, as many jobs side by side as there are cores.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from benchmarks import networks
from benchmarks.pairs import in_turns
from benchmarks.plain import Stacked, loop
from benchmarks.rows import SHARE, SPEED, Aim, Row, timed
from scoreladder import datasets, specs, training, variants

STEPS, ROUNDS, SEEDS, CORES = 50, 9, 6, 2
# whose defaults are a small network, a ladder drawn from evenly and λ = σ²
EXPERIMENTS = ("digits", "toy2d")


def _plain(name: str) -> Aim:
    return Aim(f"training step, {name}, one thread", "plain PyTorch loop", SHARE, 0.95)


def _stacked(name: str) -> Aim:
    work = f"{SEEDS} seeds of {name}, a job each, {CORES} cores"
    # to change how seeds are trained, stacking would have to be twice as fast
    return Aim(work, "stacked by torch.func.vmap", SPEED, 0.5)


AIMS = tuple(aim(name) for name in EXPERIMENTS for aim in (_plain, _stacked))


def measure() -> Iterator[Row]:
    """Both networks beside a plain loop, then all seeds of each as one network."""
    threads = torch.get_num_threads()
    for name in EXPERIMENTS:
        experiment = variants.load_experiment(Path("config/experiments") / f"{name}.yaml")
        splits = datasets.load(experiment["dataset"])
        spec = specs.train(experiment, "multi", 0)
        spec["training"]["images"] = networks.ENDLESS
        data = torch.from_numpy(splits.train)
        runs = [training.start(spec, data, seed, "cpu", splits.bin_width) for seed in range(SEEDS)]
        stacked, ours = Stacked(runs), networks.stepping(runs[0])
        together, apart = _by(threads, stacked.step), _by(1, ours)
        apart()
        together()
        gap = stacked.gap(0)
        plain = _by(1, loop(runs[0], torch.from_numpy(splits.values("train"))))
        found = in_turns({"ours": apart, "plain": plain, "stacked": together}, ROUNDS)
        torch.set_num_threads(threads)
        yield timed("small", _plain(name), found["ours"], found["plain"])
        jobs = [SEEDS / CORES * each for each in found["ours"]]
        note = f"after {STEPS} steps weights differ by {gap:.0e} of the largest"
        yield timed("small", _stacked(name), jobs, found["stacked"], note)


def _by(threads: int, step: Callable[[], object]) -> Callable[[], None]:
    """A call that makes STEPS steps by so many threads."""

    def call() -> None:
        torch.set_num_threads(threads)
        for _ in range(STEPS):
            step()

    return call
