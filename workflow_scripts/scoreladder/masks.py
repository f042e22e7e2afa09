"""Masks of what is known of an image: boolean (1, height, width), True where known.

Each is a function of the shape alone, the drawn ones too.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scoreladder import seeds
from scoreladder.errors import JobFailed

MODES = {"1": "1-bit", "L": "grey", "RGB": "RGB", "RGBA": "RGBA"}
WORD = "TEXT"


def half(height: int, width: int) -> Tensor:
    """The left half is known; (1, height, width)."""
    known = torch.zeros(1, height, width, dtype=torch.bool)
    known[..., : width // 2] = True
    return known


def centre(height: int, width: int) -> Tensor:
    """All but a centred square of half the side is known; (1, height, width)."""
    known = torch.ones(1, height, width, dtype=torch.bool)
    top, left = height // 4, width // 4
    known[..., top : height - top, left : width - left] = False
    return known


def lines(height: int, width: int) -> Tensor:
    """Every second line is known, the first one too; (1, height, width)."""
    known = torch.zeros(1, height, width, dtype=torch.bool)
    known[:, ::2] = True
    return known


def random_50(height: int, width: int) -> Tensor:
    """Half of the pixels, drawn at random, are missing; (1, height, width)."""
    return _scattered(height, width, 50)


def random_75(height: int, width: int) -> Tensor:
    """Three in four pixels, drawn at random, are missing; (1, height, width)."""
    return _scattered(height, width, 75)


def _scattered(height: int, width: int, percent: int) -> Tensor:
    """`percent` of the pixels are missing, rounded to a whole number of them."""
    count = height * width
    generator = seeds.generator("mask", "random", percent, height, width)
    missing = torch.randperm(count, generator=generator)[: round(count * percent / 100)]
    known = torch.ones(count, dtype=torch.bool)
    known[missing] = False
    return known.reshape(1, height, width)


def strokes(height: int, width: int) -> Tensor:
    """Four thin strokes from edge to edge, at random, are missing; (1, height, width).

    They are a sixteenth of the shorter side wide, a pixel at least.
    """
    # here, because jobs import this module that draw no mask
    from PIL import Image, ImageDraw

    picture = Image.new("1", (width, height), 1)
    draw = ImageDraw.Draw(picture)
    thickness = max(1, min(height, width) // 16)
    ends = torch.rand(4, 2, generator=seeds.generator("mask", "strokes", height, width)).tolist()
    for number, (start, end) in enumerate(ends):
        if number % 2:
            points = [(start * (width - 1), 0), (end * (width - 1), height - 1)]
        else:
            points = [(0, start * (height - 1)), (width - 1, end * (height - 1))]
        draw.line([(round(x), round(y)) for x, y in points], fill=0, width=thickness)
    return _known(picture)


def text(height: int, width: int) -> Tensor:
    """The letters of a word across the middle are missing; (1, height, width).

    They are those of Pillow's own bitmap font, as large as fits in whole pixels; images narrower
    than the word, 23 pixels, show the middle of it.
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default_imagefont()
    letters = Image.new("1", font.getbbox(WORD)[2:])
    ImageDraw.Draw(letters).text((0, 0), WORD, fill=1, font=font)
    letters = letters.crop(letters.getbbox())
    scale = max(1, min(width // letters.width, height // letters.height))
    size = (scale * letters.width, scale * letters.height)
    letters = letters.resize(size, Image.Resampling.NEAREST)
    picture = Image.new("1", (width, height), 1)
    corner = ((width - letters.width) // 2, (height - letters.height) // 2)
    picture.paste(0, corner, letters)
    return _known(picture)


def _known(picture) -> Tensor:
    """The white pixels of a 1-bit picture, (1, height, width)."""
    return torch.from_numpy(np.array(picture))[None]


MASKS: dict[str, Callable[[int, int], Tensor]] = {
    "half": half,
    "centre": centre,
    "lines": lines,
    "random_50": random_50,
    "random_75": random_75,
    "strokes": strokes,
    "text": text,
}


def from_png(path: Path | str, height: int, width: int) -> Tensor:
    """A mask drawn by hand: white pixels are known, black ones to be filled; (1, height, width).

    A PNG of 1 bit, 8-bit grey, RGB or RGBA; colours count by their ITU-R 601 luma, from 128 on as
    white, and transparency is laid over black. Raises JobFailed where the file is missing, is no
    PNG, is damaged, or has another size or mode, and where it is white or black all over.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            # before anything is decoded, so that no small file can fill the memory
            if picture.size != (width, height):
                found = "×".join(map(str, picture.size))
                raise JobFailed(f"{path}: found {found} pixels; a mask here has {width}×{height}")
            if picture.mode not in MODES:
                allowed = ", ".join(MODES.values())
                raise JobFailed(f"{path}: found mode {picture.mode}; a mask is one of: {allowed}")
            levels = np.array(_over_black(picture))
    except JobFailed:
        raise
    except FileNotFoundError as error:
        raise JobFailed(f"{path}: found nothing there; a mask is a PNG file") from error
    # decoders raise whatever a damaged file leads them to
    except Exception as error:
        said = "no PNG" if isinstance(error, UnidentifiedImageError) else str(error)
        raise JobFailed(f"{path}: cannot be read: {said}; a mask is a PNG file") from error
    known = torch.from_numpy(levels >= 128)[None]
    if known.all() or not known.any():
        found = "white pixels only" if known.all() else "black pixels only"
        raise JobFailed(
            f"{path}: found {found}; a mask has white ones, known, and black ones, to be filled"
        )
    return known


def _over_black(picture):
    """Its grey levels of 8 bits."""
    from PIL import Image

    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture)
    return picture.convert("L")
