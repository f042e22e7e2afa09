"""Figures of samples: what each variant generates, beside real data."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from scoreladder.plotting import style
from scoreladder.plotting.pictures import picture

ROWS, COLUMNS = 4, 10
SHOWN = ROWS * COLUMNS
DATA_LABEL = "real data"
MOST_POINTS = 4000
# of the grid that the density of points is counted on
CELLS = 64
# the palest shades would vanish on paper
DENSITY = ListedColormap(matplotlib.colormaps["YlGnBu"](np.linspace(0.3, 1, 256)))


@style.styled
def sample_grid(
    samples: dict[str, np.ndarray], order: list[str], labels: dict[str, str], columns: int = 3
) -> Figure:
    """The first 40 images of the real data ("data") and of each variant in `order`, in blocks.

    `columns` blocks stand side by side. samples: per name an array (n, 1 or 3, H, W) with values
    in [−1, 1]; pixels that are not finite have the colour of the gaps.
    """
    titles = [DATA_LABEL, *(style.wrapped(labels[name], 34) for name in order)]
    figure, every = _small_multiples(titles, columns, 0.4, lines_below=0)
    for axes, name in zip(every, ["data", *order], strict=True):
        axes.imshow(picture(samples[name], ROWS, COLUMNS), interpolation="none")
        axes.axis("off")
    return figure


@style.styled
def point_clouds(
    samples: dict[str, np.ndarray],
    order: list[str],
    labels: dict[str, str],
    styles: dict[str, dict],
    shares: dict[str, float] | None = None,
    truth: float = np.nan,
) -> Figure:
    """Scatter plots of the real data ("data") and of each variant in `order`, in one window.

    samples: per name an array (n, 2); points outside the window are counted. shares: where the data
    has a heavy mode, per variant the share of its samples there, written below its points beside
    the true share.
    """
    titles = [DATA_LABEL, *(style.wrapped(labels[name]) for name in order)]
    figure, every = _small_multiples(titles, 4, 1.0, lines_below=1 + (shares is not None))
    window = _window(samples["data"])
    for axes, name in zip(every, ["data", *order], strict=True):
        inside = _inside(samples[name], window)
        colour = style.GREY if name == "data" else styles[name]["color"]
        dots = {"s": 2, "linewidths": 0, "rasterized": True}
        axes.scatter(*samples[name][inside].T, color=colour, alpha=0.5, **dots)
        _frame(axes, window)
        lines = []
        if shares is not None:
            share = f"{truth:.0%}" if name == "data" else f"{shares[name]:.0%} (true {truth:.0%})"
            lines.append(f"heavy mode {share}".replace("nan%", "–"))
        if not inside.all():
            lines.append(f"{_share(1 - inside.mean())} outside the window")
        axes.set_xlabel("\n".join(lines))
    return figure


@style.styled
def gallery(rows: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Points of several data sets: a row for each, the real data first and then each model's.

    rows: per row its printed name, and per panel its printed name and its points (n, 2). All panels
    of a row show its first panel's window and equally many points, darker where the panel's own
    are denser; points outside are counted. Panels' names stand on top where all rows share them.
    """
    columns = max(map(len, rows.values()))
    side = min(style.PAGE_WIDTH / columns, 1.75)
    letters = int(side / 0.064)
    heads = [[style.wrapped(name, letters) for name in panels] for panels in rows.values()]
    shared = all(head == heads[0] for head in heads)
    lines = 1 + max(title.count("\n") for head in heads for title in head)
    height = len(rows) * side + (0.1 + 0.14 * lines) * (1 if shared else len(rows))
    figure = Figure(figsize=(min(columns * side + 0.2, style.PAGE_WIDTH), height))
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for i, (row, panels) in enumerate(rows.items()):
        window = _window(next(iter(panels.values())))
        count = min(MOST_POINTS, *(len(points) for points in panels.values()))
        for axes, title, points in zip(grid[i], heads[i], panels.values(), strict=False):
            _shaded(axes, points[:count], window)
            if i == 0 or not shared:
                axes.set_title(title)
        grid[i, 0].set_ylabel(style.wrapped(row, letters))
        for axes in grid[i, len(panels) :]:
            axes.remove()
    return figure


def _window(points: np.ndarray) -> tuple[np.ndarray, float]:
    """The centre (2,) and half the side of the square that holds the points and a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, 0.6 * float((high - low).max())


def _inside(points: np.ndarray, window: tuple[np.ndarray, float]) -> np.ndarray:
    centre, half = window
    return (np.abs(points - centre) <= half).all(axis=1)


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.0005 else "<0.1%"


def _frame(axes: Axes, window: tuple[np.ndarray, float]) -> None:
    """Make the axes an empty frame around the window."""
    (x, y), half = window
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half))
    axes.set(aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=style.PALE)


def _shaded(axes: Axes, points: np.ndarray, window: tuple[np.ndarray, float]) -> None:
    """Points whose colour tells the density around them, the densest on top."""
    inside = _inside(points, window)
    points, outside = points[inside], 1 - inside.mean()
    centre, half = window
    edges = np.linspace(-half, half, CELLS + 1)
    counts = np.histogram2d(*(points - centre).T, bins=(edges, edges))[0]
    density = gaussian_filter(counts, 1.5, mode="constant")
    cells = ((points - centre + half) / (2 * half) * CELLS).astype(int).clip(0, CELLS - 1)
    shade = np.sqrt(density[tuple(cells.T)])
    order = np.argsort(shade, kind="stable")
    dots = {"s": 1.6, "linewidths": 0, "rasterized": True}
    axes.scatter(*points[order].T, c=shade[order], cmap=DENSITY, **dots)
    _frame(axes, window)
    if outside:
        note = axes.text(0.03, 0.03, f"{_share(outside)} outside", transform=axes.transAxes)
        note.set(fontsize=6, bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.8})


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
