"""Figures of results: arms against their baseline, and how the step sizes were chosen."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import offset_copy

from scoreladder.plotting import style

OUTCOMES = {"better": "▲ better", "worse": "▼ worse", "inconclusive": "● inconclusive"}


@style.styled
def comparison(table: pd.DataFrame, runs: pd.DataFrame, styles: dict[str, dict]) -> Figure:
    """Dot plot of one comparison: mean and 95 % interval per variant, seeds as small dots.

    table: the comparison's rows; runs: one row per run, with the table's metric as a column.
    The last row is the floor, the metric of other real data, where known. A variant without the
    metric (NaN), e.g. one that has no likelihood, keeps its row and is said to lack it.
    """
    table = table.sort_values("role", key=lambda role: role != "baseline", kind="stable")
    metric, floor = table["metric"].iloc[0], table["floor"].iloc[0]
    runs = runs[runs["variant"].isin(table["variant"])]
    seeds = runs.groupby(["variant", "seed"])[metric].mean()
    has_floor = bool(np.isfinite(floor))
    count = len(table) + has_floor

    figure = Figure(figsize=(style.PAGE_WIDTH, 0.65 + 0.31 * count))
    axes = figure.subplots()
    points = np.concatenate([table["mean"], seeds, [floor] if has_floor else []])
    if style.log_axis_if_wide(axes, "x", points):
        ends = np.concatenate([points, table["high"]])
        axes.set_xlim(np.nanmin(points) / 1.2, np.nanmax(ends) * 1.1)
    for y, row in enumerate(table.itertuples()):
        look = styles[row.variant]
        low = row.low if axes.get_xscale() == "linear" else max(row.low, axes.get_xlim()[0])
        axes.plot([low, row.high], [y, y], color=look["color"], solid_capstyle="butt")
        axes.plot(row.mean, y, look["marker"], color=look["color"], markersize=5)
        own = seeds.loc[row.variant]
        axes.plot(own, np.full(len(own), y + 0.24), ".", color=look["color"], markersize=3)
        text = "baseline" if row.role == "baseline" else OUTCOMES.get(row.outcome, "")
        text = text if np.isfinite(row.mean) else "does not apply"
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center")
    labels = list(table["label"])
    if has_floor:
        axes.axvline(floor, **style.FLOOR)
        axes.plot(floor, count - 1, "|", color=style.GREY, markersize=9)
        axes.text(1.02, count - 1, "floor", transform=axes.get_yaxis_transform(), va="center")
        labels.append("real data")
    axes.set(ylim=(count - 0.4, -0.6), xlabel=style.metric_label(metric))
    axes.set_yticks(range(count), labels)
    axes.tick_params(axis="y", length=0)
    return figure


@style.styled
def along_axis(
    table: pd.DataFrame,
    runs: pd.DataFrame,
    styles: dict[str, dict],
    values: dict[str, float],
    axis_label: str,
) -> Figure:
    """The metric of one comparison against a number that its arms differ in, e.g. σ or L.

    table and runs: as for `comparison`. values: per variant its number, for every arm; where the
    baseline has one too, it is a point of the curve besides its band. Bars and band are 95 %
    intervals, small dots seeds; hollow points do not differ from the baseline beyond their
    interval. Axes are logarithmic where all values are positive and, for the metric, wide. Arms
    without the metric (NaN) are left out.
    """
    metric, floor = table["metric"].iloc[0], table["floor"].iloc[0]
    baseline = table[table["role"] == "baseline"].iloc[0]
    curve = table[table["variant"].isin(list(values)) & table["mean"].notna()]
    curve = curve.assign(x=curve["variant"].map(values)).sort_values("x", kind="stable")
    seeds = runs.groupby(["variant", "seed"])[metric].mean()
    own = {name: seeds.loc[name].dropna() for name in curve["variant"]}

    figure = Figure(figsize=(style.PAGE_WIDTH, 2.7))
    axes = figure.subplots()
    if curve["x"].min() > 0:
        style.log_axis(axes, "x", curve["x"])
        style.ticks_at(axes, curve["x"])
    points = np.concatenate([curve["mean"], [baseline["mean"], floor], *own.values()])
    if style.log_axis_if_wide(axes, "y", points):
        ends = np.concatenate([points, curve["high"], [baseline["high"]]])
        axes.set_ylim(np.nanmin(points) / 1.25, np.nanmax(ends) * 1.15)
    axes.plot(curve["x"], curve["mean"], color=style.GREY, linewidth=0.9, zorder=1)
    for row in curve.itertuples():
        _point(axes, row, own[row.variant], styles[row.variant])
    handles = _references(axes, baseline, floor, styles[baseline["variant"]])
    if (curve["outcome"] == "inconclusive").any():
        hollow = {
            "marker": "o",
            "markerfacecolor": style.PAPER,
            "color": style.GREY,
            "linestyle": "",
        }
        handles.append((Line2D([], [], **hollow), "inconclusive against it"))
    axes.set(xlabel=axis_label, ylabel=style.metric_label(metric).replace(" (", "\n("))
    if handles:
        figure.legend(*zip(*handles, strict=True), loc="outside right upper", handlelength=2.2)
    return figure


def _point(axes: Axes, row: tuple, seeds: pd.Series, look: dict[str, str]) -> None:
    """One variant of a curve: its mean, its interval, and its seeds beside it."""
    colour = look["color"]
    axes.plot([row.x, row.x], [row.low, row.high], color=colour, solid_capstyle="butt", zorder=2)
    face = style.PAPER if row.outcome == "inconclusive" else colour
    mark = {"color": colour, "markerfacecolor": face, "markersize": 5, "zorder": 3}
    axes.plot(row.x, row.mean, look["marker"], **mark)
    beside = offset_copy(axes.transData, axes.figure, x=5, units="points")
    axes.plot(np.full(len(seeds), row.x), seeds, ".", color=colour, markersize=3, transform=beside)


def _references(axes: Axes, baseline: pd.Series, floor: float, look: dict[str, str]) -> list[tuple]:
    """Lines across for the baseline, on its interval, and for the floor; their legend entries."""
    handles = []
    if np.isfinite(baseline["mean"]):
        label = style.wrapped(f"{baseline['label']} (baseline)", 24)
        line = axes.axhline(baseline["mean"], color=look["color"], linewidth=0.9, zorder=1)
        handles.append((line, label))
        if np.isfinite(baseline["low"]):
            band = {"color": look["color"], "alpha": 0.13, "linewidth": 0, "zorder": 0}
            patch = axes.axhspan(baseline["low"], baseline["high"], **band)
            handles[-1] = ((patch, line), label)
    if np.isfinite(floor):
        handles.append((axes.axhline(floor, **style.FLOOR), "real data (floor)"))
    return handles


@style.styled
def tuning(table: pd.DataFrame, labels: dict[str, str], styles: dict[str, dict]) -> Figure:
    """The metric against the relative step size, a line per variant of `labels`.

    The chosen point is ringed; chains that diverged (value NaN) are crosses in the strip on top.
    """
    table = table[table["variant"].isin(labels.keys())]
    tuned = {name: label for name, label in labels.items() if name in set(table["variant"])}
    diverged = table[table["value"].isna()]
    height = max(2.8, 0.5 + 0.17 * len(tuned))
    figure = Figure(figsize=(style.PAGE_WIDTH, height))
    strip, axes = figure.subplots(2, 1, sharex=True, height_ratios=(0.09, 1))
    style.log_axis(axes, "x", table["relative_step_size"])
    style.log_axis(axes, "y", table["value"])
    for name in tuned:
        own = table[table["variant"] == name].sort_values("relative_step_size")
        look = styles[name]
        axes.plot(own["relative_step_size"], own["value"], **look)
        best = own[own["chosen"]]
        axes.plot(
            best["relative_step_size"],
            best["value"],
            "o",
            color=look["color"],
            fillstyle="none",
            markersize=9,
        )
    crosses = diverged.sort_values(
        "variant", key=lambda names: names.map(list(tuned).index), kind="stable"
    )
    pairs = zip(crosses["relative_step_size"], crosses["variant"], strict=True)
    style.diverged_strip(strip, pairs, styles)
    axes.set(
        xlabel="step size relative to the noise variance (ringed: the chosen one)",
        ylabel=style.metric_label(table["metric"].iloc[0]).replace(" (", "\n("),
    )
    style.legend(figure, tuned, styles, "right upper")
    return figure
