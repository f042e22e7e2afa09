"""Data sets, by name: each a function from its config block to fixed, recorded splits."""

from scoreladder.datasets import digits, folders, images, points  # noqa: F401 (they register)
from scoreladder.datasets.points import mixture_of
from scoreladder.datasets.splits import DATASETS, Splits, read, values, write

__all__ = ["DATASETS", "Splits", "load", "mixture_of", "read", "values", "write"]


def load(spec: dict) -> Splits:
    """The splits that a config block such as {name: digits} describes."""
    arguments = {key: value for key, value in spec.items() if key != "name"}
    return DATASETS[spec["name"]](**arguments)
