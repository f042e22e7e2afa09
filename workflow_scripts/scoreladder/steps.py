"""Steps of long jobs, kept beside the result so that the next attempt does only what is left."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar
from zipfile import BadZipFile

import numpy as np

from scoreladder.files import atomic_path, write_text

T = TypeVar("T")


class Keep(Protocol):
    """keep(name, compute) is compute(), or what an earlier attempt kept under that name."""

    def __call__(self, name: str, compute: Callable[[], T]) -> T: ...


def at_once(name: str, compute: Callable[[], T]) -> T:
    """The Keep that keeps nothing."""
    return compute()


def keeper(folder: Path) -> Keep:
    """The Keep of a folder that `resume.prepare` made.

    Values are what JSON can hold, or dicts of NumPy arrays; they come back bit for bit.
    """

    def keep(name: str, compute: Callable[[], T]) -> T:
        found = _read(folder / name)
        if found is None:
            found = compute()
            _write(folder / name, found)
        return found

    return keep


def _named(path: Path, suffix: str) -> Path:
    """The path with a suffix after whatever dots its name has."""
    return path.with_name(path.name + suffix)


def _read(path: Path) -> object:
    """The value at a path without suffix; None where there is none, or none that can be read."""
    with suppress(OSError, ValueError):
        return json.loads(_named(path, ".json").read_text())
    with suppress(OSError, ValueError, BadZipFile), np.load(_named(path, ".npz")) as arrays:
        return dict(arrays)
    return None


def _write(path: Path, value: object) -> None:
    if isinstance(value, dict) and all(isinstance(each, np.ndarray) for each in value.values()):
        with atomic_path(_named(path, ".npz")) as temporary:
            np.savez(temporary, **value)
    else:
        write_text(_named(path, ".json"), json.dumps(value))
