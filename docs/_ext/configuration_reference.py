"""The configuration reference: every key of config/schemas/, put where the page asks for it."""

from collections.abc import Iterator
from pathlib import Path

from scoreladder.catalog import METRICS
from scoreladder.config_lookups import clauses, place
from scoreladder.config_schemas import allowed

SCHEMAS = Path(__file__).resolve().parents[2] / "config" / "schemas"
PLACE = "<!-- every key -->"
# key → the section that says more of what stands there
SECTIONS = {
    "defaults": "a-variant",
    "datasets": "dataset",
    "variants": "a-variant",
    "grids": "a-grid-of-variants",
    "samplers": "a-sampler-of-nfe-sweep",
    "comparisons": "a-comparison",
    "literature": "a-published-value",
    "claims": "a-claim",
    "checks": "a-check-of-a-claim",
    "metric": "metrics",
    "ladder": "noise",
}
VARIANT, EXPERIMENT = "variant.schema.yaml", "experiment.schema.yaml"
VARIANT_SAID, GRID = f"{EXPERIMENT}#/$defs/variant", f"{EXPERIMENT}#/$defs/grid"
# heading → the mapping that holds the keys, and the one whose clauses say what each kind takes
BLOCKS = {
    "An experiment": (EXPERIMENT, None),
    "dataset": (f"{EXPERIMENT}#/$defs/dataset", f"{EXPERIMENT}#/$defs/dataset"),
    "features": (f"{EXPERIMENT}#/$defs/features", f"{EXPERIMENT}#/$defs/features"),
    "replicates": (f"{EXPERIMENT}#/$defs/replicates", None),
    "tuning": (f"{EXPERIMENT}#/$defs/tuning", None),
    "A variant": (VARIANT_SAID, None),
    "A grid of variants": (GRID, None),
    "noise": (f"{VARIANT}#/$defs/noise", f"{VARIANT}#/$defs/complete_noise"),
    "weighting": (f"{VARIANT}#/$defs/weighting", f"{VARIANT}#/$defs/complete_weighting"),
    "density": (f"{VARIANT}#/$defs/density", f"{VARIANT}#/$defs/complete_density"),
    "network": (f"{VARIANT}#/$defs/network", f"{VARIANT}#/$defs/complete_network"),
    "training": (f"{VARIANT}#/$defs/training", None),
    "sample": (f"{VARIANT}#/$defs/sample", f"{VARIANT}#/$defs/written_sample"),
    "inpaint": (f"{EXPERIMENT}#/$defs/inpaint", None),
    "likelihood": (f"{EXPERIMENT}#/$defs/likelihood", None),
    "nfe_sweep": (f"{EXPERIMENT}#/$defs/nfe_sweep", None),
    "A sampler of nfe_sweep": (f"{EXPERIMENT}#/$defs/swept", None),
    "mixing": (f"{EXPERIMENT}#/$defs/mixing", None),
    "A comparison": (f"{EXPERIMENT}#/$defs/comparison", None),
    "A published value": (f"{EXPERIMENT}#/$defs/published", None),
    "A claim": (f"{EXPERIMENT}#/$defs/claim", None),
    "A check of a claim": (f"{EXPERIMENT}#/$defs/check", None),
    "config/config.yaml": ("config.schema.yaml", None),
}


def reference() -> str:
    """All sections, in Markdown."""
    sections = [_section(title, *schemas) for title, schemas in BLOCKS.items()]
    return "\n".join([*sections, _metrics()])


def _section(title: str, schema: str, chosen: str | None) -> str:
    whole = place(schema)
    # a grid has all keys of a variant beside its own
    left_out = set(place(VARIANT_SAID)["properties"]) if schema == GRID else set()
    rows = [_row(*key) for key in keys(schema) if key[0] not in left_out]
    words = whole.get("description") or f"{whole.get('title', '')}."
    if left_out:
        words += " Beside these keys it may have those of [a variant](#a-variant)."
    parts = [f"## {_heading(title)}", words, _table(["key", "takes", "what it is"], rows)]
    if chosen:
        taken = [_taken(names, then) for names, then in clauses(chosen)]
        parts.append(_table(["choice", "needs", "may have (default)"], taken))
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(title: str) -> str:
    return title if " " in title else f"`{title}`"


def keys(schema: str) -> Iterator[tuple[str, dict, bool]]:
    """Each key of a mapping: its name, what the schema says of it, whether it must be there.

    Raises ValueError for a key that nothing is said of.
    """
    whole = place(schema)
    for name in whole["properties"]:
        said = place(schema, name)
        if "description" not in said:
            raise ValueError(f"{schema}: nothing is said of {name}")
        yield name, said, name in whole.get("required", ())


def _row(name: str, said: dict, required: bool) -> list[str]:
    text = " ".join(said["description"].split())
    if "default" in said:
        text += f" Default: {_code(said['default'])}."
    return [f"`{name}`" + (" (needed)" if required else ""), _takes(name, said), text]


def _takes(name: str, said: dict) -> str:
    """What may stand at a key, with a link to the section that says more."""
    words = allowed(said)
    if said.get("type") == "array":
        items = said["items"]
        words = f"a list; each: {allowed(items)}" if "type" in items else "a list"
    elif said.get("type") == "object" and "x-allowed" not in said:
        words = "a mapping"
    is_block = name in BLOCKS and (words == "a mapping" or "x-allowed" in said)
    section = SECTIONS.get(name, name if is_block else None)
    names_only = words.endswith(": text")
    known = section and not names_only
    return f"{words}; see [{section.replace('-', ' ')}](#{section})" if known else words


def _metrics() -> str:
    """The metrics that comparisons, claims and tuning may name."""
    rows = [
        [
            f"`{name}`",
            metric.label,
            "lower" if metric.lower_is_better else "higher",
            _codes(metric.datasets),
        ]
        for name, metric in METRICS.items()
    ]
    return "## Metrics\n\n" + _table(["name", "what it is", "better when", "measured on"], rows)


def _taken(names: list[str], then: dict) -> list[str]:
    needed = then.get("required", [])
    known = then["propertyNames"]["enum"]
    defaults = {key: said["default"] for key, said in then.get("properties", {}).items()}
    others = [key for key in known if key not in (*needed, "kind", "name", "sampler")]
    told = [f"`{key}`" + (f" ({defaults[key]})" if key in defaults else "") for key in others]
    return [_codes(names), _codes(needed) or "–", ", ".join(told) or "–"]


def _code(value: object) -> str:
    return f"`{value}`" if value not in ("", []) else "none"


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def fill(app, docname: str, source: list[str]) -> None:
    """Sphinx's source-read: the page as it is read."""
    if PLACE in source[0]:
        for path in SCHEMAS.iterdir():
            app.env.note_dependency(str(path), docname=docname)
        source[0] = source[0].replace(PLACE, reference())


def setup(app) -> dict:
    app.connect("source-read", fill)
    return {"parallel_read_safe": True}
