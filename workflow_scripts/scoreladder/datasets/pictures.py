"""Picture files of any kind to small squares of 8-bit grey levels."""

import io
import warnings

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# no others: some of Pillow's readers start programs
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")


class Broken(ValueError):
    """A picture that cannot be read; the message says why."""


def square(data: bytes, side: int, channels: int, crop: int | None = None) -> np.ndarray:
    """The centre of a picture file as uint8 (channels, side, side), 3 for RGB and 1 for grey.

    Turned upright as its EXIF tag says; the largest centred square, or one of `crop` pixels, is
    resized by Pillow's Lanczos filter, which averages over all pixels that it shrinks (arXiv
    2104.11222 shows what other resizing does); smaller pictures are enlarged. Transparency is laid
    over white, 16-bit greys are rounded to the nearest of 0..255, grey is ITU-R 601 luma, and of
    an animation it is the first frame. Raises Broken on anything that is no such picture, is cut
    off, or has more pixels than Pillow's limit (Image.MAX_IMAGE_PIXELS).
    """
    # here, because every job imports this module
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            picture = _opaque(ImageOps.exif_transpose(picture))
    except Broken:
        raise
    # decoders raise whatever a damaged file leads them to
    except Exception as error:
        said = "no picture" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        raise Broken(f"{said or type(error).__name__}") from error
    picture = picture.convert("RGB" if channels == 3 else "L")
    edge = crop or min(picture.size)
    if edge > min(picture.size):
        raise Broken(f"found {picture.size} pixels, but the crop has {edge}")
    left, top = ((length - edge) // 2 for length in picture.size)
    picture = picture.crop((left, top, left + edge, top + edge))
    pixels = np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))
    return pixels.reshape(side, side, channels).transpose(2, 0, 1)


def _opaque(picture):
    """A picture of 8 bits without transparency."""
    from PIL import Image

    if picture.mode.startswith("I"):
        levels = np.asarray(picture)
        if levels.min() < 0 or levels.max() > 65535:
            raise Broken(f"grey levels {levels.min()} to {levels.max()}, beyond 16 bits")
        return Image.fromarray(np.round(levels / 257).astype(np.uint8))
    if picture.mode == "F":
        raise Broken("grey levels of floating point, whose range is not known")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")
