"""What SLURM knows of jobs: which are in the queue, when one has to end; and cancelling them."""

import getpass
import subprocess
from datetime import datetime
from typing import NamedTuple

ANSWER_SECONDS = 60


class QueuedJob(NamedTuple):
    """A job in the queue; its name is that of the run which submitted it, its comment its rule."""

    number: str
    name: str
    state: str
    comment: str


def ask(*command: str) -> str | None:
    """What a SLURM command prints; None where it fails, is missing or gives no answer in time."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def queued(names: set[str]) -> list[QueuedJob] | None:
    """This user's unfinished jobs of those names, by number; None where SLURM gives no answer."""
    answer = ask("squeue", "--noheader", "--user", getpass.getuser(), "--format", "%i|%j|%T|%k")
    if answer is None:
        return None
    # a line that tells of no job is a warning of the site's
    lines = [line.split("|", 3) for line in answer.splitlines() if line.count("|") >= 3]
    return sorted(job for job in map(QueuedJob._make, lines) if job.name in names)


def span(number: str) -> tuple[float, float] | None:
    """When a running job began and has to end, seconds since the epoch; None where unlimited."""
    answer = ask("squeue", "--noheader", "--jobs", number, "--format", "%S|%e")
    try:
        begin, end = (datetime.fromisoformat(each) for each in (answer or "").strip().split("|"))
    except ValueError:
        return None
    return begin.timestamp(), end.timestamp()


def cancel(jobs: list[QueuedJob]) -> bool:
    """Ask SLURM to end these jobs, each of which hears SIGTERM first; whether it will."""
    return ask("scancel", *(job.number for job in jobs)) is not None
