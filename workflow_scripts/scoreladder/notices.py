"""What jobs say of themselves, made sense of: their names, whether they live, how far they are."""

import os
import platform
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from scoreladder import slurm

# a job elsewhere that has not been heard of for so long has ended
SILENT_SECONDS = 300.0
UNITS = {"img": "images", "B": "bytes"}


class Doing(NamedTuple):
    """A job that is running, or failed, or stopped at its deadline and will go on (waiting).

    name: its rule and wildcards in words; result: its manifest; notice: what it says of itself.
    """

    name: str
    result: str
    state: str
    reason: str
    notice: dict


def jobs(experiment: dict, notices: list[dict], queue: list[slurm.QueuedJob] | None) -> list[Doing]:
    """Every job of an experiment that says something of itself, also those of no variant's row.

    Those of no experiment are taken for any's. Those of variants that the experiment has no longer
    are left out, and what was done since.
    """
    numbers, found = numbers_in(queue), []
    for notice in notices:
        known = notice.get("variant") is None or notice["variant"] in experiment["variants"]
        if notice.get("experiment", experiment["name"]) == experiment["name"] and known:
            state, reason = told(notice, numbers)
            if state == "running" or not Path(notice["result"]).exists():
                found.append(Doing(name_of(notice), notice["result"], state, reason, notice))
    return found


def name_of(notice: dict) -> str:
    """A job in words: its rule, what it works on, and its seeds, e.g. "train multi seed 0"."""
    words = [notice["rule"]]
    words += [notice[key] for key in ("variant", "data", "comparison") if key in notice]
    words += [f"seed {notice['seed']}"] if "seed" in notice else []
    # most runs have one sample seed and one shard
    further = {"sample_seed": "sample seed", "shard": "shard"}
    words += [
        f"{word} {notice[key]}" for key, word in further.items() if notice.get(key, "0") != "0"
    ]
    return " ".join(words)


def numbers_in(queue: list[slurm.QueuedJob] | None) -> set[str] | None:
    """The numbers of SLURM's jobs, None where it gives no answer."""
    return None if queue is None else {job.number for job in queue}


def told(notice: dict, numbers: set[str] | None) -> tuple[str, str]:
    """The state of a job that speaks of itself, running, waiting or failed, and the reason."""
    if notice["state"] == "running" and is_alive(notice, numbers):
        return "running", ""
    reason = notice.get("reason", "")
    if reason.startswith("deadline reached"):
        return "waiting", reason
    return "failed", reason or last_line(notice["log"])


def is_alive(notice: dict, numbers: set[str] | None) -> bool:
    """Whether a job that says it is running still does; numbers are those in SLURM's queue.

    Where there is nobody to ask it is believed, as long as it is heard of.
    """
    if notice["host"] == platform.node():
        return is_process(notice["pid"])
    if notice["slurm_job"] and numbers is not None:
        return notice["slurm_job"] in numbers
    return time.time() - notice["written"] < SILENT_SECONDS


def is_process(number: int) -> bool:
    """Whether a process of this user's on this machine has that number."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(number, 0)
        return True
    return False


def progress(notice: dict) -> str:
    """How far a running job has come, in words: share, units, rate, time left and loss."""
    shown = notice.get("progress")
    if not shown:
        return ""
    done, total = shown["done"], shown["total"]
    unit = UNITS.get(shown["unit"], f"{shown['unit']}s")
    left, loss, speed = pace(notice)
    share = f" {done / total:.0%}, {done:,} of {total:,} {unit}"
    words = [share, speed and f"{speed}/s", left, loss]
    return ", ".join(filter(None, words))


def pace(notice: dict) -> tuple[str, str, str]:
    """Of a job with progress: time left, loss, and units a second; empty where not known."""
    shown, loss = notice["progress"], notice.get("loss")
    left = speed = ""
    if rate := shown["rate"]:
        left = f"{duration((shown['total'] - shown['done']) / rate)} left"
        # two digits where they are few
        speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
    return left, "" if loss is None else f"loss {loss:.3g}", speed


def duration(seconds: float) -> str:
    """A span of time as people write it: 42 s, 3 min, 1 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def last_line(log: str) -> str:
    """The last line of a log that says something."""
    with suppress(OSError):
        lines = [line for line in Path(log).read_text().splitlines() if line.strip()]
        if lines:
            return f"ended without a word after: {lines[-1]}"
    return "ended without a word"
