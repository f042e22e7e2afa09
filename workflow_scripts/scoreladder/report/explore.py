"""What the page's explorer shows: every metric against every baseline, computed before it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scoreladder import describe
from scoreladder.catalog import METRICS
from scoreladder.config_queries import number_at
from scoreladder.report.numbers import interval
from scoreladder.statistics import Interval, mean_interval, outcome, paired_interval

OUTCOMES = ("better", "worse", "inconclusive")
# numbers that runs measured, under the words of the settings that ask for them
MEASURED = {
    "sample.nfe": ("nfe", describe.axis("sample.nfe")),
    "training.images": ("images", describe.axis("training.images")),
    "parameters": ("parameters", "parameters"),
    "learning_rate": ("learning_rate", "learning rate"),
    "train_seconds": ("train_seconds", "seconds of training"),
}


def explored(variants: dict[str, dict], runs: pd.DataFrame) -> dict:
    """All that a reader may choose from, as plain values for JSON.

    variants: settings by name; runs: one row per run, as `ablation.compare` takes them. Returns
    variants [{name, label, data}] that have runs; axes [{label, values: a number or None per
    variant}]; metrics [{name, label, lower, seeds, means, differences}], each of the last three
    with an entry per variant: its values by seed; [mean, low, high, n, text] or None; and as
    baseline, per variant, [mean, low, high, n, place in OUTCOMES, text] or None. Differences are
    those of `ablation.difference`, between variants of the same data.
    """
    names = [name for name in variants if name in set(runs["variant"])]
    data = [variants[name]["data"] for name in names]
    return {
        "variants": [
            {"name": name, "label": variants[name]["label"], "data": variants[name]["data"]}
            for name in names
        ],
        "axes": _axes({name: variants[name] for name in names}, runs),
        "outcomes": OUTCOMES,
        "metrics": [
            _metric(name, _by_seed(runs, names, name), data)
            for name in METRICS
            if name in runs and runs[name].notna().any()
        ],
    }


def _by_seed(runs: pd.DataFrame, names: Sequence[str], metric: str) -> np.ndarray:
    """The metric (variants, training seeds), the mean over sample seeds; NaN where there is none.

    What `ablation.by_seed` gives of each variant, of all at once.
    """
    means = runs.groupby(["variant", "seed"])[metric].mean().unstack("seed")
    return means.reindex(list(names)).to_numpy(dtype=float)


def _metric(name: str, values: np.ndarray, data: Sequence[str]) -> dict:
    metric = METRICS[name]
    known = [row[~np.isnan(row)] for row in values]
    return {
        "name": name,
        "label": metric.label[0].upper() + metric.label[1:],
        "lower": metric.lower_is_better,
        "seeds": [[_short(value) for value in row] for row in known],
        "means": [_told(mean_interval(row)) if len(row) else None for row in known],
        "differences": [
            [
                _gap(values[arm], values[baseline], metric.lower_is_better)
                if arm != baseline and data[arm] == data[baseline]
                else None
                for arm in range(len(values))
            ]
            for baseline in range(len(values))
        ],
    }


def _gap(arm: np.ndarray, baseline: np.ndarray, lower_is_better: bool) -> list | None:
    """The difference by the seeds that both have, and what it says; None where there are none."""
    both = ~np.isnan(arm) & ~np.isnan(baseline)
    if not both.any():
        return None
    found = paired_interval(arm[both], baseline[both])
    *ends, text = _told(found)
    return [*ends, OUTCOMES.index(outcome(found, lower_is_better)), text]


def _told(found: Interval) -> list:
    """[mean, low, high, n, text]."""
    ends = [_short(value) for value in found[:3]]
    return [*ends, found.n, interval(found.mean, found.low, found.high)]


def _short(value: float) -> float | None:
    """A number with as many digits as a chart can show; None where JSON has no word for it."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _axes(variants: dict[str, dict], runs: pd.DataFrame) -> list[dict]:
    """The numbers that variants differ in: those measured, then those of their settings."""
    measured = runs.groupby("variant")[[column for column, _ in MEASURED.values()]].mean()
    found = [(label, measured[column].to_dict()) for column, label in MEASURED.values()]
    found += [
        (describe.axis(key), {name: number_at(each, key) for name, each in variants.items()})
        for key in describe.AXES
        if key not in MEASURED
    ]
    axes = [
        {"label": label[0].upper() + label[1:], "values": [values.get(name) for name in variants]}
        for label, values in found
    ]
    return [axis for axis in axes if len(set(axis["values"]) - {None}) > 1]
