"""A trained model as a folder to share: weights, all that made them, and a model card."""

import json
import math
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from scoreladder import (
    ablation,
    config_diff,
    config_queries,
    layout,
    model_card,
    models,
    rows,
    sampling,
    sharing,
    specs,
    storage,
    variants,
)
from scoreladder.catalog import IMAGES, METRICS
from scoreladder.denoiser import Denoiser
from scoreladder.errors import JobFailed
from scoreladder.files import read_json, write_json, write_text
from scoreladder.statistics import mean_interval

CARD = "README.md"
PIPELINE = "diffusers"
# what of a manifest tells how a result came about
PROVENANCE = ("code", "device", "dtype", "versions", "platform", "started", "seconds")
TRAINING = ("images", "parameters", "final_loss")


def export(
    experiment: dict, results: Path, variant: str, seed: int, to: Path, pipeline: bool = False
) -> None:
    """Write one trained model of a finished run as a folder, whole or not at all.

    results: the experiment's own folder. The export holds model.safetensors, config.json, README.md
    and, where a pipeline is asked for, diffusers/. An earlier export at `to` is replaced. Raises
    JobFailed where something else is there, the run has not (yet) made what is exported, or
    diffusers is missing, and ValueError where diffusers has no such sampler.
    """
    _check_free(to)
    found = facts(experiment, results, variant, seed)
    model = results / layout.MODEL.format(variant=found["model"], seed=seed) / storage.FILE
    with _replaced(to) as folder:
        shutil.copyfile(model, folder / storage.FILE)
        write_json(folder / sharing.CONFIG, found)
        if pipeline:
            _write_pipeline(folder)
        write_text(folder / CARD, model_card.card(found, to.resolve().name, pipeline))


def _write_pipeline(folder: Path) -> None:
    """Add diffusers/ to an export."""
    try:
        from scoreladder import diffusers_pipeline
    except ModuleNotFoundError as error:
        found = f"--diffusers: found no package {error.name}"
        raise JobFailed(f"{found}; pip install diffusers, or leave the option out") from error
    diffusers_pipeline.from_export(folder).save_pretrained(folder / PIPELINE)


def facts(experiment: dict, results: Path, variant: str, seed: int) -> dict:
    """All that config.json holds of a trained model; plain data.

    scoreladder_export; experiment, title, variant, label, model (the variant that was trained),
    seed; data: dataset, shape, range (lowest and highest value of the training data), train_size,
    train_sha256; settings: noise, weighting, density, objective, denoiser, network and training,
    the first five None for models without noise levels; sigmas: the training ladder, or None;
    sampling: sample (the resolved block), sigmas (its ladder), relative_step_size (α/σ², as tuned),
    step_size (α at the smallest σ), tuned, at_grid_edge (of the tuning), seeds, nfe and provenance;
    metrics: a list, see `measured`; trained: how training went and its provenance.
    Raises JobFailed where the run has not made all of it with the settings of today.
    """
    settings = experiment["variants"][variant]
    name, sample_seeds = settings["model"], experiment["replicates"]["sample_seeds"]
    folder = results / layout.MODEL.format(variant=name, seed=seed)
    trained = _manifest(folder / "manifest.json", specs.train(experiment, name, seed), experiment)
    drawn = {"variant": variant, "seed": seed, "sample_seed": sample_seeds[0], "shard": 0}
    path = results / f"{layout.SHARD.format(**drawn)}.manifest.json"
    sampled = _manifest(path, specs.sample(experiment, **drawn), experiment)
    network = models.load(folder)
    sample = sampled["spec"]["sample"]
    has_levels = isinstance(network, Denoiser)
    return {
        sharing.MARK: sharing.VERSION,
        "experiment": experiment["name"],
        "title": experiment["title"],
        "variant": variant,
        "label": settings["label"],
        "model": name,
        "seed": seed,
        "data": _data(experiment, results, settings["data"]),
        "settings": specs.pick(trained["spec"], *specs.TRAINED_WITH),
        "sigmas": network.sigmas.tolist() if has_levels else None,
        "sampling": {
            "sample": sample,
            "sigmas": sampling.ladder_of(sample, network).tolist() if has_levels else None,
            "relative_step_size": sampled.get("relative_step_size"),
            "step_size": sampled.get("step_size"),
            **_tuning(results, variant, settings),
            "seeds": sample_seeds,
            **specs.pick(sampled, "nfe", *PROVENANCE),
        },
        "metrics": _metrics(experiment, results, variant, seed),
        "trained": specs.pick(trained, *TRAINING, *PROVENANCE),
    }


def _manifest(path: Path, spec: dict, experiment: dict) -> dict:
    """A result's manifest. Raises JobFailed where it is missing, or its settings are not `spec`."""
    again = f"snakemake -c2 {experiment['name']}"
    if not path.is_file():
        raise JobFailed(f"{path}: found no file there; it is made by: {again}")
    found = read_json(path)
    for key, now, then in config_diff.differences(
        json.loads(variants.canonical(spec)), found["spec"]
    ):
        raise JobFailed(f"{path}: found {key} {then}, where the experiment has {now} now; {again}")
    return found


def _tuning(results: Path, variant: str, settings: dict) -> dict:
    """Whether the step size was tuned, and was found at an end of the grid."""
    tuned = config_queries.is_tuned(settings)
    path = results / f"{layout.TUNING.format(variant=variant)}.json"
    return {"tuned": tuned, "at_grid_edge": tuned and read_json(path)["at_grid_edge"]}


def _data(experiment: dict, results: Path, name: str) -> dict:
    splits = results / f"{layout.DATA.format(data=name)}.json"
    train = read_json(splits)["train"]
    ends = [-1.0, 1.0]
    if experiment["datasets"][name]["name"] not in IMAGES:
        points = rows.Stored([splits.with_name("train.npy")])[:]
        ends = [float(points.min()), float(points.max())]
    return {
        **specs.dataset(experiment, name),
        "shape": train["shape"],
        "range": ends,
        "train_size": train["count"],
        "train_sha256": train["sha256"],
    }


def _metrics(experiment: dict, results: Path, variant: str, seed: int) -> list[dict]:
    """What the run measured of a variant, from its table and the floor of its data."""
    path = results / "summary" / "runs.csv"
    table = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["variant", "seed"])
    if not ((table["variant"] == variant) & (table["seed"] == seed)).any():
        raise JobFailed(
            f"{path}: found no row of {variant}, seed {seed}; the run that measures it: "
            f"snakemake -c2 {experiment['name']}"
        )
    settings = experiment["variants"][variant]
    floor = read_json(results / f"{layout.FLOOR.format(data=settings['data'])}.json")
    return measured(table, variant, seed, floor.get(str(settings["sample"]["count"]), {}))


def measured(table: pd.DataFrame, variant: str, seed: int, floor: dict) -> list[dict]:
    """Each metric of a variant in the table of runs, in the catalogue's order.

    metric, label, lower_is_better; value: of this seed's model, None where it has none; se: its
    bootstrap standard error; mean, low, high: over the n training seeds, with the 95 % interval;
    floor: the same metric of as many real samples. None stands for what was not measured.
    """
    mine = table[table["variant"] == variant]
    found = []
    for name in (name for name in METRICS if name in mine and mine[name].notna().any()):
        seeds = ablation.by_seed(table, variant, name)
        errors = mine[mine["seed"] == seed].get(f"{name}_se", pd.Series(dtype=float))
        numbers = {
            "value": seeds.get(seed, np.nan),
            "se": errors.mean(),
            **mean_interval(seeds)._asdict(),
            "floor": floor.get(name, {}).get("mean", np.nan),
        }
        label, lower_is_better, _ = METRICS[name]
        found.append(
            {"metric": name, "label": label, "lower_is_better": lower_is_better}
            | {key: None if math.isnan(value) else value for key, value in numbers.items()}
        )
    return found


def _check_free(to: Path) -> None:
    """Raise JobFailed unless nothing is at `to`, or what an earlier export wrote and no more."""
    allowed = "a new folder, or that of an earlier export"
    if to.exists() and not to.is_dir():
        raise JobFailed(f"{to}: found a file there; {allowed}")
    there = {path.name for path in to.iterdir()} if to.is_dir() else set()
    others = sorted(there - {storage.FILE, sharing.CONFIG, CARD, PIPELINE})
    if others:
        raise JobFailed(f"{to}: found {others[0]} there, which no export wrote; {allowed}")
    try:
        if there:
            sharing.settings(to)
    except (ValueError, FileNotFoundError) as error:
        raise JobFailed(f"{to}: found a folder that no export wrote; {allowed}") from error


@contextmanager
def _replaced(to: Path) -> Iterator[Path]:
    """A new folder beside `to`, renamed onto it when the block ends without an error."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as holder:
        new = Path(holder) / "new"
        new.mkdir()
        yield new
        if to.exists():
            to.rename(Path(holder) / "old")
        new.rename(to)
