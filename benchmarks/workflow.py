"""What Snakemake costs: beside bare scripts and DVC, in a graph of 1000 variants, in a full run."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks import bare_jobs
from benchmarks.pairs import Spread, in_turns, spread
from benchmarks.rows import SPEED, Aim, Row, missing, timed
from benchmarks.sources import COLD, ROOT, WARM, Done, copied, run
from scoreladder.files import read_json

VARIANTS, ROUNDS = 2, 2
MANY, REPEATS = 1000, 2
DEFAULT = ("toy2d", "digits")
OUTPUT = re.compile(r"^ {4}output: (.*)$", re.MULTILINE)
# so many seconds without a job are not the scheduler's
PAUSE = 30.0
JOBS = f"{2 + 3 * VARIANTS} small jobs one after another"
# an overhead below a tenth
LEAST = 1 / 1.1
LOOP, DVC = "bare scripts in a shell loop", "dvc repro"
WAYS = {"warm": f"{JOBS}, as make runs them", "cold": f"{JOBS}, plain snakemake"}
BESIDE = {
    (way, other): Aim(work, other, SPEED, LEAST, packages=("snakemake", *packages))
    for way, work in WAYS.items()
    for other, packages in ((LOOP, ()), (DVC, ("dvc",)))
}
GRAPH, DRY, SIZE, NOTHING = (
    Aim(f"{MANY} variants: {what}", "the bound", unit, bound, False, ("snakemake",))
    for what, unit, bound in (
        ("the graph of all jobs", "seconds", 10),
        ("a dry run, which lists each job", "seconds", 10),
        ("memory of the dry run", "MiB", 500),
        ("nothing to do", "seconds", 10),
    )
)
FULL = Aim(
    "default run in results/, cores × time",
    "its jobs alone",
    "share that is the jobs'",
    LEAST,
    packages=("snakemake",),
)
AIMS = (*BESIDE.values(), GRAPH, DRY, SIZE, NOTHING, FULL)
# marks what is there as made, without the tenth of a second that it waits before each file
TOUCH = """
import sys
from snakemake.executors import touch
touch.Executor.SLEEPING_TIME = 0
from snakemake.cli import main
main(sys.argv[1:])
"""


def measure() -> Iterator[Row]:
    """Small jobs by each way, then the large graph, then what a full run left behind."""
    with tempfile.TemporaryDirectory() as name:
        yield from beside(Path(name))
    with tempfile.TemporaryDirectory() as name:
        yield from many(Path(name))
    yield full()


def beside(folder: Path) -> Iterator[Row]:
    """The same jobs on one core, each way in a folder of its own and from nothing."""
    calls = {}
    for number, way in enumerate(("warm", "cold", LOOP, DVC)):
        if way != DVC or find_spec("dvc"):
            place = copied(folder / str(number), VARIANTS)
            bare_jobs.write(place, sys.executable)
            calls[way] = partial(from_nothing, place, way)
    found = in_turns(calls, ROUNDS, warm=False, clock=lambda call: call().seconds)
    for (way, other), aim in BESIDE.items():
        if other in found:
            yield timed("workflow", aim, found[way], found[other])
        else:
            yield missing("workflow", aim, "dvc is not installed")


def from_nothing(place: Path, way: str) -> Done:
    """Remove what an earlier run left, and run all jobs one of the four ways."""
    for name in ("results", ".snakemake", ".dvc"):
        shutil.rmtree(place / name, ignore_errors=True)
    (place / "dvc.lock").unlink(missing_ok=True)
    if way == LOOP:
        return run(place, "sh", "loop.sh")
    if way == DVC:
        dvc = ("python", "-m", "dvc")
        run(place, *dvc, "init", "--no-scm", "--quiet")
        for option in ("core.analytics", "core.check_update"):
            run(place, *dvc, "config", option, "false")
        return run(place, *dvc, "repro", "--quiet")
    program = {"warm": WARM, "cold": COLD}[way]
    return run(place, "python", *program, "--cores=1", "--quiet=all", *bare_jobs.targets(place))


def many(folder: Path) -> Iterator[Row]:
    """Make the graph of many variants, mark all as made, and find that there is nothing to do."""
    place = copied(folder / "many", MANY)
    snakemake = ("python", *COLD, "--cores=2")
    graphs = [run(place, *snakemake, "--dag") for _ in range(REPEATS)]
    dry = [run(place, *snakemake, "--dry-run") for _ in range(REPEATS)]
    listed = OUTPUT.findall(dry[0].output)
    note = f"{len(listed):,} jobs"
    yield Row("workflow", GRAPH, spread([each.seconds for each in graphs]), note=note)
    yield Row("workflow", DRY, spread([each.seconds for each in dry]), note=note)
    yield Row("workflow", SIZE, spread([each.mebibytes for each in dry]), note=note)
    for file in (name for names in listed for name in names.split(", ")):
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).touch()
    run(place, "python", "-c", TOUCH, "--touch", "--forceall", "--cores=2", "--quiet=all")
    idle = [run(place, *snakemake) for _ in range(REPEATS)]
    if any("Nothing to be done" not in each.output for each in idle):
        raise RuntimeError(f"there is something to do: {idle[0].output[-2000:]}")
    yield Row("workflow", NOTHING, spread([each.seconds for each in idle]), note=note)


def full() -> Row:
    """Of the run of the default experiments that is in results/: the share of its time in jobs.

    Seconds of jobs, times their threads, over those of all cores from the first job to the last.
    """
    paths = [path for name in DEFAULT for path in (ROOT / "results" / name).rglob("*manifest.json")]
    found = [
        each for each in map(read_json, paths) if {"started", "seconds", "threads"} <= set(each)
    ]
    if not found:
        return missing("workflow", FULL, "no finished run in results/; make reproduce makes one")
    spans = sorted(
        (start, start + each["seconds"])
        for each in found
        for start in [datetime.fromisoformat(each["started"]).timestamp()]
    )
    whole, until = 0.0, spans[0][0]
    for start, end in spans:
        # a longer pause is one between two runs
        since = until if start - until < PAUSE else start
        whole, until = whole + max(0.0, end - since), max(until, end)
    work = sum(each["seconds"] * each["threads"] for each in found)
    cores = os.cpu_count()
    share = work / (whole * cores)
    note = f"{len(found)} jobs, {whole:.0f} s on {cores} cores"
    return Row("workflow", FULL, Spread(share, share, share), note=note)
