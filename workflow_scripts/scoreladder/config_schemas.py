"""Validation by config/schemas/, with one-line messages in plain words."""

import re
import sys
from collections.abc import Iterator
from functools import cache

import jsonschema
from jsonschema import Draft202012Validator, ValidationError

from scoreladder.config_errors import ConfigError, Key, listed, nearest, shown, unknown_name
from scoreladder.config_lookups import descend, pieces, registry

EXPONENT = re.compile(r"([+-]?\d+)(\.\d*)?[eE]([+-]?)(\d+)")
TYPES = {
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "integer": "a whole number",
    "number": "a finite number",
}
BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def check(value: object, schema: str, key: Key = ()) -> None:
    """Raise a ConfigError for the most telling mistake in `value`, which stands at `key`.

    schema is a file name in config/schemas/, maybe with a fragment: "a.schema.yaml#/$defs/b".
    """
    mistakes: dict[Key, tuple[int, ConfigError]] = {}
    for error in _validator(schema).iter_errors(value):
        for rank, mistake in _explain(error, schema, value, key):
            mistakes.setdefault(mistake.key, (rank, mistake))
    if mistakes:
        _, worst = min(mistakes.values(), key=lambda ranked: ranked[0])
        worst.more = len(mistakes) - 1
        raise worst


def with_floats(value: object, schema: str) -> object:
    """A copy in which whole numbers are floats wherever the schema takes any number.

    20 and 20.0 are then one value also as text.
    """
    return _with_floats(value, schema, ())


def _with_floats(value: object, schema: str, path: Key) -> object:
    if isinstance(value, dict):
        return {key: _with_floats(each, schema, (*path, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_floats(each, schema, (*path, 0)) for each in value]
    return float(value) if type(value) is int and _takes_any_number(schema, path) else value


@cache
def _takes_any_number(schema: str, path: Key) -> bool:
    """Whether what stands at a path may be any number; of lists, the first item stands for all."""
    return any("number" in piece.get("type", ()) for piece, _ in pieces(*descend(schema, path)))


def _is_number(checker: object, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def _is_integer(checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_refer = Draft202012Validator.VALIDATORS["$ref"]
# a reference (its dict lives as long as the registry), and a value that it was found to allow
_sound: set[tuple[int, str]] = set()


def _refer_once(
    validator: Draft202012Validator, ref: str, value: object, schema: dict
) -> Iterator[ValidationError]:
    """The keyword $ref; the variants of a grid share most blocks, and each is checked once."""
    known = (id(schema), repr(value))
    if known not in _sound:
        errors = list(_refer(validator, ref, value, schema))
        yield from errors
        if not errors:
            _sound.add(known)


# jsonschema's own types take NaN for a number and 3.0 for an integer
_Validator = jsonschema.validators.extend(
    Draft202012Validator,
    validators={"$ref": _refer_once},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": _is_number, "integer": _is_integer}
    ),
)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return _Validator({"$ref": schema}, registry=registry())


def _explain(
    error: ValidationError, schema: str, root: object, above: Key
) -> Iterator[tuple[int, ConfigError]]:
    """The mistakes that one validation error stands for, each with a rank: lower is more telling.

    A mistyped key is both unknown and missing; the unknown one has the hint, so it comes first.
    """
    path = tuple(error.absolute_path)
    key = above + path
    value = error.instance
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for name in value:
            if name not in known:
                near = nearest(name, known)
                yield 0, ConfigError((*key, name), "unknown key", f"allowed: {listed(known)}", near)
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in value:
                yield 2, ConfigError((*key, name), "missing", allowed(_at(schema, (*path, name))))
    elif "propertyNames" in list(error.absolute_schema_path)[-2:]:
        yield 1, _wrong_key(error, key, root)
    elif error.validator == "uniqueItems":
        twice = next(item for i, item in enumerate(value) if item in value[:i])
        yield 1, ConfigError(key, f"found {shown(twice)} twice", "an item may appear once")
    else:
        yield 1, _wrong_value(key, value, _at(schema, path))


def _wrong_key(error: ValidationError, key: Key, root: object) -> ConfigError:
    name = error.instance
    if error.validator != "enum":
        return ConfigError((*key, name), f"found the name {shown(name)}", allowed(error.schema))
    block = root
    for part in error.absolute_path:
        block = block[part]
    chooser = next((word for word in ("kind", "sampler", "name") if word in block), None)
    if chooser is None:
        return unknown_name((*key, name), name, error.validator_value, "one of")
    taken = f"{chooser} {block[chooser]} has only: {listed(error.validator_value)}"
    return ConfigError((*key, name), f"found {shown(block[name])}", taken)


def _wrong_value(key: Key, value: object, schema: dict) -> ConfigError:
    types = schema.get("type", [])
    if isinstance(value, str) and ("number" in types or types == "integer"):
        explained = _exponent_hint(value, whole=types == "integer")
        if explained:
            return ConfigError(key, f"found the string {shown(value)}", explained)
    near = nearest(value, schema["enum"]) if isinstance(value, str) and "enum" in schema else None
    return ConfigError(key, f"found {shown(value)}", allowed(schema), near)


def _exponent_hint(text: str, whole: bool) -> str | None:
    """Why YAML 1.1 took a number with an exponent for text, and how to write it; else None."""
    match = EXPONENT.fullmatch(text)
    if match is None:
        return None
    if whole:
        number = float(text)
        return f"a whole number is written out: write {number:.0f}" if number % 1 == 0 else None
    mantissa, fraction, sign, exponent = match.groups()
    needs = ["a dot"] * (not fraction) + ["a sign before the exponent"] * (not sign)
    right = f"{mantissa}{fraction or '.0'}e{sign or '+'}{exponent}"
    return (
        f"YAML reads a number with an exponent only when it has {' and '.join(needs)}: "
        f"write {right}"
    )


def _at(schema: str, path: Key) -> dict:
    """The part of a schema that says what is allowed at `path`; {} where nothing does."""
    words = ("x-allowed", "enum", "type")
    found = [piece for piece, _ in pieces(*descend(schema, path))]
    return next((piece for piece in found if any(word in piece for word in words)), {})


def allowed(schema: dict) -> str:
    """What a schema allows, in plain words."""
    if "x-allowed" in schema:
        return schema["x-allowed"]
    if "enum" in schema:
        return f"one of: {listed(schema['enum'])}"
    kind = schema.get("type")
    if kind == "object":
        names = schema.get("properties")
        return f"a mapping with the keys {listed(names)}" if names else "a mapping"
    if schema.get("minLength") or schema.get("minItems"):
        return "text that is not empty" if kind == "string" else "a list that is not empty"
    bounds = " and ".join(
        f"{sign} {schema[word]}" for word, sign in BOUNDS.items() if word in schema
    )
    return f"{TYPES.get(kind, 'another value')} {bounds}".strip()
