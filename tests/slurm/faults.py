"""Slow, well-watched trainings to which things happen, and what was seen of them."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cluster import Cluster, wait_for
from workflows import DEFAULTS, Workflow, sources_in

EXPERIMENT = f"""
title: Faults
dataset:
  name: gaussian_mixture
  means: [[2.0, 2.0], [-2.0, -2.0]]
  stds: [1.0, 1.0]
  weights: [0.8, 0.2]
  train_size: 400
  tune_size: 300
  test_size: 300
replicates: {{train_seeds: [0], sample_seeds: [0]}}
{DEFAULTS}
variants:
  calm: {{}}
  cancelled: {{}}
  preempted: {{}}
  hungry: {{}}
  stuck: {{}}
  flaky: {{}}
  # takes two minutes, and four
  long: {{training: {{images: 24000}}}}
  longer: {{training: {{images: 44000}}}}
  hopeless: {{training: {{learning_rate: 1.0e+10, gradient_clip: 1.0e+10}}}}
comparisons:
  - {{name: all, baseline: calm, arms: [cancelled, preempted, hopeless], metric: sliced_w1}}
claims:
  - {{id: hope, says: There is hope., better: hopeless, than: [calm], metric: sliced_w1}}
"""
SURVIVORS = ("calm", "cancelled", "preempted", "hungry", "stuck", "flaky", "long", "longer")
# a step takes so long on every machine: 20 s for the 80 steps of most variants
STEP_SECONDS = 0.25
# a line in attempts/VARIANT for each time that training is started
COUNTED = """\
    attempts = Path("attempts") / snakemake.wildcards.variant
    attempts.parent.mkdir(exist_ok=True)
    with attempts.open("a") as file:
        file.write(f"{__import__('os').environ.get('SLURM_JOB_ID')}\\\\n")
    with job(snakemake) as current:
        if attempts.name == "stuck" and len(attempts.read_text().split()) < 2:
            import signal

            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGALRM])
        if attempts.name == "flaky" and len(attempts.read_text().split()) < 3:
            raise RuntimeError("flaky")
"""


def slow_sources(folder: Path) -> Workflow:
    """The workflow with this experiment; training is slow, and its attempts are counted."""
    workflow = sources_in(folder)
    workflow.experiment = folder / "config/experiments/faults.yaml"
    workflow.experiment.write_text(EXPERIMENT)
    workflow.replace("config/config.yaml", "^experiments:.*$", "experiments: [faults]")
    training = "workflow_scripts/train.py"
    workflow.replace(
        training,
        r"^( +)for _ in steps:$",
        rf"\1for _ in steps:\n\1    time.sleep({STEP_SECONDS})",
    )
    workflow.replace(training, r"^    with job\(snakemake\) as current:\n", COUNTED)
    workflow.replace(
        "workflow_scripts/scoreladder/live.py", "^BEAT_SECONDS = .*$", "BEAT_SECONDS = 1"
    )
    return workflow


@dataclass
class Story:
    """What became of a workflow: how its driver ended, what it and `status` said of it."""

    workflow: Workflow
    returncode: int = 0
    said: str = ""
    seen: str = ""
    accounts: list[dict] = field(default_factory=list)

    def model(self, variant: str) -> Path:
        """The file of a variant's model."""
        return model_file(self.workflow, variant)

    def manifest(self, variant: str) -> dict:
        """The manifest of a variant's model."""
        return json.loads(self.model(variant).with_name("manifest.json").read_text())

    def attempts(self, variant: str) -> list[str]:
        """The SLURM job of each attempt at a variant's training."""
        return (self.workflow.folder / "attempts" / variant).read_text().split()

    def log(self, variant: str) -> str:
        """The log of the last attempt at a variant's training."""
        return (self.workflow.results / f"faults/logs/train/{variant}.seed0.log").read_text()

    def states(self, variant: str) -> list[str]:
        """The states in which SLURM's jobs of a variant's training ended."""
        comment = f"rule_train_wildcards_faults_{variant}_0"
        return [each["state"] for each in self.accounts if each["comment"] == comment]


def model_file(workflow: Workflow, variant: str) -> Path:
    """The file of a variant's model."""
    return workflow.results / f"faults/models/{variant}/seed0/model.safetensors"


def targets(*variants: str) -> list[str]:
    """Models as a driver is asked for them."""
    return [f"results/faults/models/{variant}/seed0/model.safetensors" for variant in variants]


def accounts(cluster: Cluster, said: str) -> list[dict]:
    """SLURM's accounts of all jobs of the runs that have said their names, requeued ones too."""
    names = ",".join(re.findall(r"SLURM run ID: (\S+)", said))
    fields = "JobID,State,Start,End,ReqMem,Comment"
    answer = cluster.run("sacct", "-X", "-D", "-n", "-P", "--name", names, f"--format={fields}")
    keys = ("number", "state", "start", "end", "memory", "comment")
    found = [dict(zip(keys, line.split("|"), strict=True)) for line in answer.splitlines()]
    return [each | {"state": each["state"].split()[0]} for each in found]


def saved(workflow: Workflow, variant: str) -> Callable[[], bool]:
    """Whether the training of a variant has saved something."""
    return (model_file(workflow, variant).with_suffix(".resume") / "state.pt").exists


def wait_until_saved(workflow: Workflow, *variants: str) -> None:
    """Wait until the trainings of all these variants have saved something."""
    for variant in variants:
        wait_for(f"a state of {variant}", saved(workflow, variant), 180)


def strike(workflow: Workflow, blows: dict[str, Callable[[], object]]) -> None:
    """Do to the training of each variant what is meant for it, as soon as it has saved something.

    One that is left alone for too long may be at its end.
    """
    left = dict(blows)

    def struck() -> bool:
        for variant in [each for each in left if saved(workflow, each)()]:
            left.pop(variant)()
        return not left

    wait_for(f"states of {', '.join(blows)}", struck, 300)


def notice(workflow: Workflow, variant: str) -> dict:
    """What the training of a variant says of itself while it runs."""
    for path in (workflow.folder / ".snakemake/scoreladder/live").glob("*.json"):
        said = json.loads(path.read_text())
        if (said["rule"], said.get("variant")) == ("train", variant):
            return said
    raise AssertionError(f"{variant} does not run")


def wait_until_watched(workflow: Workflow, variant: str) -> None:
    """Wait until the training of a variant has said how far it is, and its loss."""

    def said() -> bool:
        # between two of its submissions there is nothing to be heard
        with suppress(AssertionError):
            found = notice(workflow, variant)
            return "progress" in found and found.get("loss") is not None
        return False

    wait_for(f"progress of {variant}", said, 180)


def stop_process(workflow: Workflow, variant: str) -> None:
    """Freeze the training of a variant; SLURM thaws it when its time is over."""
    os.kill(notice(workflow, variant)["pid"], signal.SIGSTOP)


def preempt(cluster: Cluster, workflow: Workflow, variant: str) -> None:
    """Submit a more urgent job that needs the GPU of a variant's training."""
    number = notice(workflow, variant)["slurm_job"]
    node = cluster.run("squeue", "-h", "-j", number, "-o", "%N").strip()
    urgent = ("--partition=urgent", f"--nodelist={node}", "--gres=gpu:1", "--output=/dev/null")
    cluster.run("sbatch", *urgent, "--wrap", "sleep 2")


def kill_driver(driver: subprocess.Popen) -> str:
    """SIGKILL to a driver alone; what it had said."""
    driver.kill()
    said, _ = driver.communicate()
    return said
