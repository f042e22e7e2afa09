"""Copies of the workflow with experiments of their own, and programs run in them."""

import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "rules", "workflow_scripts", "config", "profiles", "environment.yml")
NAME = "many"
LOOKS = 20
COLD = ("-m", "snakemake")
WARM = ("workflow_scripts/warm/run.py",)

EXPERIMENT = """
title: Many
dataset:
  name: gaussian_mixture
  means: [[2.0, 2.0], [-2.0, -2.0]]
  stds: [1.0, 1.0]
  weights: [0.8, 0.2]
  train_size: 400
  tune_size: 300
  test_size: 300
replicates: {{train_seeds: [0], sample_seeds: [0]}}
defaults:
  noise: {{kind: geometric, sigma_max: 5.0, sigma_min: 0.5, levels: 3}}
  weighting: sigma2
  density: ladder
  denoiser: edm
  network: {{kind: mlp, width: 16, blocks: 1}}
  training:
    images: 50000
    batch_size: 50
    learning_rate: 0.002
    schedule: cosine
    warmup_images: 100
    ema_halflife: 500
    gradient_clip: 1.0
  sample:
    sampler: annealed_langevin
    count: {count}
    shards: {shards}
    nfe: 20
    step_size: 0.2
    denoise: true
    start_std: 5.0
variants:
  multi: {{}}
grids:
  ends:
    extends: multi
    over: {{noise.sigma_max: [{ends}]}}
    name: "multi-{{noise.sigma_max}}"
"""


class Done(NamedTuple):
    """What a program took, from its start to its end, and what it printed."""

    seconds: float
    mebibytes: float
    output: str


def copied(folder: Path, variants: int, shards: int = 1) -> Path:
    """The workflow's files in a new folder, with one experiment of so many variants.

    Each variant draws a block of samples a shard.
    """
    folder.mkdir()
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    experiments = folder / "config" / "experiments"
    for path in experiments.glob("*.yaml"):
        path.unlink()
    ends = ", ".join(f"{5 + number / 1000:g}" for number in range(1, variants))
    text = EXPERIMENT.format(count=500 * shards, shards=shards, ends=ends)
    if variants == 1:
        text = text[: text.index("grids:")]
    (experiments / f"{NAME}.yaml").write_text(text)
    config = folder / "config" / "config.yaml"
    lines = config.read_text().splitlines()
    kept = [f"experiments: [{NAME}]" if line.startswith("experiments:") else line for line in lines]
    config.write_text("\n".join(kept) + "\n")
    return folder


def run(folder: Path, *command: str) -> Done:
    """Run a program in a folder, to success; its memory is looked at LOOKS times a second.

    `python` is this Python. Raises RuntimeError with the end of what it printed where it fails.
    """
    command = (sys.executable, *command[1:]) if command[0] == "python" else command
    printed, peak, begun = folder / ".printed", 0, time.perf_counter()
    with open(printed, "w") as file:
        process = psutil.Popen(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, process.memory_info().rss)
            with suppress(psutil.TimeoutExpired):
                process.wait(1 / LOOKS)
    spent, output = time.perf_counter() - begun, printed.read_text()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {output[-2000:]}")
    return Done(spent, peak / 2**20, output)
