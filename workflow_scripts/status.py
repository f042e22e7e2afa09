"""Tell how far experiments have come, per variant and seed; with --watch, as they go on."""

import argparse
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.live import Live
from tabulate import tabulate

from scoreladder import (
    claims,
    commands,
    fingerprint,
    live,
    notices,
    slurm,
    status,
    variants,
    watching,
)
from scoreladder.watching import Seen

SCRIPTS = Path(__file__).parent
ROOT = SCRIPTS.parent
LOOK_SECONDS = 2.0
# a cluster is not asked more often, unless for a job that has just begun
QUEUE_SECONDS = 30.0
# without a terminal
TELL_SECONDS = 30.0
PIPE_WIDTH = 120


def code_of(rule: str) -> str:
    """The fingerprint of a rule's script and all that it imports."""
    return fingerprint.fingerprint(SCRIPTS / f"{rule}.py", SCRIPTS)


class Look:
    """Sees how far an experiment is, as often as it is asked to."""

    def __init__(self, name: str, results: Path):
        self.experiment = variants.load_experiment(ROOT / "config/experiments" / f"{name}.yaml")
        self.folder = results / name
        self.queue, self.asked, self.numbers = [], 0.0, set()

    def __call__(self) -> Seen:
        """The state of every variant and seed, of every job that says something, and of the run."""
        name, said = self.experiment["name"], live.read_all(claims.NOTICES)
        run = claims.latest_run(claims.NOTICES, name)
        numbers = {each["slurm_job"] for each in said if each["state"] == "running"}
        # a job that has begun since cannot be in an older answer
        if time.time() - self.asked > QUEUE_SECONDS or not numbers <= self.numbers:
            self.queue = slurm.queued({run["jobs"]}) if run and run["jobs"] else []
            self.asked, self.numbers = time.time(), numbers
        rows = status.rows(self.experiment, self.folder, said, self.queue, code_of)
        jobs = notices.jobs(self.experiment, said, self.queue)
        known = status.run_of(run)
        return Seen(name, rows, jobs, known and (run["run"], known), self.queue)


def table(rows: list[status.Row]) -> str:
    """The rows as text; on a terminal the last column keeps within its width."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    room = shutil.get_terminal_size().columns - sum(widths[:-1]) - 2 * len(widths)
    wrap = [None] * (len(widths) - 1) + [max(room, 30)] if sys.stdout.isatty() else None
    headers = status.Row._fields
    return tabulate(rows, headers=headers, disable_numparse=True, maxcolwidths=wrap)


def show(seen: Seen) -> str:
    """The state of an experiment as text: a line per variant and seed, other jobs, and the sums."""
    lines = [seen.name, table(seen.rows), *others(seen), watching.sums(seen.rows)]
    if seen.queue is None:
        lines.append("SLURM gives no answer; its jobs are shown as they were last heard of")
    elif seen.queue:
        states = Counter(job.state.lower() for job in seen.queue)
        lines.append("SLURM: " + ", ".join(f"{n} {state}" for state, n in states.items()))
    return "\n".join([*lines, ""])


def others(seen: Seen) -> list[str]:
    """A line for each running or failed job that no row tells of: those that variants share."""
    told = {row.detail for row in seen.rows}
    lines = []
    for job in seen.jobs:
        detail = f"{job.notice['rule']}: {job.reason}"
        if job.state == "running":
            detail = f"{job.notice['rule']}{notices.progress(job.notice)}"
        if detail not in told and job.state != "waiting":
            lines.append(f"{job.name} {job.state}: {detail}")
    return lines


def looks_until_over(looks: list[Look]) -> Iterator[list[Seen]]:
    """What is seen every LOOK_SECONDS, until all is done or the run that was seen has ended."""
    begun = False
    while True:
        every = [look() for look in looks]
        yield every
        going_on = any(seen.is_going_on for seen in every)
        if not going_on and (begun or all(seen.is_done for seen in every)):
            return
        begun = begun or going_on
        time.sleep(LOOK_SECONDS)


def watch(looks: list[Look]) -> None:
    """Draw what goes on: on a terminal anew each time, elsewhere once in a while and at its end."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    if console.is_terminal and not console.is_dumb_terminal:
        # an exception, so that the cursor comes back
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with Live(console=console, auto_refresh=False) as picture:
            for every in looks_until_over(looks):
                picture.update(watching.frame(every), refresh=True)
        return
    last, shown = -TELL_SECONDS, True
    for every in looks_until_over(looks):
        shown = time.monotonic() - last >= TELL_SECONDS
        if shown:
            last = time.monotonic()
            console.print(watching.frame(every))
    if not shown:
        console.print(watching.frame(every))


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    found = argparse.ArgumentParser(description=__doc__, epilog=commands.EPILOG)
    found.add_argument("names", nargs="*", metavar="experiment", help="default: as configured")
    found.add_argument("--watch", action="store_true", help="until all is done, or Ctrl-C")
    return found


def tell(names: list[str], watched: bool) -> None:
    """Tell of the named experiments, or of those in config/config.yaml. Raises ConfigError."""
    written = variants.read_yaml(ROOT / "config" / "config.yaml")
    named = {"experiments": names} if names else {}
    config = variants.load_config(written | named, ROOT)
    looks = [Look(name, Path(config["results"])) for name in config["experiments"]]
    if watched:
        watch(looks)
        return
    every = [look() for look in looks]
    print("\n".join([*watching.runs(every), "", *map(show, every)]))


def main(arguments: list[str]) -> None:
    """Run the command; SystemExit with status 2, having said why in one line, where it cannot."""
    given = parser().parse_args(arguments)
    with commands.answered():
        tell(given.names, given.watch)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        # how one stops watching
        sys.exit(0)
