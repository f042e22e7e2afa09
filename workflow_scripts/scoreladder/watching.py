"""A picture of what runs do right now, for a terminal that is drawn anew every few seconds."""

import time
from collections import Counter
from typing import NamedTuple

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from scoreladder.notices import Doing, duration, pace
from scoreladder.slurm import QueuedJob
from scoreladder.status import Row, Run

# one mark for each training seed
MARKS = {
    "done": ("■", "green"),
    "running": ("▶", "cyan"),
    "queued": ("○", "blue"),
    "waiting": ("·", "dim"),
    "failed": ("✗", "bold red"),
}


class Seen(NamedTuple):
    """What can be seen of one experiment: its variants' rows, its jobs, and its latest run.

    run has the run's stamp before it; queue: SLURM's jobs of it, None where it gives no answer.
    """

    name: str
    rows: list[Row]
    jobs: list[Doing]
    run: tuple[str, Run] | None
    queue: list[QueuedJob] | None

    @property
    def is_done(self) -> bool:
        """Whether every variant has all its results."""
        return all(row.state == "done" for row in self.rows)

    @property
    def is_going_on(self) -> bool:
        """Whether there is a run that may still bring something."""
        running = any(job.state == "running" for job in self.jobs) or bool(self.queue)
        return running or bool(self.run and self.run[1].lives)


def frame(every: list[Seen]) -> RenderableType:
    """The whole: runs, a bar for each running job, what failed, and each variant's marks."""
    jobs = jobs_of(every)
    running = [job for job in jobs if job.state == "running"]
    parts: list[RenderableType] = [*map(_bold, runs(every))]
    if running:
        parts.append(_bars(running))
    parts += [_failure(job) for job in jobs if job.state == "failed"]
    for seen in every:
        parts += [Text(""), Text(f"{seen.name}: {sums(seen.rows)}", "bold"), _marks(seen.rows)]
    legend = ", ".join(f"{mark} {state}" for state, (mark, _) in MARKS.items())
    return Group(*parts, Text(f"\n{legend}; a mark for each training seed", "dim"))


def _bold(line: str) -> Text:
    return Text(line, "bold")


def jobs_of(every: list[Seen]) -> list[Doing]:
    """The jobs of experiments, each once: the page over all of them is every one's."""
    return list({job.result: job for seen in every for job in seen.jobs}.values())


def runs(every: list[Seen]) -> list[str]:
    """A line for each run that the experiments belong to."""
    known = dict(seen.run for seen in every if seen.run)
    if not known:
        return ["Nothing is known of a run."]
    return [
        _run(run, jobs_of([seen for seen in every if seen.run and seen.run[0] == stamp]))
        for stamp, run in known.items()
    ]


def _run(run: Run, jobs: list[Doing]) -> str:
    """How far a run is, and how many jobs of its experiments are running or have failed."""
    state = {True: "Running", False: "Ended", None: "Run"}[run.lives]
    if run.lives is False and run.done == run.planned:
        state = "Finished"
    counts = Counter(job.state for job in jobs)
    words = [f"{state}: {run.done:,} of {run.planned:,} jobs done"]
    words += [f"{counts[each]} {each}" for each in ("running", "failed") if counts[each]]
    return ", ".join([*words, duration(run.seconds)])


def _bars(jobs: list[Doing]) -> Table:
    """A line for each running job: its name, and its bar with what `ahead` tells, or its age."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=36)
    table.add_column(ratio=1, min_width=8, max_width=40)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=3, no_wrap=True, overflow="ellipsis")
    for job in jobs:
        shown = job.notice.get("progress")
        if shown:
            done, total = shown["done"], shown["total"]
            share = f"{done / total:.0%}"
            table.add_row(job.name, ProgressBar(total, done), share, ahead(job.notice))
        else:
            table.add_row(job.name, "", "", f"for {duration(time.time() - job.notice['started'])}")
    return table


def ahead(notice: dict) -> str:
    """What a bar does not tell of a running job: time left, loss, rate, and what it is doing."""
    shown, (left, loss, speed) = notice["progress"], pace(notice)
    words = [left, loss, speed and f"{speed} {shown['unit']}/s", shown["label"]]
    return ", ".join(filter(None, words))


def _failure(job: Doing) -> Text:
    """Which job failed, and why."""
    return Text.assemble(
        (f"{job.name} failed: ", "bold red"), f"{job.reason} ({job.notice['log']})"
    )


def sums(rows: list[Row]) -> str:
    """How many variants and seeds are done, running and so on."""
    counts = Counter(row.state for row in rows)
    return ", ".join(f"{counts[state]} {state}" for state in MARKS if counts[state])


def _marks(rows: list[Row]) -> Columns:
    """Each variant with its seeds' marks, as many side by side as there is room for."""
    found: dict[str, Text] = {}
    for row in rows:
        mark = MARKS[row.state]
        found.setdefault(row.variant, Text(f"{row.variant} ", no_wrap=True)).append(*mark)
    return Columns(found.values(), padding=(0, 3), column_first=True)
