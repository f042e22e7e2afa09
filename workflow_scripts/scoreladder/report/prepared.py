"""What the page's templates are given: tables, figures and facts in the form that they print."""

import base64
import math
import re
from collections import Counter
from pathlib import Path

import pandas as pd

from scoreladder.report import numbers
from scoreladder.report.glyphs import glyph

# 8 pt lettering, made for print, reads better on a screen when enlarged
SCREEN_PX_PER_PT = 96 / 72 * 1.2


def overview(entries: list[dict]) -> dict:
    """Every claim of any experiment, in the words of the first, with its verdict by each."""
    found: dict[str, dict] = {}
    for place, entry in enumerate(entries):
        for claim in entry["claims"]:
            blank = {"id": claim["id"], "says": claim["says"], "verdicts": [None] * len(entries)}
            found.setdefault(claim["id"], blank)["verdicts"][place] = claim["verdict"]
    return {"rows": list(found.values())}


def told_apart(variants: dict[str, dict]) -> dict[str, dict]:
    """The variants with labels that no two share: where two do, the names stand beside them."""
    counts = Counter(variant["label"] for variant in variants.values())
    return {
        name: variant | {"label": f"{variant['label']} ({name})"}
        if counts[variant["label"]] > 1
        else variant
        for name, variant in variants.items()
    }


def floors(comparisons: list[tuple[dict, pd.DataFrame]], variants: dict[str, dict]) -> list[dict]:
    """The metric of real samples, once per metric and data set of the comparisons."""
    found = {}
    for comparison, table in comparisons:
        first = table.iloc[0]
        if math.isfinite(first["floor"]):
            key = {"metric": comparison["metric"]}
            key |= {"data": variants[comparison["baseline"]]["data"]}
            told = f"floor: {numbers.count(first['floor_samples'])} real samples"
            floor = {"value": first["floor"], "text": numbers.number(first["floor"])}
            found[tuple(key.values())] = key | floor | {"label": told}
    return list(found.values())


def start(comparisons: list[tuple[dict, pd.DataFrame]], choices: dict) -> dict:
    """What the explorer shows first: the first comparison's metric and baseline."""
    for comparison, _ in comparisons:
        if comparison["metric"] in (metric["name"] for metric in choices["metrics"]):
            return {"metric": comparison["metric"], "baseline": comparison["baseline"]}
    return {"metric": None, "baseline": None}


def drawn(claim: dict, limits: list[float]) -> dict:
    """The claim with its checks' intervals as drawings."""
    pairs = zip(claim["checks"], limits, strict=True)
    return claim | {"checks": [check | {"glyph": glyph(check, limit)} for check, limit in pairs]}


def comparison(settings: dict, table: pd.DataFrame) -> dict:
    """A comparison with the rows of its table, baseline first, and what they have in common."""
    table = table.sort_values("role", key=lambda role: role != "baseline", kind="stable")
    words = ["network", "ladder", "weighting", "density", "objective", "sampler", "outcome"]
    texts = table[words].astype(object)
    texts = texts.where(texts.notna(), numbers.MISSING)
    table = table.assign(**texts, at_grid_edge=table["at_grid_edge"].eq(True))
    drawing = settings.get("figure")
    return {
        "literature": [],
        **settings,
        "rows": table.to_dict("records"),
        "floor": table["floor"].iloc[0],
        "floor_samples": table["floor_samples"].iloc[0],
        "sample_seeds": bool(table["sd_sample"].notna().any()),
        "at_edge": bool(table["at_grid_edge"].any()),
        "figure": drawing and figure(drawing),
    }


def figure(settings: dict) -> dict:
    """The figure with its drawing as a data address, and its size on the screen in pixels."""
    text = settings["svg"]
    encoded = base64.b64encode(text.encode()).decode()
    width, height = (
        round(float(size) * SCREEN_PX_PER_PT)
        for size in re.search(r'<svg[^>]*\bwidth="([\d.]+)pt"', text).groups()
        + re.search(r'<svg[^>]*\bheight="([\d.]+)pt"', text).groups()
    )
    uri = f"data:image/svg+xml;base64,{encoded}"
    found = {"table": None, **settings, "uri": uri, "width": width, "height": height}
    animation = settings.get("animation")
    return found | {"animation": animation and _png_uri(Path(animation).read_bytes())}


def facts(provenance: dict) -> list[tuple[str, str]]:
    """Facts by name, nested or not, as pairs of text."""
    return [(name.replace("_", " "), _fact(value)) for name, value in provenance.items()]


def _png_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def _fact(value: object) -> str:
    """A fact as text; those that belong together in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_fact(part) for part in value)
    return numbers.number(value) if isinstance(value, float) else str(value)
