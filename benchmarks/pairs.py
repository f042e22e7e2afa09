"""Calls timed in turns, so that whatever else a machine does falls on all of them alike."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """The median of some values and the ends of their range."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Median, least and largest of one value or more."""
    return Spread(statistics.median(values), min(values), max(values))


def seconds(call: Callable[[], object]) -> float:
    """Seconds of the wall clock that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_turns(
    calls: dict[str, Callable[[], object]],
    rounds: int,
    warm: bool = True,
    clock: Callable[[Callable[[], object]], float] = seconds,
) -> dict[str, list[float]]:
    """Seconds of each call in each round, by name, as `clock` tells them.

    Every round makes each call once, and every other round in the opposite order. With `warm`, each
    is first made once untimed.
    """
    found: dict[str, list[float]] = {name: [] for name in calls}
    if warm:
        for call in calls.values():
            call()
    for number in range(rounds):
        for name in list(calls)[:: -1 if number % 2 else 1]:
            found[name].append(clock(calls[name]))
    return found


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Their seconds over ours, a number for each round: how many times as fast we are."""
    return [other / own for own, other in zip(ours, theirs, strict=True)]
