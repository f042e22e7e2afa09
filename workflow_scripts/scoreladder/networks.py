"""Backbones F(x, c_noise): plain networks that know nothing of preconditioning."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

CHANNELS = 64


class NoiseEmbedding(nn.Module):
    """c_noise (n,) → (n, channels): sines and cosines at geometric frequencies, then one layer."""

    def __init__(self, channels: int = CHANNELS, frequencies: int = 16, highest: float = 30.0):
        super().__init__()
        spaced = torch.exp(torch.linspace(0.0, math.log(highest), frequencies))
        self.register_buffer("frequencies", spaced)
        self.layer = nn.Linear(2 * frequencies, channels)

    def forward(self, c_noise: Tensor) -> Tensor:
        angles = c_noise[:, None] * self.frequencies
        return nn.functional.silu(self.layer(torch.cat([angles.sin(), angles.cos()], dim=1)))


class ConstantEmbedding(nn.Module):
    """c_noise (n,) → (n, channels), one learned vector whatever c_noise is: no conditioning."""

    def __init__(self, channels: int = CHANNELS):
        super().__init__()
        self.vector = nn.Parameter(torch.randn(channels))

    def forward(self, c_noise: Tensor) -> Tensor:
        return self.vector.expand(len(c_noise), -1)


def embedding(conditioning: str, levels: int | None) -> nn.Module:
    """The module c_noise (n,) → (n, CHANNELS) of a conditioning: log_sigma, index or none.

    index is a table of one learned vector per level of the ladder (NCSN's conditional networks,
    arXiv 1907.05600). Raises ValueError for an index without levels and for any other name.
    """
    if conditioning == "log_sigma":
        return NoiseEmbedding()
    if conditioning == "none":
        return ConstantEmbedding()
    if conditioning == "index" and levels:
        return nn.Embedding(levels, CHANNELS)
    raise ValueError(f"no conditioning {conditioning!r} on a ladder of {levels or 0} levels")


class ResidualBlock(nn.Module):
    """h + W₂ silu(W₁ norm(h) + W_e e), W₂ zero at initialisation so that the block starts as h.

    Without channels of an embedding e it is h + W₂ silu(W₁ norm(h)).
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
        inner = self.expand(self.norm(h))
        if self.condition is not None:
            inner = inner + self.condition(embedded)
        return h + self.contract(nn.functional.silu(inner))


class ResidualMLP(nn.Module):
    """A residual MLP on flattened data, conditioned on the noise level.

    Maps x (n, *shape) and c_noise (n,) or (1,) to (n, *shape). The last layer is zero at
    initialisation, so every preconditioned denoiser starts at c_skip·x. `levels` is the length of
    the training ladder, which conditioning by index needs.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        blocks: int,
        conditioning: str = "log_sigma",
        levels: int | None = None,
    ):
        super().__init__()
        dim = math.prod(shape)
        self.embed = embedding(conditioning, levels)
        self.enter = nn.Linear(dim, width)
        self.blocks = nn.ModuleList([ResidualBlock(width, CHANNELS) for _ in range(blocks)])
        self.leave = nn.Linear(width, dim)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x: Tensor, c_noise: Tensor) -> Tensor:
        embedded = self.embed(c_noise)
        h = self.enter(x.flatten(1))
        for block in self.blocks:
            h = block(h, embedded)
        return self.leave(nn.functional.silu(h)).reshape(x.shape)


class Perceptron(nn.Module):
    """The residual MLP of models that know no noise level: (n, inputs) → (n, outputs)."""

    def __init__(self, inputs: int, outputs: int, width: int, blocks: int):
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList([ResidualBlock(width) for _ in range(blocks)])
        self.leave = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        h = self.enter(x)
        for block in self.blocks:
            h = block(h)
        return self.leave(nn.functional.silu(h))


NETWORKS = {"mlp": ResidualMLP}


@contextmanager
def weights_from(seed: int) -> Iterator[None]:
    """Draw the weights of what is built inside from `seed` alone; the global generator stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def build(spec: dict, shape: tuple[int, ...], seed: int, levels: int | None = None) -> nn.Module:
    """The network that a config block describes, its weights drawn from `seed` alone.

    Raises KeyError on a kind that is not in NETWORKS, ValueError on a conditioning without levels.
    """
    arguments = {key: value for key, value in spec.items() if key != "kind"}
    with weights_from(seed):
        return NETWORKS[spec["kind"]](shape, levels=levels, **arguments)
