"""Where a job keeps what its next attempt can go on from, beside its result; torch-free.

It outlives the result's end, until the run has recorded it: a job whose driver was killed, or whose
group failed, is started again, and then has nothing left to do.
"""

import shutil
from pathlib import Path

from scoreladder.files import write_text


def folder_of(result: Path | str) -> Path:
    """The folder that belongs to a result."""
    return Path(result).with_suffix(".resume")


def prepare(folder: Path, stamp: str) -> None:
    """Make `folder` one of work marked with `stamp`; work with another mark is removed."""
    mark = folder / "stamp"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == stamp):
        shutil.rmtree(folder, ignore_errors=True)
        write_text(mark, stamp)


def forget(result: Path | str) -> None:
    """Remove the folder of a result that is finished and recorded."""
    shutil.rmtree(folder_of(result), ignore_errors=True)
