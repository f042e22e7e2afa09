"""Choices by name: what a config block or an argument calls an entry of a table."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any


def entry(table: Mapping[str, Any], name: str, what: str = "kind") -> Any:
    """table[name]. Raises ValueError, naming the entries there are, where it has no such one."""
    if name not in table:
        raise ValueError(f"unknown {what} {name!r}; one of: {', '.join(table)}")
    return table[name]


def register(table: dict[str, Any]) -> Callable[[Callable], Callable]:
    """A decorator that enters a function into a table, by its name without leading underscores."""

    def enter(make: Callable) -> Callable:
        table[make.__name__.lstrip("_")] = make
        return make

    return enter


def from_block(table: Mapping[str, Callable[..., Any]], block: dict, *leading: Any) -> Any:
    """table[kind](*leading, **others) for a config block {kind: …, others…}.

    Raises ValueError where the table has no such kind, or the kind lacks a key or has no such one.
    """
    others = {key: value for key, value in block.items() if key != "kind"}
    make = entry(table, block.get("kind"))
    try:
        # first, so that a TypeError of the kind's own is not taken for one of the block
        inspect.signature(make).bind(*leading, **others)
    except TypeError as error:
        raise ValueError(f"{block['kind']}: {error}") from error
    return make(*leading, **others)
