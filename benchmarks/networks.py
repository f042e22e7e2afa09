"""Our own trainings and models, as the benches need them."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from scoreladder import denoiser, training

BIN_WIDTH = 2 / 255
# images of a training that is to go on for as long as it is timed
ENDLESS = 10**9
LADDER = {"kind": "geometric", "sigma_max": 20.0, "sigma_min": 0.05, "levels": 10}


def spec(network: dict, batch: int, **changes) -> dict:
    """A variant's blocks for an endless training; `changes` are those of the training block."""
    settings = {
        "images": ENDLESS,
        "batch_size": batch,
        "learning_rate": 1e-4,
        "schedule": "cosine",
        "warmup_images": 10_000,
        "ema_halflife": 20_000,
        "gradient_clip": 1.0,
    }
    return {
        "noise": LADDER,
        "weighting": {"kind": "sigma2"},
        "density": {"kind": "ladder"},
        "objective": "dsm",
        "denoiser": "edm",
        "network": network,
        "training": settings | changes,
    }


def pictures(count: int, side: int = 32, channels: int = 3) -> Tensor:
    """Random grey levels (count, channels, side, side), uint8."""
    drawn = torch.Generator().manual_seed(0)
    return torch.randint(256, (count, channels, side, side), generator=drawn, dtype=torch.uint8)


def started(blocks: dict, data: Tensor, seed: int = 0, device="cpu") -> training.Run:
    """A run on data: grey levels, or points."""
    return training.start(
        blocks, data, seed, device, BIN_WIDTH if data.dtype == torch.uint8 else 0.0
    )


def stepping(run: training.Run) -> Callable[[], object]:
    """A call that makes the next step of a run's loop."""
    steps: Iterator = training.advance(run)
    return lambda: next(steps)


def model(network: dict, data: Tensor) -> denoiser.Denoiser:
    """A fresh score model for data, its last layer not zero, in evaluation mode."""
    made = started(spec(network, 1), data).ema
    with torch.no_grad():
        made.network.leave.weight.normal_(std=0.01)
    return made


def bare_step(run: training.Run, batch: int, autocast=None) -> Callable[[], None]:
    """Forward, backward and a step of Adam of a copy of a run's network, on inputs that lie ready.

    autocast: a dtype for the network, or None.
    """
    network: nn.Module = copy.deepcopy(run.model.network)
    shape, device = run.model.shape, run.data.device
    x, told = torch.randn(batch, *shape, device=device), torch.randn(batch, device=device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)

    def step() -> None:
        with torch.autocast(device.type, autocast, enabled=autocast is not None):
            answer = network(x, told)
        answer.float().square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()

    return step
