"""The figure of inpainting: what was hidden, and what models make of it."""

from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure

from scoreladder.plotting import style
from scoreladder.plotting.pictures import picture, tiled

IMAGES, COMPLETIONS = 3, 4
HIDDEN = to_rgb(style.HIDDEN)
# inches: beside the pictures, and above and below all of them
LEFT, AROUND = 0.75, 0.55


class Filled(NamedTuple):
    """Images and what is seen of them (n, C, H, W), the pixels that are known, (1, H, W) boolean,
    none where a linear operator is, and per label K completions (K, n, C, H, W)."""

    truth: np.ndarray
    seen: np.ndarray
    known: np.ndarray
    completions: dict[str, np.ndarray]


@style.styled
def holes(rows: dict[str, Filled]) -> Figure:
    """Per problem, by its printed name, some images, what is known of them, and their completions.

    Three images each, and of every label up to 4 completions beside their pixelwise spread: the
    standard deviation over all completions, root-mean-square over channels, on one scale for all.
    C is 1 or 3, values in [−1, 1], and all rows have the same labels.
    """
    first = next(iter(rows.values()))
    labels, (height, width) = list(first.completions), first.truth.shape[-2:]
    shown = min(COMPLETIONS, *(len(each) for each in first.completions.values()))
    widths = [1, 1, *[shown, 1] * len(labels)]
    side = min((style.PAGE_WIDTH - LEFT) / (sum(widths) + 0.25 * len(widths)), 0.6)
    tall = len(rows) * (IMAGES * side * height / width + 0.12) + AROUND
    figure = Figure(figsize=(style.PAGE_WIDTH, tall))
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.02, wspace=0.02, hspace=0.02)
    grid = figure.subplots(len(rows), len(widths), squeeze=False, width_ratios=widths)
    largest = max(
        float(spread(each)[:IMAGES].max())
        for row in rows.values()
        for each in row.completions.values()
    )
    scale = Normalize(0, largest or 1.0)
    for axes, (name, filled) in zip(grid, rows.items(), strict=True):
        _row(axes, filled, shown, scale)
        axes[0].set_ylabel(name)
    letters = int(shown * side / 0.062)
    titles = ["truth", "known"]
    for label in labels:
        titles += [style.wrapped(label, letters), "spread"]
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title)
    colours = matplotlib.cm.ScalarMappable(scale, style.SPREADS)
    bar = figure.colorbar(colours, ax=grid, location="bottom", aspect=60, fraction=0.02, shrink=0.6)
    bar.set_label("spread of the completions (values are from −1 to 1)")
    return figure


def _row(every: list[Axes], filled: Filled, shown: int, scale: Normalize) -> None:
    """Draw one mask's images in its axes."""
    truth = filled.truth[:IMAGES]
    hidden = np.broadcast_to(~filled.known, (len(truth), *filled.known.shape)).astype(float)
    if not filled.known.any():
        hidden = np.zeros_like(hidden)
    known = picture(filled.seen[:IMAGES], IMAGES, 1)
    known[tiled(hidden, IMAGES, 1)[..., 0] == 1] = HIDDEN
    pictures = [picture(truth, IMAGES, 1), known]
    for completions in filled.completions.values():
        some = completions[:shown, :IMAGES].swapaxes(0, 1).reshape(-1, *truth.shape[1:])
        pictures += [picture(some, IMAGES, shown)]
        pictures += [tiled(spread(completions)[:IMAGES, None], IMAGES, 1)[..., 0]]
    for axes, drawn in zip(every, pictures, strict=True):
        axes.imshow(drawn, interpolation="none", cmap=style.SPREADS, norm=scale)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)


def spread(completions: np.ndarray) -> np.ndarray:
    """Pixelwise standard deviation over K completions (K, n, C, H, W), rms over C: (n, H, W).

    Of values clipped to [−1, 1], as they are drawn and measured.
    """
    return np.sqrt(completions.clip(-1, 1).var(axis=0, ddof=1).mean(axis=1))
