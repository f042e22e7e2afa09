"""Backbones F(x, c_noise): plain networks that know nothing of preconditioning."""

import math

import torch
from torch import Tensor, nn


class NoiseEmbedding(nn.Module):
    """c_noise (n,) → (n, channels): sines and cosines at geometric frequencies, then one layer."""

    def __init__(self, channels: int = 64, frequencies: int = 16, highest: float = 30.0):
        super().__init__()
        spaced = torch.exp(torch.linspace(0.0, math.log(highest), frequencies))
        self.register_buffer("frequencies", spaced)
        self.layer = nn.Linear(2 * frequencies, channels)

    def forward(self, c_noise: Tensor) -> Tensor:
        angles = c_noise[:, None] * self.frequencies
        return nn.functional.silu(self.layer(torch.cat([angles.sin(), angles.cos()], dim=1)))


class ResidualBlock(nn.Module):
    """h + W₂ silu(W₁ norm(h) + W_e e), W₂ zero at initialisation so that the block starts as h."""

    def __init__(self, width: int, embedding: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, width)
        self.condition = nn.Linear(embedding, width)
        self.contract = nn.Linear(width, width)
        nn.init.zeros_(self.contract.weight)
        nn.init.zeros_(self.contract.bias)

    def forward(self, h: Tensor, embedded: Tensor) -> Tensor:
        inner = nn.functional.silu(self.expand(self.norm(h)) + self.condition(embedded))
        return h + self.contract(inner)


class ResidualMLP(nn.Module):
    """A residual MLP on flattened data, conditioned on the noise level.

    Maps x (n, *shape) and c_noise (n,) or (1,) to (n, *shape). The last layer is zero at
    initialisation, so every preconditioned denoiser starts at c_skip·x.
    """

    def __init__(self, shape: tuple[int, ...], width: int, blocks: int):
        super().__init__()
        dim = math.prod(shape)
        self.embed = NoiseEmbedding()
        self.enter = nn.Linear(dim, width)
        channels = self.embed.layer.out_features
        self.blocks = nn.ModuleList([ResidualBlock(width, channels) for _ in range(blocks)])
        self.leave = nn.Linear(width, dim)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x: Tensor, c_noise: Tensor) -> Tensor:
        embedded = self.embed(c_noise)
        h = self.enter(x.flatten(1))
        for block in self.blocks:
            h = block(h, embedded)
        return self.leave(nn.functional.silu(h)).reshape(x.shape)


NETWORKS = {"mlp": ResidualMLP}


def build(spec: dict, shape: tuple[int, ...], seed: int) -> nn.Module:
    """The network that a config block describes, its weights drawn from `seed` alone."""
    arguments = {key: value for key, value in spec.items() if key != "kind"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[spec["kind"]](shape, **arguments)
