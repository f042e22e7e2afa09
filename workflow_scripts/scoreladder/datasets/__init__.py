"""Data sets, by name: each a function from its config block to fixed, recorded splits."""

from scoreladder.datasets import images, points
from scoreladder.datasets.digits import digits
from scoreladder.datasets.folders import celeba64, folder
from scoreladder.datasets.points import mixture_of
from scoreladder.datasets.splits import Splits, read, values, write

DATASETS = {
    "digits": digits,
    "mnist": images.mnist,
    "fashion_mnist": images.fashion_mnist,
    "cifar10": images.cifar10,
    "celeba64": celeba64,
    "folder": folder,
    "gaussian_mixture": points.gaussian_mixture,
    "gaussian_grid": points.gaussian_grid,
    "two_moons": points.two_moons,
    "swiss_roll": points.swiss_roll,
    "checkerboard": points.checkerboard,
    "rings": points.rings,
}

__all__ = ["DATASETS", "Splits", "load", "mixture_of", "read", "values", "write"]


def load(spec: dict) -> Splits:
    """The splits that a config block such as {name: digits} describes."""
    arguments = {key: value for key, value in spec.items() if key != "name"}
    return DATASETS[spec["name"]](**arguments)
