"""Of several writers of one result the latest writes it."""

import multiprocessing
import time

import pytest

from scoreladder import claims, files
from scoreladder.errors import JobFailed

RESULT = "results/toy/model.safetensors"


@pytest.fixture(autouse=True)
def no_run(monkeypatch):
    """No run has started this process; what a test begins is forgotten."""
    monkeypatch.setenv(claims.RUN, "")


def test_whoever_claims_alone_may_write(tmp_path):
    with claims.claimed(tmp_path, "toy", RESULT) as check, files.guarded(check):
        files.write_text(tmp_path / "result", "text")
    assert (tmp_path / "result").read_text() == "text"


def earlier(folder, claimed):
    """Hold a claim until it is lost; then try to write all the same."""
    try:
        with claims.claimed(folder, "toy", RESULT) as check, files.guarded(check):
            while True:
                files.write_text(folder / "result", "earlier")
                claimed.set()
                time.sleep(0.02)
    except claims.Superseded as reason:
        files.write_text(folder / "reason", str(reason))


def test_a_later_attempt_waits_for_the_earlier_which_gives_way(tmp_path, capfd):
    context = multiprocessing.get_context("spawn")
    claimed = context.Event()
    process = context.Process(target=earlier, args=(tmp_path, claimed))
    process.start()
    assert claimed.wait(60)
    with claims.claimed(tmp_path, "toy", RESULT) as check, files.guarded(check):
        assert (tmp_path / "result").read_text() == "earlier"
        files.write_text(tmp_path / "result", "later")
    process.join()
    assert (tmp_path / "result").read_text() == "later"
    assert (tmp_path / "reason").read_text() == "left to a later attempt at the same job"
    assert not list(tmp_path.glob(".*"))


def test_a_holder_that_cannot_be_stopped_is_waited_for_in_vain(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(claims, "LOCK_SECONDS", 0.1)
    with claims.claimed(tmp_path, "toy", RESULT) as stuck:
        with claims.claimed(tmp_path, "toy", RESULT) as check:
            check()
        with pytest.raises(claims.Superseded):
            stuck()
    said = capfd.readouterr().err.splitlines()
    assert said == [
        f"waiting for another process at work on {RESULT}",
        f"going on beside another process at work on {RESULT}, which may not write it any more",
    ]


def test_another_result_is_no_matter(tmp_path):
    with (
        claims.claimed(tmp_path, "toy", RESULT) as check,
        claims.claimed(tmp_path, "toy", "results/toy/other"),
    ):
        check()


def test_a_job_of_an_earlier_run_may_not_even_begin(tmp_path, monkeypatch):
    first = claims.begin_run(tmp_path, ["toy", "digits"], {"jobs": "ladder_1"})
    with claims.claimed(tmp_path, "toy", RESULT) as check:
        claims.begin_run(tmp_path, ["toy"], {"jobs": None})
        monkeypatch.setenv(claims.RUN, first)
        with pytest.raises(claims.Superseded, match="later run"):
            check()
    with pytest.raises(claims.Superseded), claims.claimed(tmp_path, "toy", RESULT):
        pass
    # the other experiment was not begun again
    with claims.claimed(tmp_path, "digits", "results/digits/model.safetensors") as check:
        check()
    assert claims.latest_run(tmp_path, "digits") == {"run": first, "jobs": "ladder_1"}


def test_a_run_that_ended_well_left_nothing_in_the_queue(tmp_path):
    stamp = claims.begin_run(tmp_path, ["toy", "digits"], {"jobs": "ladder_1"})
    claims.end_run(tmp_path, ["toy", "never"])
    assert claims.latest_run(tmp_path, "toy") == {"run": stamp, "jobs": None}
    assert claims.latest_run(tmp_path, "digits") == {"run": stamp, "jobs": "ladder_1"}


def test_a_process_that_no_run_has_started_is_never_stale(tmp_path, monkeypatch):
    claims.begin_run(tmp_path, ["toy"], {"jobs": None})
    monkeypatch.delenv(claims.RUN)
    with claims.claimed(tmp_path, "toy", RESULT) as check:
        check()


def test_one_run_of_an_experiment_at_a_time(tmp_path):
    with claims.alone(tmp_path, ["toy", "digits"]):
        with claims.alone(tmp_path, ["moons"]):
            pass
        says = "another run of digits is at work in this folder"
        with pytest.raises(JobFailed, match=says), claims.alone(tmp_path, ["moons", "digits"]):
            pass
        with claims.alone(tmp_path, ["moons"]):
            pass
    with claims.alone(tmp_path, ["toy", "digits"]):
        pass


@pytest.mark.parametrize("content", [None, "", "{"])
def test_a_run_that_cannot_be_read_is_none(tmp_path, content):
    if content is not None:
        claims.run_file(tmp_path, "toy").parent.mkdir()
        claims.run_file(tmp_path, "toy").write_text(content)
    assert claims.latest_run(tmp_path, "toy") is None


def test_a_refused_file_leaves_what_was_there(tmp_path):
    def refuse():
        raise claims.Superseded("no")

    (tmp_path / "result").write_text("old")
    with files.guarded(refuse), pytest.raises(claims.Superseded):
        files.write_text(tmp_path / "result", "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
