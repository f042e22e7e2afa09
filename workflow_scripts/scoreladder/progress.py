"""Progress for people: a bar on a terminal, now and then a line in a log."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

LOG_SECONDS = 10.0


class _Lines:
    """A stream that turns tqdm's carriage returns into one line per update."""

    def write(self, text: str) -> None:
        text = text.strip("\r\n ")
        if text:
            print(text, file=sys.stderr, flush=True)

    def flush(self) -> None:
        sys.stderr.flush()


def track(
    steps: Iterable[T], total: int, label: str, unit: str, per_step: int = 1, done: int = 0
) -> Iterator[T]:
    """Pass `steps` through, showing done, rate and time left on standard error.

    total counts units, of which every step is worth `per_step` and `done` are there already.
    """
    terminal = sys.stderr.isatty()
    with tqdm(
        total=total,
        initial=done,
        desc=label,
        unit=unit,
        unit_scale=True,
        file=sys.stderr if terminal else _Lines(),
        mininterval=0.2 if terminal else LOG_SECONDS,
        maxinterval=10 * LOG_SECONDS,
        dynamic_ncols=terminal,
        ncols=None if terminal else 100,
        ascii=not terminal,
    ) as bar:
        for step in steps:
            yield step
            bar.update(min(per_step, total - bar.n))
