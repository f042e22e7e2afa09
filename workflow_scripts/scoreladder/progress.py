"""Progress for people: a bar on a terminal, now and then a line in a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from tqdm import tqdm

T = TypeVar("T")

LOG_SECONDS = 10.0


class Progress(NamedTuple):
    """How far a loop has come: `done` of `total` units, `rate` of them a second (None: unknown)."""

    label: str
    unit: str
    done: int
    total: int
    rate: float | None


# called after every step of every tracked loop; it may raise to end the loop
watchers: list[Callable[[Progress], None]] = []


class _Lines:
    """A stream that turns tqdm's carriage returns into one line per update."""

    def write(self, text: str) -> None:
        text = text.strip("\r\n ")
        if text:
            print(text, file=sys.stderr, flush=True)

    def flush(self) -> None:
        sys.stderr.flush()


@contextmanager
def bar(total: int, label: str, unit: str, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show done, rate and time left on standard error, and tell `watchers`.

    Gives reach(n), to be called whenever n units are done; `done` of the total are there already.
    """
    terminal, begun = sys.stderr.isatty(), time.monotonic()
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
    ) as shown:

        def reach(n: int) -> None:
            shown.update(min(n, total) - shown.n)
            # the bar's own rate is there only once it has been drawn
            seconds = time.monotonic() - begun
            rate = (shown.n - done) / seconds if seconds else None
            for watch in watchers:
                watch(Progress(label, unit, shown.n, total, rate))

        yield reach


def track(
    steps: Iterable[T], total: int, label: str, unit: str, per_step: int = 1, done: int = 0
) -> Iterator[T]:
    """Pass `steps` through a `bar`, of whose units every step is worth `per_step`."""
    with bar(total, label, unit, done) as reach:
        for number, step in enumerate(steps, start=1):
            yield step
            reach(done + number * per_step)
