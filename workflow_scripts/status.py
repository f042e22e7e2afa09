"""Print how far experiments have come, per variant and seed: python workflow_scripts/status.py."""

import shutil
import sys
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from scoreladder import claims, fingerprint, live, slurm, status, variants

SCRIPTS = Path(__file__).parent
ROOT = SCRIPTS.parent


def code_of(rule: str) -> str:
    """The fingerprint of a rule's script and all that it imports."""
    return fingerprint.fingerprint(SCRIPTS / f"{rule}.py", SCRIPTS)


def table(rows: list[status.Row]) -> str:
    """The rows as text; on a terminal the last column keeps within its width."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    room = shutil.get_terminal_size().columns - sum(widths[:-1]) - 2 * len(widths)
    wrap = [None] * (len(widths) - 1) + [max(room, 30)] if sys.stdout.isatty() else None
    headers = status.Row._fields
    return tabulate(rows, headers=headers, disable_numparse=True, maxcolwidths=wrap)


def show(name: str, results: Path, notices: Path) -> str:
    """The state of an experiment as text: a line per variant and seed, and the sums."""
    experiment = variants.load_experiment(ROOT / "config" / "experiments" / f"{name}.yaml")
    run = claims.latest_run(notices, name)
    queue = slurm.queued({run["jobs"]}) if run and run["jobs"] else []
    rows = status.rows(experiment, results / name, live.read_all(notices), queue, code_of)
    counts = Counter(row.state for row in rows)
    lines = [table(rows)]
    lines.append(", ".join(f"{count} {state}" for state, count in counts.items()))
    if queue is None:
        lines.append("SLURM gives no answer; its jobs are shown as they were last heard of")
    elif queue:
        states = Counter(job.state.lower() for job in queue)
        lines.append("SLURM: " + ", ".join(f"{n} {state}" for state, n in states.items()))
    return "\n".join(lines)


def main(names: list[str]) -> None:
    """Print the state of the named experiments, or of those in config/config.yaml."""
    written = variants.read_yaml(ROOT / "config" / "config.yaml")
    config = variants.load_config(written | ({"experiments": names} if names else {}), ROOT)
    for name in config["experiments"]:
        print(f"{name}\n{show(name, Path(config['results']), claims.NOTICES)}\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except variants.ConfigError as error:
        sys.exit(f"Error: {error}")
