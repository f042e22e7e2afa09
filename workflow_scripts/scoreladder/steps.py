"""Steps of long jobs, kept beside the result so that the next attempt does only what is left."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from scoreladder.files import atomic_path, write_text

T = TypeVar("T")


class Keep(Protocol):
    """keep(name, compute) is compute(), or what an earlier attempt kept under that name."""

    def __call__(self, name: str, compute: Callable[[], T]) -> T: ...


def at_once(name: str, compute: Callable[[], T]) -> T:
    """The Keep that keeps nothing."""
    return compute()


def folder_of(result: Path | str) -> Path:
    """Where the steps of a result are kept."""
    return Path(result).with_suffix(".resume")


def forget(result: Path | str) -> None:
    """Remove the steps of a result that is finished."""
    shutil.rmtree(folder_of(result), ignore_errors=True)


def prepare(folder: Path, stamp: str) -> None:
    """Make `folder` one of steps marked with `stamp`; steps with another mark are removed."""
    mark = folder / "stamp"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == stamp):
        shutil.rmtree(folder, ignore_errors=True)
        write_text(mark, stamp)


def keeper(folder: Path) -> Keep:
    """The Keep of a folder that `prepare` made.

    Values are what JSON can hold, or dicts of NumPy arrays; they come back bit for bit.
    """

    def keep(name: str, compute: Callable[[], T]) -> T:
        found = _read(folder / name)
        if found is None:
            found = compute()
            _write(folder / name, found)
        return found

    return keep


def _read(path: Path) -> object:
    """The value at a path without suffix; None where there is none, or none that can be read."""
    with suppress(OSError, ValueError):
        return json.loads(path.with_suffix(".json").read_text())
    with suppress(OSError, ValueError), np.load(path.with_suffix(".npz")) as arrays:
        return dict(arrays)
    return None


def _write(path: Path, value: object) -> None:
    if isinstance(value, dict) and all(isinstance(each, np.ndarray) for each in value.values()):
        with atomic_path(path.with_suffix(".npz")) as temporary:
            np.savez(temporary, **value)
    else:
        write_text(path.with_suffix(".json"), json.dumps(value))
