"""When a job has to stop, and how it hears of it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from scoreladder.errors import Stopped

# left for saving: a tenth of the time limit, but no more than this
MARGIN_SECONDS = 120.0


class DeadlineReached(Stopped):
    """The job's time is over; it was saved and goes on when it is started again."""

    def __init__(self, reason: str):
        super().__init__(f"deadline reached, will resume ({reason})")


def seconds_left(begin: float, end: float | None, now: float) -> float | None:
    """Seconds from `now` until work must stop, for a job that runs from `begin` to `end`.

    A margin before the end is kept for saving. None where there is no end; never negative.
    """
    if end is None:
        return None
    return max(0.0, end - now - min(MARGIN_SECONDS, 0.1 * (end - begin)))


class Deadline:
    """The end of a job's time, by the clock or by SIGTERM.

    Once `armed`, DeadlineReached is raised wherever the process then is; inside `deferred` it is
    not raised, and `reached`, else None, says why work must stop as soon as it can.
    """

    def __init__(self) -> None:
        self.reached: str | None = None
        self._deferring = False

    def arm(self, seconds: float | None) -> None:
        """Listen to SIGTERM, and to the clock: it strikes after `seconds`, with None never."""
        signal.signal(signal.SIGTERM, self._strike)
        signal.signal(signal.SIGALRM, self._strike)
        if seconds is not None:
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))

    def disarm(self) -> None:
        """Stop the clock, and take no more notice of SIGTERM: what is left is to finish."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)

    def _strike(self, number: int, frame: object) -> None:
        self.disarm()
        self.reached = "time limit" if number == signal.SIGALRM else "SIGTERM"
        if not self._deferring:
            raise DeadlineReached(self.reached)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """In the block, only note that the deadline is reached; raise DeadlineReached at its end.

        Work stops there at a moment of its own choice, having saved itself.
        """
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        if self.reached:
            raise DeadlineReached(self.reached)
