"""A killed driver leaves jobs behind: the next one finds them, and no result is written twice."""

import re
import subprocess

import pytest
from cluster import wait_for
from faults import (
    Story,
    accounts,
    kill_driver,
    model_file,
    targets,
    wait_until_saved,
)
from workflows import same_bits

CHOICES = ("wait", "cancel", "ignore")
UNDISTURBED = ("alone", "changed")
VARIANTS = ("calm", "cancelled")
CHEAP = ("--set-resources", "train:gpu=0", "train:mem_mb=1000", "train:runtime=30")


def slower(settings: dict) -> None:
    """With time enough to start a driver while both models are trained."""
    for name in VARIANTS:
        settings["variants"][name] = {"training": {"images": 8000}}


def other_rate(settings: dict) -> None:
    """Both models, with another learning rate."""
    for name in VARIANTS:
        settings["variants"][name]["training"]["learning_rate"] = 0.001


@pytest.fixture(scope="module")
def stories(slow, tmp_path_factory, cluster, on_cluster) -> dict[str, Story]:
    """By choice, a run whose first driver was killed while both of its models were trained.

    With `ignore` the settings have changed when the second driver starts. `alone` is a run that
    nothing happened to, `changed` the same with the changed settings.
    """
    pristine = slow.copy(tmp_path_factory.mktemp("slurm") / "orphans")
    pristine.change(slower)
    made = {name: pristine.copy(pristine.folder.with_name(name)) for name in CHOICES}
    undisturbed = {name: pristine.copy(pristine.folder.with_name(name)) for name in UNDISTURBED}
    undisturbed["changed"].change(other_rate)
    wanted = targets(*VARIANTS)
    beside = {
        name: each.start("--cores=4", *wanted, stdout=subprocess.DEVNULL)
        for name, each in undisturbed.items()
    }
    first = {name: on_cluster(each).start(*wanted, *CHEAP) for name, each in made.items()}
    for each in made.values():
        wait_until_saved(each, *VARIANTS)
    said = {name: kill_driver(driver) for name, driver in first.items()}
    for workflow in made.values():
        workflow.finish("--unlock")
    made["ignore"].change(other_rate)
    second = {
        name: on_cluster(each).start(*wanted, *CHEAP, "--config", f"orphans={name}")
        for name, each in made.items()
    }
    stories = {}
    for name, driver in second.items():
        more, _ = driver.communicate()
        everything = said[name] + more
        found = accounts(cluster, everything)
        stories[name] = Story(made[name], driver.returncode, more, accounts=found)
    wait_for("the end of the orphans", lambda: not cluster.run("squeue", "-h"))
    for name, driver in beside.items():
        assert driver.wait() == 0
        stories[name] = Story(undisturbed[name])
    return stories


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_next_driver_ends_with_the_bits_of_an_undisturbed_run(stories, choice, variant):
    assert stories[choice].returncode == 0, stories[choice].said[-3000:]
    expected = stories["changed" if choice == "ignore" else "alone"]
    assert same_bits(stories[choice].model(variant), expected.model(variant))


def test_orphans_that_are_waited_for_do_all_the_work(stories):
    story = stories["wait"]
    assert re.search(r"waiting for 2 SLURM jobs \(\d+, \d+\) of a killed run", story.said)
    assert "--config orphans=cancel" in story.said
    for variant in VARIANTS:
        assert story.states(variant) == ["COMPLETED", "COMPLETED"]
        # the second job found nothing left to do
        assert story.manifest(variant)["resumed_at"] == 8000


def test_cancelled_orphans_lose_nothing(stories):
    story = stories["cancel"]
    assert re.search(r"cancelling 2 SLURM jobs \(\d+, \d+\) of a killed run", story.said)
    for variant in VARIANTS:
        assert story.states(variant) == ["CANCELLED", "COMPLETED"]
        assert 0 < story.manifest(variant)["resumed_at"] < 8000


def test_ignored_orphans_stop_by_themselves_and_write_no_result(stories):
    story = stories["ignore"]
    assert "SLURM jobs" not in story.said
    for variant in VARIANTS:
        assert story.states(variant) == ["FAILED", "COMPLETED"]
        training = story.manifest(variant)["spec"]["training"]
        assert training["learning_rate"] == 0.001
        assert story.manifest(variant)["resumed_at"] == 0


def test_nothing_is_left_of_the_work_of_orphans(stories):
    for choice in CHOICES:
        left = model_file(stories[choice].workflow, "calm").with_suffix(".resume")
        assert not left.exists()
