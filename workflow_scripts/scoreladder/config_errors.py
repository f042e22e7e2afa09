"""One-line messages for mistakes in configuration files."""

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

Key = tuple[str | int, ...]

SHOWN_CHARACTERS = 60
SHOWN_NAMES = 20


class ConfigError(Exception):
    """A mistake in a configuration file.

    str() is one line: `<file>: <key path>: <what was found>; <what is allowed>`, then the nearest
    valid name and the number of further mistakes where there are any. The file is filled in by
    `in_file`, so that checks need not know it.
    """

    def __init__(self, key: Key, found: str, allowed: str, near: str | None = None, more: int = 0):
        super().__init__(key, found, allowed, near, more)
        self.file = ""
        self.key, self.found, self.allowed, self.near, self.more = key, found, allowed, near, more

    def __str__(self) -> str:
        text = f"{self.found}; {self.allowed}"
        if self.near is not None:
            text += f"; did you mean {self.near!r}?"
        if self.more:
            text += f" (and {self.more} more)"
        parts = [part for part in (self.file, dotted(self.key), text) if part]
        return " ".join(": ".join(parts).split())


@contextmanager
def in_file(path: Path | str) -> Iterator[None]:
    """Name `path` in every ConfigError raised inside."""
    try:
        yield
    except ConfigError as error:
        error.file = error.file or shown_path(path)
        raise


def shown_path(path: Path | str) -> str:
    """The path as given, or relative to the working directory if it is below it."""
    absolute = Path(path).absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else path)


def dotted(key: Key) -> str:
    """The key path as text: ("comparisons", 0, "arms") → comparisons[0].arms."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[\w.-]+", part) else repr(part)
            text += f".{name}" if text else name
    return text


def shown(value: object) -> str:
    """A value as a message shows it: its repr, shortened to 60 characters."""
    if value is None:
        return "nothing"
    text = repr(value)
    if len(text) > SHOWN_CHARACTERS:
        text = text[: SHOWN_CHARACTERS - 1] + "…"
    return text


def listed(names: Iterable[str]) -> str:
    """Names with commas, a long list cut short."""
    names = [str(name) for name in names]
    rest = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f", … ({rest} more)" if rest > 0 else "")


def nearest(name: object, names: Iterable[str]) -> str | None:
    """The valid name that a mistyped one most resembles, or None."""
    by_lowercase = {valid.lower(): valid for valid in names}
    matches = difflib.get_close_matches(str(name).lower(), by_lowercase, n=1)
    return by_lowercase[matches[0]] if matches else None


def unknown_name(key: Key, name: object, names: Iterable[str], what: str) -> ConfigError:
    """The error for a name that should be one of `names`; `what` says what those are."""
    names = list(names)
    allowed = f"{what}: {listed(names)}" if names else f"{what}: there are none"
    return ConfigError(key, f"found {shown(name)}", allowed, nearest(name, names))
