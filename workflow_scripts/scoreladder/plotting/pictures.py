"""Many small images as one picture, to be drawn in a figure."""

import numpy as np
from matplotlib.colors import to_rgb

from scoreladder.plotting import style

GAP = to_rgb(style.GAP)
# pixels a side up to which images are enlarged
SMALL = 40


def picture(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """One picture (·, ·, 3) in [0, 1] of rows × columns images, (n, 1 or 3, H, W) in [−1, 1].

    Grey images are printed as ink on paper; gaps and pixels that are not finite are GAP. Small
    images are enlarged: a viewer that smooths what it enlarges then blurs only the squares' edges.
    """
    values = tiled(images, rows, columns)
    missing = ~np.isfinite(values).all(axis=-1)
    light = np.clip((values + 1) / 2, 0, 1)
    light = np.repeat(1 - light, 3, axis=-1) if light.shape[-1] == 1 else light
    light[missing] = GAP
    return light


def tiled(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """One array (·, ·, C) of the first rows × columns images (n, C, H, W), row by row.

    Between them is a pixel of NaN; small images are enlarged with it.
    """
    images = images[: rows * columns].transpose(0, 2, 3, 1)
    count, height, width, channels = images.shape
    cells = np.full((rows * columns, height + 1, width + 1, channels), np.nan)
    cells[:count, :height, :width] = images
    cells = cells.reshape(rows, columns, height + 1, width + 1, channels).swapaxes(1, 2)
    whole = cells.reshape(rows * (height + 1), columns * (width + 1), channels)[:-1, :-1]
    times = max(1, SMALL // width)
    return whole.repeat(times, axis=0).repeat(times, axis=1)
