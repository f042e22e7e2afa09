"""Merging the settings of a variant on top of those it inherits."""

import copy

from scoreladder.blocks import LANGEVIN
from scoreladder.config_lookups import clause

WRITTEN_SAMPLE = "variant.schema.yaml#/$defs/written_sample"


def expand_shorthand(settings: dict) -> dict:
    """A copy in which `weighting: sigma2` reads {kind: sigma2}; likewise density."""
    expanded = copy.deepcopy(settings)
    for block in ("weighting", "density"):
        if isinstance(expanded.get(block), str):
            expanded[block] = {"kind": expanded[block]}
    return expanded


def merge(below: dict, above: dict) -> dict:
    """`above` on top of `below`, as a new dict: mappings merge, other values replace.

    A block of another `kind` replaces the block below it. Where `above` changes the sampler, what
    the new one does not take is dropped.
    """
    if "kind" in below and "kind" in above and below["kind"] != above["kind"]:
        return copy.deepcopy(above)
    merged = copy.deepcopy(below)
    if "sampler" in above and above["sampler"] != below.get("sampler"):
        merged = _taken(merged, above["sampler"])
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def _taken(sample: dict, sampler: str) -> dict:
    """What a sampler takes of a sample block that was written for another one."""
    keys = clause(WRITTEN_SAMPLE, sampler)["propertyNames"]["enum"]
    taken = {key: value for key, value in sample.items() if key in keys}
    if sampler not in LANGEVIN and "ladder" in taken:
        # they follow from its nfe
        taken["ladder"] = {k: v for k, v in taken["ladder"].items() if k != "levels"}
    return taken
