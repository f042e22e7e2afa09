"""What may be known of an image, by name: masks, masks drawn by hand, and linear operators."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from scoreladder import masks, operators
from scoreladder.blocks import COLOURISATION, factor_of
from scoreladder.errors import JobFailed
from scoreladder.operators import Operator


class Problem(NamedTuple):
    """What is known, and the boolean (1, H, W) that is True at pixels of which it gives the values.

    A linear operator gives none: what it leaves open is measured on all pixels.
    """

    operator: Operator
    known: Tensor


def problem(given: str, shape: tuple[int, int, int], device: torch.device | str = "cpu") -> Problem:
    """The problem of that name for images (C, H, W): of masks.MASKS, of a PNG, or of an operator.

    Raises JobFailed where an operator does not fit the images, and as `masks.from_png` does;
    KeyError on a name that is none.
    """
    _, height, width = shape
    if given in masks.MASKS:
        known = masks.MASKS[given](height, width)
    elif given.endswith(".png"):
        known = masks.from_png(Path(given).expanduser(), height, width)
    else:
        nothing = torch.zeros(1, height, width, dtype=torch.bool)
        return Problem(_linear(given, shape), nothing)
    return Problem(operators.mask(known.to(device), shape), known)


def _linear(given: str, shape: tuple[int, int, int]) -> Operator:
    """The linear operator of that name."""
    channels, height, width = shape
    if given == COLOURISATION:
        if channels != 3:
            found = f"found {given}, but the images have {channels} channel"
            raise JobFailed(f"inpaint.operators: {found}; only colour images have 3")
        return operators.colourisation(channels)
    factor = factor_of(given)
    if not factor:
        raise KeyError(given)
    if height % factor or width % factor:
        found = f"found {given}, but the images have {width}×{height} pixels"
        raise JobFailed(f"inpaint.operators: {found}; sides that are multiples of {factor}")
    return operators.super_resolution(factor)
