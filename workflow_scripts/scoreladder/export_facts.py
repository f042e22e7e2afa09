"""All that is told of an exported model, read off the results of its run."""

import json
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from scoreladder import (
    ablation,
    config_diff,
    config_queries,
    layout,
    models,
    rows,
    sampling,
    sharing,
    specs,
    specs_report,
    variants,
)
from scoreladder.catalog import IMAGES, METRICS
from scoreladder.denoiser import Denoiser
from scoreladder.errors import JobFailed
from scoreladder.files import read_json
from scoreladder.statistics import mean_interval

# what of a manifest tells how a result came about
PROVENANCE = ("code", "device", "dtype", "versions", "platform", "started", "seconds")
TRAINING = ("images", "parameters", "final_loss")
# what the numbers of every variant hang on, beside its own settings and its data's
SHARED = ("features", "replicates", "tuning", "inpaint", "likelihood")


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
    trained = _made(folder / "manifest.json", specs.train(experiment, name, seed), experiment)
    drawn = {"variant": variant, "seed": seed, "sample_seed": sample_seeds[0], "shard": 0}
    path = results / f"{layout.SHARD.format(**drawn)}.manifest.json"
    sampled = _made(path, specs.sample(experiment, **drawn), experiment)
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
        "metrics": _metrics(experiment, results, variant, seed, trained, sampled),
        "trained": specs.pick(trained, *TRAINING, *PROVENANCE),
    }


def _again(experiment: dict) -> str:
    return f"snakemake -c2 {experiment['name']}"


def _manifest(path: Path, experiment: dict) -> dict:
    """A result's manifest. Raises JobFailed where there is none."""
    if not path.is_file():
        raise JobFailed(f"{path}: found no file there; it is made by: {_again(experiment)}")
    return read_json(path)


def _check(path: Path, spec: dict, found: dict, experiment: dict) -> None:
    """Raise JobFailed where the settings found at a path are not `spec`, those of today."""
    now = json.loads(variants.canonical(spec))
    for key, wanted, then in config_diff.differences(now, found):
        said = f"found {key} {then}, where the experiment has {wanted} now"
        raise JobFailed(f"{path}: {said}; {_again(experiment)}")


def _made(path: Path, spec: dict, experiment: dict) -> dict:
    """A result's manifest. Raises JobFailed where it is missing, or its settings are not `spec`."""
    found = _manifest(path, experiment)
    _check(path, spec, found["spec"], experiment)
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


def _metrics(
    experiment: dict, results: Path, variant: str, seed: int, trained: dict, sampled: dict
) -> list[dict]:
    """What the run measured of a variant, from its table and the floor of its data.

    Raises JobFailed where the table is not of the model and the samples with these manifests.
    """
    path = results / "summary" / "runs.csv"
    again = _again(experiment)
    table = pd.DataFrame(columns=["variant", "seed"])
    if path.is_file():
        table = pd.read_csv(path, dtype={"train_code": str})
    mine = table[(table["variant"] == variant) & (table["seed"] == seed)]
    if mine.empty:
        said = f"found no row of {variant}, seed {seed}; the run that measures it"
        raise JobFailed(f"{path}: {said}: {again}")
    beside = path.with_suffix(".manifest.json")
    gathered = _manifest(beside, experiment)
    now = specs_report.collect(experiment)
    _check(beside, *(_of_variant(each, variant) for each in (now, gathered["spec"])), experiment)
    older = _time(gathered) < max(_time(trained), _time(sampled))
    if older or set(mine["train_code"]) != {trained["code"]}:
        raise JobFailed(f"{path}: found numbers of an earlier model of {variant}; {again}")
    settings = experiment["variants"][variant]
    floor = read_json(results / f"{layout.FLOOR.format(data=settings['data'])}.json")
    return measured(table, variant, seed, floor.get(str(settings["sample"]["count"]), {}))


def _of_variant(spec: dict, variant: str) -> dict:
    """What one variant's numbers hang on, of all that a run's tables do."""
    settings = spec["variants"][variant]
    shared = {key: spec[key] for key in SHARED if key in spec}
    # tables of earlier versions do not tell of it
    data = spec.get("datasets", {}).get(settings["data"])
    return settings | shared | {"dataset": data}


def _time(manifest: dict) -> datetime:
    return datetime.fromisoformat(manifest["started"])


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
