"""What is known of a sample, y = A x, as linear operators with orthonormal rows: A Aᵀ = I.

Aᵀ is then A's pseudo-inverse, AᵀA the projector onto what is known, and A z of white noise z is
white noise. Samples are (n, *shape); rows do not mix.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d


class Operator(NamedTuple):
    """forward(x) = A x = y, adjoint(y) = Aᵀ y, and replace(x, y) = x + Aᵀ(y − A x).

    replace gives what is known of x the value y and leaves the rest; where A picks values out, it
    puts those of y in place of them, exactly, and does not touch the others.
    """

    forward: Callable[[Tensor], Tensor]
    adjoint: Callable[[Tensor], Tensor]
    replace: Callable[[Tensor, Tensor], Tensor]


def mask(known: Tensor, shape: tuple[int, ...]) -> Operator:
    """The values of x (n, *shape) where the boolean mask `known` is True: y (n, how many).

    known broadcasts against shape. Raises ValueError where it is not boolean or does not.
    """
    if known.dtype != torch.bool:
        raise ValueError(f"need a boolean mask, found {known.dtype}")
    try:
        known = known.expand(shape)
    except RuntimeError as error:
        raise ValueError(f"a mask {tuple(known.shape)} does not fit {tuple(shape)}") from error

    # indexing by the mask itself would wait for the device at every step
    index = known.flatten().nonzero()[:, 0]

    def forward(x: Tensor) -> Tensor:
        return x.flatten(1)[:, index]

    def adjoint(y: Tensor) -> Tensor:
        zeros = y.new_zeros(len(y), known.numel())
        return zeros.index_copy(1, index, y).reshape(-1, *shape)

    def replace(x: Tensor, y: Tensor) -> Tensor:
        return torch.where(known, adjoint(y), x)

    return Operator(forward, adjoint, replace)


def colourisation(channels: int = 3) -> Operator:
    """The grey part of x (n, channels, H, W): the channels' sum over √channels, y (n, 1, H, W).

    For RGB the row is (1, 1, 1)/√3: y is √3 times the mean of the channels.
    """
    return _linear(
        lambda x: x.sum(dim=1, keepdim=True) / channels**0.5,
        lambda y: y.expand(-1, channels, *y.shape[2:]) / channels**0.5,
    )


def super_resolution(factor: int) -> Operator:
    """Block means of x (n, C, H, W) times factor: y (n, C, H/factor, W/factor).

    A block is factor × factor pixels, so that a row's factor² entries are 1/factor. `forward`
    raises ValueError where H or W is not a multiple of factor.
    """

    def forward(x: Tensor) -> Tensor:
        if x.shape[-2] % factor or x.shape[-1] % factor:
            raise ValueError(f"need sides that are multiples of {factor}, found {tuple(x.shape)}")
        return factor * avg_pool2d(x, factor)

    def adjoint(y: Tensor) -> Tensor:
        return y.repeat_interleave(factor, dim=-2).repeat_interleave(factor, dim=-1) / factor

    return _linear(forward, adjoint)


def _linear(forward: Callable[[Tensor], Tensor], adjoint: Callable[[Tensor], Tensor]) -> Operator:
    return Operator(forward, adjoint, lambda x, y: x + adjoint(y - forward(x)))
