"""The one form in which the rest of the program sees data."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scoreladder.files import read_json, write_json
from scoreladder.rows import Rows, chunks, digest, store

# name → function of a config block's other keys that makes the splits
DATASETS: dict[str, Callable[..., "Splits"]] = {}


class Splits(NamedTuple):
    """Arrays (n, *shape): `train` to fit, `tune` to choose step sizes, `test` to report.

    Points are float32, and `bin_width` is 0. Images are uint8 (n, channels, height, width) and hold
    grey levels, of which v stands for the value v·bin_width − 1 (`values`). The labels, int64 (n,),
    are all zero where the data has none.
    """

    train: Rows
    tune: Rows
    test: Rows
    train_labels: np.ndarray
    tune_labels: np.ndarray
    test_labels: np.ndarray
    bin_width: float = 0.0

    def summary(self) -> dict:
        """Sizes, shape, dtype and a SHA-256 of each array, and bin_width, for the manifest."""
        told = {name: _facts(part) for name, part in self.arrays().items()}
        return told | {"bin_width": self.bin_width}

    def arrays(self) -> dict[str, Rows]:
        """The arrays by name."""
        return {name: part for name, part in self._asdict().items() if name in ARRAYS}

    def values(self, part: str, count: int | None = None) -> np.ndarray:
        """`values` of the first `count` rows of an array, or of all of it."""
        return values(getattr(self, part)[:count], self.bin_width)


ARRAYS = Splits._fields[:-1]


def values(part: np.ndarray, bin_width: float) -> np.ndarray:
    """Float32 values of data (n, *shape): grey levels v become v·bin_width − 1, in [−1, 1]."""
    if part.dtype == np.uint8:
        return (part * np.float64(bin_width) - 1).astype(np.float32)
    return np.asarray(part, dtype=np.float32)


def _facts(part: Rows) -> dict:
    return {
        "count": len(part),
        "shape": list(part.shape[1:]),
        "dtype": str(part.dtype),
        "sha256": digest(part),
    }


def write(splits: Splits, path: Path) -> None:
    """Save each array as NAME.npy beside `path`, and last, at `path`, the JSON that tells of them.

    `path` therefore changes whenever the data does. Each file appears whole or not at all.
    """
    for name, part in splits.arrays().items():
        store(path.with_name(f"{name}.npy"), part.shape, part.dtype, chunks(part))
    write_json(path, splits.summary())


def read(path: Path) -> Splits:
    """What `write` saved, memory-mapped; nothing in the files can be code.

    The arrays may be written to, which changes no file. Raises ValueError where they are not those
    that the JSON tells of.
    """
    told, found = read_json(path), []
    for name in ARRAYS:
        array = np.load(path.with_name(f"{name}.npy"), mmap_mode="c", allow_pickle=False)
        facts = (len(array), list(array.shape[1:]), str(array.dtype))
        wanted = (told[name]["count"], told[name]["shape"], told[name]["dtype"])
        if facts != wanted:
            raise ValueError(f"{path.with_name(name)}.npy: found {facts}, but {path} says {wanted}")
        found.append(array)
    return Splits(*found, bin_width=told["bin_width"])
