"""The tests' own cluster: it is one, and nothing of it stays."""

from contextlib import suppress
from pathlib import Path

from cluster import Cluster, wait_for


def mentioning(text: str) -> list[str]:
    """The processes with some text in their command or environment, without this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = (path / "cmdline").read_bytes() + (path / "environ").read_bytes()
            if text.encode() in said:
                found.append((path / "comm").read_text().strip())
    return found


def test_a_cluster_that_is_stopped_in_the_middle_of_work_leaves_nothing(installed):
    cluster = Cluster().start()
    number = cluster.run("sbatch", "--parsable", "-o", "/dev/null", "--wrap", "sleep 1000").strip()
    state = ("squeue", "-h", "-j", number, "-o", "%T")
    wait_for("a running job", lambda: cluster.run(*state).strip() == "RUNNING")
    assert {"slurmctld", "slurmd", "munged", "mariadbd"} <= set(mentioning(str(cluster.folder)))
    cluster.stop()
    assert not cluster.folder.exists()
    assert mentioning(str(cluster.folder)) == []


def test_each_node_has_one_gpu_and_one_that_nobody_has_is_refused(cluster):
    nodes = cluster.run("sinfo", "-h", "-N", "-p", "main", "-o", "%N %G").split("\n")
    assert nodes[:2] == ["n1 gpu:1", "n2 gpu:1"]
    assert not cluster.answers("sbatch", "--gres=gpu:2", "--nodes=1", "--wrap", "true")
