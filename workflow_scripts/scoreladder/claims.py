"""Who may write a result: of several runs the latest, and in it the latest attempt at a job.

A run that was killed leaves jobs behind, and a scheduler may start a job twice. Whoever comes later
claims the result and waits for its lock; whoever came earlier finds the claim gone, stops, and
publishes nothing.
"""

import fcntl
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from scoreladder import files
from scoreladder.errors import JobFailed, Stopped

# what runs and jobs tell one another, in the folder that Snakemake works in
NOTICES = Path(".snakemake/scoreladder")
# in the environment of every job: the stamp of the run that started it
RUN = "SCORELADDER_RUN"
# how long the holder of a lock, which has lost its claim, is given to notice
LOCK_SECONDS = 90.0
LOCK_POLL_SECONDS = 0.2


class Superseded(Stopped):
    """A later run or attempt is at work on the same result; this one must not write it."""


def run_file(folder: Path, experiment: str) -> Path:
    """Where the latest run of an experiment is written down: {"run", "jobs", ...}."""
    return folder / "runs" / f"{experiment}.json"


def latest_run(folder: Path, experiment: str) -> dict | None:
    """What `begin_run` wrote last for an experiment; None where there is nothing to read."""
    with suppress(OSError, ValueError):
        return files.read_json(run_file(folder, experiment))
    return None


@contextmanager
def alone(folder: Path, experiments: list[str]) -> Iterator[None]:
    """In the block, be the only run of these experiments in this folder.

    Raises JobFailed if another one is at work: one that lives, since the kernel gives a dead one's
    lock back.
    """
    with ExitStack() as stack:
        for experiment in experiments:
            path = run_file(folder, experiment).with_suffix(".lock")
            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(open(path, "a", encoding="utf-8"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise JobFailed(
                    f"another run of {experiment} is at work in this folder; wait for its end or "
                    "stop it"
                ) from None
            except OSError as error:
                say_unlocked(f"runs of {experiment}", error)
        yield


def begin_run(folder: Path, experiments: list[str], facts: dict) -> str:
    """From now on jobs of earlier runs of these experiments are stale; returns this run's stamp.

    The stamp is also put into this process's environment, from which jobs inherit it. facts are
    written beside it, for whoever comes next.
    """
    stamp = uuid.uuid4().hex
    for experiment in experiments:
        files.write_json(run_file(folder, experiment), facts | {"run": stamp})
    os.environ[RUN] = stamp
    return stamp


def end_run(folder: Path, experiments: list[str]) -> None:
    """Write down that the latest run of these experiments left no jobs behind."""
    for experiment in experiments:
        run = latest_run(folder, experiment)
        if run:
            files.write_json(run_file(folder, experiment), run | {"jobs": None})


def check_run(folder: Path, experiment: str) -> None:
    """Raise Superseded if this process was started by a run that is not the latest."""
    own, latest = os.environ.get(RUN), latest_run(folder, experiment)
    if own and latest and latest["run"] != own:
        raise Superseded("left to a later run: this job belongs to one that was killed")


@contextmanager
def claimed(folder: Path, experiment: str, result: str) -> Iterator[Callable[[], None]]:
    """Claim a result, wait until nobody else holds it, and hold it in the block.

    Gives check(), which raises Superseded once a later run or attempt has claimed the result. The
    kernel gives the lock back however its holder ends. Raises Superseded in a stale run.
    """
    check_run(folder, experiment)
    path, own = folder / "claims" / files.sha256(result.encode())[:16], uuid.uuid4().hex.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    # not by a rename: the lock is on this very file
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        os.pwrite(handle, own, 0)

        def check() -> None:
            check_run(folder, experiment)
            if path.read_bytes() != own:
                raise Superseded("left to a later attempt at the same job")

        _lock(handle, result)
        check()
        yield check
    finally:
        os.close(handle)


def _lock(handle: int, result: str) -> None:
    """Take the lock, saying so where that means to wait; go on without where none can be had.

    A holder that cannot be stopped any more, as on a lost node, is waited for in vain: it may write
    nothing, and so after LOCK_SECONDS both work.
    """
    last, told = time.monotonic() + LOCK_SECONDS, False
    while time.monotonic() < last:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                say(f"waiting for another process at work on {result}")
            told = True
            time.sleep(LOCK_POLL_SECONDS)
        except OSError as error:
            return say_unlocked(result, error)
    say(f"going on beside another process at work on {result}, which may not write it any more")


def say_unlocked(what: str, error: OSError) -> None:
    """Say that a filesystem has no locks to offer."""
    say(f"going on without a lock for {what}: {error.strerror}")


def say(line: str) -> None:
    """A line for whoever watches; the job's log is not open yet."""
    print(line, file=sys.stderr, flush=True)
