"""What two processes under torchrun do in test_parallel.py: python together.py FOLDER."""

import sys
from pathlib import Path

import torch
from training_examples import everything, plane, spec, train

from scoreladder import parallel, training
from scoreladder.errors import JobFailed

# 25 images make micro-batches of 10, 10 and 5; the last step has 10 and 8
BLOCKS = spec(images=143, batch_size=25, micro_batch=10, learning_rate=0.005)


def refusal() -> str:
    """What is said to importance sampling."""
    try:
        training.start(BLOCKS | {"density": {"kind": "importance"}}, plane(), 0)
    except JobFailed as error:
        return str(error)
    return ""


def cut_and_resumed(path: Path) -> training.Run:
    """A finished run that was saved after 3 steps and went on as another one."""
    first = training.start(BLOCKS, plane(), 0)
    for _, _ in zip(range(3), training.advance(first), strict=False):
        pass
    if parallel.rank() == 0:
        training.save_state(first, path, "stamp")
    # which is also a barrier
    parallel.any_of(False)
    second = training.start(BLOCKS, plane(), 0)
    training.load_state(second, path, "stamp")
    return train(second)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with parallel.together():
        found = {
            "world": parallel.world(),
            "whole": everything(train(training.start(BLOCKS, plane(), 0))),
            "resumed": everything(cut_and_resumed(folder / "state.pt")),
            "refusal": refusal(),
            "votes": [parallel.any_of(parallel.rank() == 1), parallel.any_of(False)],
        }
        torch.save(found, folder / f"{parallel.rank()}.pt")
