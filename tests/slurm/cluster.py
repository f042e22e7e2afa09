"""A real SLURM cluster on this machine, without systemd, for as long as the tests need it.

All that it is – configuration, keys, logs, database – lies in one folder; /etc/slurm is neither
read nor written. By hand: `python tests/slurm/cluster.py` starts one and says how to use it.
"""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from cluster_files import FILES

PACKAGES = "slurmctld slurmd slurm-client munge slurmdbd mariadb-server-core mariadb-client-core"
PROGRAMS = ("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd", "srun")
NODES = ("n1", "n2")
LISTENERS = ("port", "database_daemon", "database", "node_1", "node_2")
START_SECONDS = 60

ENDS = (signal.SIGINT, signal.SIGTERM)


def find(program: str) -> str | None:
    """A program's path; daemons are not on every user's PATH."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def missing_programs() -> list[str]:
    """What would have to be installed before a cluster can be started."""
    return [program for program in PROGRAMS if find(program) is None]


def wait_for(what: str, true: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Wait until something is true. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.1)


class Cluster:
    """Two nodes of 8 CPUs and one GPU each, two partitions: jobs in `urgent` preempt the others."""

    def __init__(self) -> None:
        # the path of a socket may have no more than about 100 bytes
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
        self.folder.chmod(0o755)
        for name in ("bin", "log", "state", "munge", "spool/n1", "spool/n2"):
            (self.folder / name).mkdir(parents=True)
        self.ports = dict(zip(LISTENERS, _free_ports(len(LISTENERS)), strict=True))
        self.database: subprocess.Popen | None = None
        self.environment = os.environ | {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
        }

    def run(self, *command: str) -> str:
        """What a command prints, in the cluster's environment."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def answers(self, *command: str) -> bool:
        """Whether a command succeeds."""
        return subprocess.run(command, env=self.environment, capture_output=True).returncode == 0

    def start(self) -> "Cluster":
        """Start all daemons, and wait until both nodes are idle."""
        self._configure()
        munge = self.folder / "munge"
        self.run(
            "munged",
            f"--key-file={munge / 'key'}",
            f"--socket={munge / 'socket'}",
            f"--pid-file={self.folder / 'munged.pid'}",
            f"--log-file={self.folder / 'log/munged.log'}",
            f"--seed-file={munge / 'seed'}",
        )
        self._start_database()
        self.run("slurmdbd")
        wait_for("slurmdbd", lambda: self.answers("sacctmgr", "-n", "list", "cluster"))
        self.run("sacctmgr", "-i", "add", "cluster", "tests")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait_until_idle()
        return self

    def _configure(self) -> None:
        words = {
            "folder": self.folder,
            "host": socket.gethostname().split(".")[0],
            "user": getpass.getuser(),
            "srun": find("srun"),
            **self.ports,
        }
        for name, text in FILES.items():
            (self.folder / name).write_text(text.format(**words))
        (self.folder / "slurmdbd.conf").chmod(0o600)
        (self.folder / "bin/srun").chmod(0o755)
        key = self.folder / "munge/key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))

    def _start_database(self) -> None:
        data = self.folder / "db"
        user = f"--user={getpass.getuser()}"
        self.run(
            "mariadb-install-db",
            "--no-defaults",
            user,
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )
        with open(self.folder / "log/database.log", "wb") as log:
            self.database = subprocess.Popen(
                [
                    find("mariadbd"),
                    "--no-defaults",
                    user,
                    f"--datadir={data}",
                    f"--socket={self.folder / 'db.socket'}",
                    f"--pid-file={self.folder / 'mariadbd.pid'}",
                    "--bind-address=127.0.0.1",
                    f"--port={self.ports['database']}",
                    "--skip-name-resolve",
                    f"--init-file={self.folder / 'log/database.sql'}",
                    "--innodb-lock-wait-timeout=900",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for("mariadbd", lambda: _listens(self.ports["database"]))

    def start_controller(self) -> None:
        """Start the controller; it goes on from its saved state."""
        self.run("slurmctld")
        wait_for("slurmctld", lambda: self.answers("sinfo"))

    def kill_controller(self) -> None:
        """SIGKILL to the controller."""
        self._kill("slurmctld")

    def start_node(self, node: str) -> None:
        """Start a node's daemon."""
        self.run("slurmd", "-N", node)

    def kill_node(self, node: str) -> None:
        """SIGKILL to a node's daemon; the steps that it has started go on."""
        self._kill(f"slurmd.{node}")

    def _kill(self, daemon: str) -> None:
        number = int((self.folder / f"{daemon}.pid").read_text())
        os.kill(number, signal.SIGKILL)
        wait_for(f"the end of {daemon}", lambda: not _runs(number))

    def wait_until_idle(self) -> None:
        """Wait until no job is in the queue and both nodes are ready for one."""
        wait_for("an empty queue", lambda: not self.run("squeue", "-h"))
        idle = ("sinfo", "-h", "-N", "-p", "main", "-t", "idle", "-o", "%N")
        wait_for("idle nodes", lambda: set(self.run(*idle).split()) == set(NODES))

    def stop(self) -> None:
        """End all jobs and daemons, and remove the folder."""
        with suppress(AssertionError, TimeoutError):
            self.run("scancel", "--user", getpass.getuser())
            wait_for("an empty queue", lambda: not self.run("squeue", "-h"), 30)
        daemons = [f"slurmd.{node}" for node in NODES]
        for daemon in (*daemons, "slurmctld", "slurmdbd", "mariadbd", "munged"):
            with suppress(OSError, ValueError):
                _end(int((self.folder / f"{daemon}.pid").read_text()))
        for number in self.processes():
            with suppress(OSError):
                os.kill(number, signal.SIGKILL)
        if self.database:
            self.database.wait()
        shutil.rmtree(self.folder)

    def processes(self) -> list[int]:
        """Processes that belong to this cluster: its daemons, and what its jobs have started."""
        mark, found = f"SLURM_CONF={self.folder / 'slurm.conf'}".encode(), []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                variables = path.read_bytes().split(b"\0")
                job = any(each.startswith(b"SLURM_JOB_ID=") for each in variables)
                daemon = (path.parent / "comm").read_text().startswith("slurm")
                if mark in variables and (job or daemon):
                    found.append(int(path.parent.name))
        return found


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [each.getsockname()[1] for each in sockets]


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _runs(number: int) -> bool:
    """Whether a process runs; one that nobody has reaped yet does not."""
    with suppress(OSError):
        status = Path(f"/proc/{number}/status").read_text()
        return "State:\tZ" not in status
    return False


def _end(number: int) -> None:
    """SIGTERM to a process, and SIGKILL if that is not enough."""
    os.kill(number, signal.SIGTERM)
    try:
        wait_for("a daemon's end", lambda: not _runs(number), 10)
    except TimeoutError:
        os.kill(number, signal.SIGKILL)


if __name__ == "__main__":
    cluster = Cluster().start()
    print(f"export SLURM_CONF={cluster.folder / 'slurm.conf'} PATH={cluster.folder / 'bin'}:$PATH")
    print("Ctrl-C stops the cluster.", flush=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    signal.sigwait(ENDS)
    cluster.stop()
