"""Reports as single HTML files that need nothing else: no network and no other files.

They can be read without JavaScript; with it, tables sort, charts answer and numbers tell where they
come from.
"""

import json
import math
from collections import Counter
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scoreladder import config_queries
from scoreladder.catalog import METRICS
from scoreladder.report import charts, explorer_charts, numbers, prepared, vega
from scoreladder.report.details import details
from scoreladder.report.explore import explored
from scoreladder.report.glyphs import references
from scoreladder.report.trajectory import frames

HERE = Path(__file__).parent
VERDICTS = {"reproduced": "✓", "not reproduced": "✗", "inconclusive": "?"}
OUTCOMES = {"better": "▲", "worse": "▼", "inconclusive": "●"}


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
    its own figure; its table). figures: title, caption, svg (the text itself) and
    optionally the table of its numbers, {"columns", "rows"}, and an animated PNG's path.
    provenance: facts by name, nested where they belong together. notes: remarks on how the numbers
    came about, by heading. summary: the tables runs, curves and levels of `runs.gather`.
    trajectory: caption, and animation, the path of an animated PNG of sampling, its labels beside
    it, see `trajectory.frames`.
    """
    variants = prepared.told_apart(experiment["variants"])
    labels = {name: variant["label"] for name, variant in variants.items()}
    shown = config_queries.main_variants(experiment)
    if len(shown) > charts.FEW:
        shown = config_queries.shown_variants(experiment)
    groups = charts.training(summary["curves"], summary["levels"], labels, shown)
    choices = explored(variants, summary["runs"]) | {
        "floors": prepared.floors(comparisons, variants)
    }
    pictures = frames(trajectory["animation"]) if trajectory else []
    page_data = {
        "explore": choices,
        "icons": OUTCOMES,
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
            claims=[prepared.drawn(claim, limits[claim["id"]]) for claim in claims],
            counts=verdict_counts(claims),
            comparisons=[
                prepared.comparison(comparison, table) for comparison, table in comparisons
            ],
            figures=[prepared.figure(figure) for figure in figures],
            config_text=config_text,
            provenance=prepared.facts(provenance | {"charts": vega.versions()}),
            notes=notes,
            explore=choices,
            start=prepared.start(comparisons, choices),
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
    every = [
        {
            **entry,
            "counts": verdict_counts(entry["claims"]),
            "figure": entry["figure"] and prepared.figure(entry["figure"]),
        }
        for entry in entries
    ]
    template = _environment().get_template("index.html")
    return template.render(
        entries=every,
        absent=absent,
        provenance=prepared.facts(provenance),
        overview=prepared.overview(entries),
        page_data=_json({}),
    )


def verdict_counts(claims: list[dict]) -> dict[str, int]:
    """How many claims have each verdict that occurs, in the order of VERDICTS."""
    counts = Counter(claim["verdict"] for claim in claims)
    return {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}


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
    environment.filters |= numbers.FILTERS | {"sorted_by": _sorted_by}
    environment.globals |= {
        "interval": numbers.interval,
        "metrics": METRICS,
        "verdict_icons": VERDICTS,
        "outcome_icons": OUTCOMES,
    }
    return environment
