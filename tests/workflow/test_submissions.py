"""How many submissions an ablation is on a cluster, read off a dry run with SLURM's profile."""

import re

import pytest

SHARDS = 3
VARIANTS, SEEDS, MODELS, TUNED = 3, 2, 2, 2
# reference, floor, and of the shown models the scores and the trace of samples
ONCE = 4
# a rule that the target has no job of
NO_GROUPS = ("--set-resource-scopes", "turn=local", "--groups", "write_index=none")


@pytest.fixture
def sharded(fresh):
    """A workflow whose tiny experiment draws its samples in shards."""
    sample = {"count": 1500, "shards": SHARDS}
    fresh.change(lambda settings: settings["defaults"]["sample"].update(sample))
    return fresh


def submissions(workflow, *arguments: str) -> dict[str, int]:
    """How many submissions there are of each group and of each rule outside of groups."""
    said = workflow.finish("--workflow-profile", "profiles/slurm", "-n", "tiny", *arguments)
    snakefile = (workflow.folder / "Snakefile").read_text()
    local = re.findall(r"^    (\w+),$", snakefile[snakefile.index("localrules:") :], re.MULTILINE)
    # jobs of a group are indented below it
    alone = re.findall(r"^rule (\w+):", said, re.MULTILINE)
    found: dict[str, int] = {}
    for name in alone + re.findall(r"Group job (\w+)", said):
        if name not in local and name != "tiny":
            found[name] = found.get(name, 0) + 1
    return found


def test_the_shards_of_a_run_and_their_evaluation_are_one_submission(sharded):
    found = submissions(sharded)
    assert found["run"] == VARIANTS * SEEDS
    assert found["train"] == MODELS * SEEDS
    assert found["tune"] == TUNED
    assert not {"sample", "evaluate"} & set(found)
    assert sum(found.values()) == (MODELS + VARIANTS) * SEEDS + TUNED + ONCE


def test_without_groups_each_shard_is_a_submission(sharded):
    found = submissions(sharded, *NO_GROUPS)
    assert found["sample"] == VARIANTS * SEEDS * SHARDS
    assert found["evaluate"] == VARIANTS * SEEDS
    expected = (MODELS + VARIANTS * (SHARDS + 1)) * SEEDS + TUNED + ONCE
    assert sum(found.values()) == expected
