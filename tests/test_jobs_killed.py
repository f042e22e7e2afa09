"""A training of a UNet that is killed outright ends, once resumed, with the same bits."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from training_examples import spec

import train
from scoreladder import datasets, files
from scoreladder.datasets import Splits
from scoreladder.deadlines import Deadline

HERE = Path(__file__).parent
UNET = {"kind": "unet", "size": "tiny", "dropout": 0.1}
CHANGES = {"images": 600, "batch_size": 20, "micro_batch": 10, "learning_rate": 0.002}
SPEC = spec(parameterization="edm", **CHANGES) | {"network": UNET, "seed": 0}
SCRIPT = """
import json, sys
from pathlib import Path
import torch
import train
from scoreladder.deadlines import Deadline
torch.set_num_threads(1)
train.SAVE_SECONDS = 0.0
task = json.loads(sys.argv[1])
paths = [Path(path) for path in task["paths"]]
train.train(Path(task["data"]), task["spec"], "stamp", "cpu", *paths, Deadline(), lambda **_: None)
"""


def outputs(folder):
    folder.mkdir()
    return [folder / name for name in ("model.safetensors", "curve.csv", "state.pt")]


def test_a_killed_training_of_a_unet_is_resumed_bit_for_bit(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (100, 1, 16, 16), dtype=np.uint8)
    labels = np.zeros(100, dtype=np.int64)
    data = tmp_path / "data.json"
    datasets.write(Splits(levels, levels, levels, labels, labels, labels, 2 / 255), data)
    whole, cut = outputs(tmp_path / "whole"), outputs(tmp_path / "cut")
    task = json.dumps({"data": str(data), "spec": SPEC, "paths": [str(path) for path in cut]})
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, task],
        env=os.environ | {"PYTHONPATH": f"{HERE.parent / 'workflow_scripts'}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not cut[2].exists():
        assert child.poll() is None
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert not cut[0].exists()
    facts = [
        train.train(data, SPEC, "stamp", "cpu", *paths, Deadline(), lambda **_: None)
        for paths in (whole, cut)
    ]
    assert facts[0]["resumed_at"] == 0 < facts[1]["resumed_at"] < 600
    assert facts[0]["parameters"] > 100_000
    assert files.sha256(cut[0].read_bytes()) == files.sha256(whole[0].read_bytes())
    assert cut[1].read_text() == whole[1].read_text()
    states = [torch.load(paths[2], weights_only=True) for paths in (whole, cut)]
    for part in ("model", "ema"):
        for name, value in states[0][part].items():
            assert torch.equal(states[1][part][name], value)
    assert len(safetensors.torch.load_file(whole[0])) == len(states[0]["ema"])
