"""The table of runs: one row per (variant, seed, sample seed), gathered from what jobs left."""

from pathlib import Path

import pandas as pd

from scoreladder import describe, specs
from scoreladder.files import read_json


def variant_facts(name: str, variant: dict) -> dict:
    """What every run of a variant shares, in the words of the tables."""
    return {
        "variant": name,
        "label": variant["label"],
        "model": variant["model"],
        "ladder": describe.ladder(variant["noise"]),
        "weighting": describe.weighting(variant["weighting"]),
        "density": describe.density(variant["density"]),
        "sampler": describe.sampler(variant["sample"]),
        "denoise": variant["sample"]["denoise"],
        "samples": variant["sample"]["count"],
    }


def run_row(facts: dict, tuning: dict | None, manifests: dict[str, dict], metrics: dict) -> dict:
    """One run: its variant's facts, its metrics, and what it cost.

    manifests: those of the model ("train") and of the samples' first shard ("sample").
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
        "step_size": sample["step_size"],
        "relative_step_size": sample["relative_step_size"],
        "at_grid_edge": bool(tuning and tuning["at_grid_edge"]),
        "train_seconds": train["train_seconds"],
        "sample_seconds": sample["seconds"],
        "device": train["device"],
        "train_code": train["code"],
        "peak_memory_mib": max(train["peak_memory_mib"], sample["peak_memory_mib"]),
    }


def level_rows(name: str, seed: int, metrics: dict) -> list[dict]:
    """The curves over levels of one run, one row per level."""
    curves = metrics["levels"]
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


def gather(experiment: dict, folder: Path) -> dict[str, pd.DataFrame]:
    """Tables runs, levels, tuning and curves of an experiment whose results are in `folder`."""
    runs, levels, tunings, curves = [], [], [], []
    for name, variant in experiment["variants"].items():
        facts, model = variant_facts(name, variant), folder / "models" / variant["model"]
        tuning = None
        if specs.is_tuned(variant):
            tuning = read_json(folder / "tuning" / f"{name}.json")
            tunings += tuning_rows(name, tuning)
        for seed in experiment["replicates"]["train_seeds"]:
            train = read_json(model / f"seed{seed}" / "manifest.json")
            if variant["model"] == name:
                curve = pd.read_csv(model / f"seed{seed}" / "curve.csv")
                curves.append(curve.assign(variant=name, seed=seed))
            for sample_seed in experiment["replicates"]["sample_seeds"]:
                run = f"{name}/seed{seed}/s{sample_seed}"
                sample = read_json(folder / "samples" / run / "shard0.manifest.json")
                metrics = read_json(folder / "metrics" / f"{run}.json")
                if name in specs.inpainted_variants(experiment):
                    filled = read_json(folder / "inpainted" / name / f"seed{seed}.json")
                    metrics["metrics"] |= filled["metrics"]
                manifests = {"train": train, "sample": sample}
                runs.append(run_row(facts, tuning, manifests, metrics))
            if variant["model"] == name:
                levels += level_rows(name, seed, metrics)
    columns = ["variant", "relative_step_size", "value", "chosen", "metric"]
    return {
        "runs": pd.DataFrame(runs),
        "levels": pd.DataFrame(levels),
        "tuning": pd.DataFrame(tunings, columns=columns),
        "curves": pd.concat(curves, ignore_index=True),
    }
