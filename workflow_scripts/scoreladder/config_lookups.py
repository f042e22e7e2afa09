"""Looking things up in config/schemas/: keys, choices and what each choice takes."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SCHEMAS = Path(__file__).resolve().parents[2] / "config" / "schemas"
# every job reads the schemas: in C, where PyYAML has that, it takes a tenth of the time
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def allowed_keys(schema: str) -> list[str]:
    """The keys of the mapping that a schema describes."""
    return list(registry().resolver().lookup(schema).contents["properties"])


def clauses(schema: str) -> list[tuple[list[str], dict]]:
    """Which kinds (or samplers, or names) each clause of a block is for, and its `then`."""
    return _clauses(registry().resolver().lookup(schema).contents)


def choices(schema: str) -> list[str]:
    """The kinds (or samplers, or names) of a block that its schema has a clause for."""
    return [name for names, _ in clauses(schema) for name in names]


def clause(schema: str, chosen: str | None) -> dict:
    """What a block's schema says of one kind (or sampler): the `then` that names it; {} if none."""
    return next((then for names, then in clauses(schema) if chosen in names), {})


def _clauses(block: dict) -> list[tuple[list[str], dict]]:
    found = []
    for each in block["allOf"]:
        (choice,) = each["if"]["properties"].values()
        found.append((choice.get("enum", [choice.get("const")]), each["then"]))
    return found


def _fill_choices(schema: object, defs: dict) -> None:
    """Give each part with `x-choices: BLOCK` the enum of what the clauses of $defs/BLOCK name."""
    if isinstance(schema, dict):
        if "x-choices" in schema:
            schema["enum"] = [
                name for names, _ in _clauses(defs[schema["x-choices"]]) for name in names
            ]
        for part in schema.values():
            _fill_choices(part, defs)
    elif isinstance(schema, list):
        for part in schema:
            _fill_choices(part, defs)


def with_defaults(block: dict, schema: str, chooser: str = "kind") -> dict:
    """A copy of a block in which what its kind (or sampler) may leave out has its default."""
    parts = clause(schema, block.get(chooser)).get("properties", {})
    defaults = {name: part["default"] for name, part in parts.items() if name not in block}
    return block | defaults


def place(schema: str, *path: str | int) -> dict:
    """All that is said of what stands at a path; where parts of a schema differ, the outermost's.

    schema is a file name in config/schemas/, maybe with a fragment: "a.schema.yaml#/$defs/b".
    """
    said: dict = {}
    for piece, _ in pieces(*descend(schema, path)):
        said = piece | said
    return said


def descend(schema: str, path: Iterable[str | int]) -> tuple[dict, Any]:
    """The part of a schema that stands at a path, and the resolver of its file."""
    found, resolver = {"$ref": schema}, registry().resolver()
    for part in path:
        found, resolver = below(found, resolver, part)
    return found, resolver


@cache
def registry() -> Registry:
    """All schemas, by file name."""
    found = Registry()
    for path in SCHEMAS.glob("*.schema.yaml"):
        schema = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
        # where a referenced schema names its dialect, jsonschema goes back to its own types
        del schema["$schema"]
        _fill_choices(schema, schema.get("$defs", {}))
        found = found.with_resource(path.name, DRAFT202012.create_resource(schema))
    return found


def pieces(schema: dict, resolver: Any) -> Iterator[tuple[dict, Any]]:
    """The schema and all that apply in the same place, each with the resolver of its file."""
    yield schema, resolver
    if "$ref" in schema:
        found = resolver.lookup(schema["$ref"])
        yield from pieces(found.contents, found.resolver)
    for part in [*schema.get("allOf", []), schema.get("then"), schema.get("else")]:
        if part is not None:
            yield from pieces(part, resolver)


def _children(schema: dict, resolver: Any, part: str | int) -> Iterator[tuple[dict, Any]]:
    for piece, where in pieces(schema, resolver):
        if isinstance(part, int) and "items" in piece:
            yield piece["items"], where
        elif part in piece.get("properties", {}):
            yield piece["properties"][part], where
        elif isinstance(piece.get("additionalProperties"), dict):
            yield piece["additionalProperties"], where


def below(schema: dict, resolver: Any, part: str | int) -> tuple[dict, Any]:
    """The schema of one part of a mapping or list; one that says nothing where there is none."""
    return next(_children(schema, resolver, part), ({}, resolver))
