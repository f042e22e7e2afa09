"""The picture of what goes on, from what jobs and runs say of themselves."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

import status
from scoreladder import claims, files, progress, slurm, watching
from scoreladder.notices import Doing
from scoreladder.slurm import QueuedJob
from scoreladder.status import Row, Run

ROOT = Path(__file__).parents[1]
STATUS = ROOT / "workflow_scripts/status.py"


def bar(done, label="training", unit="img", rate=5000.0):
    return progress.Progress(label, unit, done, 200000, rate)._asdict()


def doing(name, state="running", reason="", **notice):
    facts = {"started": time.time() - 42, "log": f"results/small/logs/{name}.log"}
    return Doing(name, f"results/small/{name}.json", state, reason, facts | notice)


def seen(rows=(), jobs=(), run=None, queue=()):
    return watching.Seen("small", list(rows), list(jobs), run and ("stamp", run), list(queue))


def drawn(*every, width=100):
    console = Console(width=width, height=40, record=True, highlight=False)
    console.print(watching.frame(list(every)))
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert max(map(len, lines)) <= width
    return lines


def test_a_run_is_told_by_its_jobs_and_its_time():
    jobs = [doing("a"), doing("b"), doing("c", "failed", "no")]
    assert watching.runs([seen(jobs=jobs, run=Run(45, 120, 200.0, True))]) == [
        "Running: 45 of 120 jobs done, 2 running, 1 failed, 3 min"
    ]
    over = [Run(45, 120, 200.0, False), Run(120, 120, 7200.0, False), Run(1, 2, 10.0, None)]
    assert [watching.runs([seen(run=run)]) for run in over] == [
        ["Ended: 45 of 120 jobs done, 3 min"],
        ["Finished: 120 of 120 jobs done, 2 h 0 min"],
        ["Run: 1 of 2 jobs done, 10 s"],
    ]


def test_a_run_of_two_experiments_is_one_and_a_run_of_its_own_another():
    one, other = Run(1, 9, 10.0, True), Run(5, 5, 60.0, False)
    every = [seen(run=one), seen(run=one), seen()._replace(run=("earlier", other))]
    assert len(watching.runs(every)) == 2
    assert watching.runs([seen()]) == ["Nothing is known of a run."]


@pytest.mark.parametrize("width", [80, 140])
def test_each_running_job_has_a_bar_and_what_is_left(width):
    training = doing("train multi seed 0", progress=bar(90000), loss=0.3123)
    lines = drawn(seen(jobs=[training, doing("compare levels")]), width=width)
    (line,) = (line for line in lines if line.startswith("train multi seed 0"))
    assert "━" in line and " 45% 22 s left, loss 0.312, 5,000 img/s" in line
    assert line.endswith("img/s, training") == (width == 140)
    (young,) = (line for line in lines if line.startswith("compare levels"))
    assert young.split()[2:] == ["for", "42", "s"]


def test_the_bar_is_as_long_as_what_is_done():
    def filled(done):
        line = drawn(seen(jobs=[doing("train", progress=bar(done))]))[1]
        return line.count("━")

    assert filled(0) == 0
    assert filled(100000) == pytest.approx(filled(200000) / 2, abs=1)


def test_a_job_whose_rate_is_not_known_yet_says_what_it_does():
    assert watching.ahead({"progress": bar(0, "sampling", rate=None)}) == "sampling"


def test_a_failure_is_told_with_its_reason_and_log():
    lines = drawn(seen(jobs=[doing("sweep_nfe seed 1", "failed", "[red]diverged")]), width=140)
    told = "sweep_nfe seed 1 failed: [red]diverged (results/small/logs/sweep_nfe seed 1.log)"
    assert told in lines


def test_variants_have_a_mark_for_each_seed():
    states = {"multi": ("done", "running"), "vae": ("failed", "waiting"), "gan": ("queued",) * 2}
    rows = [
        Row(name, seed, state, "")
        for name, both in states.items()
        for seed, state in enumerate(both)
    ]
    lines = drawn(seen(rows))
    assert "small: 1 done, 1 running, 2 queued, 1 waiting, 1 failed" in lines
    (marks,) = (line for line in lines if line.startswith("multi"))
    assert marks.split() == ["multi", "■▶", "vae", "✗·", "gan", "○○"]


def test_what_is_going_on_is_a_living_run_a_running_job_or_one_in_the_queue():
    assert not seen(run=Run(1, 2, 3.0, False)).is_going_on
    assert not seen(jobs=[doing("a", "failed", "no")]).is_going_on
    assert seen(run=Run(1, 2, 3.0, True)).is_going_on
    assert seen(jobs=[doing("a")]).is_going_on
    assert seen(queue=["job"]).is_going_on


def test_slurm_is_asked_now_and_then_and_for_a_job_that_has_just_begun(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    claims.begin_run(claims.NOTICES, ["toy2d"], {"jobs": "ladder_1"})
    asked = []

    def queued(names):
        asked.append(names)
        return [QueuedJob(number, "ladder_1", "RUNNING", "") for number in "78"[: len(asked)]]

    monkeypatch.setattr(slurm, "queued", queued)
    look = status.Look("toy2d", tmp_path / "results")
    for number in "78":
        facts = {"experiment": "toy2d", "rule": "mix_weights", "seed": number, "state": "running"}
        facts |= {"result": number, "host": "elsewhere", "pid": 1, "slurm_job": number}
        path = claims.NOTICES / f"live/{number}.json"
        files.write_json(path, facts | {"started": time.time(), "written": time.time()})
        assert {job.state for job in [*look().jobs, *look().jobs]} == {"running"}
    assert asked == [{"ladder_1"}] * 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_watching_stops_at_a_signal_and_gives_the_cursor_back(tmp_path, number, code):
    ours, theirs = pty.openpty()
    command = [sys.executable, STATUS, "--watch", "toy2d"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    process = subprocess.Popen(
        command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    said = b""
    while b"a mark for each training seed" not in said:
        said += os.read(ours, 4096)
    process.send_signal(number)
    while True:
        # Linux raises at the end of what a terminal was told
        try:
            more = os.read(ours, 4096)
        except OSError:
            break
        if not more:
            break
        said += more
    os.close(ours)
    assert process.wait() == code
    assert said.count(b"\x1b[?25l") == 1 and said.rstrip().endswith(b"\x1b[?25h")
    assert b"Traceback" not in said


def test_an_experiment_that_is_not_there_is_told_in_one_line(capsys):
    with pytest.raises(SystemExit) as end:
        status.main(["digit"])
    said = capsys.readouterr()
    assert end.value.code == 2 and said.out == "" and said.err.count("\n") == 1
    assert "did you mean 'digits'?" in said.err
