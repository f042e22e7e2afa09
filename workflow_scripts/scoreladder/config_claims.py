"""Checks of an experiment's comparisons and claims."""

from scoreladder.catalog import OF_INPAINTING, OF_LIKELIHOOD, OF_SCORE_MODELS
from scoreladder.config_checks import check_names, check_unique, items
from scoreladder.config_datasets import check_metric, check_same_data
from scoreladder.config_errors import ConfigError, Key, listed, nearest, shown
from scoreladder.config_queries import (
    dotted_keys,
    inpainted_variants,
    is_direct,
    likelihood_variants,
    number_at,
    value_at,
)

CHECK_SHAPES = (
    {"better", "than", "metric"},
    {"variant", "metric", "above"},
    {"variant", "metric", "below"},
)


def check_comparisons(experiment: dict) -> None:
    """Raise ConfigError for repeated names, unknown variants or metrics, and idle arms."""
    comparisons = experiment["comparisons"]
    check_unique(comparisons, "comparisons", "name")
    for index, comparison in enumerate(comparisons):
        key = ("comparisons", index)
        baseline, arms = comparison["baseline"], comparison["arms"]
        check_names([((*key, "baseline"), baseline)], experiment["variants"])
        check_names(items((*key, "arms"), arms), experiment["variants"])
        if baseline in arms:
            where = (*key, "arms", arms.index(baseline))
            raise ConfigError(where, f"found {shown(baseline)}, the baseline", "other variants")
        _check_measured(comparison["metric"], [baseline, *arms], key, experiment)
        _check_axis(comparison, key, experiment)


def _check_axis(comparison: dict, key: Key, experiment: dict) -> None:
    """Raise ConfigError unless every arm has a number at the comparison's axis, and not one."""
    axis, variants = comparison["axis"], experiment["variants"]
    if axis is None:
        return
    key = (*key, "axis")
    for arm in comparison["arms"]:
        if number_at(variants[arm], axis) is None:
            found = f"found {shown(axis)}, where {arm} has {shown(value_at(variants[arm], axis))}"
            allowed = "the dotted key of a number that all arms have, such as noise.sigma"
            raise ConfigError(key, found, allowed, _meant(axis, variants))
    compared = (comparison["baseline"], *comparison["arms"])
    numbers = {number_at(variants[name], axis) for name in compared} - {None}
    if len(numbers) < 2:
        found = f"found {shown(axis)}, which is {shown(numbers.pop())} throughout"
        raise ConfigError(key, found, "the dotted key of a number that differs between variants")


def _meant(axis: str, variants: dict) -> str | None:
    """The key of a number that an axis resembles, if no variant has anything there."""
    if any(value_at(variant, axis) is not None for variant in variants.values()):
        return None
    numbers = [
        key
        for variant in variants.values()
        for key in dotted_keys(variant)
        if number_at(variant, key) is not None
    ]
    return nearest(axis, numbers)


def check_claims(experiment: dict, claims: list[dict]) -> None:
    """Raise ConfigError unless ids are unique and each check, as it is written, makes sense."""
    check_unique(claims, "claims", "id")
    for index, claim in enumerate(claims):
        key = ("claims", index)
        inline = {name: value for name, value in claim.items() if name not in ("id", "says")}
        if "checks" in claim and len(inline) > 1:
            extra = next(name for name in inline if name != "checks")
            found = f"found {shown(inline[extra])} beside checks"
            raise ConfigError((*key, extra), found, "a check is inline or in checks, not both")
        for where, one in items((*key, "checks"), claim.get("checks", [])) or [(key, inline)]:
            _check_check(one, where, experiment)


def _check_check(one: dict, key: Key, experiment: dict) -> None:
    if set(one) not in CHECK_SHAPES:
        allowed = "a check has better, than, metric; or variant, metric and one of above and below"
        found = f"found the keys {listed(one)}" if one else "found no check"
        raise ConfigError(key, found, allowed)
    for role in ("better", "variant"):
        if role in one:
            check_names([((*key, role), one[role])], experiment["variants"])
    than = one.get("than", [])
    check_names(items((*key, "than"), than), experiment["variants"])
    if one.get("better") in than:
        where = (*key, "than", than.index(one["better"]))
        raise ConfigError(where, f"found {shown(one['better'])}", "variants other than better")
    named = [*than, *(one[role] for role in ("better", "variant") if role in one)]
    _check_measured(one["metric"], named, key, experiment)


def _check_measured(metric: str, names: list[str], key: Key, experiment: dict) -> None:
    """Raise ConfigError unless variants share their data and all have the metric."""
    data = check_same_data(names, experiment, key)
    key = (*key, "metric")
    check_metric(metric, experiment["datasets"][data]["name"], experiment["features"], key)
    measured = {
        "inpaint": (OF_INPAINTING, inpainted_variants(experiment), "inpaints nothing"),
        "likelihood": (OF_LIKELIHOOD, likelihood_variants(experiment), "measures no likelihood"),
    }
    for block, (metrics, chosen, idle) in measured.items():
        for name in names:
            if metric in metrics and name not in chosen:
                found = f"found {shown(metric)} for {name}, which {idle}"
                allowed = f"add it to {block}.variants: {listed(chosen)}"
                raise ConfigError(key, found, allowed)
    for name in names:
        if metric in OF_SCORE_MODELS and is_direct(experiment["variants"][name]):
            kind = experiment["variants"][name]["network"]["kind"]
            found = f"found {shown(metric)} for {name}, whose network is of kind {kind}"
            raise ConfigError(key, found, "only score models have that metric")
