"""Figures of sweeps: what network evaluations buy, and where the mixing weights of samples end."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scoreladder.plotting import style
from scoreladder.statistics import mean_interval

REFERENCE = "annealed_langevin"
TRUE_WEIGHT = 0.8
EXACT = {"marker": "D", "color": style.INK, "markersize": 4.5, "linestyle": ""}
LEARNED = {"marker": "o", "color": style.COLOURS[2], "markersize": 5}


@style.styled
def nfe_sweep(
    table: pd.DataFrame, labels: dict[str, str], metric: str, floor: float = np.nan
) -> Figure:
    """A metric against network evaluations, a line per sampler of `labels`, in that order.

    table: columns sampler, row (the place of a sampler's budget in the sweep, the same for all
    seeds), seed, nfe (the evaluations really spent) and the metric; NaN where chains diverged.
    Lines are means over seeds, shades their 95 % intervals. The thin line across is the annealed
    Langevin run of most evaluations, the dashed one the floor, where known. A budget at which any
    seed diverged is a cross in the strip on top.
    """
    table = table[table["sampler"].isin(list(labels))]
    styles = style.palette(list(labels))
    means = _means(table, metric)
    lost = means[means["mean"].isna()]

    figure = Figure(figsize=(style.PAGE_WIDTH, 3.4 if lost.empty else 3.6))
    if lost.empty:
        axes = figure.subplots()
    else:
        strip, axes = figure.subplots(2, 1, sharex=True, height_ratios=(0.08, 1))
        style.diverged_strip(strip, zip(lost["nfe"], lost["sampler"], strict=True), styles)
    style.log_axis(axes, "x", means["nfe"])
    points = np.append(means["mean"], floor)
    if np.nanmin(points) > 0:
        style.log_axis(axes, "y", points)
        axes.set_ylim(np.nanmin(points) / 1.15, np.nanmax(points) * 1.25)
    for name in labels:
        own = means[(means["sampler"] == name) & means["mean"].notna()]
        shade = {"color": styles[name]["color"], "alpha": 0.13, "linewidth": 0}
        axes.fill_between(own["nfe"], own["low"], own["high"], **shade)
        axes.plot(own["nfe"], own["mean"], **styles[name])
    axes.set(
        xlabel="network evaluations per sample (NFE)",
        ylabel=style.metric_label(metric).replace(" (", "\n("),
    )
    handles = [Line2D([], [], **styles[name], label=label) for name, label in labels.items()]
    handles += _references(axes, means, labels, styles, floor)
    figure.legend(handles=handles, loc="outside right upper", handlelength=2.6)
    return figure


def _means(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Per sampler and budget: mean evaluations, and the metric's interval over seeds.

    NaN where a seed has none: the mean of those that remain would flatter.
    """
    rows = []
    for (sampler, _), own in table.groupby(["sampler", "row"], sort=False):
        found = mean_interval(own[metric])
        rows.append({"sampler": sampler, "nfe": own["nfe"].mean(), **found._asdict()})
    return pd.DataFrame(rows).sort_values("nfe", kind="stable")


def _references(
    axes: Axes, means: pd.DataFrame, labels: dict[str, str], styles: dict[str, dict], floor: float
) -> list[Line2D]:
    """Lines across for the longest annealed Langevin run and for the floor, where there are any."""
    lines = []
    longest = means[(means["sampler"] == REFERENCE) & means["mean"].notna()].tail(1)
    for found in longest.itertuples():
        label = f"{labels[REFERENCE]},\n{found.nfe:.0f} evaluations"
        look = {"color": styles[REFERENCE]["color"], "linewidth": 0.7, "zorder": 1}
        lines.append(axes.axhline(found.mean, **look, label=label))
    if np.isfinite(floor):
        lines.append(axes.axhline(floor, **style.FLOOR, label="real data (floor)"))
    return lines


@style.styled
def mixing_weights(table: pd.DataFrame) -> Figure:
    """Song & Ermon's toy (arXiv 1907.05600, section 3.2.2): the heavy mode's share of the samples.

    table: columns configuration (its printed name, in the order of the rows), score ("exact", once
    per configuration, or "learned", once per seed) and heavy_weight in [0, 1]. Drawn are the exact
    score's share and the learned one's mean, 95 % interval and seeds; dashed: the true weight.
    """
    names = list(table["configuration"].unique())
    figure = Figure(figsize=(style.PAGE_WIDTH, 0.8 + 0.3 * len(names)))
    axes = figure.subplots()
    truth = axes.axvline(TRUE_WEIGHT, **style.FLOOR, label=f"true weight, {TRUE_WEIGHT:g}")
    for y, name in enumerate(names):
        mine = table[table["configuration"] == name].set_index("score")["heavy_weight"]
        exact, learned = mine.loc[["exact"]], mine.loc[["learned"]]
        axes.plot(exact.mean(), y - 0.14, **EXACT, zorder=3)
        found = mean_interval(learned)
        colour = {"color": LEARNED["color"], "zorder": 3}
        axes.plot([found.low, found.high], [y + 0.12] * 2, solid_capstyle="butt", **colour)
        axes.plot(found.mean, y + 0.12, **LEARNED, zorder=3)
        axes.plot(learned, np.full(len(learned), y + 0.32), ".", markersize=3, **colour)
    axes.set(ylim=(len(names) - 0.4, -0.6), xlabel="share of the samples in the heavy mode")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    learned = "learned score:\nmean, 95 % interval,\nseeds as small dots"
    handles = [
        truth,
        Line2D([], [], **EXACT, label="exact score"),
        Line2D([], [], **LEARNED, label=learned),
    ]
    figure.legend(handles=handles, loc="outside right upper", handlelength=2.2)
    return figure
