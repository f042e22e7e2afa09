"""Figures of training: the loss over time, and what each noise level contributes."""

import pandas as pd
from matplotlib.figure import Figure

from scoreladder.plotting import style


@style.styled
def learning_curves(
    curves: pd.DataFrame, labels: dict[str, str], styles: dict[str, dict]
) -> Figure:
    """Training loss against images seen, mean over seeds, a line per variant of `labels`.

    Losses under different weightings differ in scale: compare the shapes, not the heights.
    """
    trained = {name: label for name, label in labels.items() if name in set(curves["variant"])}
    means = curves.groupby(["variant", "images"])["loss"].mean()
    height = max(2.8, 0.5 + 0.17 * len(trained))
    figure = Figure(figsize=(style.PAGE_WIDTH, height))
    axes = figure.subplots()
    for name in trained:
        own = means.loc[name]
        axes.plot(own.index, own.values, markevery=0.12, **styles[name])
    style.log_axis(axes, "x", curves["images"])
    style.log_axis_if_wide(axes, "y", means.loc[list(trained)])
    axes.set(xlabel="training images", ylabel="training loss")
    style.legend(figure, trained, styles, "right upper")
    return figure


@style.styled
def levels(table: pd.DataFrame, labels: dict[str, str], styles: dict[str, dict]) -> Figure:
    """Per noise level, against σ: held-out loss, share of the weighted loss, and score error.

    Means over seeds, for the variants of `labels`. One-level ladders have no shares to show; the
    score error has a panel where it is known.
    """
    table = table[table["variant"].isin(labels.keys())]
    shown = {name: label for name, label in labels.items() if name in set(table["variant"])}
    panels = {"loss": "held-out loss  E‖σs + z‖² / D", "share": "share of the weighted loss"}
    counts = table.groupby("variant")["level"].nunique()
    ladders = counts[counts > 1]
    if ladders.empty:
        del panels["share"]
    if "score_error" in table and table["score_error"].notna().any():
        panels["score_error"] = "score error  σ‖s − ∇log p‖, rms"
    means = table.groupby(["variant", "level"])[["sigma", *panels]].mean()

    columns = 2 if max(map(len, shown.values())) > 30 else 3
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(style.PAGE_WIDTH, 2.4 + 0.17 * rows))
    every = figure.subplots(1, len(panels), squeeze=False).flat
    for axes, (column, title) in zip(every, panels.items(), strict=True):
        drawn = list(ladders.index) if column == "share" else list(shown)
        for name in shown:
            if name in drawn:
                axes.plot(means.loc[name]["sigma"], means.loc[name][column], **styles[name])
        style.log_axis(axes, "x", means["sigma"])
        style.log_axis_if_wide(axes, "y", means.loc[drawn][column])
        axes.set(xlabel="noise scale σ", title=title)
        if column == "share" and ladders.nunique() == 1:
            axes.axhline(1 / ladders.iloc[0], color=style.GREY, linestyle="--", linewidth=0.8)
    style.legend(figure, shown, styles, "lower center", columns)
    return figure
