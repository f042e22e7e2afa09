"""Memory that runs out in a step: one line that says what to try."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from training_examples import plane, spec, train

from scoreladder import gradients, training

HERE = Path(__file__).parent


def failure(monkeypatch, error, **changes):
    """What a training says whose network raises that error after a few steps."""
    run = training.start(spec(batch_size=20, **changes), plane(), 0)
    for _ in range(3):
        training.step(run)

    def forward(x, c_noise):
        raise error

    monkeypatch.setattr(run.model.network, "forward", forward)
    with pytest.raises(Exception) as caught:
        train(run)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nmore lines"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "python"],
)
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "training.micro_batch is 20; try 10"),
        ({"micro_batch": 5}, "training.micro_batch is 5; try 2"),
        (
            {"micro_batch": 1},
            "training.micro_batch is 1, the least there is; try a smaller network",
        ),
    ],
)
def test_out_of_memory_is_one_line_that_names_the_micro_batch(monkeypatch, error, changes, says):
    found = failure(monkeypatch, error, **changes)
    assert isinstance(found, training.TrainingFailed)
    assert str(found) == f"out of memory at image 60: {says}"


def test_the_micro_batch_to_try_divides_the_batch():
    training_block = {"batch_size": 30, "micro_batch": 15}
    with (
        pytest.raises(training.TrainingFailed, match=r"micro_batch is 15; try 6$"),
        gradients.explained(training_block, 0),
    ):
        raise MemoryError


def test_other_errors_stay_what_they_are(monkeypatch):
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    assert failure(monkeypatch, error) is error


SCRIPT = """
import resource, sys
import torch
from training_examples import spec, train
from scoreladder import gradients, training
from scoreladder.errors import TrainingFailed
torch.set_num_threads(1)
data = torch.zeros(100, 3, 64, 64, dtype=torch.uint8)
blocks = spec(batch_size=1000) | {"network": {"kind": "unet", "size": "tiny"}}
blocks["training"] |= {"images": 1000}
run = training.start(blocks, data, 0, bin_width=2 / 255)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20,) * 2)
try:
    train(run)
except TrainingFailed as error:
    print(error)
"""


def test_a_machine_without_memory_says_so():
    """1000 images of 64 px in one go, where 300 MB more than there are may be taken."""
    paths = f"{HERE}:{HERE.parent / 'workflow_scripts'}"
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={"PYTHONPATH": paths}, capture_output=True, text=True
    )
    says = "out of memory at image 0: training.micro_batch is 1000; try 500\n"
    assert (found.stdout, found.stderr) == (says, "")
