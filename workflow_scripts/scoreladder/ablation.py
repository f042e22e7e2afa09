"""Comparison tables and verdicts on claims, from the table of runs."""

import numpy as np
import pandas as pd

from scoreladder.catalog import METRICS, OF_INPAINTING
from scoreladder.statistics import (
    Interval,
    mean_interval,
    outcome,
    paired_interval,
    welch_interval,
)

FACTS = ["nfe", "images", "parameters", "network", "ladder", "weighting", "density"]
FACTS += ["objective", "sampler", "learning_rate"]
FACTS += ["step_size", "relative_step_size", "at_grid_edge", "train_seconds"]


def by_seed(runs: pd.DataFrame, variant: str, metric: str) -> pd.Series:
    """A variant's metric per training seed that has it, the mean over sample seeds; by seed."""
    rows = runs[runs["variant"] == variant]
    return rows.groupby("seed")[metric].mean().dropna().sort_index()


def difference(runs: pd.DataFrame, arm: str, baseline: str, metric: str) -> Interval:
    """Interval of arm − baseline, paired by the training seeds that both have."""
    return between(*(by_seed(runs, name, metric) for name in (arm, baseline)), paired=True)


def between(arm: pd.Series, baseline: pd.Series, paired: bool) -> Interval:
    """Interval of arm − baseline, values by training seed as `by_seed` gives them.

    Paired by the seeds that both have, or else Welch's; NaN where there is nothing to compare.
    """
    if paired:
        pairs = pd.concat([arm, baseline], axis=1).dropna()
        arm, baseline = pairs.iloc[:, 0], pairs.iloc[:, 1]
    if arm.empty or baseline.empty:
        return Interval(np.nan, np.nan, np.nan, 0)
    return (paired_interval if paired else welch_interval)(arm, baseline)


def compare(runs: pd.DataFrame, comparison: dict, floors: dict) -> pd.DataFrame:
    """One row per variant of a comparison, baseline first.

    mean, low, high: 95 % interval over n training seeds; sd_train: standard deviation over training
    seeds; sd_sample: over sample seeds of one model (NaN where there is one); se_within: bootstrap
    standard error within one run; floor: the metric of floor_samples real samples; difference…:
    arm − baseline paired by seed; outcome: what that interval says.
    """
    metric, baseline = comparison["metric"], comparison["baseline"]
    rows = []
    for name in [baseline, *comparison["arms"]]:
        mine = runs[runs["variant"] == name]
        seeds = by_seed(runs, name, metric)
        interval = mean_interval(seeds)
        floor = floors.get(str(mine["samples"].iloc[0]), {}).get(metric, {})
        row = {
            "variant": name,
            "label": mine["label"].iloc[0],
            "role": "baseline" if name == baseline else "arm",
            "metric": metric,
            **interval._asdict(),
            "sd_train": float(seeds.std(ddof=1)),
            "sd_sample": float(mine.groupby("seed")[metric].std(ddof=1).mean()),
            "se_within": _mean_of(mine, f"{metric}_se"),
            "floor": floor.get("mean", np.nan),
            "floor_samples": floor.get("count", np.nan),
        }
        gap = Interval(np.nan, np.nan, np.nan, 0)
        if name != baseline:
            gap = difference(runs, name, baseline, metric)
            row["outcome"] = outcome(gap, METRICS[metric].lower_is_better)
        row |= {"difference": gap.mean, "difference_low": gap.low, "difference_high": gap.high}
        row |= {fact: mine[fact].iloc[0] for fact in FACTS if fact != "train_seconds"}
        if metric in OF_INPAINTING:
            # samples' steps; those of filling holes are in the table of inpainting
            row |= {"step_size": np.nan, "relative_step_size": np.nan, "at_grid_edge": False}
        rows.append(row | {"train_seconds": mine["train_seconds"].mean()})
    return pd.DataFrame(rows)


def _mean_of(rows: pd.DataFrame, column: str) -> float:
    return float(rows[column].mean()) if column in rows else np.nan


def judge(runs: pd.DataFrame, claims: list[dict], labels: dict[str, str]) -> list[dict]:
    """Each claim with its checks' outcomes and its verdict, from the numbers of these runs.

    A claim is reproduced if every check is, not reproduced if the interval of any check says the
    opposite, and inconclusive otherwise.
    """
    return [_judge_claim(runs, claim, labels) for claim in claims]


def _judge_claim(runs: pd.DataFrame, claim: dict, labels: dict[str, str]) -> dict:
    checks = [result for check in claim["checks"] for result in _judge_check(runs, check, labels)]
    outcomes = {check["outcome"] for check in checks}
    verdict = "inconclusive"
    if outcomes == {"reproduced"}:
        verdict = "reproduced"
    elif "not reproduced" in outcomes:
        verdict = "not reproduced"
    return {"id": claim["id"], "says": claim["says"], "verdict": verdict, "checks": checks}


def _judge_check(runs: pd.DataFrame, check: dict, labels: dict[str, str]) -> list[dict]:
    metric = check["metric"]
    label = METRICS[metric].label
    if "better" not in check:
        side = "above" if "above" in check else "below"
        limit = check[side]
        interval = mean_interval(by_seed(runs, check["variant"], metric))
        text = f"{labels[check['variant']]}: {label} is {side} {limit:g}"
        margin = Interval(interval.mean - limit, interval.low - limit, interval.high - limit, 0)
        return [_result(text, metric, interval, outcome(margin, side == "below"))]
    results = []
    for other in check["than"]:
        gap = difference(runs, other, check["better"], metric)
        text = f"{labels[check['better']]} is better than {labels[other]}: {label}, difference"
        # the other arm being worse is what the claim says
        opposite = outcome(gap, not METRICS[metric].lower_is_better)
        results.append(_result(text, metric, gap, opposite))
    return results


def _result(text: str, metric: str, interval: Interval, said: str) -> dict:
    verdicts = {"better": "reproduced", "worse": "not reproduced"}
    numbers = {
        name: None if np.isnan(value) else value for name, value in interval._asdict().items()
    }
    return {
        "text": text,
        "metric": metric,
        **numbers,
        "outcome": verdicts.get(said, "inconclusive"),
    }
