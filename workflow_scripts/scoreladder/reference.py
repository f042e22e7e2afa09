"""Real data as the metrics see it: features of each split, and what is computed of them once."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from scoreladder import metrics_features, metrics_neighbours
from scoreladder.files import atomic_path, read_json, write_json
from scoreladder.rows import Rows, Stored, digest

SPLITS = ("train", "tune", "test")
MOMENTS = ("mean", "covariance")
# how many of each set distances of all pairs are taken of
NEIGHBOURS = 10_000


class Reference(NamedTuple):
    """Features (n, d) of each split, and what is known of them.

    `against` names the split that samples are compared with, `moments` are its mean (d,) and
    covariance (d, d); `fresh` is the mean distance of test features (the first NEIGHBOURS) to the
    nearest training feature, None where nobody asks.
    """

    train: Rows
    tune: Rows
    test: Rows
    against: str
    moments: tuple[np.ndarray, np.ndarray]
    fresh: float | None = None

    def compared(self) -> Rows:
        """The features that samples are compared with."""
        return getattr(self, self.against)


def against(features: dict | None) -> str:
    """The split that samples are compared with: test, but for Inception the one that is asked."""
    return (features or {}).get("reference", "test")


def files(path: Path) -> dict[str, Path]:
    """The arrays beside a reference's file, by name."""
    return {name: path.with_name(f"{name}.npy") for name in (*SPLITS, *MOMENTS)}


def complete(path: Path, compared: str, neighbours: bool) -> None:
    """Write what is known of the splits' features beside `path`, and last, `path` itself.

    `path` therefore changes whenever they do. Of `compared` there are the moments; with neighbours
    also `fresh`. Raises ValueError on features that have none.
    """
    places = files(path)
    moments = metrics_features.moments(Stored([places[compared]]))
    for name, value in zip(MOMENTS, moments, strict=True):
        with atomic_path(places[name]) as temporary:
            np.save(temporary, value)
    told = {"against": compared, "fresh": None}
    if neighbours:
        test, train = Stored([places["test"]])[:NEIGHBOURS], Stored([places["train"]])
        told["fresh"] = metrics_neighbours.fresh_distance(test, train)
    digests = {name: digest(Stored([places[name]])) for name in SPLITS}
    write_json(path, told | {"sha256": digests})


def read(path: Path) -> Reference:
    """What was written at `path`; features are looked up when they are asked for."""
    told, places = read_json(path), files(path)
    splits = (Stored([places[name]]) for name in SPLITS)
    mean, covariance = (np.load(places[name], allow_pickle=False) for name in MOMENTS)
    return Reference(*splits, told["against"], (mean, covariance), told["fresh"])
