"""The gradient of one step: its batch in micro-batches, which processes share among them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from scoreladder import losses, parallel, seeds
from scoreladder.errors import TrainingFailed

if TYPE_CHECKING:
    from scoreladder.training import Run

# what torch says where memory is used up, beside its own OutOfMemoryError
NO_MEMORY = (
    "can't allocate memory",
    "DefaultCPUAllocator",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


def micro_batch(training: dict) -> int:
    """How many images' gradient is taken in one go: training.micro_batch, or all of a batch."""
    return training.get("micro_batch", training["batch_size"])


def micro_batches(training: dict, first: int, batch: int) -> list[tuple[int, int]]:
    """Those of a step's `batch` images, the first being number `first`, that this process takes.

    Pairs (number of its first image, size). Each has `micro_batch` images, the last what is left;
    of W processes each takes every W-th.
    """
    size = micro_batch(training)
    every = [(first + at, min(size, batch - at)) for at in range(0, batch, size)]
    return every[parallel.rank() :: parallel.world()]


def accumulate(run: "Run", batch: int) -> Tensor:
    """Set the model's gradients to those of a step's mean loss / loss_scale, which is returned.

    The step is of the `batch` images after the `run.images` seen so far. Gradients carry the factor
    of run.scaler, 1 where that is idle. The random numbers of a micro-batch are a function of
    (seed, images seen when it starts), so that the result does not depend on the number of
    processes, but for rounding. Raises TrainingFailed where memory does not hold a micro-batch.
    """
    model, device, training = run.model, run.data.device, run.spec["training"]
    model.zero_grad()
    total = torch.zeros((), dtype=next(model.parameters()).dtype, device=device)
    # a process without a micro-batch has to know the scale too
    run.scaler.scale(total)
    with explained(training, run.images):
        for first, size in micro_batches(training, run.images, batch):
            generator = seeds.generator("train", run.seed, first, device=device)
            x0 = losses.batch(run.data, size, generator, run.task.bin_width)
            with dropout_from(model, run.seed, first, device):
                each = run.task.losses(x0, generator)
            loss = each.mean() / run.loss_scale * (size / batch)
            run.scaler.scale(loss).backward()
            total += loss.detach()
        return parallel.sum_gradients(list(model.parameters()), total)


def dropout_from(
    model: nn.Module, seed: int, image: int, device: torch.device
) -> AbstractContextManager[None]:
    """In the block, what the model drops is a function of (seed, image)."""
    drops = any(isinstance(part, nn.Dropout) and part.p > 0 for part in model.modules())
    return seeds.drawn_from("dropout", seed, image, device=device) if drops else nullcontext()


@contextmanager
def explained(training: dict, image: int) -> Iterator[None]:
    """Raise TrainingFailed, saying what to do, where the block runs out of memory."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        ours = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not ours and not any(words in str(error) for words in NO_MEMORY):
            raise
        size = micro_batch(training)
        smaller = [n for n in range(1, size // 2 + 1) if training["batch_size"] % n == 0]
        advice = ", the least there is; try a smaller network"
        advice = f"; try {smaller[-1]}" if smaller else advice
        raise TrainingFailed(
            f"out of memory at image {image}: training.micro_batch is {size}{advice}"
        ) from error
