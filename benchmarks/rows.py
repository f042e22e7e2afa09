"""The rows of the benchmark: what is aimed at, and what was found."""

import math
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.pairs import Spread, ratios, spread
from scoreladder import files

SPEED = "times as fast"
SHARE = "share of the limit's speed"
EXPONENT = "exponent"


class Aim(NamedTuple):
    """One comparison: some work, what it is put beside, and what is to be reached.

    goal: None where the row only informs. packages: those whose versions matter, torch aside.
    """

    work: str
    beside: str
    quantity: str = SPEED
    goal: float | None = None
    at_least: bool = True
    packages: tuple[str, ...] = ()

    @property
    def to_reach(self) -> str:
        """The goal in words: ">= 1.3", or nothing."""
        return "" if self.goal is None else f"{'>=' if self.at_least else '<='} {self.goal:.3g}"


class Row(NamedTuple):
    """What was found for an aim of a bench; `found` is None where it could not be measured.

    seconds: the medians of this project and of what it is put beside, None where nothing of the
    kind was timed. note: what a reader must know, or why there is nothing.
    """

    bench: str
    aim: Aim
    found: Spread | None
    seconds: tuple[float, float] | None = None
    note: str = ""

    @property
    def reached(self) -> str:
        """yes or no; nothing where there is no goal or no number."""
        goal = self.aim.goal
        if goal is None or self.found is None:
            return ""
        value = self.found.median
        return "yes" if (value >= goal if self.aim.at_least else value <= goal) else "no"


def timed(
    bench: str, aim: Aim, ours: Sequence[float], theirs: Sequence[float], note: str = ""
) -> Row:
    """A row of seconds measured in pairs: their median ratio and its range."""
    medians = (spread(ours).median, spread(theirs).median)
    return Row(bench, aim, spread(ratios(ours, theirs)), medians, note)


def missing(bench: str, aim: Aim, reason: object) -> Row:
    """A row that could not be measured."""
    return Row(bench, aim, None, None, f"missing: {' '.join(str(reason).split())[:200]}")


def versions(aim: Aim) -> str:
    """Versions of torch and of the packages of an aim, in one line."""
    found = []
    for name in (*aim.packages, "torch"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def machine() -> str:
    """The processor, or the GPU, that rows were measured on."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {torch.get_num_threads()} threads"


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows, one or more, as CSV, atomically; numbers that there are not stay empty."""
    here = machine()
    files.write_csv(path, [_record(row, here) for row in rows])


def _record(row: Row, here: str) -> dict[str, str]:
    ours, theirs = row.seconds or (None, None)
    found = row.found or (None, None, None)
    numbers = dict(zip(("value", "low", "high"), found, strict=True))
    numbers |= {"ours_seconds": ours, "beside_seconds": theirs}
    return {
        "bench": row.bench,
        "work": row.aim.work,
        "beside": row.aim.beside,
        "quantity": row.aim.quantity,
        **{name: "" if value is None else f"{value:.5g}" for name, value in numbers.items()},
        "to_reach": row.aim.to_reach,
        "reached": row.reached,
        "versions": versions(row.aim),
        "machine": here,
        "note": row.note,
    }


def told(row: Row) -> str:
    """A row as a line to print."""
    what = f"{row.bench}: {row.aim.work} | {row.aim.beside}: "
    if row.found is None:
        return what + row.note
    value, low, high = (f"{number:.3g}" for number in row.found)
    aimed = f", to reach {row.aim.to_reach}: {row.reached}" if row.aim.to_reach else ""
    note = f" ({row.note})" if row.note else ""
    return f"{what}{value} [{low}, {high}] {row.aim.quantity}{aimed}{note}"


def margin(row: Row) -> Spread | None:
    """How many times what is to be reached was reached, 1 being just so; of exponents per tenfold.

    None without a goal or a number. The ends are in ascending order.
    """
    if row.aim.goal is None or row.found is None:
        return None

    def of(value: float) -> float:
        if row.aim.quantity == EXPONENT:
            return 10 ** (row.aim.goal - value)
        share = value / row.aim.goal
        return share if row.aim.at_least else (1 / share if share else math.inf)

    median, *ends = map(of, row.found)
    return Spread(median, *sorted(ends))
