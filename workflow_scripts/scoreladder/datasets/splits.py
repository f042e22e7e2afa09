"""The one form in which the rest of the program sees data."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from scoreladder.files import atomic_path, sha256


class Splits(NamedTuple):
    """Float32 arrays (n, *shape): `train` to fit, `tune` to choose step sizes, `test` to report.

    The labels, int64 (n,), are all zero where the data has none.
    """

    train: np.ndarray
    tune: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray
    tune_labels: np.ndarray
    test_labels: np.ndarray

    def summary(self) -> dict:
        """Sizes, shape and a SHA-256 per split, for the manifest."""
        named = {"train": self.train, "tune": self.tune, "test": self.test}
        return {
            name: {"count": len(part), "shape": list(part.shape[1:]), "sha256": digest(part)}
            for name, part in named.items()
        }


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's values in C order."""
    return sha256(np.ascontiguousarray(array).tobytes())


def write(splits: Splits, path: Path) -> None:
    """Save the splits as one .npz, atomically."""
    with atomic_path(path) as temporary:
        np.savez(temporary, **splits._asdict())


def read(path: Path) -> Splits:
    """Read what `write` saved; nothing in the file can be code."""
    with np.load(path, allow_pickle=False) as arrays:
        return Splits(*(arrays[name] for name in Splits._fields))
