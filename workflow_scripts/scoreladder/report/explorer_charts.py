"""The explorer's two charts, as Vega-Lite specifications that the page fills with numbers."""

from scoreladder.report.vega import chart, scaled

OUTCOMES = {
    "baseline": ("var(--ink)", "diamond"),
    "better": ("var(--good)", "triangle-up"),
    "worse": ("var(--bad)", "triangle-down"),
    "inconclusive": ("var(--quiet)", "circle"),
}
TOOLTIP = [
    {"field": "variant"},
    {"field": "told", "title": "mean [95 % interval]"},
    {"field": "gap_told", "title": "difference [95 % interval]"},
    {"field": "outcome"},
]


def specifications() -> dict:
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
    colour = scaled("outcome", names, [look[0] for look in looks])
    shape = scaled("outcome", names, [look[1] for look in looks])
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
    return chart("", {"layer": [reference, *([seeds] if part == "metric" else []), *layers]})
