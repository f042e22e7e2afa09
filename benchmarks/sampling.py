"""Sampling beside diffusers' pipelines and beside the bare network, all of one network.

The bare network is asked as often as the sampler asks it, of an input that lies ready, and told its
level each time. The UNet has all cores; the MLP has one, as in the workflow's jobs.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks import networks, peers
from benchmarks.pairs import in_turns
from benchmarks.rows import SHARE, SPEED, Aim, Row, missing, timed
from scoreladder import noise, sampling
from scoreladder.denoiser import Denoiser


class Case(NamedTuple):
    """A network, the images it draws, how many of them by how many evaluations and threads."""

    name: str
    network: dict
    channels: int
    side: int
    count: int
    nfe: int
    rounds: int
    threads: int


CORES = torch.get_num_threads()
CASES = (
    Case("UNet small, 32×32", {"kind": "unet", "size": "small"}, 3, 32, 8, 20, 3, CORES),
    Case("MLP of digits", {"kind": "mlp", "width": 256, "blocks": 2}, 1, 8, 500, 200, 5, 1),
)
BARE = "bare forwards"
# one of our samplers, and what it is put beside
PAIRS = (
    ("ddim", BARE),
    ("annealed_langevin", BARE),
    ("ddim", "DDIMPipeline"),
    ("ancestral", "DDPMPipeline"),
)


def _aim(case: Case, ours: str, other: str) -> Aim:
    work = f"{ours}, {case.name}, {case.count} samples, {case.nfe} NFE"
    work += ", one thread" if case.threads == 1 else ""
    if other == BARE:
        return Aim(work, f"{BARE} × {case.nfe}", SHARE, 0.95)
    return Aim(work, f"diffusers' {other}", SPEED, 1.2, packages=("diffusers",))


AIMS = tuple(_aim(case, *pair) for case in CASES for pair in PAIRS)


def measure() -> Iterator[Row]:
    """Every sampler and pipeline of a case in turns."""
    for case in CASES:
        yield from _measure(case)


def _measure(case: Case) -> Iterator[Row]:
    model = networks.model(case.network, networks.pictures(64, case.side, case.channels))
    calls, absent = ours(model, case), None
    calls[BARE] = bare(model, case)
    try:
        calls |= pipelines(model, case)
    except ImportError as error:
        absent = error
    torch.set_num_threads(case.threads)
    try:
        found = in_turns(calls, case.rounds)
    finally:
        torch.set_num_threads(CORES)
    for own, other in PAIRS:
        aim = _aim(case, own, other)
        if other in found:
            yield timed("sampling", aim, found[own], found[other])
        else:
            yield missing("sampling", aim, absent)


def ours(model: Denoiser, case: Case) -> dict[str, Callable[[], Tensor]]:
    """Our samplers, each from fresh noise, by name."""
    shape = (case.count, *model.shape)
    ladder = noise.geometric(20.0, 0.05, case.nfe)
    few = noise.geometric(20.0, 0.05, 10)
    steps = sampling.steps_per_level(case.nfe, len(few), denoise=True)
    generator = torch.Generator().manual_seed(0)

    def start() -> Tensor:
        return 20.0 * torch.randn(shape, generator=generator)

    return {
        "ddim": lambda: sampling.ddim(model, start(), ladder),
        "ancestral": lambda: sampling.ancestral(model, start(), ladder, generator),
        "annealed_langevin": lambda: sampling.annealed_langevin(
            model, start(), few, steps, 0.1 * 0.05**2, generator=generator
        ),
    }


def bare(model: Denoiser, case: Case) -> Callable[[], None]:
    """The network alone, called as often as a sampler calls it."""
    x, told = torch.randn(case.count, *model.shape), torch.zeros(1)

    def call() -> None:
        with torch.no_grad():
            for _ in range(case.nfe):
                model.network(x, told)

    return call


def pipelines(model: Denoiser, case: Case) -> dict[str, Callable[[], object]]:
    """diffusers' own pipelines, around the same network. Raises ImportError without diffusers."""
    diffusers = peers.import_diffusers()
    from diffusers.configuration_utils import register_to_config
    from diffusers.models.unets.unet_2d import UNet2DOutput

    class Told(diffusers.ModelMixin, diffusers.ConfigMixin):
        """The network as pipelines ask it."""

        @register_to_config
        def __init__(self, sample_size: int, in_channels: int):
            super().__init__()
            self.network = model.network

        def forward(self, x: Tensor, t: Tensor) -> UNet2DOutput:
            return UNet2DOutput(sample=self.network(x, t.reshape(1) / 1000))

    told = Told(sample_size=case.side, in_channels=case.channels)
    made = {
        "DDIMPipeline": diffusers.DDIMPipeline(told, diffusers.DDIMScheduler()),
        "DDPMPipeline": diffusers.DDPMPipeline(told, diffusers.DDPMScheduler()),
    }
    for each in made.values():
        each.set_progress_bar_config(disable=True)
    return {name: _drawing(each, case) for name, each in made.items()}


def _drawing(pipeline: Callable, case: Case) -> Callable[[], object]:
    return lambda: pipeline(batch_size=case.count, num_inference_steps=case.nfe, output_type="pt")
