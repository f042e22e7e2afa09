"""What clusters do to jobs: each is tried again, goes on where it was, and ends with the same bits.

One run of the workflow to whose jobs, all at once, everything happens that happens to jobs.
"""

import re

import pytest
from faults import (
    SURVIVORS,
    Story,
    accounts,
    notice,
    preempt,
    stop_process,
    strike,
    wait_until_watched,
)
from workflows import same_bits

TRAINING = {
    "gpu": "1 if wildcards.variant == 'preempted' else 0",
    "mem_mb": "300 * attempt if wildcards.variant == 'hungry' else 2000",
    "runtime": "2 if wildcards.variant in ('longer', 'stuck') else 30",
    # SLURM may send it a minute early, at the very start of these
    "slurm_extra": "''",
}
RESOURCES = [f"train:{name}={value}" for name, value in TRAINING.items()]
RESOURCES += ["sample:turn=1", "evaluate:turn=1"]


@pytest.fixture(scope="module")
def story(slow, reference, tmp_path_factory, cluster, on_cluster) -> Story:
    """The whole experiment, with everything that happened on the way."""
    workflow = slow.copy(tmp_path_factory.mktemp("slurm") / "faults")
    driver = on_cluster(workflow).start("faults", "--set-resources", *RESOURCES)
    blows = {
        "stuck": lambda: stop_process(workflow, "stuck"),
        "cancelled": lambda: cluster.run("scancel", notice(workflow, "cancelled")["slurm_job"]),
        "preempted": lambda: preempt(cluster, workflow, "preempted"),
    }
    strike(workflow, blows)
    wait_until_watched(workflow, "longer")
    seen = workflow.status("faults", env=cluster.environment)
    said, _ = driver.communicate()
    return Story(workflow, driver.returncode, said, seen, accounts(cluster, said))


@pytest.mark.parametrize("variant", SURVIVORS)
def test_every_model_ends_with_the_bits_of_an_undisturbed_run(story, reference, variant):
    assert same_bits(story.model(variant), reference().model(variant))


def test_a_cancelled_job_is_submitted_again_and_goes_on(story):
    assert story.states("cancelled") == ["CANCELLED", "COMPLETED"]
    assert len(story.attempts("cancelled")) == 2
    assert 0 < story.manifest("cancelled")["resumed_at"] < 4000


def test_a_preempted_job_waits_for_its_turn_under_the_same_number_and_goes_on(story):
    first, second = story.attempts("preempted")
    assert first == second
    assert story.states("preempted")[-1] == "COMPLETED"
    assert 0 < story.manifest("preempted")["resumed_at"] < 4000


def test_a_job_that_is_short_of_memory_gets_more(story):
    states = story.states("hungry")
    assert states[0] in ("OUT_OF_MEMORY", "FAILED") and states[-1] == "COMPLETED"
    asked = [each["memory"] for each in story.accounts if "_hungry_" in each["comment"]]
    assert asked[:2] == ["300M", "600M"]


def test_a_job_that_hears_no_signal_is_killed_at_its_time_limit_and_goes_on(story):
    assert story.states("stuck") == ["TIMEOUT", "COMPLETED"]
    assert 0 < story.manifest("stuck")["resumed_at"] < 4000


def test_a_model_that_needs_more_than_its_time_limit_takes_several_submissions(story):
    """Three on a fast machine; on a slow one each does less, and there is one more to come."""
    *cut, last = story.states("longer")
    assert len(cut) >= 2 and {*cut} == {"FAILED"} and last == "COMPLETED"
    assert len(set(story.attempts("longer"))) == len(cut) + 1
    told = r"saved at image \d+ of 44000\ndeadline reached, will resume \(time limit\)"
    assert len(re.findall(told, story.said)) == len(cut)
    assert 0 < story.manifest("longer")["resumed_at"] < 44000


def test_a_job_that_fails_twice_succeeds_at_the_third_try(story):
    assert story.states("flaky") == ["FAILED", "FAILED", "COMPLETED"]
    assert story.said.count("RuntimeError: flaky") == 2


def test_a_job_that_always_fails_is_given_up_after_four_tries_and_says_why(story):
    assert story.states("hopeless") == ["FAILED"] * 4
    assert "training diverged: at image" in story.log("hopeless")
    assert not story.model("hopeless").exists()


def test_what_nothing_happens_to_is_done_once(story):
    assert story.states("calm") == ["COMPLETED"]
    assert story.manifest("calm")["resumed_at"] == 0


def test_the_run_fails_and_its_report_says_what_is_missing(story):
    assert story.returncode == 1
    assert "The report, incomplete: results/faults/report.html" in story.said
    page = (story.workflow.results / "faults/report.html").read_text()
    assert "<code>metrics/hopeless/seed0/s0.json</code>" in page
    assert "training diverged: at image" in page
    assert "There is hope." in page[page.index("cannot be judged") :]
    table = (story.workflow.results / "faults/tables/all.csv").read_text()
    assert "cancelled" in table and "preempted" in table and "hopeless" not in table


def rows(shown: str) -> dict[str, list[str]]:
    """By variant, the cells of what `status` prints."""
    found = [line.split(maxsplit=3) for line in shown.splitlines() if " 0 " in line]
    return {cells[0]: [*cells, ""] for cells in found}


def test_the_state_of_a_run_can_be_seen_while_it_goes_on(story):
    running = r"train \d+%, [\d,]+ of 44,000 images, \d+/s, \d+ (s|min) left, loss [\d.]+"
    assert rows(story.seen)["longer"][2] == "running"
    assert re.match(running, rows(story.seen)["longer"][3])
    assert re.search(r"^SLURM: .*running", story.seen, re.MULTILINE)


def test_the_state_of_each_run_can_be_seen_when_it_is_over(story):
    shown = rows(story.workflow.status("faults"))
    assert {shown[variant][2] for variant in SURVIVORS} == {"done"}
    assert shown["hopeless"][2] == "failed"
    assert shown["hopeless"][3].startswith("train: training diverged: at image")
