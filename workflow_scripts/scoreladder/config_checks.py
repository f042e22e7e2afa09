"""Checks of numbers and names that several blocks of an experiment share."""

from collections.abc import Iterable

from scoreladder import describe
from scoreladder.blocks import BLOCK
from scoreladder.config_errors import ConfigError, Key, shown, unknown_name
from scoreladder.config_queries import is_direct

# keys of one block of which the first must be less than the second
ASCENDING = (("sigma_min", "sigma_max"), ("beta_min", "beta_max"), ("beta_start", "beta_end"))


def check_range(block: dict, where: Key) -> None:
    """Raise ConfigError unless the ends of a complete ladder or density are the right way round."""
    for low, high in ASCENDING:
        if high in block and block[high] <= block[low]:
            found = f"found {shown(block[high])}"
            allowed = f"more than {low}, which is {shown(block[low])}"
            raise ConfigError((*where, high), found, allowed)
    if "steps" in block:
        check_at_most(block, "levels", "steps", where)


def check_at_most(block: dict, small: str, large: str, where: Key) -> None:
    """Raise ConfigError unless block[small] <= block[large]."""
    if block[small] > block[large]:
        found = f"found {shown(block[small])}"
        allowed = f"at most {large}, which is {shown(block[large])}"
        raise ConfigError((*where, small), found, allowed)


def check_shards(sample: dict, where: Key) -> None:
    """Raise ConfigError where a shard would have nothing to draw."""
    blocks = -(-sample["count"] // BLOCK)
    if sample["shards"] > blocks:
        found = f"found {sample['shards']}"
        allowed = f"at most one for each {BLOCK} samples, which is {blocks}"
        raise ConfigError((*where, "shards"), found, allowed)


def check_known_levels(variant: dict, sample: dict, where: Key) -> None:
    """Raise ConfigError where a network told a level's index is sampled at other levels.

    sample is a complete block that the variant's model is sampled by.
    """
    noise, ladder = variant["noise"], sample["ladder"]
    if variant["network"].get("conditioning") == "index" and ladder != noise:
        found = f"found the ladder {describe.ladder(ladder)} with the conditioning index"
        allowed = f"such a network knows only its training ladder, {describe.ladder(noise)}"
        raise ConfigError((*where, "ladder"), found, allowed)


def check_score(name: str, experiment: dict, key: Key) -> None:
    """Raise ConfigError where a variant's model is no score."""
    variant = experiment["variants"][name]
    if is_direct(variant):
        found = f"found {shown(name)}, whose network is of kind {variant['network']['kind']}"
        raise ConfigError(key, found, "a variant whose model is a score")


def items(key: Key, values: list) -> list[tuple[Key, object]]:
    """Each value of a list with its own key path."""
    return [((*key, index), value) for index, value in enumerate(values)]


def check_names(named: Iterable[tuple[Key, object]], variants: dict) -> None:
    """Raise ConfigError for the first of (key path, name) that is no variant's name."""
    for key, name in named:
        if name not in variants:
            raise unknown_name(key, name, variants, "variants of this experiment")


def check_unique(entries: list[dict], block: str, field: str) -> None:
    """Raise ConfigError where a field has the same value in two entries of a block."""
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        name = entry[field]
        if name in first:
            allowed = f"each {field} may appear once, and {block}[{first[name]}] has it"
            raise ConfigError((block, index, field), f"found {shown(name)} again", allowed)
        first[name] = index
