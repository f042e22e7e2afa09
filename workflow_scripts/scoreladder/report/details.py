"""Where each number of the page comes from: a variant's settings, and what each run cost."""

import pandas as pd

from scoreladder.catalog import METRICS
from scoreladder.config_diff import ABSENT, differences
from scoreladder.report.numbers import count, number, setting

COSTS = {
    "step_size": ("Step size", number),
    "relative_step_size": ("Relative step size", setting),
    "train_seconds": ("Training, s", number),
    "sample_seconds": ("Sampling, s", number),
    "peak_memory_mib": ("Peak memory, MiB", count),
}


def details(variants: dict[str, dict], runs: pd.DataFrame) -> dict:
    """The provenance of every variant's numbers, as text for JSON.

    variants: settings by name; runs: one row per run. Returns keys (the dotted settings that not
    all variants share, but labels), settings (variant → text at each key), columns (of `rows`) and
    runs (variant → facts: pairs [name, text], rows: a list of text per run, and values: metric →
    text per run).
    """
    keys, settings = shared(variants)
    here = [name for name in variants if name in set(runs["variant"])]
    return {
        "keys": keys,
        "settings": {name: settings[name] for name in here},
        "columns": ["Training seed", "Sample seed", *(label for label, _ in COSTS.values())],
        "runs": {name: _runs(runs[runs["variant"] == name]) for name in here},
    }


def shared(variants: dict[str, dict]) -> tuple[list[str], dict[str, list[str]]]:
    """The dotted keys at which variants differ, and per variant what it has at each, as text.

    Two variants' texts differ at the keys of their `config_diff.differences`, and at no other.
    """
    flat = {
        # what differs from nothing is all there is
        name: {each.key: _told(each.ours) for each in differences(variant, {})}
        for name, variant in variants.items()
    }
    every = dict.fromkeys(key for own in flat.values() for key in own if key != "label")
    keys = [key for key in every if len({own.get(key, ABSENT) for own in flat.values()}) > 1]
    return keys, {name: [own.get(key, ABSENT) for key in keys] for name, own in flat.items()}


def _told(value: object) -> str:
    """A setting as text, equal for equal values: 5 for 5.0."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    return "none" if value is None else str(value)


def _runs(own: pd.DataFrame) -> dict:
    own = own.sort_values(["seed", "sample_seed"])
    facts = {
        "Trained model": own["model"],
        "Device": own["device"],
        "Code of the training": own["train_code"],
        "Evaluations per sample": own["nfe"].map(count),
        "Training images": own["images"].map(count),
        "Parameters": own["parameters"].map(count),
    }
    columns = [own["seed"].map(str), own["sample_seed"].map(str)]
    columns += [own[name].map(show) for name, (_, show) in COSTS.items()]
    return {
        "facts": [[name, ", ".join(map(str, found.unique()))] for name, found in facts.items()],
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "values": {
            name: list(own[name].map(number))
            for name in METRICS
            if name in own and own[name].notna().any()
        },
    }
