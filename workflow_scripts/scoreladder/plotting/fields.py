"""Figures of score fields in the plane: where an estimate is right, and where it is not."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from scoreladder.plotting import style

ARROWS = 15
DEPTH = 20.0
MASS = 0.95


@style.styled
def score_fields(fields: dict[str, np.ndarray], labels: dict[str, str]) -> Figure:
    """The exact score over the log density, then each variant's score over its error.

    fields: ticks (P,), log_prob (P, P), exact (P, P, 2), variants (V,), sigmas (V,) and scores
    (V, P, P, 2), rows along y. Arrow lengths grow as log(1 + ‖s‖). Shading of the log
    density ends DEPTH below its peak; the line encloses MASS of the probability.
    """
    ticks, log_prob, exact = fields["ticks"], fields["log_prob"], fields["exact"]
    scores = [exact, *fields["scores"]]
    titles = [f"exact score over log p\nline: {MASS:.0%} of the probability"]
    for name, sigma in zip(fields["variants"], fields["sigmas"], strict=True):
        titles.append(f"{style.wrapped(labels[str(name)])}\nits score at σ = {sigma:g}")
    count = len(scores)
    columns = 2 if count in (2, 4) else 3
    rows = -(-count // columns)
    side = (style.PAGE_WIDTH - 0.8) / columns
    figure = Figure(figsize=(style.PAGE_WIDTH, rows * (side + 0.4) + 0.1))
    every = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in every[count:]:
        axes.remove()
    every = every[:count]

    span = (ticks[0], ticks[-1], ticks[0], ticks[-1])
    picture = {"origin": "lower", "extent": span, "interpolation": "bilinear"}
    top = log_prob.max()
    # the upper half of the shades, never reached, would hide the arrows
    every[0].imshow(
        log_prob, cmap=style.LOG_DENSITIES, vmin=top - DEPTH, vmax=top + 1.5 * DEPTH, **picture
    )
    errors = np.linalg.norm(fields["scores"] - exact, axis=-1)
    norm = LogNorm(*np.nanquantile(errors, (0.02, 0.98)))
    for axes, error in zip(every[1:], errors, strict=True):
        heat = axes.imshow(error, cmap=style.ERRORS, norm=norm, **picture)
    longest = np.log1p(np.nanmax(np.linalg.norm(scores, axis=-1)))
    level = [_enclosing_level(log_prob)]
    for axes, score, title in zip(every, scores, titles, strict=True):
        _arrows(axes, ticks, score, longest)
        axes.contour(
            ticks, ticks, log_prob, level, colors=style.COLOURS[2], linestyles="-", linewidths=1
        )
        axes.set(xticks=[], yticks=[], aspect="equal", title=title)
        axes.spines[:].set(visible=True, color=style.PALE)
        axes.grid(False)
    bar = figure.colorbar(
        heat,
        ax=every,
        ticks=LogLocator(subs=(1, 2, 5)),
        format=FuncFormatter(lambda value, _: f"{value:g}"),
        extend="both",
        aspect=35,
        label="error of the score, ‖s − ∇log p‖",
    )
    bar.minorformatter = NullFormatter()
    return figure


@style.styled
def error_by_density(
    fields: dict[str, np.ndarray], labels: dict[str, str], styles: dict[str, dict]
) -> Figure:
    """Rms error of each variant's score against how far below its peak the log density is.

    fields: as for score_fields. The density grows to the right; the line marks where 95 % of the
    probability begins.
    """
    below = fields["log_prob"].max() - fields["log_prob"]
    squared = ((fields["scores"] - fields["exact"]) ** 2).sum(axis=-1)
    edges = np.geomspace(max(np.quantile(below, 0.002), 0.02), below.max() * 1.001, 17)
    bins = np.digitize(below, edges)
    names = [str(name) for name in fields["variants"]]
    figure = Figure(figsize=(style.COLUMN_WIDTH, 2.6 + 0.17 * len(names)))
    axes = figure.subplots()
    filled = [i for i in range(len(edges)) if (bins == i).any()]
    centres = [np.median(below[bins == i]) for i in filled]
    for name, square in zip(names, squared, strict=True):
        axes.plot(centres, [square[bins == i].mean() ** 0.5 for i in filled], **styles[name])
    style.log_axis(axes, "x", centres)
    style.log_axis(axes, "y", squared[squared > 0] ** 0.5)
    axes.invert_xaxis()
    begins = fields["log_prob"].max() - _enclosing_level(fields["log_prob"])
    axes.axvline(begins, color=style.GREY, linestyle="--", linewidth=0.9)
    axes.annotate(
        f"{MASS:.0%} of the\nprobability →",
        (begins, 1),
        (4, -2),
        va="top",
        fontsize=style.SMALL,
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
    )
    axes.set(xlabel="log density below its peak, nats", ylabel="rms error of the score")
    style.legend(figure, {name: labels[name] for name in names}, styles, "lower center")
    return figure


def _arrows(axes: Axes, ticks: np.ndarray, field: np.ndarray, longest: float) -> None:
    """Arrows of length log(1 + ‖·‖) on a coarse grid; one of length `longest` spans its gaps."""
    step = max(1, len(ticks) // ARROWS)
    some = slice(step // 2, None, step)
    coarse = field[some, some]
    size = np.linalg.norm(coarse, axis=-1, keepdims=True)
    coarse = coarse * np.log1p(size) / np.maximum(size, 1e-12)
    gap = (ticks[1] - ticks[0]) * step
    axes.quiver(
        ticks[some],
        ticks[some],
        coarse[..., 0],
        coarse[..., 1],
        angles="xy",
        scale_units="xy",
        scale=longest / (1.15 * gap),
        width=0.006,
        headwidth=4,
        headlength=4,
        headaxislength=3.5,
        color=style.COLOURS[0],
    )


def _enclosing_level(log_prob: np.ndarray) -> float:
    """The log density whose contour encloses MASS of the probability on the grid."""
    ordered = np.sort(log_prob.ravel())[::-1]
    mass = np.exp(ordered - ordered[0]).cumsum()
    return float(ordered[np.searchsorted(mass, MASS * mass[-1])])
