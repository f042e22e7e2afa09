"""Jobs of a killed run are waited for, cancelled or ignored; SLURM's answers are read right."""

import pytest

from scoreladder import claims, orphans, slurm
from scoreladder.errors import JobFailed
from scoreladder.slurm import QueuedJob

FIRST = QueuedJob("7", "ladder_1", "RUNNING", "rule_train_wildcards_toy_multi_0")
SECOND = QueuedJob("12", "ladder_1", "PENDING", "rule_run_evaluate_sample")


@pytest.fixture
def queue(monkeypatch):
    """A queue from which a job disappears with each look that is taken at it."""
    monkeypatch.setattr(orphans, "POLL_SECONDS", 0.0)
    jobs, cancelled = [FIRST, SECOND], []

    def queued(names):
        left = [job for job in jobs if job.name in names]
        if jobs:
            jobs.pop()
        return left

    monkeypatch.setattr(slurm, "queued", queued)
    monkeypatch.setattr(slurm, "cancel", lambda jobs: cancelled.extend(jobs) or True)
    return jobs, cancelled


def test_waiting_ends_when_the_queue_is_empty(queue):
    said = []
    orphans.settle({"ladder_1"}, "wait", said.append)
    assert queue == ([], [])
    assert said == [
        "waiting for 2 SLURM jobs (7, 12) of a killed run; to end them: --config orphans=cancel"
    ]


def test_cancelling_asks_once_and_waits_for_the_end(queue):
    said = []
    orphans.settle({"ladder_1"}, "cancel", said.append)
    assert queue == ([], [FIRST, SECOND])
    assert said == ["cancelling 2 SLURM jobs (7, 12) of a killed run; what they have done is kept"]


@pytest.mark.parametrize(("names", "choice"), [({"ladder_1"}, "ignore"), (set(), "wait")])
def test_what_is_ignored_or_never_was_is_not_looked_for(monkeypatch, names, choice):
    monkeypatch.setattr(slurm, "queued", lambda names: pytest.fail("asked"))
    orphans.settle(names, choice, pytest.fail)


def test_jobs_of_others_are_no_orphans(queue):
    orphans.settle({"ladder_2"}, "cancel", pytest.fail)
    assert queue[1] == []


def test_without_an_answer_from_slurm_nothing_is_started(monkeypatch):
    monkeypatch.setattr(slurm, "queued", lambda names: None)
    with pytest.raises(JobFailed, match=r"the last run used SLURM.*orphans=ignore"):
        orphans.settle({"ladder_1"}, "wait", print)


def test_only_runs_on_slurm_have_names_there(tmp_path, monkeypatch):
    monkeypatch.setenv(claims.RUN, "")
    claims.begin_run(tmp_path, ["toy"], {"jobs": "ladder_1"})
    claims.begin_run(tmp_path, ["digits"], {"jobs": None})
    assert orphans.names_left(tmp_path, ["toy", "digits", "never"]) == {"ladder_1"}


def test_the_queue_is_read_by_name(monkeypatch):
    lines = ["|".join(job) for job in (FIRST, SECOND)] + ["13|other|RUNNING|(null)", "a warning"]
    monkeypatch.setattr(slurm, "ask", lambda *command: "\n".join(lines) + "\n")
    assert set(slurm.queued({"ladder_1"})) == {FIRST, SECOND}
    assert slurm.queued({"other"}) == [QueuedJob("13", "other", "RUNNING", "(null)")]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ("2026-11-24T13:00:00|2026-11-24T14:30:00\n", 5400),
        ("2026-11-24T13:00:00|NONE\n", None),
        ("N/A|N/A\n", None),
        ("", None),
        (None, None),
    ],
)
def test_the_span_of_a_job_is_its_start_and_its_limit(monkeypatch, answer, seconds):
    monkeypatch.setattr(slurm, "ask", lambda *command: answer)
    found = slurm.span("7")
    assert (found and found[1] - found[0]) == seconds


def test_a_command_that_fails_or_is_missing_gives_no_answer():
    assert slurm.ask("false") is None
    assert slurm.ask("no-such-command-anywhere") is None
    assert slurm.ask("echo", "hello") == "hello\n"
