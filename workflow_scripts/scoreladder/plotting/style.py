"""One look for all figures: sizes, colours by variant, axes, and files that are the same bytes."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from scoreladder.catalog import METRICS
from scoreladder.files import atomic_path

COLUMN_WIDTH = 3.4
PAGE_WIDTH = 7.0
DPI = 200
# points, of remarks within axes; nothing is smaller
SMALL = 7

INK = "#222222"
GREY = "#767676"
PALE = "#dddddd"
FLOOR = {"color": GREY, "linestyle": "--", "linewidth": 0.9, "zorder": 0.9}

# of pictures: what is between images or not finite, and what was hidden of them
GAP, HIDDEN = "#cfdce8", "#86aedb"
PAPER = "white"

# Okabe and Ito's colours without yellow, which white paper swallows
COLOURS = ("#000000", "#E69F00", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
# as many markers as colours plus one, so that the pair repeats only after 56 variants
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
LINESTYLES = ("-", "--", ":", "-.")

LOG_DENSITIES = matplotlib.colormaps["Blues"]
# the darkest reds would hide arrows, and the palest shades of points vanish on paper
ERRORS = ListedColormap(matplotlib.colormaps["YlOrRd"](np.linspace(0, 0.8, 256)))
DENSITIES = ListedColormap(matplotlib.colormaps["YlGnBu"](np.linspace(0.3, 1, 256)))
SPREADS = matplotlib.colormaps["magma_r"].with_extremes(bad=GAP)

# what would differ from run to run, or from version to version
UNDATED = {
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".png": {"Software": None},
}

RC = {
    "figure.constrained_layout.use": True,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "svg.hashsalt": "scoreladder",
    # outlines look the same on machines that lack the font
    "svg.fonttype": "path",
    # TrueType, which journals ask for, and whose text can be searched
    "pdf.fonttype": 42,
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "figure.titlesize": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8e8e8",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
}


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """A drawing function that always draws in this style, whatever the user's own settings are."""

    @wraps(draw)
    def drawn(*args, **kwargs) -> Figure:
        with matplotlib.style.context(["default", RC]):
            return draw(*args, **kwargs)

    return drawn


def save(figure: Figure, *paths: Path | str) -> None:
    """Write the figure to each path, atomically, as its suffix says: .svg, .pdf or .png.

    The same figure gives the same bytes.
    """
    with matplotlib.style.context(["default", RC]):
        for path in map(Path, paths):
            with atomic_path(path) as temporary:
                figure.savefig(temporary, metadata=UNDATED[path.suffix])
            # what was laid out for the first holds for all
            figure.set_layout_engine("none")


def palette(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Per variant, in the experiment's order: color, marker and linestyle in all its figures."""
    return {
        name: {
            "color": COLOURS[i % len(COLOURS)],
            "marker": MARKERS[i % len(MARKERS)],
            "linestyle": LINESTYLES[i // len(COLOURS) % len(LINESTYLES)],
        }
        for i, name in enumerate(names)
    }


def metric_label(metric: str) -> str:
    """A metric's printed name and its good direction, for an axis."""
    known = METRICS[metric]
    return f"{known.label} ({'lower' if known.lower_is_better else 'higher'} is better)"


def wrapped(label: str, width: int = 26) -> str:
    """The label on as many lines of `width` characters as it needs; "σ = 1" stays together."""
    return textwrap.fill(label.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"), width)


def log_axis(axes: Axes, which: str, values: Iterable[float]) -> None:
    """Make the axis "x" or "y" logarithmic, with tick labels that suit the range of `values`."""
    values = _finite(values)
    axes.set(**{f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_minor_formatter(NullFormatter())
    if len(values) and values.max() < 300 * values.min():
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    if len(values) and values.min() > 5e-4 and values.max() < 2e4:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def ticks_at(axes: Axes, values: Iterable[float]) -> None:
    """Tick a logarithmic x axis at the values themselves, where their labels have room."""
    values = np.unique(_finite(values))
    gaps = np.diff(np.log(values))
    if len(values) > 1 and gaps.min() > 0.04 * gaps.sum():
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.set_xticks([], minor=True)


def log_axis_if_wide(axes: Axes, which: str, values: Iterable[float]) -> bool:
    """Make the axis logarithmic where positive `values` span more than a factor of 10."""
    values = _finite(values)
    wide = bool(len(values) and values.min() > 0 and values.max() > 10 * values.min())
    if wide:
        log_axis(axes, which, values)
    return wide


def diverged_strip(
    strip: Axes, diverged: Iterable[tuple[float, str]], styles: dict[str, dict]
) -> None:
    """Make axes above a figure's own a strip of crosses, one per (x, name) that diverged.

    Those at one x stand side by side; the x axis is logarithmic.
    """
    by_place: dict[float, list[str]] = {}
    for x, name in diverged:
        by_place.setdefault(x, []).append(name)
    for x, names in by_place.items():
        shifts = np.exp(0.055 * (np.arange(len(names)) - (len(names) - 1) / 2))
        for shift, name in zip(shifts, names, strict=True):
            strip.plot(x * shift, 0, "x", color=styles[name]["color"], markersize=4)
    strip.set_yticks([0], ["diverged"])
    strip.tick_params(axis="both", which="both", length=0, labelbottom=False)
    strip.spines["left"].set_visible(False)
    strip.grid(False)


def legend(
    figure: Figure, labels: dict[str, str], styles: dict[str, dict], loc: str, ncols: int = 1
) -> None:
    """A legend outside all axes, with one entry per variant of `labels`."""
    handles = [Line2D([], [], **styles[name], label=label) for name, label in labels.items()]
    figure.legend(handles=handles, loc=f"outside {loc}", ncols=ncols, handlelength=2.6)


def _finite(values: Iterable[float]) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return values[np.isfinite(values)]
