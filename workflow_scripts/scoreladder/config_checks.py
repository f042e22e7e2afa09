"""Checks of numbers and names that several blocks of an experiment share."""

from collections.abc import Iterable

from scoreladder.blocks import BLOCK
from scoreladder.config_errors import ConfigError, Key, shown, unknown_name

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
