"""A UNet for images, as DDPM's (arXiv 2006.11239, appendix B), conditioned on the noise level.

As fast as diffusers' UNet2DModel of as many parameters, whose import takes 2 s of every job.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scoreladder.blocks import UNET_SIDES
from scoreladder.embeddings import CHANNELS, embedding
from scoreladder.kinds import entry

# the coarsest grid that is still halved is twice this
COARSEST = 7


class Size(NamedTuple):
    """Channels on the finest grid and, as multiples of them, on the coarser ones; blocks a level;
    the sides from which on attention is not worth its time."""

    width: int
    growth: tuple[int, ...]
    blocks: int
    attended: int


SIZES = {
    "tiny": Size(16, (1, 2, 4, 4), 1, 8),
    "small": Size(64, (1, 2, 2, 2), 2, 16),
    "base": Size(128, (1, 2, 2, 2), 3, 16),
}


def sides(side: int) -> list[int]:
    """The sides of a UNet's grids, from the images' own down to 7 or 8, each half the one before.

    Raises ValueError unless side is one of UNET_SIDES.
    """
    if side not in UNET_SIDES:
        allowed = ", ".join(map(str, UNET_SIDES))
        raise ValueError(f"a unet needs square images of side {allowed}; found {side}")
    found = [side]
    while found[-1] % 2 == 0 and found[-1] // 2 >= COARSEST:
        found.append(found[-1] // 2)
    return found


def normalisation(channels: int) -> nn.GroupNorm:
    """Group normalisation (arXiv 1803.08494) in 32 groups, or in as many as leave 4 channels."""
    groups = next(g for g in range(min(32, channels // 4), 0, -1) if channels % g == 0)
    return nn.GroupNorm(groups, channels)


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the grid, or with stride 2 halves it."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with weights of zero."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class ConvolutionalBlock(nn.Module):
    """skip(h) + W₂ drop(silu((1 + a) norm(W₁ silu(norm(h))) + b)), W₂ zero at first.

    (a, b) = W_e e: a scale and a shift by the embedding e after the second norm (arXiv 2105.05233,
    section 3.1); skip is a 1×1 convolution where the number of channels changes.
    """

    def __init__(self, inputs: int, outputs: int, embedded: int, dropout: float):
        super().__init__()
        self.before, self.enter = normalisation(inputs), convolution(inputs, outputs)
        self.condition = nn.Linear(embedded, 2 * outputs)
        self.between, self.drop = normalisation(outputs), nn.Dropout(dropout)
        self.leave = zeroed(convolution(outputs, outputs))
        self.skip = convolution(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, h: Tensor, embedded: Tensor) -> Tensor:
        """h (n, inputs, H, W), embedded (n or 1, channels); returns (n, outputs, H, W)."""
        inner = self.enter(nn.functional.silu(self.before(h)))
        scale, shift = self.condition(embedded)[:, :, None, None].chunk(2, dim=1)
        inner = nn.functional.silu((1 + scale) * self.between(inner) + shift)
        return self.skip(h) + self.leave(self.drop(inner))


class Attention(nn.Module):
    """h + W_o softmax(q kᵀ/√c) v over all places of the grid, one head, W_o zero at first.

    Self-attention (arXiv 1706.03762, eq. 1). Written out, because torch's fused kernels have no
    second derivative, which sliced score matching takes.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.norm = normalisation(channels)
        self.ask = convolution(channels, 3 * channels, 1)
        self.answer = zeroed(convolution(channels, channels, 1))

    def forward(self, h: Tensor) -> Tensor:
        """h (n, channels, H, W); the same shape."""
        query, key, value = self.ask(self.norm(h)).flatten(2).chunk(3, dim=1)
        weights = (query.mT @ key / query.shape[1] ** 0.5).softmax(dim=-1)
        return h + self.answer((value @ weights.mT).reshape(h.shape))


class Level(nn.Module):
    """One convolutional block and, where the grid is coarse enough, attention after it."""

    def __init__(self, inputs: int, outputs: int, embedded: int, dropout: float, attends: bool):
        super().__init__()
        self.block = ConvolutionalBlock(inputs, outputs, embedded, dropout)
        self.attention = Attention(outputs) if attends else nn.Identity()

    def forward(self, h: Tensor, embedded: Tensor) -> Tensor:
        """h (n, inputs, H, W), embedded (n or 1, channels); returns (n, outputs, H, W)."""
        return self.attention(self.block(h, embedded))


class UNet(nn.Module):
    """A UNet on square images, conditioned on the noise level.

    Maps x (n, C, H, H) and c_noise (n,) or (1,) to (n, C, H, H), H one of UNET_SIDES. The last
    layer is zero at initialisation. `size` is a name of SIZES, `levels` the length of the training
    ladder, which conditioning by index needs, and 0 <= dropout < 1 the share of activations that
    training drops in each block. Raises ValueError on other images or sizes, and as `embedding`
    does.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        size: str,
        conditioning: str = "log_sigma",
        levels: int | None = None,
        dropout: float = 0.0,
    ):
        super().__init__()
        if len(shape) != 3 or shape[1] != shape[2]:
            raise ValueError(f"a unet needs square images (C, H, H), found data of shape {shape}")
        if not 0 <= dropout < 1:
            raise ValueError(f"need 0 <= dropout < 1, found {dropout}")
        width, growth, blocks, attended = entry(SIZES, size, "size")
        grids = sides(shape[1])
        told = 4 * width
        self.embed = embedding(conditioning, levels)
        self.tell = nn.Linear(CHANNELS, told)
        self.enter = convolution(shape[0], width)
        # channels of what the way down leaves for the way up, last first to be used
        now, left = width, [width]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for depth, side in enumerate(grids):
            if depth:
                self.down.append(convolution(now, now, stride=2))
                left.append(now)
            for _ in range(blocks):
                outputs = width * growth[depth]
                self.down.append(Level(now, outputs, told, dropout, side <= attended))
                left.append(now := outputs)
        self.middle = nn.ModuleList(Level(now, now, told, dropout, a) for a in (True, False))
        for depth, side in reversed(list(enumerate(grids))):
            for _ in range(blocks + 1):
                outputs = width * growth[depth]
                inputs = now + left.pop()
                self.up.append(Level(inputs, outputs, told, dropout, side <= attended))
                now = outputs
            if depth:
                self.up.append(convolution(now, now))
        self.norm, self.leave = normalisation(now), zeroed(convolution(now, shape[0]))
        # convolutions are faster with the channels of a place side by side in memory
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, c_noise: Tensor) -> Tensor:
        """x (n, C, H, H), c_noise (n,) or (1,) as the conditioning has it; the shape of x."""
        return self.answer(x, self.told(c_noise))

    @torch.no_grad()
    def at(self, c_noise: Tensor) -> list[Callable[[Tensor], Tensor]]:
        """`forward` at each c_noise (L,), which is embedded once; x → the shape of x.

        Without gradients; good for as long as the weights stay as they are.
        """
        answer = torch.no_grad()(self.answer)
        return [partial(answer, embedded=row) for row in self.told(c_noise).split(1)]

    def told(self, c_noise: Tensor) -> Tensor:
        """What all blocks are told of c_noise (n,) or (1,): (n or 1, channels)."""
        return nn.functional.silu(self.tell(self.embed(c_noise)))

    def answer(self, x: Tensor, embedded: Tensor) -> Tensor:
        """x (n, C, H, H), embedded (n or 1, channels); the shape of x."""
        h = self.enter(x.contiguous(memory_format=torch.channels_last))
        kept = [h]
        for layer in self.down:
            h = layer(h, embedded) if isinstance(layer, Level) else layer(h)
            kept.append(h)
        for layer in self.middle:
            h = layer(h, embedded)
        for layer in self.up:
            if isinstance(layer, Level):
                h = layer(torch.cat([h, kept.pop()], dim=1), embedded)
            else:
                h = layer(nn.functional.interpolate(h, scale_factor=2.0, mode="nearest"))
        return self.leave(nn.functional.silu(self.norm(h))).contiguous()
