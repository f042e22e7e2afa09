"""Backbones F(x, c_noise): plain networks that know nothing of preconditioning."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from scoreladder.embeddings import CHANNELS, embedding
from scoreladder.kinds import from_block
from scoreladder.unet import UNet


class ResidualBlock(nn.Module):
    """h + W₂ silu(W₁ norm(h) + W_e e), W₂ zero at initialisation so that the block starts as h.

    Without channels of an embedding e it is h + W₂ silu(W₁ norm(h)). Residual and normalised before
    the layers (arXiv 1512.03385, 2002.04745).
    """

    def __init__(self, width: int, embedding: int = 0):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, width)
        self.condition = nn.Linear(embedding, width) if embedding else None
        self.contract = nn.Linear(width, width)
        nn.init.zeros_(self.contract.weight)
        nn.init.zeros_(self.contract.bias)

    def forward(self, h: Tensor, embedded: Tensor | None = None) -> Tensor:
        """h (n, width), embedded (n or 1, channels), None for a block without; the shape of h."""
        inner = self.expand(self.norm(h))
        if self.condition is not None:
            inner = inner + self.condition(embedded)
        return h + self.contract(nn.functional.silu(inner))


def waves(x: Tensor, octaves: int) -> Tensor:
    """x (n, D) with sin and cos of 2^k x, 0 <= k < octaves, beside it: (n, D (1 + 2 octaves)).

    x first, then all sines and all cosines, in the dtype of x; octaves = 0 gives x. Without them a
    small network smooths over structure that is fine beside the data's spread (arXiv 2006.10739).
    """
    if not octaves:
        return x
    frequencies = 2.0 ** torch.arange(octaves, dtype=x.dtype, device=x.device)
    angles = (x[:, :, None] * frequencies).flatten(1)
    return torch.cat([x, angles.sin(), angles.cos()], dim=1)


class ResidualMLP(nn.Module):
    """A residual MLP on flattened data, conditioned on the noise level.

    Maps x (n, *shape) and c_noise (n,) or (1,) to (n, *shape). The last layer is zero at
    initialisation, so every preconditioned denoiser starts at c_skip·x. `levels` is the length of
    the training ladder, which conditioning by index needs. The first layer sees `octaves` >= 0 of
    `waves` of the input beside it. Raises ValueError as `embedding` does.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        blocks: int,
        conditioning: str = "log_sigma",
        levels: int | None = None,
        octaves: int = 0,
    ):
        super().__init__()
        dim = math.prod(shape)
        self.octaves = octaves
        self.embed = embedding(conditioning, levels)
        self.enter = nn.Linear(dim * (1 + 2 * octaves), width)
        self.blocks = nn.ModuleList([ResidualBlock(width, CHANNELS) for _ in range(blocks)])
        self.leave = nn.Linear(width, dim)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x: Tensor, c_noise: Tensor) -> Tensor:
        """x (n, *shape), c_noise (n,) or (1,) as the conditioning has it; returns (n, *shape)."""
        embedded = self.embed(c_noise)
        h = self.enter(waves(x.flatten(1), self.octaves))
        for block in self.blocks:
            h = block(h, embedded)
        return self.leave(nn.functional.silu(h)).reshape(x.shape)

    @torch.no_grad()
    def at(self, c_noise: Tensor) -> list[Callable[[Tensor], Tensor]]:
        """`forward` at each c_noise (L,), with what it decides computed once; x → the shape of x.

        Without gradients; good for as long as the weights stay as they are.
        """
        embedded = self.embed(c_noise)
        shifts = [block.expand.bias + block.condition(embedded) for block in self.blocks]
        return [
            partial(self._shifted, shifts=[each[level] for each in shifts])
            for level in range(len(c_noise))
        ]

    @torch.no_grad()
    def _shifted(self, x: Tensor, shifts: list[Tensor]) -> Tensor:
        """`forward` with the biases (width,) that c_noise makes of those of each block."""
        linear, silu = nn.functional.linear, nn.functional.silu
        h = self.enter(waves(x.flatten(1), self.octaves))
        for block, shift in zip(self.blocks, shifts, strict=True):
            inner = linear(block.norm(h), block.expand.weight, shift)
            h = h + block.contract(silu(inner, inplace=True))
        return self.leave(silu(h, inplace=True)).reshape(x.shape)


class Perceptron(nn.Module):
    """The residual MLP of models that know no noise level: (n, inputs) → (n, outputs)."""

    def __init__(self, inputs: int, outputs: int, width: int, blocks: int):
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList([ResidualBlock(width) for _ in range(blocks)])
        self.leave = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """x (n, inputs) → (n, outputs)."""
        h = self.enter(x)
        for block in self.blocks:
            h = block(h)
        return self.leave(nn.functional.silu(h))


NETWORKS = {"mlp": ResidualMLP, "unet": UNet}


@contextmanager
def weights_from(seed: int) -> Iterator[None]:
    """Draw the weights of what is built inside from `seed` alone; the global generator stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def build(spec: dict, shape: tuple[int, ...], seed: int, levels: int | None = None) -> nn.Module:
    """The network that a config block describes, its weights drawn from `seed` alone.

    shape is that of one data point, levels the length of the training ladder. Raises ValueError on
    a kind that is not in NETWORKS, on keys that are missing or not the kind's, and as `embedding`
    does.
    """
    with weights_from(seed):
        return from_block(NETWORKS, spec | {"levels": levels}, shape)
