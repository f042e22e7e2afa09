"""Docstrings here are plain text with `code`; Sphinx would read them as reStructuredText."""

import re

# what reStructuredText takes for markup, outside of `code`
SPECIAL = re.compile(r"[\\*|]|_\b(?!\w)|\b\w+_(?=\W|$)")
CODE = re.compile(r"(`[^`]+`)")


def escaped(line: str) -> str:
    """A line in which `code` is literal, and nothing else is markup."""
    parts = CODE.split(line)
    return "".join(
        f"`{part}`" if CODE.fullmatch(part) else SPECIAL.sub(_escape, part) for part in parts
    )


def _escape(match: re.Match) -> str:
    text = match[0]
    return f"{text[:-1]}\\_" if text.endswith("_") else f"\\{text}"


def process(app, what, name, obj, options, lines: list[str]) -> None:
    """Sphinx's autodoc-process-docstring: changes the lines in place."""
    lines[:] = [escaped(line) for line in lines]


def setup(app) -> dict:
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True}
