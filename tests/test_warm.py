"""Scripts in warm processes: to whoever started them they are as any other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workflows import ROOT

WARM = ROOT / "workflow_scripts/warm"
sys.path.insert(0, str(WARM))
import run  # noqa: E402 # as the script it is

# prints the path of its Python, then runs what it is given with that, as Snakemake would
HOST = f"""
import sys, time
sys.path.insert(0, {str(WARM)!r})
from pathlib import Path
import run
print(run.warm_python(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""
SAYS = """
import os, sys
print(__name__, sys.argv, os.getcwd(), os.environ["WORD"], sys.path[0], "torch" in sys.modules)
print(sys.stdin.read(), file=sys.stderr)
"""
WAITS = """
import os, signal, sys, time
def heard(number, frame):
    print("heard", number, flush=True)
    sys.exit(4)
signal.signal(signal.SIGTERM, heard)
print(os.getpid(), flush=True)
for _ in range(600):
    time.sleep(0.1)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere jobs start cold")


@contextmanager
def host(folder: Path) -> Iterator[str]:
    """The Python for scripts that a process has which has a server, as Snakemake has one."""
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", HOST, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python whose scripts a server runs; the server ends with the tests of this file."""
    with host(tmp_path_factory.mktemp("warm") / "host") as python:
        yield python


def start(python: str, folder: Path, script: str, threads: int = 1) -> subprocess.Popen:
    """Start a script as Snakemake starts one."""
    (folder / "script.py").write_text(script)
    return subprocess.Popen(
        [python, str(folder / "script.py")],
        cwd=folder,
        env=os.environ | {"WORD": "so", "OMP_NUM_THREADS": str(threads)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def becomes(true: Callable[[], bool]) -> bool:
    """Whether something is true within a minute."""
    for _ in range(600):
        if true():
            return True
        time.sleep(0.1)
    return False


def gone(path: Path) -> bool:
    """Whether there is no such thing any more, within a minute."""
    return becomes(lambda: not path.exists())


def process(number: int) -> Path:
    """What is there as long as a process is."""
    return Path("/proc") / str(number)


def parent(number: int) -> int:
    """The process that started a process."""
    return int((process(number) / "stat").read_text().rpartition(")")[2].split()[1])


def state(number: int) -> str:
    """What a process does: R runs, S sleeps, T is stopped."""
    return (process(number) / "stat").read_text().rpartition(")")[2].split()[0]


def test_a_script_finds_what_any_script_finds(python, tmp_path):
    out, err = start(python, tmp_path, SAYS).communicate("told")
    script = str(tmp_path / "script.py")
    assert out == f"__main__ {[script]} {tmp_path} so {tmp_path} True\n"
    assert err == "told\n"


def test_it_is_another_process_each_time_and_keeps_nothing(python, tmp_path):
    script = "import os, torch\nprint(hasattr(torch, 'mine'), os.getpid())\ntorch.mine = 1\n"
    said = [start(python, tmp_path, script).communicate()[0].split() for _ in range(2)]
    assert [kept for kept, _ in said] == ["False", "False"]
    assert said[0][1] != said[1][1]


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('because')", 1),
        ("1 / 0", 1),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT),
        ("import signal\nsignal.raise_signal(signal.SIGXCPU)", -signal.SIGXCPU),
    ],
)
def test_it_ends_as_any_script_ends(python, tmp_path, script, status):
    cold, warm = (start(each, tmp_path, script) for each in (sys.executable, python))
    told, expected = (each.communicate()[1].splitlines()[-1:] for each in (warm, cold))
    assert told == expected
    assert warm.returncode == cold.returncode == status


def test_it_hears_signals(python, tmp_path):
    script = start(python, tmp_path, WAITS)
    script.stdout.readline()
    script.terminate()
    assert script.communicate()[0] == f"heard {signal.SIGTERM.value}\n"
    assert script.returncode == 4


def test_it_hears_signals_that_all_processes_get(python, tmp_path):
    """As when a machine goes down: the server does not die under a script that has to save."""
    script = start(python, tmp_path, WAITS)
    worker = int(script.stdout.readline())
    for each in (parent(worker), worker):
        os.kill(each, signal.SIGTERM)
    assert script.communicate()[0] == f"heard {signal.SIGTERM.value}\n"
    assert script.returncode == 4


def test_it_stops_and_goes_on_with_the_terminal(python, tmp_path):
    script = start(python, tmp_path, WAITS)
    worker = int(script.stdout.readline())
    for number, states in ((signal.SIGTSTP, "T"), (signal.SIGCONT, "SR")):
        script.send_signal(number)
        for each in (script.pid, worker):
            assert becomes(lambda each=each, states=states: state(each) in states)
    script.terminate()
    assert script.communicate()[0] == f"heard {signal.SIGTERM.value}\n"


def test_several_run_at_once(python, tmp_path):
    scripts = []
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        scripts.append(start(python, tmp_path / name, WAITS))
    workers = {int(script.stdout.readline()) for script in scripts}
    assert len(workers) == 3
    for script in scripts:
        script.terminate()
        assert script.wait() == 4


def test_it_dies_with_the_process_that_stands_for_it(python, tmp_path):
    script = start(python, tmp_path, WAITS)
    worker = int(script.stdout.readline())
    assert worker != script.pid
    script.kill()
    script.communicate()
    assert gone(process(worker))


def test_scripts_of_several_threads_start_cold(python, tmp_path):
    out, _ = start(python, tmp_path, SAYS, threads=2).communicate("")
    assert out.endswith("False\n")


def test_a_server_that_nobody_asks_leaves_nothing(tmp_path):
    with host(tmp_path / "host") as python:
        assert Path(python).exists()
    assert gone(Path(python).parent)


def test_a_script_whose_server_is_killed_dies_and_says_why(tmp_path):
    with host(tmp_path / "host") as python:
        script = start(python, tmp_path, WAITS)
        worker = int(script.stdout.readline())
        os.kill(parent(worker), signal.SIGKILL)
        _, err = script.communicate()
        assert script.returncode == 1 and "the server of warm processes died" in err
        assert gone(process(worker))
        later = start(python, tmp_path, SAYS)
        assert later.communicate("")[0].endswith("False\n")


def test_a_server_serves_to_the_end_whom_it_has_begun_to_serve(tmp_path):
    """As scripts outlive a Snakemake that is killed."""
    with host(tmp_path / "host") as python:
        script = start(python, tmp_path, WAITS)
        script.stdout.readline()
    script.terminate()
    assert script.communicate() == (f"heard {signal.SIGTERM.value}\n", "")
    assert gone(Path(python).parent)


@pytest.mark.parametrize("name", ["with a space", 100 * "long"])
def test_a_folder_that_does_not_do_is_refused_and_nothing_started(tmp_path, monkeypatch, name):
    started = []
    monkeypatch.setattr(run.subprocess, "Popen", lambda *words, **_: started.append(words))
    (tmp_path / name[:200]).mkdir()
    with pytest.raises(OSError, match=r"not a place for programs|too long"):
        run.warm_python(tmp_path / name[:200])
    assert started == []


@pytest.mark.parametrize(
    ("words", "warm"), [([], True), (["--executor", "slurm"], False), (["--dry-run"], True)]
)
def test_other_executors_start_jobs_as_they_do(monkeypatch, words, warm):
    """A program of this machine's temporary folder is none of another machine's."""
    used = []
    monkeypatch.setattr(sys, "argv", ["snakemake", "--cores", "1", *words])
    monkeypatch.setattr(sys, "executable", sys.executable)
    monkeypatch.setattr(run, "warm_python", lambda folder: folder.rmdir() or "warm")
    monkeypatch.setattr("snakemake.cli.main", lambda: used.append(sys.executable))
    run.main()
    assert (used == ["warm"]) == warm


def test_without_what_forks_are_looked_at_by_jobs_start_cold(monkeypatch):
    assert run.can_be_watched()
    monkeypatch.delattr(os, "pidfd_open")
    assert not run.can_be_watched()
