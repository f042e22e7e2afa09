"""The table of runs: one row per (variant, seed, sample seed), gathered from what jobs left."""

from pathlib import Path

import pandas as pd

from scoreladder import config_queries, describe, layout
from scoreladder.catalog import OF_INPAINTING
from scoreladder.files import read_json


def variant_facts(name: str, variant: dict) -> dict:
    """What every run of a variant shares, in the words of the tables."""
    return {
        "variant": name,
        "label": variant["label"],
        "model": variant["model"],
        "data": variant["data"],
        "network": describe.model(variant),
        "ladder": describe.ladder(variant["noise"]),
        "weighting": describe.weighting(variant["weighting"]),
        "density": describe.density(variant["density"]),
        "objective": describe.objective(variant["objective"]),
        "sampler": describe.sampler(variant),
        "learning_rate": variant["training"]["learning_rate"],
        "samples": variant["sample"]["count"],
    }


def run_row(facts: dict, tuning: dict | None, manifests: dict[str, dict], metrics: dict) -> dict:
    """One run: its variant's facts, its metrics, and what it cost.

    manifests: those of the model ("train"), of the samples' first shard ("sample") and of their
    metrics ("evaluate").
    """
    train, sample = manifests["train"], manifests["sample"]
    return {
        **facts,
        "seed": sample["spec"]["seed"],
        "sample_seed": sample["spec"]["sample_seed"],
        **metrics["metrics"],
        "nfe": sample["nfe"],
        "images": train["images"],
        "parameters": train["parameters"],
        "step_size": sample.get("step_size"),
        "relative_step_size": sample.get("relative_step_size"),
        "at_grid_edge": bool(tuning and tuning["at_grid_edge"]),
        "train_seconds": train["train_seconds"],
        "sample_seconds": sample["seconds"],
        "device": train["device"],
        "sample_device": sample["device"],
        "train_code": train["code"],
        "sample_code": sample["code"],
        "metrics_code": manifests["evaluate"]["code"],
        "versions": ", ".join(f"{name} {each}" for name, each in train["versions"].items()),
        "peak_memory_mib": max(train["peak_memory_mib"], sample["peak_memory_mib"]),
    }


def level_rows(name: str, seed: int, metrics: dict) -> list[dict]:
    """The curves over levels of one run, one row per level; none for models without levels."""
    curves = metrics["levels"]
    if not curves:
        return []
    return [
        {"variant": name, "seed": seed, "level": level}
        | {curve: values[level] for curve, values in curves.items()}
        for level in range(len(curves["sigma"]))
    ]


def tuning_rows(name: str, tuning: dict) -> list[dict]:
    """The tuning curve of one variant, one row per trial; a diverged trial's value is None."""
    chosen = tuning["relative_step_size"]
    return [
        {
            "variant": name,
            **trial,
            "chosen": trial["relative_step_size"] == chosen,
            "metric": tuning["metric"],
        }
        for trial in tuning["curve"]
    ]


def sweep_rows(experiment: dict, folder: Path) -> pd.DataFrame:
    """What each sampler of the sweep made of each budget: a row per budget and training seed.

    `row` numbers the budgets of the sweep in their order.
    """
    rows = []
    for seed in experiment["replicates"]["train_seeds"] if experiment["nfe_sweep"] else ():
        if config_queries.run_missing(experiment, layout.NFE_SWEEP, seed=seed):
            continue
        found = read_result(folder, layout.NFE_SWEEP, seed=seed)["rows"]
        rows += [{"row": number, "seed": seed, **each} for number, each in enumerate(found)]
    # a curve is no cell; it stays in the file of its seed
    table = pd.DataFrame(rows).drop(columns="curve", errors="ignore")
    needed = ["row", "seed", "sampler", "nfe", "relative_step_size"]
    if experiment["nfe_sweep"]:
        needed.append(experiment["nfe_sweep"]["metric"])
    return table.reindex(columns=[*needed, *table.columns.difference(needed, sort=False)])


def mixing_rows(experiment: dict, folder: Path) -> pd.DataFrame:
    """The heavy mode's share in Song & Ermon's toy, by the exact score and by each learned one."""
    columns = ["score", "seed", "configuration", "heavy_weight"]
    if not experiment["mixing"]:
        return pd.DataFrame(columns=columns)
    exact = read_result(folder, layout.MIXING_EXACT)["rows"]
    rows = [{"score": "exact", **row} for row in exact]
    for seed in experiment["replicates"]["train_seeds"]:
        if not config_queries.run_missing(experiment, layout.MIXING, seed=seed):
            found = read_result(folder, layout.MIXING, seed=seed)["rows"]
            rows += [{"score": "learned", "seed": seed, **row} for row in found]
    return pd.DataFrame(rows, columns=columns).astype({"seed": "Int64"})


def inpainting_rows(experiment: dict, folder: Path) -> pd.DataFrame:
    """How well holes are filled: a row per variant, training seed, mask and method."""
    rows = []
    for variant in config_queries.inpainted_variants(experiment):
        for seed in experiment["replicates"]["train_seeds"]:
            names = {"variant": variant, "seed": seed}
            if not config_queries.run_missing(experiment, layout.INPAINTED, **names):
                found = read_result(folder, layout.INPAINTED, **names)["rows"]
                rows += [names | row | row["metrics"] for row in found]
    columns = ["variant", "seed", "mask", "method", "nfe", "relative_step_size", "at_grid_edge"]
    columns += OF_INPAINTING
    return pd.DataFrame(rows, columns=columns)


def read_result(folder: Path, pattern: str, **names: str | int) -> dict:
    """The result, of a pattern of `layout`, that lies in an experiment's folder."""
    return read_json(folder / f"{pattern.format(**names)}.json")


def gather(experiment: dict, folder: Path) -> dict[str, pd.DataFrame]:
    """Tables runs, levels, tuning, curves, sweeps, mixing and inpainting, from `folder`.

    Results in experiment["missing"] are passed over.
    """
    runs, levels, tunings, curves = [], [], [], []
    sample_seeds = experiment["replicates"]["sample_seeds"]
    for name, variant in experiment["variants"].items():
        facts, model = variant_facts(name, variant), folder / "models" / variant["model"]
        tuning = None
        if config_queries.is_tuned(variant):
            tuning = read_result(folder, layout.TUNING, variant=name)
            tunings += tuning_rows(name, tuning)
        for seed in experiment["replicates"]["train_seeds"]:
            names = [{"variant": name, "seed": seed, "sample_seed": each} for each in sample_seeds]
            there = [
                each
                for each in names
                if not config_queries.run_missing(experiment, layout.METRICS, **each)
            ]
            for run in there:
                train = read_json(model / f"seed{seed}" / "manifest.json")
                first = f"{layout.SHARD.format(shard=0, **run)}.manifest.json"
                measured = f"{layout.METRICS.format(**run)}.manifest.json"
                manifests = {
                    "train": train,
                    "sample": read_json(folder / first),
                    "evaluate": read_json(folder / measured),
                }
                metrics = read_result(folder, layout.METRICS, **run)
                metrics["metrics"] |= further_metrics(experiment, folder, run)
                runs.append(run_row(facts, tuning, manifests, metrics))
            if there and variant["model"] == name:
                levels += level_rows(name, seed, metrics)
                curve = pd.read_csv(model / f"seed{seed}" / "curve.csv")
                kind = describe.loss(variant)
                curves.append(curve.assign(variant=name, seed=seed, loss_kind=kind))
    columns = ["variant", "relative_step_size", "value", "chosen", "metric"]
    return {
        "runs": pd.DataFrame(runs),
        "levels": pd.DataFrame(levels),
        "tuning": pd.DataFrame(tunings, columns=columns),
        "curves": pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(),
        "sweeps": sweep_rows(experiment, folder),
        "mixing": mixing_rows(experiment, folder),
        "inpainting": inpainting_rows(experiment, folder),
    }


def further_metrics(experiment: dict, folder: Path, run: dict) -> dict:
    """What inpainting and likelihoods add to a run's metrics, where its variant has them."""
    found = {}
    asked = {
        layout.INPAINTED: config_queries.inpainted_variants(experiment),
        layout.LIKELIHOOD: config_queries.likelihood_variants(experiment),
    }
    for pattern, variants in asked.items():
        missing = config_queries.run_missing(experiment, pattern, **run)
        if run["variant"] in variants and not missing:
            found |= read_result(folder, pattern, **run)["metrics"]
    return found
