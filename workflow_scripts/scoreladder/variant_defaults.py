"""What a merged variant leaves out, derived; the whole of it checked."""

from scoreladder import variant_sampling
from scoreladder.config_checks import check_at_most, check_known_levels, check_range, check_shards
from scoreladder.config_errors import ConfigError, Key, shown
from scoreladder.config_lookups import allowed_keys, clause, with_defaults
from scoreladder.config_queries import DIRECT
from scoreladder.config_schemas import check, with_floats

SCHEMA = "variant.schema.yaml"
BLOCK = f"{SCHEMA}#/$defs/complete_{{}}"


def complete(variant: dict, where: Key) -> dict:
    """The full settings of a merged variant; what a direct model has not is None.

    Raises ConfigError, with key paths below `where`.
    """
    variant = {"data": "main"} | variant
    if variant.get("network", {}).get("kind") in DIRECT:
        variant = _complete_direct(variant, where)
    else:
        variant = _complete_score(variant, where)
    variant["training"] = _training(variant, (*where, "training"))
    return with_floats({key: variant.get(key) for key in allowed_keys(SCHEMA)}, SCHEMA)


def _complete_score(variant: dict, where: Key) -> dict:
    check(variant, f"{SCHEMA}#/$defs/derivable", where)
    variant = {"objective": "dsm", "density": {"kind": "ladder"}} | variant
    for block in ("noise", "weighting", "network"):
        if block in variant:
            variant[block] = with_defaults(variant[block], BLOCK.format(block))
    noise = variant["noise"]
    check_range(noise, (*where, "noise"))
    variant["density"] = _density(variant["density"], noise, (*where, "density"))
    variant["sample"] = variant_sampling.complete(variant["sample"], noise, (*where, "sample"))
    check(variant, SCHEMA, where)
    check_range(variant["density"], (*where, "density"))
    _check_conditioning(variant, where)
    check_known_levels(variant, variant["sample"], (*where, "sample"))
    return variant


def _complete_direct(variant: dict, where: Key) -> dict:
    sample = variant.get("sample", {})
    kept = ("label", "model", "data", "network", "training")
    variant = {key: variant[key] for key in kept if key in variant}
    variant["sample"] = {"sampler": "direct", "shards": 1} | {
        key: sample[key] for key in ("count", "shards") if key in sample
    }
    check(variant, f"{SCHEMA}#/$defs/direct", where)
    check_shards(variant["sample"], (*where, "sample"))
    variant["sample"]["nfe"] = 1
    return variant


def _training(variant: dict, where: Key) -> dict:
    """A checked variant's training block with nothing left to default; raises ConfigError."""
    written = variant["training"]
    defaults = {"micro_batch": written["batch_size"], "precision": "float32", "compile": False}
    training = defaults | written
    check_at_most(training, "batch_size", "images", where)
    check_at_most(training, "micro_batch", "batch_size", where)
    if training["batch_size"] % training["micro_batch"]:
        allowed = f"a divisor of batch_size, which is {training['batch_size']}"
        raise ConfigError((*where, "micro_batch"), f"found {training['micro_batch']}", allowed)
    kind = variant["network"]["kind"]
    for key in ("precision", "compile"):
        if kind in DIRECT and training[key] != defaults[key]:
            found = f"found {shown(training[key])} with a network of kind {kind}"
            raise ConfigError((*where, key), found, "only score models are sped up")
    if training["compile"] and variant["objective"] != "dsm":
        found = f"found true with the objective {variant['objective']}"
        raise ConfigError((*where, "compile"), found, "only dsm takes no second derivatives")
    return training


def _density(density: dict, noise: dict, where: Key) -> dict:
    """A density in which what it leaves out is the noise's, where that has it, or the default."""
    schema = BLOCK.format("density")
    chosen = clause(schema, density.get("kind"))
    keys = chosen.get("propertyNames", {}).get("enum", [])
    density = {key: noise[key] for key in keys if key in noise} | density
    if density.get("kind") == "log_uniform":
        for key in chosen["required"]:
            if key not in density:
                allowed = f"needed because the noise is {noise['kind']}, which has no {key}"
                raise ConfigError((*where, key), "missing", allowed)
    return with_defaults(density, schema)


def _check_conditioning(variant: dict, where: Key) -> None:
    """Raise ConfigError where a network is told the index of a level and there may be none."""
    if variant["network"]["conditioning"] != "index":
        return
    found = None
    if variant["noise"]["kind"] == "single":
        found = "the noise is single"
    elif variant["density"]["kind"] not in ("ladder", "importance"):
        found = f"the density is {variant['density']['kind']}"
    if found:
        allowed = "an index needs a ladder of levels, and a density of kind ladder or importance"
        where = (*where, "network", "conditioning")
        raise ConfigError(where, f"found 'index' where {found}", allowed)
