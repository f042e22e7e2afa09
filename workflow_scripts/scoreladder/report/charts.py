"""Interactive charts: Vega-Lite specifications whose colours are the page's CSS variables.

So that a chart follows the page from light to dark and onto paper without being drawn again.
"""

from functools import cache

import numpy as np
import pandas as pd

# colours --series-0 and so on of style.css, in the order of the figures' own; then their dashes
COLOURS, DASHES = 7, ([1, 0], [6, 3], [2, 2], [6, 2, 2, 2])
# points of a line on a screen; and how many lines can still be told apart at first sight
MOST_POINTS, FEW = 80, 12
HEIGHT = 240
OUTCOMES = {
    "baseline": ("var(--ink)", "diamond"),
    "better": ("var(--good)", "triangle-up"),
    "worse": ("var(--bad)", "triangle-down"),
    "inconclusive": ("var(--quiet)", "circle"),
}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
CONFIG = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--ink)",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "gridColor": "var(--line)",
        "gridOpacity": 0.6,
        "domainColor": "var(--quiet)",
        "tickColor": "var(--quiet)",
        "labelOverlap": "greedy",
        "labelSeparation": 6,
    },
    "rule": {"color": "var(--quiet)"},
}
TOOLTIP = [
    {"field": "variant"},
    {"field": "told", "title": "mean [95 % interval]"},
    {"field": "gap_told", "title": "difference [95 % interval]"},
    {"field": "outcome"},
]
LEVELS = {
    "loss": "Held-out loss E‖σs + z‖² / D",
    "share": "Share of the weighted loss × L",
    "score_error": "Score error σ‖s − ∇log p‖, rms",
}


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, which sets window.vegaEmbed."""
    # here, because importing it takes a while
    import vl_convert

    text = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # an HTML parser ends or hides a script at these, wherever they stand in it
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("the charts' script cannot stand in a page: it holds </script or <!--")
    # a scope of its own: its names are one letter long
    return f"(() => {{\n{text}\n}})();"


def versions() -> dict[str, str]:
    """Of the libraries that draw the charts."""
    import vl_convert

    return {
        "Vega": vl_convert.get_vega_version(),
        "Vega-Lite": vl_convert.get_vegalite_versions()[-1],
        "Vega-Embed": vl_convert.get_vega_embed_version(),
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
            "color": _scaled("variant", every, [each["colour"] for each in legend]),
            "strokeDash": _scaled("variant", every, [each["dash"] for each in legend]),
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
    return {"title": title, "spec": _chart(description, content)}


def explorer() -> dict:
    """Specifications of the explorer without their data: by variant, and along a number.

    {"variant", "number": {"metric", "difference"}}. Rows have variant, x (the number), mean, low,
    high, seeds, gap, gap_low, gap_high, outcome, and told and gap_told for the tooltip.
    """
    return {
        along: {part: _explored(along, part) for part in ("metric", "difference")}
        for along in ("variant", "number")
    }


def _explored(along: str, part: str) -> dict:
    value, other = ("x", "y") if along == "variant" else ("y", "x")
    mean, low, high = (
        ("mean", "low", "high") if part == "metric" else ("gap", "gap_low", "gap_high")
    )
    names, looks = list(OUTCOMES), list(OUTCOMES.values())
    colour = _scaled("outcome", names, [look[0] for look in looks])
    shape = _scaled("outcome", names, [look[1] for look in looks])
    measured, across = {"type": "quantitative"}, {"field": "x", "type": "quantitative"}
    if along == "variant":
        across = {"field": "variant", "type": "nominal", "sort": None, "title": None}
    placed = {other: across, "color": colour, "tooltip": TOOLTIP}
    seeds = {
        "transform": [{"flatten": ["seeds"], "as": ["seed"]}],
        "mark": {"type": "point", "filled": True, "size": 16, "opacity": 0.55, "aria": False}
        | {f"{other}Offset": 8},
        "encoding": {value: measured | {"field": "seed"}, **placed},
    }
    # no difference, or the floor where one is known
    reference = {
        "data": {"values": [{}]},
        "mark": {"type": "rule", "strokeDash": [4, 3], "aria": False},
        "encoding": {value: measured | {"datum": 0}},
    }
    ends = {value: measured | {"field": low}, f"{value}2": {"field": high}, **placed}
    middle = {value: measured | {"field": mean}, "shape": shape, **placed}
    layers = [
        {"mark": {"type": "rule", "strokeWidth": 2, "aria": False}, "encoding": ends},
        {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 1}, "encoding": middle},
    ]
    return _chart("", {"layer": [reference, *([seeds] if part == "metric" else []), *layers]})


def _scaled(field: str, domain: list, scale_range: list) -> dict:
    """An encoding of names by colours, dashes or shapes, without a legend."""
    scale = {"domain": domain, "range": scale_range}
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}


def _format(values: np.ndarray) -> str:
    """How these are written on an axis: 200k, but 0.05."""
    return "~s" if values.max() >= 1e4 else ",~r"


def _wide(values: np.ndarray) -> bool:
    """Whether an axis of these should be logarithmic, as in the figures."""
    return bool(values.min() > 0 and values.max() > 10 * values.min())


def _chart(description: str, content: dict) -> dict:
    """A specification as wide as what holds it, in the page's look."""
    return {
        "description": description,
        "width": "container",
        "height": HEIGHT,
        "config": CONFIG,
        **content,
    }
