"""Jobs in SLURM's queue whose run was killed: found by the run's name, waited for or cancelled."""

import time
from collections.abc import Callable
from pathlib import Path

from scoreladder import claims, slurm
from scoreladder.errors import JobFailed

POLL_SECONDS = 5.0
NEWS_SECONDS = 60.0


def names_left(folder: Path, experiments: list[str]) -> set[str]:
    """The names of SLURM's jobs by the last runs of these experiments."""
    runs = [claims.latest_run(folder, experiment) for experiment in experiments]
    return {run["jobs"] for run in runs if run and run["jobs"]}


def settle(names: set[str], choice: str, say: Callable[[str], None]) -> None:
    """Return once no job of those names is in the queue; `cancel` asks SLURM to end them first.

    choice: "wait", "cancel" or "ignore", which does nothing. Raises JobFailed where SLURM gives no
    answer.
    """
    if choice == "ignore" or not names:
        return
    asked, told = False, -NEWS_SECONDS
    left = _left(names)
    while left:
        if choice == "cancel" and not asked:
            say(f"cancelling {_many(left)} of a killed run; what they have done is kept")
            asked = slurm.cancel(left)
        elif choice == "wait" and time.monotonic() - told >= NEWS_SECONDS:
            say(f"waiting for {_many(left)} of a killed run; to end them: --config orphans=cancel")
            told = time.monotonic()
        time.sleep(POLL_SECONDS)
        found = slurm.queued(names)
        # a controller that is away for a while ends no wait
        left = left if found is None else found


def _left(names: set[str]) -> list[slurm.QueuedJob]:
    jobs = slurm.queued(names)
    if jobs is None:
        raise JobFailed(
            "config/config.yaml: orphans: the last run used SLURM, and squeue gives no answer, so "
            "its jobs may be at work still; try again later, or with --config orphans=ignore: "
            "they then stop by themselves"
        )
    return jobs


def _many(jobs: list[slurm.QueuedJob]) -> str:
    numbers = ", ".join(job.number for job in jobs[:5])
    more = f" and {len(jobs) - 5} more" if len(jobs) > 5 else ""
    return f"{len(jobs)} SLURM job{'s' * (len(jobs) > 1)} ({numbers}{more})"
