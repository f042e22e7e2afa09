"""Interactive charts of training: learning curves, and what each noise level is worth."""

import numpy as np
import pandas as pd

from scoreladder.report import vega

# colours --series-0 and so on of style.css, in the order of the figures' own; then their dashes
COLOURS, DASHES = 7, ([1, 0], [6, 3], [2, 2], [6, 2, 2, 2])
# points of a line on a screen; and how many lines can still be told apart at first sight
MOST_POINTS, FEW = 80, 12
LEVELS = {
    "loss": "Held-out loss E‖σs + z‖² / D",
    "share": "Share of the weighted loss × L",
    "score_error": "Score error σ‖s − ∇log p‖, rms",
}


def training(
    curves: pd.DataFrame, levels: pd.DataFrame, labels: dict[str, str], shown: list[str]
) -> list[dict]:
    """Groups of charts with one legend: learning curves, and what each noise level is worth.

    curves, levels: the tables of `runs.gather`; labels: of all variants, in their order, which
    fixes their colours; shown: those that are drawn at first. Returns {name, title, caption, legend
    [{label, colour, dash, shown}], panels [{title, spec}]} of each group that has any lines.
    """
    looks = {name: _look(place) for place, name in enumerate(labels)}
    groups = (
        ("curves", "Learning curves", "Mean over training seeds.", curve_panels(curves, labels)),
        ("levels", "By noise level", "Mean over training seeds.", level_panels(levels, labels)),
    )
    found = []
    for name, title, caption, every in groups:
        lines = [panel for panel in every if panel[1]]
        drawn = [each for each in labels if any(each in own for _, own, _ in lines)]
        if not drawn:
            continue
        first = [each for each in drawn if each in shown] or drawn[:FEW]
        legend = [looks[each] | {"label": labels[each], "shown": each in first} for each in drawn]
        panels = [_lines(title, own, titles, labels, legend) for title, own, titles in lines]
        found.append(
            {"name": name, "title": title, "caption": caption, "legend": legend, "panels": panels}
        )
    return found


def curve_panels(curves: pd.DataFrame, labels: dict[str, str]) -> list[tuple]:
    """(title, {variant: (images, loss)}, axis titles) of each kind of loss."""
    panels = []
    for kind in curves["loss_kind"].unique() if len(curves) else ():
        own = curves[curves["loss_kind"] == kind]
        means = own.groupby(["variant", "images"])["loss"].mean().dropna()
        lines = {name: means.loc[name] for name in labels if name in means}
        title = kind[0].upper() + kind[1:]
        panels.append((title, _pairs(lines), ("training images", "training loss")))
    return panels


def level_panels(levels: pd.DataFrame, labels: dict[str, str]) -> list[tuple]:
    """(title, {variant: (sigma, value)}, axis titles) of each quantity known by noise level."""
    if not len(levels):
        return []
    counts = levels.groupby("variant")["level"].nunique()
    share = levels["share"] * levels["variant"].map(counts)
    # a single level has all of the loss
    levels = levels.assign(share=share.where(levels["variant"].map(counts) > 1))
    panels = []
    for column, title in LEVELS.items():
        if column in levels and levels[column].notna().any():
            known = levels.dropna(subset=column)
            means = known.groupby(["variant", "level"])[["sigma", column]].mean()
            lines = {
                name: means.loc[name].set_index("sigma")[column]
                for name in labels
                if name in means.index
            }
            panels.append((title, _pairs(lines), ("noise scale σ", "")))
    return panels


def _pairs(lines: dict[str, pd.Series]) -> dict[str, tuple[list, list]]:
    """Of each line MOST_POINTS at most, evenly spaced in the logarithm of their place."""
    pairs = {}
    for name, line in lines.items():
        line = line[np.isfinite(line)]
        if line.empty:
            continue
        places = np.geomspace(1, max(len(line), 1), MOST_POINTS).round().astype(int) - 1
        few = line.iloc[np.unique(places)] if len(line) > MOST_POINTS else line
        pairs[name] = tuple(
            [float(f"{value:.4g}") for value in values] for values in (few.index, few)
        )
    return pairs


def _look(place: int) -> dict:
    colour = f"var(--series-{place % COLOURS})"
    return {"colour": colour, "dash": DASHES[place // COLOURS % len(DASHES)]}


def _lines(
    title: str,
    lines: dict[str, tuple[list, list]],
    titles: tuple[str, str],
    labels: dict[str, str],
    legend: list[dict],
) -> dict:
    """{title, spec} of a line per variant; signal `shown` is the list of labels to draw."""
    rows = [{"variant": labels[name], "x": x, "y": y} for name, (x, y) in lines.items()]
    every = [each["label"] for each in legend]
    places, values = (np.concatenate(each) for each in zip(*lines.values(), strict=True))
    few = max(len(x) for x, _ in lines.values()) <= 2 * FEW
    content = {
        "data": {"values": rows},
        "params": [{"name": "shown", "value": [each["label"] for each in legend if each["shown"]]}],
        "transform": [
            {"filter": "indexof(shown, datum.variant) >= 0"},
            {"flatten": ["x", "y"]},
        ],
        "mark": {"type": "line", "strokeWidth": 1.8, "aria": False}
        | ({"point": {"size": 34}} if few else {}),
        "encoding": {
            "x": {
                "field": "x",
                "type": "quantitative",
                "title": titles[0],
                "scale": {"type": "log", "nice": False},
                "axis": {"tickCount": 5, "format": _format(places), "grid": False},
            },
            "y": {
                "field": "y",
                "type": "quantitative",
                "title": titles[1] or None,
                "scale": {"type": "log"} if _wide(values) else {"zero": False},
                "axis": {"tickCount": 5, "format": ",~r"},
            },
            "color": vega.scaled("variant", every, [each["colour"] for each in legend]),
            "strokeDash": vega.scaled("variant", every, [each["dash"] for each in legend]),
            "tooltip": [
                {"field": "variant"},
                {"field": "x", "title": titles[0], "format": _format(places)},
                {"field": "y", "title": titles[1] or "value", "format": ".3~g"},
            ]
            if few
            else [{"field": "variant"}],
        },
    }
    description = f"{title} against {titles[0]}, a line per variant."
    return {"title": title, "spec": vega.chart(description, content)}


def _format(values: np.ndarray) -> str:
    """How these are written on an axis: 200k, but 0.05."""
    return "~s" if values.max() >= 1e4 else ",~r"


def _wide(values: np.ndarray) -> bool:
    """Whether an axis of these should be logarithmic, as in the figures."""
    return bool(values.min() > 0 and values.max() > 10 * values.min())
