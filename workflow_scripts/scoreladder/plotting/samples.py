"""Figures of samples: what each variant generates, beside real data."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scoreladder.plotting import style

ROWS, COLUMNS = 4, 10
DATA_LABEL = "real data"
INK_ON_PAPER = matplotlib.colormaps["gray_r"].with_extremes(bad="#cfdce8")


@style.styled
def sample_grid(
    samples: dict[str, np.ndarray], order: list[str], labels: dict[str, str], columns: int = 3
) -> Figure:
    """The first 40 images of the real data ("data") and of each variant in `order`, in blocks.

    `columns` blocks stand side by side. samples: per name an array (n, 1, H, W) with values in
    [−1, 1]; pixels that are not finite have the colour of the gaps.
    """
    titles = [DATA_LABEL, *(style.wrapped(labels[name], 34) for name in order)]
    figure, every = _small_multiples(titles, columns, 0.4, lines_below=0)
    for axes, name in zip(every, ["data", *order], strict=True):
        # a viewer that smooths what it enlarges then blurs only the edges of the squares
        block = np.kron(_tiled(samples[name]), np.ones((5, 5)))
        axes.imshow(block, cmap=INK_ON_PAPER, vmin=-1, vmax=1, interpolation="none")
        axes.axis("off")
    return figure


@style.styled
def point_clouds(
    samples: dict[str, np.ndarray],
    order: list[str],
    labels: dict[str, str],
    styles: dict[str, dict],
    shares: dict[str, float],
    truth: float,
) -> Figure:
    """Scatter plots of the real data ("data") and of each variant in `order`, in one window.

    samples: per name an array (n, 2). shares: per variant the share of its samples in the heavy
    mode, written below its points beside the true share; points outside the window are counted.
    """
    titles = [DATA_LABEL, *(style.wrapped(labels[name]) for name in order)]
    figure, every = _small_multiples(titles, 4, 1.0, lines_below=2)
    low, high = samples["data"].min(axis=0), samples["data"].max(axis=0)
    centre, half = (low + high) / 2, 0.6 * (high - low).max()
    for axes, name in zip(every, ["data", *order], strict=True):
        points = samples[name]
        inside = (np.abs(points - centre) <= half).all(axis=1)
        colour = style.GREY if name == "data" else styles[name]["color"]
        axes.scatter(*points[inside].T, s=2, color=colour, alpha=0.5, linewidths=0, rasterized=True)
        axes.set(
            xlim=(centre[0] - half, centre[0] + half),
            ylim=(centre[1] - half, centre[1] + half),
            aspect="equal",
            xticks=[],
            yticks=[],
        )
        axes.spines[:].set(visible=True, color=style.PALE)
        share = f"{truth:.0%}" if name == "data" else f"{shares[name]:.0%} (true {truth:.0%})"
        share = share.replace("nan%", "–")
        outside = 1 - inside.mean()
        axes.set_xlabel(
            f"heavy mode {share}" + (f"\n{outside:.1%} outside the window" if outside else "")
        )
    return figure


def _small_multiples(
    titles: list[str], columns: int, aspect: float, lines_below: int
) -> tuple[Figure, list[Axes]]:
    """A page-wide figure with axes of these titles, whose height is `aspect` times their width."""
    rows = -(-len(titles) // columns)
    lines = lines_below + 1 + max(title.count("\n") for title in titles)
    height = rows * (aspect * style.PAGE_WIDTH / columns + 0.08 + 0.14 * lines)
    figure = Figure(figsize=(style.PAGE_WIDTH, height))
    every = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in every[len(titles) :]:
        axes.remove()
    for axes, title in zip(every, titles, strict=False):
        axes.set_title(title)
    return figure, every[: len(titles)]


def _tiled(images: np.ndarray) -> np.ndarray:
    """(n, 1, H, W) to one picture of ROWS × COLUMNS images; the gaps of one pixel are NaN."""
    images = images[: ROWS * COLUMNS, 0]
    height, width = images.shape[1:]
    cells = np.full((ROWS * COLUMNS, height + 1, width + 1), np.nan)
    cells[: len(images), :height, :width] = images
    cells = cells.reshape(ROWS, COLUMNS, height + 1, width + 1).swapaxes(1, 2)
    return cells.reshape(ROWS * (height + 1), COLUMNS * (width + 1))[:-1, :-1]
