"""Scripts in warm processes: to whoever started them they are as any other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workflows import ROOT

WARM = ROOT / "workflow_scripts/warm"
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
time.sleep(60)
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


def gone(path: Path) -> bool:
    """Whether there is no such thing any more, within a minute."""
    for _ in range(600):
        if not path.exists():
            return True
        time.sleep(0.1)
    return False


def process(number: int | str) -> Path:
    """What is there as long as a process is."""
    return Path("/proc") / str(number)


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
        status = (process(worker) / "status").read_text()
        server = int(status.split("PPid:")[1].split()[0])
        os.kill(server, signal.SIGKILL)
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
