"""What a network is told of the noise: c_noise (n,) → (n, CHANNELS)."""

import math

import torch
from torch import Tensor, nn

CHANNELS = 64


class NoiseEmbedding(nn.Module):
    """c_noise (n,) → (n, channels): sines and cosines at geometric frequencies, then one layer.

    silu(W [sin ωc, cos ωc] + b), ω from 1 to `highest`, as positions are told to transformers
    (arXiv 1706.03762, section 3.5).
    """

    def __init__(self, channels: int = CHANNELS, frequencies: int = 16, highest: float = 30.0):
        super().__init__()
        spaced = torch.exp(torch.linspace(0.0, math.log(highest), frequencies))
        self.register_buffer("frequencies", spaced)
        self.layer = nn.Linear(2 * frequencies, channels)

    def forward(self, c_noise: Tensor) -> Tensor:
        """c_noise (n,) → (n, channels)."""
        angles = c_noise[:, None] * self.frequencies
        return nn.functional.silu(self.layer(torch.cat([angles.sin(), angles.cos()], dim=1)))


class ConstantEmbedding(nn.Module):
    """c_noise (n,) → (n, channels), one learned vector whatever c_noise is: no conditioning."""

    def __init__(self, channels: int = CHANNELS):
        super().__init__()
        self.vector = nn.Parameter(torch.randn(channels))

    def forward(self, c_noise: Tensor) -> Tensor:
        """c_noise (n,) → (n, channels)."""
        return self.vector.expand(len(c_noise), -1)


def embedding(conditioning: str, levels: int | None) -> nn.Module:
    """The module c_noise (n,) → (n, CHANNELS) of a conditioning: log_sigma, index or none.

    index is a table of one learned vector per level of the ladder (NCSN's conditional networks,
    arXiv 1907.05600), whose c_noise is the level's number. Raises ValueError for an index without
    levels and for any other name.
    """
    if conditioning == "log_sigma":
        return NoiseEmbedding()
    if conditioning == "none":
        return ConstantEmbedding()
    if conditioning != "index":
        raise ValueError(f"unknown conditioning {conditioning!r}; one of: log_sigma, index, none")
    if not levels:
        raise ValueError("conditioning by index needs a ladder of levels")
    return nn.Embedding(levels, CHANNELS)
