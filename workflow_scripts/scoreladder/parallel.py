"""One training by several processes, each with a GPU of its own where there are GPUs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import torch
from torch import Tensor, distributed

POLL_SECONDS = 0.2
# left to processes that were told to end, before they are killed
GRACE_SECONDS = 40.0


def world() -> int:
    """How many processes share this training; 1 outside `together`."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0; the first one alone writes files."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def together() -> Iterator[None]:
    """In the block, be one of the processes that `launch` started; outside of one, stay alone."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group()
    yield
    # not after an error: others may wait in a sum, and then so would this
    distributed.destroy_process_group()


def any_of(flag: bool) -> bool:
    """Whether the flag is set in any of the processes; each must ask, as often as the others."""
    if world() == 1:
        return flag
    votes = torch.tensor(int(flag))
    distributed.all_reduce(votes)
    return bool(votes)


def sum_gradients(parameters: list[Tensor], loss: Tensor) -> Tensor:
    """Make every .grad its sum over the processes, None counting as 0; returns the losses' sum.

    loss is a number on the parameters' device. One message, of all of them in a row.
    """
    if world() == 1:
        return loss
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in parameters]
    row = torch.cat([loss.reshape(1), *(gradient.flatten() for gradient in gradients)])
    distributed.all_reduce(row)
    total, *parts = row.split([1, *(gradient.numel() for gradient in gradients)])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
    return total[0]


def launch(
    processes: int,
    script: Path,
    arguments: list[str],
    output: TextIO,
    poll: Callable[[], bool],
) -> int:
    """Run a script in that many processes under torchrun, on this machine; its exit status.

    They print to `output`, an open file. poll() is called while they run, and they are told to end
    by SIGTERM once it returns True or raises.
    """
    threads = max(1, torch.get_num_threads() // processes)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    child = subprocess.Popen(
        [*torchrun, str(processes), str(script), *arguments],
        stdout=output,
        stderr=subprocess.STDOUT,
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
    )
    told = False
    try:
        while child.poll() is None:
            if not told and poll():
                told = True
                child.send_signal(signal.SIGTERM)
            time.sleep(POLL_SECONDS)
    finally:
        end(child)
    return child.returncode


def end(child: subprocess.Popen) -> None:
    """Tell a process that still runs to end, and kill it where it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
