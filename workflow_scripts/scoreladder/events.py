"""The learning curve as TensorBoard shows it, while it grows."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FLUSH_SECONDS = 10


@contextmanager
def following(folder: Path | None) -> Iterator[Callable[[list[dict]], None]]:
    """Gives follow(curve), which adds the rows that are new to the events in `folder`.

    The folder is made anew, so that an attempt that goes on tells of the whole curve once. Rows are
    those of `training.record`; each number but images is a scalar training/NAME at step images.
    Without a folder nothing is written.
    """
    if folder is None:
        yield lambda curve: None
        return
    # here, because only trainings need it
    from tensorboardX import SummaryWriter

    shutil.rmtree(folder, ignore_errors=True)
    written = 0

    def follow(curve: list[dict]) -> None:
        nonlocal written
        for row in curve[written:]:
            for name in row.keys() - {"images"}:
                writer.add_scalar(f"training/{name}", row[name], row["images"])
        written = len(curve)

    with SummaryWriter(str(folder), flush_secs=FLUSH_SECONDS) as writer:
        yield follow
