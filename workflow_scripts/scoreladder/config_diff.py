"""What two resolved configurations differ in, key by key; torch-free."""

from collections.abc import Iterator
from typing import NamedTuple

from scoreladder.config_errors import shown

# a key that one side does not have; None is a value that a config may hold
ABSENT = "–"
AS_TRAINED = "the training ladder"


class Difference(NamedTuple):
    """A dotted key, such as noise.levels, and what stands there on either side."""

    key: str
    ours: object
    theirs: object


def differences(ours: dict, theirs: dict) -> list[Difference]:
    """Every dotted key at which nested mappings differ, in ours' order, then theirs'.

    Numbers are compared by value, lists as wholes. A key that one side lacks is ABSENT there; a
    block that one side lacks is told key by key.
    """
    left, right = dict(_flat(ours)), dict(_flat(theirs))
    return [
        Difference(key, left.get(key, ABSENT), right.get(key, ABSENT))
        for key in (left | right)
        if key not in left or key not in right or left[key] != right[key]
    ]


def bearing(name: str, variant: dict) -> dict:
    """The settings of a variant of that name that bear on its numbers, without repetition.

    Its label is none, its model only where it is another variant's, and the ladder of its samples
    only where it is not that of its training.
    """
    reuses = variant["model"] if variant["model"] != name else ABSENT
    kept = {key: value for key, value in variant.items() if key not in ("label", "model")}
    sample = variant["sample"]
    if sample.get("ladder") is not None and sample["ladder"] == variant["noise"]:
        kept["sample"] = sample | {"ladder": AS_TRAINED}
    return {"reuses": reuses} | kept


def told(value: object) -> str:
    """A setting as YAML would have it, equal for equal values; a long one is cut short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else shown(value)


def _flat(block: dict, before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in block.items():
        dotted = f"{before}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{dotted}.")
        else:
            yield dotted, value
