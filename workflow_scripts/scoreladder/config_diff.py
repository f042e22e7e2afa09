"""What two resolved configurations differ in, key by key; torch-free."""

from collections.abc import Iterator
from typing import NamedTuple

# a key that one side does not have; None is a value that a config may hold
ABSENT = "–"


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


def _flat(block: dict, before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in block.items():
        dotted = f"{before}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{dotted}.")
        else:
            yield dotted, value
