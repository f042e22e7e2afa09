"""Jobs stop in time: by the clock, by SIGTERM, at once or when it suits them."""

import os
import signal
import time

import pytest

from scoreladder.deadlines import Deadline, DeadlineReached, seconds_left
from scoreladder.errors import JobFailed


@pytest.fixture
def deadline():
    """An armed deadline without a clock; afterwards the process has its own handlers again."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    deadline = Deadline()
    deadline.arm(None)
    yield deadline
    deadline.disarm()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("limit", "now", "left"),
    [
        (60, 0, 54),
        (60, 30, 24),
        (3600, 0, 3480),
        (86400, 80000, 6280),
        (60, 55, 0),
        (60, 100, 0),
    ],
)
def test_a_tenth_of_the_limit_but_at_most_two_minutes_is_left_for_saving(limit, now, left):
    assert seconds_left(1000.0, 1000.0 + limit, 1000.0 + now) == pytest.approx(left)


def test_without_an_end_there_is_no_deadline():
    assert seconds_left(0.0, None, 10.0) is None


def test_sigterm_ends_the_work_at_once(deadline):
    with pytest.raises(DeadlineReached, match=r"^deadline reached, will resume \(SIGTERM\)$"):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)


def test_the_clock_ends_the_work_at_once(deadline):
    deadline.arm(0.05)
    with pytest.raises(DeadlineReached, match=r"will resume \(time limit\)$"):
        time.sleep(5)


def test_deferred_work_ends_itself(deadline):
    steps = 0
    with pytest.raises(DeadlineReached), deadline.deferred():
        assert deadline.reached is None
        os.kill(os.getpid(), signal.SIGTERM)
        while not deadline.reached:
            steps += 1
        steps = -1
    assert steps == -1
    assert deadline.reached == "SIGTERM"


def test_deferred_work_that_is_done_in_time_is_done(deadline):
    with deadline.deferred():
        pass
    assert deadline.reached is None


def test_an_error_of_deferred_work_is_not_hidden(deadline):
    with pytest.raises(JobFailed), deadline.deferred():
        raise JobFailed("diverged")


def test_a_second_signal_does_not_disturb_the_saving(deadline):
    with pytest.raises(DeadlineReached), deadline.deferred():
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)


def test_handlers_of_errors_do_not_swallow_a_deadline():
    assert not issubclass(DeadlineReached, Exception)
