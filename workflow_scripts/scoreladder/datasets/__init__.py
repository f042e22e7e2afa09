"""Data sets, by name: each a function from its config block to fixed, recorded splits."""

from scoreladder.datasets.digits import digits
from scoreladder.datasets.points import gaussian_mixture
from scoreladder.datasets.splits import Splits, read, write

DATASETS = {"digits": digits, "gaussian_mixture": gaussian_mixture}

__all__ = ["DATASETS", "Splits", "load", "read", "write"]


def load(spec: dict) -> Splits:
    """The splits that a config block such as {name: digits} describes."""
    arguments = {key: value for key, value in spec.items() if key != "name"}
    return DATASETS[spec["name"]](**arguments)
