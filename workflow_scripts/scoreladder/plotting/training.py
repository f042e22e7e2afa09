"""Figures of training: the loss over time, and what each noise level contributes."""

import pandas as pd
from matplotlib.figure import Figure

from scoreladder.plotting import style

# levels of a ladder whose every marker can be told apart
FEW = 30


@style.styled
def learning_curves(
    curves: pd.DataFrame, labels: dict[str, str], styles: dict[str, dict]
) -> Figure:
    """Training loss against images seen, mean over seeds, a line per variant of `labels`.

    Losses under different weightings differ in scale: compare the shapes, not the heights. Where
    `curves` has a column `loss_kind`, the printed name of what the loss is, each kind has a panel:
    a likelihood, an adversarial loss and a score-matching loss share no axis.
    """
    trained = {name: label for name, label in labels.items() if name in set(curves["variant"])}
    curves = curves[curves["variant"].isin(list(trained))]
    if "loss_kind" not in curves:
        curves = curves.assign(loss_kind="")
    kinds = list(dict.fromkeys(curves["loss_kind"]))
    rows, columns = -(-len(kinds) // 2), min(len(kinds), 2)
    height = max(2.8, 1.9 * rows, 0.5 + 0.17 * len(trained))
    figure = Figure(figsize=(style.PAGE_WIDTH, height))
    every = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in every[len(kinds) :]:
        axes.remove()
    for axes, kind in zip(every, kinds, strict=False):
        own = curves[curves["loss_kind"] == kind]
        means = own.groupby(["variant", "images"])["loss"].mean()
        for name in trained:
            if name in means:
                line = means.loc[name]
                axes.plot(line.index, line.values, markevery=0.12, **styles[name])
        style.log_axis(axes, "x", own["images"])
        style.log_axis_if_wide(axes, "y", means)
        axes.set(xlabel="training images", ylabel="training loss")
        if len(kinds) > 1:
            axes.set_title(kind)
    style.legend(figure, trained, styles, "right upper")
    return figure


@style.styled
def levels(table: pd.DataFrame, labels: dict[str, str], styles: dict[str, dict]) -> Figure:
    """Per noise level, against σ: held-out loss, share of the weighted loss, and score error.

    Means over seeds, for those variants of `labels` that have levels. Shares are multiples of an
    even one, 1/L, so that ladders of unlike L compare; one-level ladders have none to show. The
    score error has a panel where it is known.
    """
    table = table[table["variant"].isin(labels.keys())]
    shown = {name: label for name, label in labels.items() if name in set(table["variant"])}
    panels = {"loss": "held-out loss  E‖σs + z‖² / D", "share": "share of the weighted loss × L"}
    counts = table.groupby("variant")["level"].nunique()
    ladders = counts[counts > 1]
    table = table.assign(share=table["share"] * table["variant"].map(counts))
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
                every_few = None if counts[name] <= FEW else 0.12
                line = means.loc[name]
                axes.plot(line["sigma"], line[column], markevery=every_few, **styles[name])
        style.log_axis(axes, "x", means["sigma"])
        style.log_axis_if_wide(axes, "y", means.loc[drawn][column])
        axes.set(xlabel="noise scale σ", title=title)
        if column == "share":
            axes.axhline(1, **style.FLOOR)
    style.legend(figure, shown, styles, "lower center", columns)
    return figure
