"""Figures of results: arms against their baseline, and how the step sizes were chosen."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scoreladder.plotting import style

OUTCOMES = {"better": "▲ better", "worse": "▼ worse", "inconclusive": "○ inconclusive"}


@style.styled
def comparison(table: pd.DataFrame, runs: pd.DataFrame, styles: dict[str, dict]) -> Figure:
    """Dot plot of one comparison: mean and 95 % interval per variant, seeds as small dots.

    table: the comparison's rows; runs: one row per run, with the table's metric as a column.
    The last row is the floor, the metric of other real data, where known.
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
        axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center")
    labels = list(table["label"])
    if has_floor:
        axes.axvline(floor, color=style.GREY, linestyle="--", linewidth=0.9, zorder=0)
        axes.plot(floor, count - 1, "|", color=style.GREY, markersize=9)
        axes.text(1.02, count - 1, "floor", transform=axes.get_yaxis_transform(), va="center")
        labels.append("real data")
    axes.set(ylim=(count - 0.4, -0.6), xlabel=style.metric_label(metric))
    axes.set_yticks(range(count), labels)
    axes.tick_params(axis="y", length=0)
    return figure


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
    for step, group in diverged.groupby("relative_step_size"):
        names = [name for name in tuned if name in set(group["variant"])]
        places = step * np.exp(0.055 * (np.arange(len(names)) - (len(names) - 1) / 2))
        for x, name in zip(places, names, strict=True):
            strip.plot(x, 0, "x", color=styles[name]["color"], markersize=4)
    strip.set_yticks([0], ["diverged"])
    strip.tick_params(axis="both", which="both", length=0, labelbottom=False)
    strip.spines["left"].set_visible(False)
    strip.grid(False)
    axes.set(
        xlabel="step size relative to the noise variance (ringed: the chosen one)",
        ylabel=style.metric_label(table["metric"].iloc[0]).replace(" (", "\n("),
    )
    style.legend(figure, tuned, styles, "right upper")
    return figure
