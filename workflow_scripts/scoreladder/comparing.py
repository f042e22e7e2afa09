"""Two variants, or two runs, held against one another: settings, metrics and what they took.

Differences are the second one's value minus the first one's.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from scoreladder import ablation
from scoreladder.catalog import METRICS
from scoreladder.config_diff import Difference, bearing, differences
from scoreladder.config_queries import dotted_keys, is_tuned, value_at
from scoreladder.kept_runs import Kept
from scoreladder.statistics import Interval, mean_interval, outcome

# of a run as a whole, beside its data sets
COMMON = ("features", "replicates", "tuning", "inpaint", "likelihood", "nfe_sweep", "mixing")
FACTS = ("nfe", "images", "parameters", "relative_step_size", "train_seconds", "sample_seconds")
FACTS += ("peak_memory_mib",)
EQUAL, NEAR, WITHIN, DIFFERS = "equal", "near", "within", "differs"
UNKNOWN = "no interval"
# relative to the first mean: what another machine's rounding makes of a number may be as large
TOLERANCE = 1e-3


class Gap(NamedTuple):
    """One metric of one variant on either side: means with intervals over training seeds.

    said: `outcome` of the second side, or EQUAL where all its values are the first's; state: EQUAL,
    NEAR (within TOLERANCE), WITHIN (the difference's interval holds 0), DIFFERS, or UNKNOWN (fewer
    than two seeds); spreads: the difference in standard deviations of the first side over seeds,
    NaN where there is none.
    """

    variant: str
    metric: str
    ours: Interval
    theirs: Interval
    difference: Interval
    said: str
    state: str
    spreads: float


class Shared(NamedTuple):
    """A difference in the settings of several variants: key, both values, and whose they are."""

    key: str
    ours: object
    theirs: object
    variants: tuple[str, ...]


def settings_gap(ours: Kept, theirs: Kept, names: tuple[str, str]) -> list[Difference] | None:
    """What the settings of two variants, and what they are trained and measured on, differ in.

    None where a side's were not kept.
    """
    if not (ours.settings(names[0]) and theirs.settings(names[1])):
        return None
    return differences(_bearing(ours, names[0]), _bearing(theirs, names[1]))


def common_gap(ours: Kept, theirs: Kept) -> list[Difference] | None:
    """What the settings that all variants share differ in; None where a run's were not kept."""
    if ours.experiment is None or theirs.experiment is None:
        return None
    shared = ours.experiment["datasets"].keys() & theirs.experiment["datasets"].keys()
    return differences(*(_common(each.experiment, shared) for each in (ours, theirs)))


def _common(experiment: dict, shared: set[str]) -> dict:
    """The settings of a run as a whole: of `shared` data sets each key, of all their names."""
    every = experiment["datasets"]
    found = {"datasets": {name: every[name] for name in every if name in shared}}
    if every.keys() != shared:
        found["names of datasets"] = sorted(every)
    found |= {key: experiment[key] for key in COMMON if key in experiment}
    if found.get("nfe_sweep"):
        samples = _by_sampler(found["nfe_sweep"]["samples"])
        found["nfe_sweep"] = found["nfe_sweep"] | {"samples": samples}
    return found


def _by_sampler(samples: list) -> dict:
    """The pairs of a sweep as experiment files write them: sampler → key → value, or its values."""
    found: dict[str, dict] = {}
    for name, block in samples:
        for key in dotted_keys(block):
            found.setdefault(name, {}).setdefault(key, []).append(value_at(block, key))
    return {
        name: {
            key: each[0] if each.count(each[0]) == len(each) else each for key, each in keys.items()
        }
        for name, keys in found.items()
    }


def variants_gap(ours: Kept, theirs: Kept) -> list[Shared]:
    """What the settings of variants that both runs have differ in, alike differences as one."""
    found: dict[str, Shared] = {}
    for name in shared_variants(ours, theirs):
        left, right = ours.settings(name), theirs.settings(name)
        if not (left and right):
            continue
        for key, a, b in differences(_own(name, left), _own(name, right)):
            alike = Shared(key, a, b, ())
            known = found.setdefault(repr(alike), alike)
            found[repr(alike)] = known._replace(variants=(*known.variants, name))
    return list(found.values())


def _own(name: str, settings: dict) -> dict:
    """What bears on a variant's numbers, beside the data set, which is compared itself."""
    return {key: value for key, value in bearing(name, settings).items() if key != "data"}


def _bearing(run: Kept, variant: str) -> dict:
    settings, every = run.settings(variant), run.experiment
    return {
        "dataset": every["datasets"][settings["data"]],
        "features": every["features"],
        "replicates": every["replicates"],
        "tuning": every["tuning"] if is_tuned(settings) else None,
        **_own(variant, settings),
    }


def measured_alike(found: list[Difference] | None) -> bool:
    """Whether no difference in settings, as far as they are known, is one of data or features."""
    return not any(each.key.startswith(("dataset", "features")) for each in found or ())


def shared_variants(ours: Kept, theirs: Kept) -> list[str]:
    """The variants that both runs have numbers of, in the first one's order."""
    there = set(theirs.runs["variant"])
    return [name for name in ours.runs["variant"].unique() if name in there]


def pairing(ours: Kept, theirs: Kept, names: tuple[str, str]) -> tuple[bool, str]:
    """Whether two variants are paired by seed, and that in words.

    Within a run they are by construction. In two runs they are if they have the same seeds and the
    same data: then equal seeds mean the same batches and noise.
    """
    left, right = (
        sorted(run.runs.loc[run.runs["variant"] == name, "seed"].unique().tolist())
        for run, name in zip((ours, theirs), names, strict=True)
    )
    if ours.folder.resolve() == theirs.folder.resolve():
        return True, "paired by seed (variants of one run)"
    if left != right:
        return False, "not paired (other seeds)"
    if not (ours.settings(names[0]) and theirs.settings(names[1])):
        return False, "not paired (no configuration tells whether the data are the same)"
    a, b = (_bearing(*each)["dataset"] for each in ((ours, names[0]), (theirs, names[1])))
    if a != b:
        return False, "not paired (other data)"
    return True, "paired by seed (the same seeds and data)"


def metric_gaps(ours: Kept, theirs: Kept, names: tuple[str, str], paired: bool) -> Iterator[Gap]:
    """One Gap for each metric that both variants have, in the first table's order of columns."""
    for metric in (name for name in ours.runs if name in METRICS and name in theirs.runs):
        a = ablation.by_seed(ours.runs, names[0], metric)
        b = ablation.by_seed(theirs.runs, names[1], metric)
        if len(a) and len(b):
            difference = ablation.between(b, a, paired)
            said = outcome(difference, METRICS[metric].lower_is_better)
            spread = a.std(ddof=1)
            yield Gap(
                names[0],
                metric,
                mean_interval(a),
                mean_interval(b),
                difference,
                EQUAL if a.equals(b) else said,
                EQUAL if a.equals(b) else _state(difference, a.mean(), said),
                abs(difference.mean) / spread if spread > 0 else np.nan,
            )


def _state(difference: Interval, mean: float, said: str) -> str:
    if abs(difference.mean) <= TOLERANCE * abs(mean):
        return NEAR
    if np.isnan(difference.low):
        return UNKNOWN
    return WITHIN if said == "inconclusive" else DIFFERS


def run_gaps(ours: Kept, theirs: Kept) -> list[Gap]:
    """The Gaps of all variants that both runs have."""
    every = [(name, name) for name in shared_variants(ours, theirs)]
    return [
        gap
        for names in every
        for gap in metric_gaps(ours, theirs, names, pairing(ours, theirs, names)[0])
    ]


def facts(run: Kept, variant: str) -> dict[str, float]:
    """What a variant's runs took, each the mean over them; NaN where it has none."""
    mine = run.runs[run.runs["variant"] == variant]
    return {name: float(mine[name].mean()) for name in FACTS if name in mine}
