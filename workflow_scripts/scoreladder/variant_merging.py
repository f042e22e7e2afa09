"""Merging the settings of a variant on top of those it inherits."""

import copy

SAMPLERS_OWN = {"langevin": "sigma", "annealed_langevin": "ladder"}


def expand_shorthand(settings: dict) -> dict:
    """A copy in which `weighting: sigma2` reads {kind: sigma2}; likewise density."""
    expanded = copy.deepcopy(settings)
    for block in ("weighting", "density"):
        if isinstance(expanded.get(block), str):
            expanded[block] = {"kind": expanded[block]}
    return expanded


def merge(below: dict, above: dict) -> dict:
    """`above` on top of `below`, as a new dict: mappings merge, other values replace.

    A block of another `kind` replaces the block below it. Where `above` changes the sampler, the
    key that only the former sampler has is dropped.
    """
    if "kind" in below and "kind" in above and below["kind"] != above["kind"]:
        return copy.deepcopy(above)
    merged = copy.deepcopy(below)
    if "sampler" in above and above["sampler"] != below.get("sampler"):
        for sampler, own_key in SAMPLERS_OWN.items():
            if sampler != above["sampler"]:
                merged.pop(own_key, None)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged
