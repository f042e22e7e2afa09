"""Tiny experiments in copies of the repository, run by the real command."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from safetensors.numpy import load_file

ROOT = Path(__file__).parents[1]
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?: {4}.*\n)+)", re.MULTILINE)
FIELD = re.compile(r"^ {4}(\w+): (.*)$", re.MULTILINE)

READERS = {
    ".npy": lambda path: {"": np.load(path)},
    ".npz": lambda path: dict(np.load(path)),
    ".json": lambda path: json.loads(path.read_text()),
    ".csv": pd.read_csv,
    ".safetensors": load_file,
}
COSTS = ("seconds", "memory")
# Snakemake as it is, and as `make` has it: the results are the same
COLD = ("-m", "snakemake")
WARM = ("workflow_scripts/warm/run.py",)

DEFAULTS = """
defaults:
  noise: {kind: geometric, sigma_max: 5.0, sigma_min: 0.5, levels: 3}
  weighting: sigma2
  density: ladder
  denoiser: edm
  network: {kind: mlp, width: 16, blocks: 1}
  training:
    images: 4000
    batch_size: 50
    learning_rate: 0.002
    schedule: cosine
    warmup_images: 100
    ema_halflife: 500
    gradient_clip: 1.0
  sample:
    {sampler: annealed_langevin, count: 300, nfe: 20, step_size: 0.2, denoise: true, start_std: 5.0}
"""
# multi is trained for some seconds, so that there is time to kill it
TINY = f"""
title: Tiny
dataset:
  name: gaussian_mixture
  means: [[2.0, 2.0], [-2.0, -2.0]]
  stds: [1.0, 1.0]
  weights: [0.8, 0.2]
  train_size: 400
  tune_size: 300
  test_size: 300
replicates: {{train_seeds: [0, 1], sample_seeds: [0]}}
tuning: {{metric: sliced_w1, relative_step_sizes: [0.1, 0.5], count: 250}}
{DEFAULTS}
variants:
  multi: {{label: Several, training: {{images: 300000}}}}
  single:
    noise: {{kind: single, sigma: 1.0}}
    weighting: one
    sample: {{sampler: langevin, step_size: tuned}}
  multi-plain: {{reuses: multi, sample: {{sampler: langevin, sigma: 0.5, step_size: tuned}}}}
showcase: [multi, single]
comparisons:
  - {{name: scales, baseline: multi, arms: [single, multi-plain], metric: sliced_w1}}
claims:
  - {{id: ladder, says: Several are better., better: multi, than: [single], metric: sliced_w1}}
"""
TINYDIGITS = f"""
title: Tiny digits
dataset: {{name: digits}}
features: {{kind: digit_classifier, steps: 20}}
replicates: {{train_seeds: [0], sample_seeds: [0]}}
{DEFAULTS}
variants:
  multi: {{}}
  multi-heun: {{reuses: multi, sample: {{sampler: heun, nfe: 5}}}}
  vae: {{network: {{kind: vae, width: 16, blocks: 1, latent: 4}}}}
inpaint:
  {{variants: [multi], masks: [half], methods: [replacement, projection], images: 20,
   completions: 2}}
likelihood: {{variants: [multi, vae], points: 20, divergence: hutchinson}}
nfe_sweep:
  variant: multi
  samplers: {{annealed_langevin: {{nfe: [4, 8]}}, heun: {{nfe: [5]}}, pf_ode: {{rtol: [0.1]}}}}
  metric: fid
  count: 100
comparisons:
  - {{name: families, baseline: multi, arms: [vae], metric: nll}}
"""


class Job(NamedTuple):
    """A job of a dry run; its name is the values of its wildcards after the experiment's."""

    rule: str
    name: str
    outputs: list[Path]


class Workflow:
    """A copy of the repository with its own results."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results = folder / "results"
        self.experiment = folder / "config" / "experiments" / "tiny.yaml"

    def start(
        self, *arguments: str, program: tuple[str, ...] = COLD, **options
    ) -> subprocess.Popen:
        command = [sys.executable, *program, *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, cwd=self.folder, text=True, **(pipes | options))

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        with self.start(*arguments, **options) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def finish(self, *arguments: str) -> str:
        """What a run that must succeed says, run as `make` does; the end of it where it fails."""
        done = self.run(*arguments, program=WARM)
        assert done.returncode == 0, done.stdout[-5000:]
        return done.stdout

    def status(self, *experiments: str, **options) -> str:
        """What `make status` prints."""
        command = [sys.executable, "workflow_scripts/status.py", *experiments]
        return subprocess.run(
            command, cwd=self.folder, text=True, capture_output=True, check=True, **options
        ).stdout

    def watch(self, *experiments: str) -> subprocess.Popen:
        """`make watch` without a terminal."""
        command = [sys.executable, "workflow_scripts/status.py", "--watch", *experiments]
        return subprocess.Popen(command, cwd=self.folder, text=True, stdout=subprocess.PIPE)

    def compare(self, a: str, b: str) -> str:
        """What `make compare` prints."""
        command = [sys.executable, "workflow_scripts/compare_runs.py", a, b]
        return subprocess.run(
            command, cwd=self.folder, text=True, capture_output=True, check=True
        ).stdout

    def jobs(self, *arguments: str) -> list[Job]:
        """The jobs with outputs that a dry run announces."""
        jobs = []
        for rule, text in JOB.findall(self.finish("--dry-run", "--cores=2", *arguments)):
            fields = dict(FIELD.findall(text))
            pairs = [pair.split("=", 1) for pair in fields.get("wildcards", "").split(", ") if pair]
            name = " ".join(value for key, value in pairs if key != "experiment")
            if "output" in fields:
                outputs = [self.folder / path for path in fields["output"].split(", ")]
                jobs.append(Job(rule, name, outputs))
        return jobs

    def plan(self, target: str = "tiny") -> dict[str, list[str]]:
        """The names of a dry run's jobs, by rule."""
        plan: dict[str, list[str]] = {}
        for job in sorted(self.jobs(target)):
            plan.setdefault(job.rule, []).append(job.name)
        return plan

    def change(self, edit: Callable[[dict], object]) -> None:
        """Rewrite the tiny experiment's settings."""
        settings = yaml.safe_load(self.experiment.read_text())
        edit(settings)
        self.experiment.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))

    def replace(self, file: str, pattern: str, new: str) -> None:
        """Replace the one match of a pattern in a file."""
        path = self.folder / file
        text, count = re.subn(pattern, new, path.read_text(), flags=re.MULTILINE)
        assert count == 1, f"{count} matches of {pattern} in {file}"
        path.write_text(text)

    def copy(self, folder: Path) -> "Workflow":
        """A copy with the same times of change, so that nothing in it is out of date."""
        copy = Workflow(shutil.copytree(self.folder, folder, symlinks=True))
        copy.experiment = folder / self.experiment.relative_to(self.folder)
        return copy


def sources_in(folder: Path) -> Workflow:
    """The repository's own files, without results; training state is saved often."""
    workflow = Workflow(folder)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    present = [name for name in listed.splitlines() if (ROOT / name).is_file()]
    # results of other runs may be kept in the repository; these start from none
    for name in (name for name in present if not name.startswith("results/")):
        (workflow.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, workflow.folder / name)
    workflow.replace("workflow_scripts/train.py", "^SAVE_SECONDS = .*$", "SAVE_SECONDS = 0.1")
    return workflow


def table(path: Path) -> pd.DataFrame:
    """A table without the columns of what its runs cost."""
    whole = pd.read_csv(path)
    return whole[[name for name in whole if not any(cost in name for cost in COSTS)]]


def same_bits(one: Path, other: Path) -> bool:
    if one.suffix == ".csv":
        return table(one).equals(table(other))
    left, right = (READERS[one.suffix](path) for path in (one, other))
    if one.suffix == ".json":
        return left == right
    return left.keys() == right.keys() and all(
        left[key].tobytes() == right[key].tobytes() for key in left
    )
