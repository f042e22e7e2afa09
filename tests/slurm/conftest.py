"""A real cluster for these tests, and the workflow as it is run on one."""

import subprocess

import pytest
from cluster import PACKAGES, Cluster, missing_programs
from faults import SURVIVORS, Story, slow_sources, targets
from needs import lacking
from workflows import Workflow

# how soon and how often the driver looks at its jobs; a real cluster is asked less
IMPATIENT = ("--slurm-init-seconds-before-status-checks=2", "--latency-wait=10")


@pytest.fixture
def report(record_property):
    """A function for a line that is printed when all tests are over."""
    return lambda line: record_property("report", line)


def pytest_terminal_summary(terminalreporter):
    """Print what tests reported, in whichever process they ran."""
    for test in terminalreporter.getreports("passed"):
        for name, line in test.user_properties:
            if test.when == "call" and name == "report":
                terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def installed():
    """SLURM. Without it the tests that need it are skipped; where CI is set they fail."""
    missing = missing_programs()
    if missing:
        install = f"apt-get install --no-install-recommends {PACKAGES}"
        how = f"SLURM is not installed (no {missing[0]}); to run these: {install}, then make test"
        lacking(how)


@pytest.fixture(scope="session")
def cluster(installed):
    """A cluster for all tests of a session."""
    cluster = Cluster()
    try:
        yield cluster.start()
    finally:
        cluster.stop()


class OnCluster:
    """A workflow whose jobs run on the cluster."""

    def __init__(self, workflow: Workflow, cluster: Cluster):
        self.workflow, self.cluster = workflow, cluster

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        """Start a driver, with the profile and impatience."""
        command = ("--workflow-profile", "profiles/slurm", *IMPATIENT, *arguments)
        return self.workflow.start(*command, env=self.cluster.environment, **options)

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Run a driver to its end."""
        with self.start(*arguments, **options) as driver:
            out, _ = driver.communicate()
        return subprocess.CompletedProcess(arguments, driver.returncode, out)


@pytest.fixture(scope="session")
def on_cluster(cluster):
    """A function that puts a workflow on the cluster."""
    return lambda workflow: OnCluster(workflow, cluster)


@pytest.fixture(scope="session")
def slow(installed, tmp_path_factory) -> Workflow:
    """The workflow with slow trainings, before anything has happened to them."""
    return slow_sources(tmp_path_factory.mktemp("slurm") / "slow")


@pytest.fixture(scope="session")
def reference(slow, tmp_path_factory):
    """A function that waits for the models of a run to which nothing happens, on this machine."""
    workflow = slow.copy(tmp_path_factory.mktemp("slurm") / "reference")
    # as if it had failed twice already
    (workflow.folder / "attempts").mkdir()
    (workflow.folder / "attempts/flaky").write_text("1\n2\n")
    wanted = targets(*SURVIVORS)
    with workflow.start("--cores=8", *wanted, stdout=subprocess.DEVNULL) as driver:

        def finished() -> Story:
            assert driver.wait() == 0
            return Story(workflow)

        yield finished
