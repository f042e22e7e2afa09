"""Reading YAML strictly: every way in which a file can be unreadable is one line."""

from pathlib import Path

import yaml

from scoreladder.config_errors import ConfigError, in_file, shown


class StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which also refuses duplicate keys and keys that are not text."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.tag != "tag:yaml.org,2002:str" or not isinstance(key.value, str):
                name = key.value if isinstance(key.value, str) else "[…]"
                found = f"line {line}: found the key {name}, which YAML does not read as text"
                raise ConfigError((), found, "keys are text: put it in quotes")
            if key.value in seen:
                found = f"line {line}: found the key {shown(key.value)} again"
                allowed = f"a key may appear once, and this one is in line {seen[key.value]}"
                raise ConfigError((), found, allowed)
            seen[key.value] = line
        return node


def read_yaml(path: Path | str) -> dict:
    """The mapping in a YAML file.

    Raises ConfigError when the file is missing, unreadable, empty, not UTF-8, not YAML, has
    duplicate keys, or holds something else than a mapping.
    """
    with in_file(path):
        value = _parse(_read_text(Path(path)))
        if value is None:
            raise ConfigError((), "the file is empty", "a mapping of keys to values")
        if not isinstance(value, dict):
            raise ConfigError((), f"found {shown(value)}", "a mapping of keys to values")
        return value


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError((), f"cannot be read: {error.strerror}", "a YAML file") from None
    except UnicodeDecodeError as error:
        found = f"byte {error.start + 1} is not UTF-8"
        raise ConfigError((), found, "a text file in UTF-8") from None


def _parse(text: str) -> object:
    try:
        return yaml.load(text, StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        context = f" ({error.context})" if error.context else ""
        raise ConfigError((), f"{where}{error.problem}{context}", "valid YAML") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError((), str(error), "valid YAML") from None
    except RecursionError:
        raise ConfigError((), "found a too deeply nested value", "valid YAML") from None
