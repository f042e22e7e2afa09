"""Reports as single HTML files that need nothing else: no network, no scripts, no other files."""

import base64
import re
from collections import Counter
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scoreladder.catalog import METRICS
from scoreladder.report import numbers

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
) -> str:
    """The report of one experiment as HTML.

    experiment: name, title, description, missing {path: reason} and unjudged (claims, in words).
    claims: id, says, verdict and checks of each. comparisons: (name, title, metric and optionally
    its own figure; its table). figures: title, caption, svg (a path, or the text itself) and
    optionally the table of its numbers, {"columns", "rows"}, and an animated PNG's path.
    provenance: facts by name, nested where they belong together. notes: remarks on how the numbers
    came about, by heading.
    """
    return (
        _environment()
        .get_template("experiment.html")
        .render(
            experiment=experiment,
            claims=claims,
            counts=verdict_counts(claims),
            comparisons=[_comparison(comparison, table) for comparison, table in comparisons],
            figures=[_figure(figure) for figure in figures],
            config_text=config_text,
            provenance=_facts(provenance),
            notes=notes,
        )
    )


def render_index(entries: list[dict], absent: list[str], provenance: dict) -> str:
    """The page over all experiments as HTML.

    entries: title, description, link (relative, to the experiment's page), claims, the number of
    results missing, and a headline figure or None. absent: titles of experiments without a page.
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
    return template.render(entries=prepared, absent=absent, provenance=_facts(provenance))


def verdict_counts(claims: list[dict]) -> dict[str, int]:
    """How many claims have each verdict that occurs, in the order of VERDICTS."""
    counts = Counter(claim["verdict"] for claim in claims)
    return {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}


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
