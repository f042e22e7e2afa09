"""Checks across the blocks of an experiment, beyond what a schema can say."""

import math
from collections.abc import Iterable

from scoreladder.blocks import BLOCK
from scoreladder.catalog import IMAGES, METRICS, OF_INPAINTING, OF_SAMPLES
from scoreladder.config_errors import ConfigError, Key, listed, nearest, shown, unknown_name
from scoreladder.specs import inpainted_variants, is_tuned

CHECK_SHAPES = (
    {"better", "than", "metric"},
    {"variant", "metric", "above"},
    {"variant", "metric", "below"},
)


def check_dataset(dataset: dict) -> None:
    """Raise ConfigError unless a mixture's means, stds and weights fit together."""
    if dataset["name"] != "gaussian_mixture":
        return
    means, weights = dataset["means"], dataset["weights"]
    dim = len(means[0])
    if dim != 2:
        allowed = "two coordinates: score fields are measured and drawn in the plane"
        raise ConfigError(("dataset", "means", 0), f"found {shown(means[0])}", allowed)
    for index, mean in enumerate(means):
        if len(mean) != dim:
            allowed = f"every mean has {dim} coordinates, as the first has"
            raise ConfigError(("dataset", "means", index), f"found {shown(mean)}", allowed)
    for key in ("stds", "weights"):
        if len(dataset[key]) != len(means):
            found = f"found {len(dataset[key])} values"
            raise ConfigError(("dataset", key), found, f"one for each of the {len(means)} means")
    if abs(math.fsum(weights) - 1) > 1e-6:
        found = f"found {shown(weights)}, which adds up to {math.fsum(weights):g}"
        raise ConfigError(("dataset", "weights"), found, "weights add up to 1")


def check_metric(name: str, dataset: str, key: Key) -> None:
    """Raise ConfigError unless the metric exists and can be measured on the dataset."""
    here = [metric for metric, entry in METRICS.items() if dataset in entry.datasets]
    if name not in METRICS:
        error = unknown_name(key, name, here, f"metrics on {dataset}")
        error.near = nearest(name, METRICS)
        raise error
    if name not in here:
        on = listed(METRICS[name].datasets)
        found = f"found {shown(name)}, which is measured on {on}"
        raise ConfigError(key, found, f"metrics on {dataset}: {listed(here)}")


def check_variant(variant: dict, where: Key) -> None:
    """Raise ConfigError unless the numbers of a resolved variant fit together."""
    training, sample = variant["training"], variant["sample"]
    _check_range(variant["noise"], (*where, "noise"))
    _check_range(variant["density"], (*where, "density"))
    _check_range(sample["ladder"], (*where, "sample", "ladder"))
    _check_at_most(training, "batch_size", "images", (*where, "training"))
    blocks = -(-sample["count"] // BLOCK)
    if sample["shards"] > blocks:
        found = f"found {sample['shards']}"
        allowed = f"at most one for each {BLOCK} samples, which is {blocks}"
        raise ConfigError((*where, "sample", "shards"), found, allowed)
    levels = sample["ladder"].get("levels", 1)
    if sample["nfe"] - sample["denoise"] < levels:
        final = " and one to denoise" if sample["denoise"] else ""
        needed = levels + sample["denoise"]
        raise ConfigError(
            (*where, "sample", "nfe"),
            f"found {sample['nfe']}",
            f"one evaluation for each level of the ladder ({levels}){final}: >= {needed}",
        )


def check_tuning(experiment: dict, wheres: dict[str, Key]) -> None:
    """Raise ConfigError unless tuning is there where needed and its step sizes ascend."""
    tuning = experiment["tuning"]
    if tuning is None:
        for name, variant in experiment["variants"].items():
            if is_tuned(variant):
                allowed = "needed because the step_size is tuned; or give step_size a number"
                where = (*wheres[name], "sample", "step_size")
                raise ConfigError(where, "found 'tuned' but no tuning block", allowed)
        return
    check_metric(tuning["metric"], experiment["dataset"]["name"], ("tuning", "metric"))
    if tuning["metric"] not in OF_SAMPLES:
        on = [
            name for name in OF_SAMPLES if experiment["dataset"]["name"] in METRICS[name].datasets
        ]
        found = f"found {shown(tuning['metric'])}"
        raise ConfigError(("tuning", "metric"), found, f"a metric of samples: {listed(on)}")
    sizes = tuning["relative_step_sizes"]
    if sizes != sorted(sizes):
        key = ("tuning", "relative_step_sizes")
        raise ConfigError(key, f"found {shown(sizes)}", "step sizes in ascending order")


def check_features(experiment: dict) -> None:
    """Raise ConfigError unless images, and only images, have a feature network."""
    name = experiment["dataset"]["name"]
    if experiment["features"] is None and name in IMAGES:
        allowed = "the network of the FID, such as {kind: digit_classifier, steps: 400}"
        raise ConfigError(("features",), "missing", allowed)
    if experiment["features"] is not None and name != "digits":
        kind = experiment["features"]["kind"]
        allowed = f"only image data has features, and this dataset is {name}"
        raise ConfigError(("features", "kind"), f"found {shown(kind)}", allowed)


def check_showcase(experiment: dict) -> None:
    """Raise ConfigError for an unknown variant in the showcase."""
    _check_names(_items(("showcase",), experiment["showcase"]), experiment["variants"])


def check_inpaint(experiment: dict) -> None:
    """Raise ConfigError unless the inpaint block fits the data and names variants."""
    block = experiment["inpaint"]
    if block is None:
        return
    if experiment["dataset"]["name"] not in IMAGES:
        found = f"found an inpaint block with the dataset {experiment['dataset']['name']}"
        raise ConfigError(("inpaint",), found, f"only images have holes: {listed(IMAGES)}")
    _check_names(_items(("inpaint", "variants"), block["variants"]), experiment["variants"])
    for index, name in enumerate(block["variants"]):
        sample = experiment["variants"][name]["sample"]
        if sample["nfe"] - 1 < sample["ladder"].get("levels", 1):
            found = f"found {shown(name)}, whose nfe is {sample['nfe']}"
            allowed = "inpainting needs one evaluation for each level and one to denoise"
            raise ConfigError(("inpaint", "variants", index), found, allowed)


def _check_inpainted(metric: str, names: list[str], key: Key, experiment: dict) -> None:
    """Raise ConfigError where a metric of inpainting is asked of a variant that does none."""
    inpainted = inpainted_variants(experiment)
    for name in names:
        if metric in OF_INPAINTING and name not in inpainted:
            found = f"found {shown(metric)} for {name}, which inpaints nothing"
            allowed = f"add it to inpaint.variants: {listed(inpainted)}"
            raise ConfigError((*key, "metric"), found, allowed)


def check_comparisons(experiment: dict) -> None:
    """Raise ConfigError for repeated names, unknown variants or metrics, and idle arms."""
    comparisons = experiment["comparisons"]
    _check_unique(comparisons, "comparisons", "name")
    for index, comparison in enumerate(comparisons):
        key = ("comparisons", index)
        baseline, arms = comparison["baseline"], comparison["arms"]
        _check_names([((*key, "baseline"), baseline)], experiment["variants"])
        _check_names(_items((*key, "arms"), arms), experiment["variants"])
        if baseline in arms:
            where = (*key, "arms", arms.index(baseline))
            raise ConfigError(where, f"found {shown(baseline)}, the baseline", "other variants")
        check_metric(comparison["metric"], experiment["dataset"]["name"], (*key, "metric"))
        _check_inpainted(comparison["metric"], [baseline, *arms], key, experiment)


def check_claims(experiment: dict, claims: list[dict]) -> None:
    """Raise ConfigError unless ids are unique and each check, as it is written, makes sense."""
    _check_unique(claims, "claims", "id")
    for index, claim in enumerate(claims):
        key = ("claims", index)
        inline = {name: value for name, value in claim.items() if name not in ("id", "says")}
        if "checks" in claim and len(inline) > 1:
            extra = next(name for name in inline if name != "checks")
            found = f"found {shown(inline[extra])} beside checks"
            raise ConfigError((*key, extra), found, "a check is inline or in checks, not both")
        for where, one in _items((*key, "checks"), claim.get("checks", [])) or [(key, inline)]:
            _check_check(one, where, experiment)


def _check_check(one: dict, key: Key, experiment: dict) -> None:
    if set(one) not in CHECK_SHAPES:
        allowed = "a check has better, than, metric; or variant, metric and one of above and below"
        found = f"found the keys {listed(one)}" if one else "found no check"
        raise ConfigError(key, found, allowed)
    for role in ("better", "variant"):
        if role in one:
            _check_names([((*key, role), one[role])], experiment["variants"])
    than = one.get("than", [])
    _check_names(_items((*key, "than"), than), experiment["variants"])
    if one.get("better") in than:
        where = (*key, "than", than.index(one["better"]))
        raise ConfigError(where, f"found {shown(one['better'])}", "variants other than better")
    check_metric(one["metric"], experiment["dataset"]["name"], (*key, "metric"))
    named = [*than, *(one[role] for role in ("better", "variant") if role in one)]
    _check_inpainted(one["metric"], named, key, experiment)


def _items(key: Key, values: list) -> list[tuple[Key, object]]:
    return [((*key, index), value) for index, value in enumerate(values)]


def _check_names(named: Iterable[tuple[Key, object]], variants: dict) -> None:
    for key, name in named:
        if name not in variants:
            raise unknown_name(key, name, variants, "variants of this experiment")


def _check_unique(entries: list[dict], block: str, field: str) -> None:
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        name = entry[field]
        if name in first:
            allowed = f"each {field} may appear once, and {block}[{first[name]}] has it"
            raise ConfigError((block, index, field), f"found {shown(name)} again", allowed)
        first[name] = index


def _check_range(block: dict, where: Key) -> None:
    if "sigma_max" in block and block["sigma_max"] <= block["sigma_min"]:
        found = f"found {shown(block['sigma_max'])}"
        allowed = f"more than sigma_min, which is {shown(block['sigma_min'])}"
        raise ConfigError((*where, "sigma_max"), found, allowed)


def _check_at_most(block: dict, small: str, large: str, where: Key) -> None:
    if block[small] > block[large]:
        found = f"found {shown(block[small])}"
        allowed = f"at most {large}, which is {shown(block[large])}"
        raise ConfigError((*where, small), found, allowed)
