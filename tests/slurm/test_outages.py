"""The cluster itself fails while jobs run: the controller, and the daemon of a node."""

import time

import pytest
from cluster import wait_for
from faults import Story, accounts, notice, targets, wait_until_saved
from workflows import same_bits

# on one GPU each, and so on one node each
VARIANTS = ("calm", "long")
RESOURCES = ("--set-resources", "train:gpu=1", "train:mem_mb=1000", "train:runtime=30")


@pytest.fixture(scope="module")
def story(slow, reference, tmp_path_factory, cluster, on_cluster) -> Story:
    """Two trainings: the controller is away for a while, then the daemon under `long` dies.

    `long` outlasts its node's failure by far.
    """
    workflow = slow.copy(tmp_path_factory.mktemp("slurm") / "outages")
    driver = on_cluster(workflow).start(*targets(*VARIANTS), *RESOURCES)
    wait_until_saved(workflow, *VARIANTS)
    cluster.kill_controller()
    time.sleep(5)
    cluster.start_controller()
    before = notice(workflow, "long")
    node = cluster.run("squeue", "-h", "-j", before["slurm_job"], "-o", "%N").strip()
    cluster.kill_node(node)

    def again() -> bool:
        return len(Story(workflow).attempts("long")) == 2

    wait_for("another attempt, elsewhere", again, 120)
    cluster.start_node(node)
    said, _ = driver.communicate()
    return Story(workflow, driver.returncode, said, accounts=accounts(cluster, said))


def test_the_run_survives_with_the_bits_of_an_undisturbed_one(story, reference):
    assert story.returncode == 0, story.said[-3000:]
    undisturbed = reference()
    for variant in VARIANTS:
        assert same_bits(story.model(variant), undisturbed.model(variant))


def test_a_job_does_not_notice_that_the_controller_is_away(story):
    assert story.states("calm") == ["COMPLETED"]
    assert story.manifest("calm")["resumed_at"] == 0


def test_a_lost_nodes_job_goes_on_elsewhere_while_its_old_process_gives_way(story):
    assert story.states("long") == ["NODE_FAIL", "COMPLETED"]
    first, second = story.attempts("long")
    assert first == second
    assert 0 < story.manifest("long")["resumed_at"] < 24000
