"""The one figure of the benchmark: every row against what it is to reach."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.rows import EXPONENT, Row, margin
from scoreladder.plotting import style

ROW_HEIGHT = 0.2
UNITS = {"seconds": " s", "MiB": " MiB", EXPONENT: ""}


@style.styled
def margins(rows: Sequence[Row]) -> Figure:
    """A dot and a range a row, on a logarithmic axis of how many times its goal was reached.

    Rows without a goal or a number are left out; hollow dots missed their goal.
    """
    shown = [row for row in rows if margin(row)]
    benches = list(dict.fromkeys(row.bench for row in shown))
    looks = style.palette(benches)
    figure = Figure(figsize=(style.PAGE_WIDTH, 0.7 + ROW_HEIGHT * len(shown)))
    axes = figure.subplots()
    for y, row in enumerate(shown):
        _row(axes, y, row, looks[row.bench]["color"])
    axes.axvline(1, **style.FLOOR)
    ends = [end for row in shown for end in margin(row)]
    style.log_axis(axes, "x", [*ends, 1.0])
    axes.set(ylim=(len(shown) - 0.4, -0.6), xlabel="times what is to be reached")
    axes.set_yticks(range(len(shown)), [f"{row.aim.work} | {row.aim.beside}" for row in shown])
    axes.tick_params(axis="y", length=0, labelsize=style.SMALL)
    return figure


def _row(axes: Axes, y: int, row: Row, colour: str) -> None:
    """The dot and the range of a row, and its value in words on the right."""
    median, low, high = margin(row)
    face = colour if row.reached == "yes" else style.PAPER
    axes.plot([low, high], [y, y], color=colour, solid_capstyle="butt")
    axes.plot(median, y, "o", color=colour, markerfacecolor=face, markersize=4)
    unit = UNITS.get(row.aim.quantity, "×")
    aimed = row.aim.to_reach.replace(">=", "≥").replace("<=", "≤")
    text = f"{row.found.median:.3g}{unit} ({aimed}) {row.bench}"
    where = axes.get_yaxis_transform()
    axes.text(1.02, y, text, transform=where, va="center", fontsize=style.SMALL)
