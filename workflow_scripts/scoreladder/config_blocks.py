"""Checks of an experiment's blocks that measure or show chosen variants."""

from pathlib import Path

from scoreladder.blocks import (
    COLOURISATION,
    DOWN_A_LADDER,
    INPAINTING,
    LANGEVIN,
    factor_of,
    problem_name,
)
from scoreladder.catalog import IMAGES, METRICS, OF_MODE, OF_SAMPLES, POINTS
from scoreladder.config_checks import check_known_levels, check_names, check_score, items
from scoreladder.config_datasets import channels_and_side, held_out_size
from scoreladder.config_errors import ConfigError, Key, listed, nearest, shown
from scoreladder.config_queries import (
    WITH_LIKELIHOOD,
    asks_for_tuning,
    data_of,
    is_sweep_tuned,
    is_tuned,
)


def check_tuning(experiment: dict, wheres: dict[str, Key]) -> None:
    """Raise ConfigError unless tuning is there where needed and its step sizes ascend."""
    tuning, variants = experiment["tuning"], experiment["variants"]
    tuned = {name: wheres[name] for name, variant in variants.items() if is_tuned(variant)}
    if tuning is None:
        for where in tuned.values():
            _raise_untuned((*where, "sample", "step_size"))
        return
    swept = [experiment["nfe_sweep"]["variant"]] if is_sweep_tuned(experiment) else []
    names = [*tuned, *swept] or list(variants)
    _check_of_samples(tuning["metric"], names, experiment, ("tuning", "metric"), lower=True)
    sizes = tuning["relative_step_sizes"]
    if sizes != sorted(sizes):
        key = ("tuning", "relative_step_sizes")
        raise ConfigError(key, f"found {shown(sizes)}", "step sizes in ascending order")


def _raise_untuned(key: Key) -> None:
    allowed = "needed because the step_size is tuned; or give step_size a number"
    raise ConfigError(key, "found 'tuned' but no tuning block", allowed)


def _check_of_samples(
    metric: str, names: list[str], experiment: dict, key: Key, lower: bool = False
) -> None:
    """Raise ConfigError unless samples of all the variants named have the metric.

    lower: whether it must be better when lower, as step sizes are tuned by.
    """
    data = {name: data_of(experiment, name) for name in names}
    kinds = {name: experiment["datasets"][data[name]]["name"] for name in names}
    lacking = {
        each: [name for name in names if kinds[name] not in entry.datasets]
        for each, entry in METRICS.items()
    }
    mode = (experiment["features"] or {}).get("mode")
    accepted = [
        each
        for each in OF_SAMPLES
        if not lacking[each]
        and OF_MODE.get(each, mode) == mode
        and (METRICS[each].lower_is_better or not lower)
    ]
    if metric in accepted:
        return
    found = f"found {shown(metric)}"
    if lacking.get(metric):
        name = lacking[metric][0]
        found += f", which {name} lacks: its data {data[name]} is {kinds[name]}"
    what = f"a metric of samples{' that is better when lower' if lower else ''}"
    near = None if metric in METRICS else nearest(metric, accepted)
    raise ConfigError(key, found, f"{what}: {listed(accepted)}", near)


def check_showcase(experiment: dict) -> None:
    """Raise ConfigError for a variant in the showcase that is unknown or not of the main data."""
    named = items(("showcase",), experiment["showcase"])
    check_names(named, experiment["variants"])
    for key, name in named:
        if data_of(experiment, name) != "main":
            found = f"found {shown(name)}, whose data is {data_of(experiment, name)}"
            raise ConfigError(key, found, "the showcase is of the main data; use gallery")


def check_gallery(experiment: dict) -> None:
    """Raise ConfigError unless the gallery, where there is one, names variants on points."""
    named = items(("gallery",), experiment["gallery"])
    if named and experiment["dataset"]["name"] not in POINTS:
        found = f"found a gallery with the dataset {experiment['dataset']['name']}"
        raise ConfigError(("gallery",), found, f"only points have one: {listed(POINTS)}")
    check_names(named, experiment["variants"])


def check_inpaint(experiment: dict) -> None:
    """Raise ConfigError unless the inpaint block fits the data and names variants."""
    block = experiment["inpaint"]
    if block is None:
        return
    if experiment["dataset"]["name"] not in IMAGES:
        found = f"found an inpaint block with the dataset {experiment['dataset']['name']}"
        raise ConfigError(("inpaint",), found, f"only images have holes: {listed(IMAGES)}")
    _check_problems(block, experiment["dataset"])
    named = items(("inpaint", "variants"), block["variants"])
    check_names(named, experiment["variants"])
    for key, name in named:
        check_score(name, experiment, key)
        sample = experiment["variants"][name]["sample"]
        if "nfe" not in sample:
            found = f"found {shown(name)}, whose sampler is {sample['sampler']}"
            raise ConfigError(key, found, "inpainting needs a sampler with an nfe, which it spends")
        if "replacement" in block["methods"]:
            _check_steps(name, sample, key)
        _check_methods(name, experiment["variants"][name], block["methods"])


def _check_problems(block: dict, dataset: dict) -> None:
    """Raise ConfigError where a mask has no file or another's name, or an operator does not fit."""
    taken = [*block["masks"], *block["operators"]]
    for key, path in items(("inpaint", "drawn_masks"), block["drawn_masks"]):
        if problem_name(path) in taken:
            found = f"found {shown(path)} beside something else of that name"
            raise ConfigError(key, found, "masks and operators have names of their own")
        if not Path(path).expanduser().is_file():
            raise ConfigError(key, f"found no file {path}", "a PNG of the images' size")
        taken.append(problem_name(path))
    channels, side = channels_and_side(dataset)
    for key, operator in items(("inpaint", "operators"), block["operators"]):
        found = f"found {shown(operator)} with the dataset {dataset['name']}"
        if operator == COLOURISATION and channels != 3:
            raise ConfigError(key, found, "only colour images have colours to find")
        if factor_of(operator) and side % factor_of(operator):
            allowed = f"images of side {side} are not whole blocks of {factor_of(operator)}"
            raise ConfigError(key, found, allowed)


def _check_steps(name: str, sample: dict, key: Key) -> None:
    """Raise ConfigError where replacement would have no steps to make on a variant's ladder."""
    if sample["sampler"] not in LANGEVIN:
        found = f"found {shown(name)}, whose sampler is {sample['sampler']}"
        allowed = f"the method replacement needs one of: {listed(LANGEVIN)}; other methods do not"
        raise ConfigError(key, found, allowed)
    if sample["nfe"] - 1 < sample["ladder"].get("levels", 1):
        found = f"found {shown(name)}, whose nfe is {sample['nfe']}"
        allowed = "replacement needs one evaluation for each level and one to denoise"
        raise ConfigError(key, found, allowed)


def _check_methods(name: str, variant: dict, methods: list[str]) -> None:
    """Raise ConfigError for a method with a ladder of its own where the variant has to keep its."""
    if variant["sample"]["ladder"]["kind"] == "single":
        why, where = "ladder is one level", "one level"
    elif variant["network"].get("conditioning") == "index":
        why, where = "network knows only its training ladder", "such a network"
    else:
        return
    for key, method in items(("inpaint", "methods"), methods):
        if method in DOWN_A_LADDER:
            found = f"found {shown(method)} with {name}, whose {why}"
            others = [each for each in INPAINTING if each not in DOWN_A_LADDER]
            raise ConfigError(key, found, f"methods for {where}: {listed(others)}")


def check_likelihood(experiment: dict) -> None:
    """Raise ConfigError unless every variant of the likelihood block has one, and the points."""
    block = experiment["likelihood"]
    if block is None:
        return
    named = items(("likelihood", "variants"), block["variants"])
    check_names(named, experiment["variants"])
    for key, name in named:
        variant = experiment["variants"][name]
        kind = variant["network"]["kind"]
        if kind not in WITH_LIKELIHOOD:
            found = f"found {shown(name)}, whose network is of kind {kind}"
            raise ConfigError(key, found, f"networks with a likelihood: {listed(WITH_LIKELIHOOD)}")
        if variant["noise"] and variant["noise"]["kind"] == "single":
            found = f"found {shown(name)}, whose noise is single"
            allowed = "the probability-flow ODE runs between the two ends of a ladder"
            raise ConfigError(key, found, allowed)
        held_out = held_out_size(experiment["datasets"][variant["data"]])
        if block["points"] > held_out:
            found = f"found {block['points']}"
            allowed = f"at most the test split of {name}, which is {held_out}"
            raise ConfigError(("likelihood", "points"), found, allowed)


def check_sweep(experiment: dict) -> None:
    """Raise ConfigError unless a resolved sweep's metric, ladders and steps suit its variant."""
    block = experiment["nfe_sweep"]
    if block is None:
        return
    name = block["variant"]
    _check_of_samples(block["metric"], [name], experiment, ("nfe_sweep", "metric"))
    for sampler, sample in block["samples"]:
        key = ("nfe_sweep", "samplers", sampler)
        check_known_levels(experiment["variants"][name], sample, key)
        if asks_for_tuning(sample) and experiment["tuning"] is None:
            _raise_untuned((*key, "step_size"))
