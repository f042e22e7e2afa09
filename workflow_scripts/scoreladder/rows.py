"""Rows of arrays that are too large for memory: looked up only where they are asked for."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from scoreladder.files import atomic_path

# rows that are copied, hashed or summed at once
CHUNK = 1024


class Rows(Protocol):
    """Any array (n, ...), or what gives rows at a slice or at indices as an array does."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray: ...


class Stored:
    """The Rows of .npy files, one file after another."""

    def __init__(self, paths: Sequence[Path]):
        self.paths = list(paths)
        arrays = [np.load(path, mmap_mode="r", allow_pickle=False) for path in self.paths]
        self.starts = np.cumsum([0, *map(len, arrays)])
        self.shape = (int(self.starts[-1]), *arrays[0].shape[1:])
        self.dtype = arrays[0].dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        index = np.arange(len(self))[rows]
        found = np.empty((len(index), *self.shape[1:]), self.dtype)
        for path, start, end in zip(self.paths, self.starts, self.starts[1:], strict=False):
            here = (index >= start) & (index < end)
            if here.any():
                # mapped anew each time: what was read does not stay in the process's memory
                array = np.load(path, mmap_mode="r", allow_pickle=False)
                found[here] = array[index[here] - start]
        return found


class Picked:
    """The Rows source[index], not looked up yet."""

    def __init__(self, source: Rows, index: np.ndarray):
        self.source, self.index = source, index
        self.shape, self.dtype = (len(index), *source.shape[1:]), source.dtype

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        return self.source[self.index[rows]]


def pick(rows: Rows, index: np.ndarray) -> Rows:
    """rows[index]: at once of an array, not looked up yet of all else."""
    return rows[index] if isinstance(rows, np.ndarray) else Picked(rows, index)


def chunks(rows: Rows, size: int = CHUNK) -> Iterator[np.ndarray]:
    """The rows in their order, `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def digest(part: Rows) -> str:
    """SHA-256 of an array's values in C order."""
    found = hashlib.sha256()
    for rows in chunks(part):
        found.update(np.ascontiguousarray(rows))
    return found.hexdigest()


def store(path: Path, shape: tuple[int, ...], dtype: np.dtype, parts: Iterable[np.ndarray]) -> None:
    """Write the rows of `parts`, one after another, as a .npy file of that shape and dtype."""
    with atomic_path(path) as temporary:
        array, start = np.lib.format.open_memmap(temporary, "w+", dtype, shape), 0
        for part in parts:
            array[start : start + len(part)] = part
            start += len(part)
        array.flush()
        if start != shape[0]:
            raise ValueError(f"{path}: found {start} rows, not {shape[0]}")
