"""Snakemake, whose scripts start in no time: `run.py ARGUMENTS` is `snakemake ARGUMENTS`.

A job of a few seconds spends two of them on importing torch and its like. Here one process imports
them for all local jobs of a run, and each job runs in a fork of it (`serve.py`), to which
`hand_over.py` hands the script that Snakemake would have started Python with. Results are the same
bits; a job that cannot be served, or that has several threads, starts as it always did.
"""

import os
import shlex
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# read by libraries when they are loaded; Snakemake sets them for a script of one thread, too
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


def warm_python(folder: Path) -> Path:
    """Start a server that ends after this process; a Python for scripts that it is to run.

    The server removes the folder, which must be there, at its end.
    """
    path, watched_and_held = folder / "socket", os.pipe()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(128)
        handles = (listener.fileno(), watched_and_held[0])
        subprocess.Popen(
            [sys.executable, HERE / "serve.py", path, *map(str, handles)],
            pass_fds=handles,
            # Ctrl-C is for the jobs, which are told by the processes that stand for them
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            env=os.environ | ONE_THREAD,
        )
    os.close(watched_and_held[0])
    words = (sys.executable, "-I", "-S", HERE / "hand_over.py", path)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
    python.chmod(0o700)
    return python


def main() -> None:
    """Run Snakemake."""
    from snakemake.cli import main as snakemake

    if sys.platform == "linux":
        # what Snakemake starts scripts with
        sys.executable = str(warm_python(Path(tempfile.mkdtemp(prefix="scoreladder-"))))
    snakemake()


if __name__ == "__main__":
    main()
