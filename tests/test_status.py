"""How far runs have come, read off manifests, what jobs say of themselves, and SLURM's queue."""

import os
import platform
import subprocess
import sys
import time

import pytest
from config_examples import VALID, loaded

from scoreladder import files, live, notices, progress, status
from scoreladder.slurm import QueuedJob

CODE = "0123456789abcdef"
FOLDER = "results/small"


@pytest.fixture
def experiment(tmp_path):
    """One variant with one seed, tuned, drawn in two shards."""
    found = loaded(tmp_path, VALID) | {"name": "small"}
    found["replicates"] = {"train_seeds": [0], "sample_seeds": [0]}
    found["variants"] = {"multi": found["variants"]["multi"]}
    found["variants"]["multi"]["sample"]["shards"] = 2
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The experiment's folder, below the folder that all paths are relative to."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / FOLDER
    return path.relative_to(tmp_path)


def finish(experiment, folder, *rules, **changes):
    """Leave the manifests of the steps of these rules."""
    for step in status.steps(experiment, "multi", 0):
        if step.rule in rules:
            files.write_json(folder / step.manifest, {"spec": step.spec, "code": CODE} | changes)


def say(folder, rule="train", **changes):
    """What a job of the variant says of itself: it runs, in this process."""
    manifest = {"train": "models/multi/seed0/manifest.json", "tune": "tuning/multi.manifest.json"}
    facts = {"rule": rule, "result": str(folder / manifest[rule]), "state": "running"}
    facts |= {"host": platform.node(), "pid": os.getpid(), "slurm_job": None}
    return facts | {"written": time.time(), "log": str(folder / "train.log")} | changes


def row(experiment, folder, said=(), queue=()):
    (found,) = status.rows(experiment, folder, list(said), queue, lambda rule: CODE)
    assert (found.variant, found.seed) == ("multi", 0)
    return found.state, found.detail


def test_a_run_is_a_chain_of_steps(experiment):
    found = list(status.steps(experiment, "multi", 0))
    assert [step.rule for step in found] == ["train", "tune", "sample", "sample", "evaluate"]
    assert found[2].names == ("multi", 0, 0, 0)
    assert found[3].manifest == "samples/multi/seed0/s0/shard1.manifest.json"


def test_a_run_waits_for_its_first_step_that_is_not_done(experiment, folder):
    assert row(experiment, folder) == ("waiting", "for train")
    finish(experiment, folder, "train", "tune")
    assert row(experiment, folder) == ("waiting", "for sample")
    finish(experiment, folder, "sample", "evaluate")
    assert row(experiment, folder) == ("done", "")


@pytest.mark.parametrize("change", [{"code": "other"}, {"spec": {"other": 1}}])
def test_results_of_other_settings_or_code_are_not_done(experiment, folder, change):
    finish(experiment, folder, "train", "tune", "sample", "evaluate")
    finish(experiment, folder, "tune", **change)
    assert row(experiment, folder) == ("waiting", "for tune")


def test_a_running_job_says_how_far_it_is(experiment, folder):
    shown = progress.Progress("training", "img", 90000, 200000, 5000.0)._asdict()
    assert row(experiment, folder, [say(folder)]) == ("running", "train")
    found = row(experiment, folder, [say(folder, progress=shown, loss=0.3123)])
    assert found == (
        "running",
        "train 45%, 90,000 of 200,000 images, 5,000/s, 22 s left, loss 0.312",
    )


def test_a_failed_job_says_why_even_while_another_runs(experiment, folder):
    failed = say(folder, "tune", state="ended", reason="no trial was finite")
    found = row(experiment, folder, [say(folder), failed])
    assert found == ("failed", "tune: no trial was finite")


def test_a_job_that_was_killed_is_told_by_the_end_of_its_log(experiment, folder):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = say(folder, pid=process.pid)
    assert row(experiment, folder, [dead]) == ("failed", "train: ended without a word")
    files.write_text(folder / "train.log", "starting\ntraining: 10%\n\n")
    expected = "train: ended without a word after: training: 10%"
    assert row(experiment, folder, [dead]) == ("failed", expected)


def test_jobs_of_slurm_live_as_long_as_they_are_in_the_queue(experiment, folder):
    job = say(folder, slurm_job="7", host="elsewhere")
    assert row(experiment, folder, [job])[0] == "failed"
    queue = [QueuedJob("7", "ladder", "RUNNING", "rule_train_wildcards_small_multi_0")]
    assert row(experiment, folder, [job], queue)[0] == "running"
    # nobody to ask
    assert row(experiment, folder, [job], None)[0] == "running"
    silent = job | {"written": time.time() - 2 * notices.SILENT_SECONDS}
    assert row(experiment, folder, [silent], None)[0] == "failed"


def test_a_job_on_this_machine_is_looked_for_here_also_inside_an_allocation(experiment, folder):
    assert row(experiment, folder, [say(folder, slurm_job="7")])[0] == "running"


def test_what_is_done_was_not_hurt_by_a_later_attempt_that_died(experiment, folder):
    finish(experiment, folder, "train", "tune", "sample", "evaluate")
    said = [say(folder, state="ended", reason="killed")]
    assert row(experiment, folder, said) == ("done", "")


def test_a_job_in_the_queue_is_queued_also_for_another_try(experiment, folder):
    queue = [QueuedJob("8", "ladder", "PENDING", "rule_train_wildcards_small_multi_0")]
    assert row(experiment, folder, [], queue) == ("queued", "train")
    ended = say(folder, state="ended", reason="deadline reached, will resume (time limit)")
    assert row(experiment, folder, [ended], queue) == ("queued", "train")


def test_a_job_on_another_machine_is_believed_for_some_minutes(experiment, folder):
    elsewhere = say(folder, host="elsewhere", pid=1)
    assert row(experiment, folder, [elsewhere])[0] == "running"
    silent = elsewhere | {"written": time.time() - 2 * notices.SILENT_SECONDS}
    assert row(experiment, folder, [silent])[0] == "failed"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (42, "42 s"), (180, "3 min"), (4800, "1 h 20 min"), (90000, "25 h 0 min")],
)
def test_spans_of_time_in_words(seconds, words):
    assert notices.duration(seconds) == words


def test_few_units_a_second_are_told_with_two_digits(experiment, folder):
    shown = progress.Progress("sweep", "budget", 3, 26, 0.0471)._asdict()
    found = row(experiment, folder, [say(folder, progress=shown)])
    assert found == ("running", "train 12%, 3 of 26 budgets, 0.047/s, 8 min left")


def shared(folder, rule="sweep_nfe", **changes):
    """What a job that belongs to no variant says of itself."""
    result = str(folder / f"sweeps/{rule}.manifest.json")
    return (
        say(folder, rule="train", result=result) | {"rule": rule, "experiment": "small"} | changes
    )


def test_jobs_that_variants_share_are_seen_too(experiment, folder):
    said = [
        shared(folder, seed="1"),
        shared(folder, "train_features", state="ended", reason="no data"),
        shared(folder, "train", variant="multi", seed="0"),
        shared(folder, "compare", comparison="levels", state="ended", reason="deadline reached"),
    ]
    found = notices.jobs(experiment, said, [])
    assert [(job.name, job.state, job.reason) for job in found] == [
        ("sweep_nfe seed 1", "running", ""),
        ("train_features", "failed", "no data"),
        ("train multi seed 0", "running", ""),
        ("compare levels", "waiting", "deadline reached"),
    ]


def test_jobs_of_others_of_lost_variants_and_done_since_are_not_seen(experiment, folder):
    files.write_json(folder / "sweeps/sweep_nfe.manifest.json", {})
    said = [
        shared(folder, experiment="large"),
        shared(folder, variant="gone"),
        shared(folder, state="ended", reason="an earlier attempt"),
    ]
    assert notices.jobs(experiment, said, []) == []


def test_jobs_of_shards_and_further_sample_seeds_have_their_numbers(folder):
    job = shared(folder, "sample", variant="multi", seed="2", sample_seed="0", shard="3")
    assert notices.name_of(job) == "sample multi seed 2 shard 3"
    assert (
        notices.name_of(job | {"sample_seed": "1"}) == "sample multi seed 2 sample seed 1 shard 3"
    )


def test_a_run_counts_what_it_has_done_of_what_it_planned(folder):
    planned = [str(folder / name) for name in ("old", "new", "later")]
    files.write_text(folder / "old", "")
    os.utime(folder / "old", (1.0, 1.0))
    facts = status.run_facts(planned)
    files.write_text(folder / "new", "")
    found = status.run_of(facts)
    assert (found.done, found.planned, found.lives) == (1, 3, True)
    assert 0 <= found.seconds < 60
    assert status.run_of(facts | {"host": "elsewhere"}).lives is None
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    # how long it took is known from what it did last
    os.utime(folder / "new", (facts["started"] + 90, facts["started"] + 90))
    ended = status.run_of(facts | {"pid": process.pid})
    assert ended.lives is False and ended.seconds == pytest.approx(90, abs=1e-3)


def test_a_run_that_says_too_little_or_is_not_there_is_unknown():
    assert status.run_of(None) is None
    assert status.run_of({"run": "0", "jobs": None}) is None


def test_a_job_writes_how_it_is_doing_and_sees_that_it_is_wanted(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.0)
    looks = []
    job = live.Live(tmp_path, "model", {"rule": "train"}, lambda: looks.append(1))
    job.facts["loss"] = 0.5
    monkeypatch.setattr(progress, "watchers", [job.beat])
    assert list(progress.track(range(3), 30, "training", "img", 10)) == [0, 1, 2]
    assert len(looks) == 3
    (said,) = live.read_all(tmp_path)
    assert said["progress"]["done"] == 30 and said["loss"] == 0.5
    assert (said["state"], said["pid"]) == ("running", os.getpid())
    files.write_text(tmp_path / "live/.half.json", "{}")
    job.ended("diverged")
    assert live.read_all(tmp_path)[0]["reason"] == "diverged"
    job.ended()
    assert live.read_all(tmp_path) == []
