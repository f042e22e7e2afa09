"""Panels side by side: their places on a page, and the windows on the plane that they show."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scoreladder.plotting import style

DATA_LABEL = "real data"

# the centre (2,) of a square of the plane, and half its side
Window = tuple[np.ndarray, float]


def small_multiples(
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


def window_of(points: np.ndarray) -> Window:
    """The centre (2,) and half the side of the square that holds the points and a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, 0.6 * float((high - low).max())


def inside(points: np.ndarray, window: Window) -> np.ndarray:
    """Which of the points (n, 2) are in the window, boolean (n,)."""
    centre, half = window
    return (np.abs(points - centre) <= half).all(axis=1)


def printed_share(share: float) -> str:
    """A share in [0, 1] as a percentage, of which the least is not said to be nothing."""
    return f"{share:.1%}" if share >= 0.0005 else "<0.1%"


def framed(axes: Axes, window: Window) -> None:
    """Make the axes an empty frame around the window."""
    (x, y), half = window
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half))
    axes.set(aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=style.PALE)
