"""Run the benchmark: `python -m benchmarks [NAME ...]`, all on a CPU without a name.

Writes results/bench/bench.csv and .svg and .png beside it, or of named ones NAME-NAME.csv.
"""

import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks import figure, rows
from scoreladder.plotting import style

RESULTS = Path("results/bench")
# those of a CPU, in the order in which they run; gpu runs by name alone
NAMES = ("training", "sampling", "small", "quality", "fid", "workflow", "growth")
GPU = "gpu"


def main(asked: Sequence[str]) -> None:
    """Measure, print and write; the exit status is 1 where a bench broke.

    What was measured is written after each bench.
    """
    unknown = [name for name in asked if name not in (*NAMES, GPU)]
    if unknown:
        sys.exit(f"Error: ONLY: found {unknown[0]!r}; one of: {', '.join((*NAMES, GPU))}")
    # oneDNN keeps the kernels of about 1000 shapes; several networks in turns have more
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")
    found, broken = [], []
    for name in asked or NAMES:
        started = time.time()
        try:
            for row in import_module(f"benchmarks.{name}").measure():
                print(rows.told(row), flush=True)
                found.append(row)
        except Exception:
            traceback.print_exc()
            broken.append(name)
        print(f"{name}: {time.time() - started:.0f} s", flush=True)
        write(RESULTS / "-".join(asked or ["bench"]), found)
    if broken:
        sys.exit(f"Error: these benches broke: {', '.join(broken)}")


def write(path: Path, found: Sequence[rows.Row]) -> None:
    """Write the rows, if there are any, as PATH.csv, PATH.svg and PATH.png."""
    if not found:
        return
    rows.write_csv(path.with_suffix(".csv"), found)
    if any(rows.margin(row) for row in found):
        drawn = figure.margins(found)
        style.save(drawn, path.with_suffix(".svg"), path.with_suffix(".png"))


if __name__ == "__main__":
    main(sys.argv[1:])
