"""A step of training a UNet beside other programs' loops, and beside the bare network."""

from collections.abc import Iterator

import torch

from benchmarks import networks, peers
from benchmarks.pairs import in_turns
from benchmarks.rows import SHARE, Aim, Row, missing, timed

BATCH, ROUNDS = 16, 11
WORK = f"training step, UNet small, 32×32, batch {BATCH}"
BARE = Aim(WORK, "bare forward, backward, step", SHARE, 0.95)
DIFFUSERS = Aim(WORK, "diffusers' training example", goal=1.3, packages=("diffusers",))
LUCIDRAINS = Aim(
    WORK, "denoising-diffusion-pytorch", goal=1.3, packages=("denoising-diffusion-pytorch",)
)
AIMS = (BARE, DIFFUSERS, LUCIDRAINS)


def measure() -> Iterator[Row]:
    """Every loop in turns, in float32 on a CPU."""
    data = networks.pictures(256)
    run = networks.started(networks.spec({"kind": "unet", "size": "small"}, BATCH), data)
    own = peers.size(run.model)
    batch = data[:BATCH].float() * networks.BIN_WIDTH - 1
    loops = {
        DIFFUSERS: lambda: peers.diffusers_loop(batch, 2, own),
        LUCIDRAINS: lambda: peers.lucidrains_loop(batch, own),
    }
    calls, notes = {"ours": networks.stepping(run), BARE: networks.bare_step(run, BATCH)}, {}
    absent = {}
    for aim, make in loops.items():
        try:
            peer = make()
        except ImportError as error:
            absent[aim] = error
            continue
        calls[aim] = peer.step
        notes[aim] = f"{peer.parameters / 1e6:.2f} M parameters, ours {own / 1e6:.2f} M"
    torch.manual_seed(0)
    found = in_turns(calls, ROUNDS)
    for aim in AIMS:
        if aim in absent:
            yield missing("training", aim, absent[aim])
        else:
            yield timed("training", aim, found["ours"], found[aim], notes.get(aim, ""))
