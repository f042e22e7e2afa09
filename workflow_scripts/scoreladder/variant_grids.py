"""Grids: one variant for each combination of listed values."""

import itertools
import re

from scoreladder.config_errors import ConfigError, Key, nearest, shown, unknown_name
from scoreladder.config_schemas import check
from scoreladder.variant_merging import expand_shorthand, merge

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
BLOCKS = "experiment.schema.yaml#/$defs/blocks"


def expand(grid: dict, where: Key) -> list[tuple[str, dict]]:
    """The variants of a grid in the order of its values, as pairs of name and settings.

    `where` is the grid's key path. Raises ConfigError when a key of `over` is none of a variant's,
    a value is not allowed there, or the name pattern does not tell the variants apart.
    """
    over = grid["over"]
    _check_over(over, (*where, "over"))
    _check_pattern(grid["name"], over, (*where, "name"))
    missing = [key for key in over if f"{{{key}}}" not in grid["name"]]
    if missing:
        raise ConfigError(
            (*where, "name"),
            f"found {shown(grid['name'])}",
            f"the name must hold every key of over, else variants share a name: {{{missing[0]}}}",
        )
    if "label" in grid:
        _check_pattern(grid["label"], over, (*where, "label"))
    shared = expand_shorthand({k: v for k, v in grid.items() if k not in ("over", "name", "label")})
    variants = []
    for values in itertools.product(*over.values()):
        point = dict(zip(over, values, strict=True))
        settings = merge(shared, expand_shorthand(_nested(point)))
        if "label" in grid:
            settings["label"] = _fill(grid["label"], point)
        variants.append((_fill(grid["name"], point), settings))
    return variants


def _check_over(over: dict, where: Key) -> None:
    for key, values in over.items():
        inside = [other for other in over if other.startswith(f"{key}.")]
        if inside:
            found = f"found next to {inside[0]}"
            raise ConfigError((*where, key), found, "no key of over may lie inside another")
        for index, value in enumerate(values):
            try:
                check(_nested({key: value}), BLOCKS)
            except ConfigError as error:
                depth = len(key.split("."))
                inner = error.key[depth:]
                error.key = (
                    *where,
                    key,
                    *((index, *inner) if error.found != "unknown key" else ()),
                )
                raise


def _check_pattern(pattern: str, over: dict, where: Key) -> None:
    for key in PLACEHOLDER.findall(pattern):
        if key not in over:
            error = unknown_name(where, f"{{{key}}}", over, "in braces go keys of over")
            error.near = nearest(key, over)
            raise error


def _nested(point: dict) -> dict:
    """{"noise.sigma": 1} → {"noise": {"sigma": 1}}, for any number of dotted keys."""
    nested: dict = {}
    for dotted_key, value in point.items():
        *parents, last = dotted_key.split(".")
        block = nested
        for parent in parents:
            block = block.setdefault(parent, {})
        block[last] = value
    return nested


def _fill(pattern: str, point: dict) -> str:
    return PLACEHOLDER.sub(lambda match: str(point[match[1]]), pattern)
