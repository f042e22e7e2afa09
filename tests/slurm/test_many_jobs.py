"""Two hundred jobs that do nothing: what a job costs beside its work, and the driver's memory.

Times are reported, not judged: they are those of the machine that the tests run on.
"""

import re
import statistics
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

JOBS = 200
SNAKEFILE = f"""
rule all:
    input:
        expand("done/{{number}}", number=range({JOBS})),


rule nothing:
    output:
        "done/{{number}}",
    shell:
        "touch {{output}}"
"""


def seconds(since: str, until: str) -> float:
    """Between two of SLURM's times."""
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()


def largest_memory(process: int, found: list[int]) -> None:
    """Append the largest resident memory of a process so far, in KiB, as long as it runs."""
    with suppress(OSError, TypeError):
        while True:
            status = Path(f"/proc/{process}/status").read_text()
            found.append(int(re.search(r"VmHWM:\s+(\d+)", status)[1]))
            time.sleep(0.5)


@pytest.fixture(scope="module")
def measured(slow, tmp_path_factory, cluster, on_cluster) -> dict:
    """The run: its accounts, its seconds and its driver's memory in MiB."""
    workflow = slow.copy(tmp_path_factory.mktemp("slurm") / "many")
    (workflow.folder / "Snakefile").write_text(SNAKEFILE)
    begun, memory = time.monotonic(), []
    little = ("--default-resources", "mem_mb=500", "runtime=5")
    driver = on_cluster(workflow).start(*little)
    watching = threading.Thread(target=largest_memory, args=(driver.pid, memory))
    watching.start()
    said, _ = driver.communicate()
    wall = time.monotonic() - begun
    watching.join()
    assert driver.returncode == 0, said[-3000:]
    (name,) = re.findall(r"SLURM run ID: (\S+)", said)
    fields = "State,Submit,Start,End"
    answer = cluster.run("sacct", "-X", "-n", "-P", "--name", name, f"--format={fields}")
    jobs = [line.split("|") for line in answer.splitlines()]
    return {"workflow": workflow, "jobs": jobs, "wall": wall, "memory": max(memory) / 1024}


def test_two_hundred_jobs_are_submitted_once_each_and_all_end_well(measured):
    assert [job[0] for job in measured["jobs"]] == ["COMPLETED"] * JOBS
    assert len(list((measured["workflow"].folder / "done").iterdir())) == JOBS


def test_the_driver_stays_small(measured):
    assert measured["memory"] < 500


def test_what_a_job_costs_is_reported(measured, report):
    waited = statistics.median(seconds(job[1], job[2]) for job in measured["jobs"])
    ran = statistics.median(seconds(job[2], job[3]) for job in measured["jobs"])
    report(
        f"{JOBS} jobs that do nothing, on this machine: {measured['wall']:.0f} s in all, "
        f"{measured['wall'] / JOBS:.1f} s a job; the median job waited {waited:.0f} s from its "
        f"submission and ran {ran:.0f} s; the driver took {measured['memory']:.0f} MiB"
    )
