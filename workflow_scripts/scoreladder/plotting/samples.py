"""Figures of samples: what each variant generates, beside real data."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from scoreladder.plotting import panels, style
from scoreladder.plotting.pictures import picture

ROWS, COLUMNS = 4, 10
SHOWN = ROWS * COLUMNS
MOST_POINTS = 4000
# of the grid that the density of points is counted on
CELLS = 64


@style.styled
def sample_grid(
    samples: dict[str, np.ndarray], order: list[str], labels: dict[str, str], columns: int = 3
) -> Figure:
    """The first 40 images of the real data ("data") and of each variant in `order`, in blocks.

    `columns` blocks stand side by side. samples: per name an array (n, 1 or 3, H, W) with values
    in [−1, 1]; pixels that are not finite have the colour of the gaps.
    """
    titles = [panels.DATA_LABEL, *(style.wrapped(labels[name], 34) for name in order)]
    figure, every = panels.small_multiples(titles, columns, 0.4, lines_below=0)
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
    titles = [panels.DATA_LABEL, *(style.wrapped(labels[name]) for name in order)]
    figure, every = panels.small_multiples(titles, 4, 1.0, lines_below=1 + (shares is not None))
    window = panels.window_of(samples["data"])
    for axes, name in zip(every, ["data", *order], strict=True):
        inside = panels.inside(samples[name], window)
        colour = style.GREY if name == "data" else styles[name]["color"]
        dots = {"s": 2, "linewidths": 0, "rasterized": True}
        axes.scatter(*samples[name][inside].T, color=colour, alpha=0.5, **dots)
        panels.framed(axes, window)
        lines = []
        if shares is not None:
            share = f"{truth:.0%}" if name == "data" else f"{shares[name]:.0%} (true {truth:.0%})"
            lines.append(f"heavy mode {share}".replace("nan%", "–"))
        if not inside.all():
            lines.append(f"{panels.printed_share(1 - inside.mean())} outside the window")
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
    room = style.PAGE_WIDTH / columns
    side, letters = min(room, 1.75), int(room / 0.064)
    heads = [[style.wrapped(name, letters) for name in clouds] for clouds in rows.values()]
    shared = all(head == heads[0] for head in heads)
    lines = 1 + max(title.count("\n") for head in heads for title in head)
    height = len(rows) * side + (0.1 + 0.14 * lines) * (1 if shared else len(rows))
    figure = Figure(figsize=(style.PAGE_WIDTH, height))
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for i, (row, clouds) in enumerate(rows.items()):
        window = panels.window_of(next(iter(clouds.values())))
        count = min(MOST_POINTS, *(len(points) for points in clouds.values()))
        for axes, title, points in zip(grid[i], heads[i], clouds.values(), strict=False):
            _shaded(axes, points[:count], window)
            if i == 0 or not shared:
                axes.set_title(title)
        grid[i, 0].set_ylabel(style.wrapped(row, int(side / 0.064)))
        for axes in grid[i, len(clouds) :]:
            axes.remove()
    return figure


def _shaded(axes: Axes, points: np.ndarray, window: panels.Window) -> None:
    """Points whose colour tells the density around them, the densest on top."""
    inside = panels.inside(points, window)
    points, outside = points[inside], 1 - inside.mean()
    centre, half = window
    edges = np.linspace(-half, half, CELLS + 1)
    counts = np.histogram2d(*(points - centre).T, bins=(edges, edges))[0]
    density = gaussian_filter(counts, 1.5, mode="constant")
    cells = ((points - centre + half) / (2 * half) * CELLS).astype(int).clip(0, CELLS - 1)
    shade = np.sqrt(density[tuple(cells.T)])
    order = np.argsort(shade, kind="stable")
    dots = {"s": 1.6, "linewidths": 0, "rasterized": True}
    axes.scatter(*points[order].T, c=shade[order], cmap=style.DENSITIES, **dots)
    panels.framed(axes, window)
    if outside:
        words = f"{panels.printed_share(outside)} outside"
        note = axes.text(0.03, 0.03, words, transform=axes.transAxes)
        behind = {"facecolor": style.PAPER, "alpha": 0.8, "linewidth": 0, "pad": 0.8}
        note.set(fontsize=style.SMALL, bbox=behind)
