"""Where each number of the page comes from: a variant's settings, and what each run cost."""

import pandas as pd

from scoreladder.catalog import METRICS, OF_INPAINTING, OF_LIKELIHOOD
from scoreladder.config_diff import ABSENT, bearing, differences, told
from scoreladder.report.numbers import count, number, setting

# of every run; then what only the numbers of its samples depend on
COSTS = {
    "train_seconds": ("Training, s", number),
    "peak_memory_mib": ("Peak memory, MiB", count),
}
OF_SAMPLING = {
    "step_size": ("Step size", number),
    "relative_step_size": ("Relative step size", setting),
    "sample_seconds": ("Sampling, s", number),
}


def details(variants: dict[str, dict], runs: pd.DataFrame) -> dict:
    """The provenance of every variant's numbers, as text for JSON.

    variants: settings by name; runs: one row per run. Returns keys (the dotted settings that not
    all variants share), settings (variant → text at each key), elsewhere (metrics that are not
    measured on a run's samples), columns (of `rows`), sampled (how many of their last are about
    samples alone) and runs (variant → facts and sampling: pairs [name, text], the latter about
    samples alone, rows: a list of text per run, and values: metric → text per run).
    """
    keys, settings = shared(variants)
    here = [name for name in variants if name in set(runs["variant"])]
    return {
        "keys": keys,
        "settings": {name: settings[name] for name in here},
        "elsewhere": [*OF_INPAINTING, *OF_LIKELIHOOD],
        "columns": [
            *("Training seed", "Sample seed"),
            *(label for label, _ in (COSTS | OF_SAMPLING).values()),
        ],
        "sampled": len(OF_SAMPLING),
        "runs": {name: _runs(runs[runs["variant"] == name]) for name in here},
    }


def shared(variants: dict[str, dict]) -> tuple[list[str], dict[str, list[str]]]:
    """The dotted keys at which variants differ, and per variant what it has at each, as text.

    Two variants' texts differ at the keys of `config_diff.differences` of what is `bearing`, and at
    no other.
    """
    flat = {
        # what differs from nothing is all there is
        name: {each.key: told(each.ours) for each in differences(bearing(name, variant), {})}
        for name, variant in variants.items()
    }
    every = dict.fromkeys(key for own in flat.values() for key in own)
    keys = [key for key in every if len({own.get(key, ABSENT) for own in flat.values()}) > 1]
    return keys, {name: [own.get(key, ABSENT) for key in keys] for name, own in flat.items()}


def _runs(own: pd.DataFrame) -> dict:
    own = own.sort_values(["seed", "sample_seed"])
    facts = {
        "Trained model": own["model"],
        "Trained on": own["device"],
        "Code of the training": own["train_code"],
        "Training images": own["images"].map(count),
        "Parameters": own["parameters"].map(count),
        "Versions": own["versions"],
    }
    sampling = {
        "Sampled on": own["sample_device"],
        "Code of the sampling": own["sample_code"],
        "Code of the measuring": own["metrics_code"],
        "Evaluations per sample": own["nfe"].map(count),
    }
    columns = [own["seed"].map(str), own["sample_seed"].map(str)]
    columns += [own[name].map(show) for name, (_, show) in (COSTS | OF_SAMPLING).items()]
    return {
        "facts": _pairs(facts),
        "sampling": _pairs(sampling),
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "values": {
            name: list(own[name].map(number))
            for name in METRICS
            if name in own and own[name].notna().any()
        },
    }


def _pairs(facts: dict[str, pd.Series]) -> list[list[str]]:
    """What all runs have of each, every value once."""
    return [[name, ", ".join(map(str, found.unique()))] for name, found in facts.items()]
