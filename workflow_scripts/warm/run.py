"""Snakemake, whose scripts start in no time: `run.py ARGUMENTS` is `snakemake ARGUMENTS`.

A job of a few seconds spends two of them on importing torch and its like. Here one process imports
them for all jobs that run on this machine, and each runs in a fork of it (`serve.py`), to which
`hand_over.py` hands the script that Snakemake would have started Python with. Results are the same
bits. Jobs of several threads start as they always did, and so does all where this cannot be done:
elsewhere than on Linux, with another executor, or with no place for a socket and a program.
"""

import os
import shlex
import shutil
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

    The server removes the folder, which must be there, at its end. Raises OSError where the folder
    or the machine does not do; then nothing was started.
    """
    python, path = folder / "python", folder / "socket"
    words = (sys.executable, "-I", "-S", HERE / "hand_over.py", path)
    python.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
    python.chmod(0o700)
    # Snakemake does not quote it
    if shlex.quote(str(python)) != str(python) or not os.access(python, os.X_OK):
        raise OSError(f"{folder}: not a place for programs")
    watched, _held = os.pipe()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(128)
        handles = (listener.fileno(), watched)
        subprocess.Popen(
            [sys.executable, HERE / "serve.py", path, *map(str, handles)],
            pass_fds=handles,
            # Ctrl-C is for the jobs, which are told by the processes that stand for them
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            env=os.environ | ONE_THREAD,
        )
    os.close(watched)
    # the other end stays open as long as this process lives, which is how the server knows
    return python


def can_be_watched() -> bool:
    """Whether this Python and kernel have what the server looks at its forks by."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def main() -> None:
    """Run Snakemake."""
    from snakemake.cli import main as snakemake
    from snakemake.cli import parse_args

    _, arguments = parse_args(None)
    # others give it to machines that do not have it
    if arguments.executor in (None, "local") and can_be_watched():
        folder = Path(tempfile.mkdtemp(prefix="scoreladder-"))
        try:
            # what Snakemake starts scripts with
            sys.executable = str(warm_python(folder))
        except OSError:
            shutil.rmtree(folder)
    snakemake()


if __name__ == "__main__":
    main()
