"""Reports as single HTML files that need nothing else: no network and no other files.

They can be read without JavaScript; with it, tables sort, charts answer and numbers tell where they
come from.
"""

import base64
import json
import math
import re
from collections import Counter
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scoreladder import config_queries
from scoreladder.catalog import METRICS
from scoreladder.report import charts, explorer_charts, numbers, vega
from scoreladder.report.details import details
from scoreladder.report.explore import explored
from scoreladder.report.glyphs import glyph, references
from scoreladder.report.trajectory import frames

HERE = Path(__file__).parent
VERDICTS = {"reproduced": "✓", "not reproduced": "✗", "inconclusive": "?"}
OUTCOMES = {"better": "▲", "worse": "▼", "inconclusive": "○"}
# 8 pt lettering, made for print, reads better on a screen when enlarged
SCREEN_PX_PER_PT = 96 / 72 * 1.2


def render(
    experiment: dict,
    claims: list[dict],
    comparisons: list[tuple[dict, pd.DataFrame]],
    figures: list[dict],
    config_text: str,
    provenance: dict,
    notes: dict[str, str],
    summary: dict[str, pd.DataFrame],
    trajectory: dict | None = None,
) -> str:
    """The report of one experiment as HTML.

    experiment: as resolved, with missing {path: reason} and unjudged (claims, in words). claims:
    id, says, verdict and checks of each. comparisons: (name, title, metric, baseline and optionally
    its own figure; its table). figures: title, caption, svg (a path, or the text itself) and
    optionally the table of its numbers, {"columns", "rows"}, and an animated PNG's path.
    provenance: facts by name, nested where they belong together. notes: remarks on how the numbers
    came about, by heading. summary: the tables runs, curves and levels of `runs.gather`.
    trajectory: caption, and animation, the path of an animated PNG of sampling, its labels beside
    it, see `trajectory.frames`.
    """
    variants = _told_apart(experiment["variants"])
    labels = {name: variant["label"] for name, variant in variants.items()}
    shown = config_queries.main_variants(experiment)
    if len(shown) > charts.FEW:
        shown = config_queries.shown_variants(experiment)
    groups = charts.training(summary["curves"], summary["levels"], labels, shown)
    choices = explored(variants, summary["runs"]) | {"floors": _floors(comparisons, variants)}
    pictures = frames(trajectory["animation"]) if trajectory else []
    page_data = {
        "explore": choices,
        "specs": explorer_charts.specifications(),
        "details": details(variants, summary["runs"]),
        "charts": [{"name": group["name"], "panels": group["panels"]} for group in groups],
        "trajectory": pictures,
    }
    limits = {claim["id"]: references(claim) for claim in experiment["claims"]}
    return (
        _environment()
        .get_template("experiment.html")
        .render(
            experiment=experiment,
            claims=[_drawn(claim, limits[claim["id"]]) for claim in claims],
            counts=verdict_counts(claims),
            comparisons=[_comparison(comparison, table) for comparison, table in comparisons],
            figures=[_figure(figure) for figure in figures],
            config_text=config_text,
            provenance=_facts(provenance | {"charts": vega.versions()}),
            notes=notes,
            explore=choices,
            start=_start(comparisons, choices),
            charts=groups,
            frames=pictures,
            trajectory=trajectory,
            page_data=_json(page_data),
            bundle=Markup(vega.bundle()),
        )
    )


def render_index(entries: list[dict], absent: list[str], provenance: dict) -> str:
    """The page over all experiments as HTML.

    entries: name, title, description, link (relative, to the experiment's page), claims, the number
    of results missing, and a headline figure or None. absent: titles of experiments without a page.
    """
    prepared = [
        {
            **entry,
            "counts": verdict_counts(entry["claims"]),
            "figure": entry["figure"] and _figure(entry["figure"]),
        }
        for entry in entries
    ]
    template = _environment().get_template("index.html")
    return template.render(
        entries=prepared,
        absent=absent,
        provenance=_facts(provenance),
        overview=_overview(entries),
        page_data=_json({}),
    )


def verdict_counts(claims: list[dict]) -> dict[str, int]:
    """How many claims have each verdict that occurs, in the order of VERDICTS."""
    counts = Counter(claim["verdict"] for claim in claims)
    return {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}


def _overview(entries: list[dict]) -> dict:
    """Every claim of any experiment, in the words of the first, with its verdict by each."""
    found: dict[str, dict] = {}
    for place, entry in enumerate(entries):
        for claim in entry["claims"]:
            blank = {"id": claim["id"], "says": claim["says"], "verdicts": [None] * len(entries)}
            found.setdefault(claim["id"], blank)["verdicts"][place] = claim["verdict"]
    return {"rows": list(found.values())}


def _told_apart(variants: dict[str, dict]) -> dict[str, dict]:
    """The variants with labels that no two share: where two do, the names stand beside them."""
    counts = Counter(variant["label"] for variant in variants.values())
    return {
        name: variant | {"label": f"{variant['label']} ({name})"}
        if counts[variant["label"]] > 1
        else variant
        for name, variant in variants.items()
    }


def _floors(comparisons: list[tuple[dict, pd.DataFrame]], variants: dict[str, dict]) -> list[dict]:
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


def _start(comparisons: list[tuple[dict, pd.DataFrame]], choices: dict) -> dict:
    """What the explorer shows first: the first comparison's metric and baseline."""
    for comparison, _ in comparisons:
        if comparison["metric"] in (metric["name"] for metric in choices["metrics"]):
            return {"metric": comparison["metric"], "baseline": comparison["baseline"]}
    return {"metric": None, "baseline": None}


def _drawn(claim: dict, limits: list[float]) -> dict:
    """The claim with its checks' intervals as drawings."""
    pairs = zip(claim["checks"], limits, strict=True)
    return claim | {"checks": [check | {"glyph": glyph(check, limit)} for check, limit in pairs]}


def _json(value: object) -> Markup:
    """JSON that may stand in a script element whatever its texts hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _sorted_by(value: float | None) -> Markup:
    """The attribute that a script sorts a cell by; empty where there is no number."""
    known = value is not None and math.isfinite(value)
    return Markup(f'data-value="{float(value)!r}"' if known else 'data-value=""')


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": numbers.number,
        "setting": numbers.setting,
        "count": numbers.count,
        "sorted_by": _sorted_by,
    }
    environment.globals |= {
        "interval": numbers.interval,
        "metrics": METRICS,
        "verdict_icons": VERDICTS,
        "outcome_icons": OUTCOMES,
    }
    return environment


def _comparison(comparison: dict, table: pd.DataFrame) -> dict:
    table = table.sort_values("role", key=lambda role: role != "baseline", kind="stable")
    words = ["network", "ladder", "weighting", "density", "objective", "sampler", "outcome"]
    texts = table[words].astype(object)
    texts = texts.where(texts.notna(), numbers.MISSING)
    table = table.assign(**texts, at_grid_edge=table["at_grid_edge"].eq(True))
    figure = comparison.get("figure")
    return {
        "literature": [],
        **comparison,
        "rows": table.to_dict("records"),
        "floor": table["floor"].iloc[0],
        "floor_samples": table["floor_samples"].iloc[0],
        "sample_seeds": bool(table["sd_sample"].notna().any()),
        "at_edge": bool(table["at_grid_edge"].any()),
        "figure": figure and _figure(figure),
    }


def _figure(figure: dict) -> dict:
    """The figure with its drawing as a data address, and its size on the screen in pixels."""
    svg = figure["svg"]
    text = str(svg)
    if not text.lstrip().startswith("<"):
        text = Path(svg).read_text(encoding="utf-8")
    encoded = base64.b64encode(text.encode()).decode()
    width, height = (
        round(float(size) * SCREEN_PX_PER_PT)
        for size in re.search(r'<svg[^>]*\bwidth="([\d.]+)pt"', text).groups()
        + re.search(r'<svg[^>]*\bheight="([\d.]+)pt"', text).groups()
    )
    uri = f"data:image/svg+xml;base64,{encoded}"
    found = {"table": None, **figure, "uri": uri, "width": width, "height": height}
    animation = figure.get("animation")
    return found | {"animation": animation and _png_uri(Path(animation).read_bytes())}


def _png_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def _facts(provenance: dict) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _fact(value)) for name, value in provenance.items()]


def _fact(value: object) -> str:
    """A fact as text; those that belong together in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_fact(part) for part in value)
    return numbers.number(value) if isinstance(value, float) else str(value)
