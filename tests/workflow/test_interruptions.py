"""Kills, Ctrl-C, another number of cores: the results are the same, bit for bit."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from workflows import READERS, same_bits

MODEL = "results/tiny/models/multi/seed0/model.safetensors"
KILLS = 10


@dataclass
class Survivor:
    """A workflow that was interrupted again and again and then run to the end, and its story."""

    workflow: object
    resumed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    interrupted: int = 0
    finished: subprocess.CompletedProcess | None = None


def results(folder: Path) -> list[Path]:
    """The numbers of the tiny experiment and the features of the digits', without manifests."""
    files = [*folder.glob("tiny/**/*"), *folder.glob("tinydigits/reference/**/*")]
    files = [file for file in files if not file.name.endswith("manifest.json")]
    wanted = [file for file in files if file.suffix in READERS and not file.name.startswith(".")]
    return sorted(file.relative_to(folder) for file in wanted)


def unreadable(folder: Path) -> list[str]:
    """The result files that are there and cannot be read."""
    broken = []
    for file in results(folder):
        try:
            READERS[file.suffix](folder / file)
        except Exception as error:
            broken.append(f"{file}: {error!r}")
    return broken


def wait_for_a_job(driver: subprocess.Popen, folder: Path, started: float) -> None:
    """Wait until a job has written something to its log, or there is nothing left to run."""
    while driver.poll() is None:
        # the driver removes old logs while they are looked at
        with suppress(FileNotFoundError):
            logs = [path.stat() for path in folder.glob("tiny/logs/**/*.log")]
            if any(log.st_size and log.st_mtime > started for log in logs):
                return
        time.sleep(0.05)


def kill(driver: subprocess.Popen, jobs_too: bool) -> None:
    """SIGKILL to the driver and, as when a machine is lost, to every process that it started."""
    with suppress(ProcessLookupError):
        os.killpg(driver.pid, signal.SIGKILL) if jobs_too else driver.kill()
    driver.wait()


@pytest.fixture(scope="module")
def survivor(sources, finished, tmp_path_factory) -> Survivor:
    """Killed ten times, mostly while it trains, then Ctrl-C, then run to the end on one core."""
    workflow = sources.copy(tmp_path_factory.mktemp("workflow") / "survivor")
    story, moments = Survivor(workflow), random.Random(0)
    everything = [f"results/{file}" for file in results(finished.results)]

    def start(targets: list[str]) -> tuple[subprocess.Popen, float]:
        options = {"stdout": subprocess.DEVNULL, "start_new_session": True}
        return workflow.start("--cores=2", *targets, **options), time.time()

    for number in range(KILLS):
        driver, started = start([MODEL] if number < KILLS - 2 else everything)
        if number % 4 == 3:
            time.sleep(moments.uniform(0, 3))
        else:
            wait_for_a_job(driver, workflow.results, started)
            time.sleep(moments.uniform(0, 0.8))
        # the last time, jobs outlive their driver and go on beside those of the next one
        kill(driver, jobs_too=number < KILLS - 1)
        for log in workflow.results.glob("tiny/logs/train/*.log"):
            lines = log.read_text().splitlines() if log.stat().st_mtime > started else []
            story.resumed += [line for line in lines if line.startswith("going on from image")]
        story.unreadable += unreadable(workflow.results)
        workflow.finish("--unlock")
    # where the jobs that outlived their driver have done everything there is something to do again
    (workflow.results.parent / MODEL).unlink(missing_ok=True)
    driver, started = start(everything)
    wait_for_a_job(driver, workflow.results, started)
    os.killpg(driver.pid, signal.SIGINT)
    story.interrupted = driver.wait()
    story.unreadable += unreadable(workflow.results)
    story.finished = workflow.run("--cores=1", *everything)
    return story


def test_training_went_on_from_where_it_was_killed(survivor):
    assert len(survivor.resumed) >= 3
    assert all(int(line.split()[-1]) > 0 for line in survivor.resumed)


def test_kills_leave_no_half_written_result(survivor):
    assert survivor.unreadable == []


def test_ctrl_c_fails_and_the_same_command_goes_on_without_unlocking(survivor):
    assert survivor.interrupted != 0
    assert survivor.finished.returncode == 0, survivor.finished.stdout[-5000:]


def test_results_have_the_same_bits_after_kills_and_on_one_core(survivor, finished):
    files = results(finished.results)
    assert {".npy", ".csv", ".safetensors", ".json", ".npz"} == {file.suffix for file in files}
    mine, theirs = survivor.workflow.results, finished.results
    assert [file for file in files if not same_bits(mine / file, theirs / file)] == []


def test_no_training_state_is_left_at_the_end(survivor):
    assert list(survivor.workflow.results.rglob("*.resume")) == []


def test_kept_samples_of_another_model_are_not_used(copy):
    """A sampling that was cut off goes on only with the model that it began with."""
    shard = "results/tiny/samples/single/seed0/s0/shard0.npy"
    before = (copy.folder / shard).read_bytes()
    # as if the driver had been killed before it recorded the result
    copy.finish("--cores=2", "--no-hooks", "--forcerun", "sample", "--", shard)
    kept = (copy.folder / shard).with_suffix(".resume")
    assert kept.is_dir() and (copy.folder / shard).read_bytes() == before
    rate = {"training": {"learning_rate": 0.004}}
    copy.change(lambda settings: settings["variants"]["single"].update(rate))
    copy.finish("--cores=2", shard)
    assert (copy.folder / shard).read_bytes() != before
    assert not kept.exists()
