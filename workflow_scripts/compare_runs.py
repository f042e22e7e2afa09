"""Compare two variants, or two runs: python workflow_scripts/compare_runs.py A B."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from scoreladder import commands, kept_runs, variants
from scoreladder.config_errors import ConfigError, in_file
from scoreladder.report import side_by_side

ROOT = Path(__file__).parents[1]
# where lines end in a pipe or file, whose reader may cut them
PIPE_WIDTH = 200
TEXT = (
    """\
A and B are PLACE:VARIANT to compare two variants, or PLACE to compare two runs. PLACE is an
experiment, or a folder with its results. Differences are B - A.

  compare_runs.py digits:multi digits:single-1.0
  compare_runs.py results/reference/digits:multi digits:multi
  compare_runs.py results/reference/digits digits

"""
    + commands.EPILOG
)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    found = argparse.ArgumentParser(
        description=__doc__.split(":")[0] + ": settings, metrics with intervals, and costs.",
        epilog=TEXT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("a", metavar="A", help="what is held against; see below")
    found.add_argument("b", metavar="B", help="what is held against it")
    return found


def compare_runs(a: str, b: str, results: Path, console: Console) -> None:
    """Print how the run or variant at address b differs from that at a. Raises ConfigError."""
    (ours, mine), (theirs, other) = (kept_runs.find(each, results) for each in (a, b))
    if (mine is None) != (other is None):
        whole, single = (a, b) if mine is None else (b, a)
        near = f"{whole}:{mine or other}"
        with in_file(whole):
            found = f"names no variant, and {single} does"
            raise ConfigError((), found, "two variants or two runs can be compared", near)
    if mine is None:
        lines = side_by_side.runs(ours, theirs)
    else:
        lines = side_by_side.variants(ours, theirs, (mine, other), console.width)
    for line in lines:
        console.print(line)


def main(arguments: list[str]) -> None:
    """Run the command; SystemExit with status 2, having said why in one line, where it cannot."""
    given = parser().parse_args(arguments)
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = Console(width=width, markup=False, highlight=False)
    with commands.answered():
        config = variants.load_config(variants.read_yaml(ROOT / "config" / "config.yaml"), ROOT)
        compare_runs(given.a, given.b, Path(config["results"]), console)


if __name__ == "__main__":
    main(sys.argv[1:])
