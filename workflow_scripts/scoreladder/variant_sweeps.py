"""A sweep over samplers and their budgets, as the complete sample blocks that it runs."""

from scoreladder import variant_sampling
from scoreladder.blocks import LANGEVIN
from scoreladder.config_errors import ConfigError, Key, shown
from scoreladder.config_schemas import with_floats
from scoreladder.variant_merging import merge

COMPLETE_SAMPLE = "variant.schema.yaml#/$defs/complete_sample"


def resolve(sweep: dict, noise: dict, written: dict) -> dict:
    """{variant, metric, count, samples}, samples being the runs in the order of the file.

    A run is a pair [sampler, complete sample block].
    Each block starts from `written`, the merged sample block of the sweep's variant, whose training
    noise is `noise`. Raises ConfigError.
    """
    pairs = []
    for name, settings in sweep["samplers"].items():
        where = ("nfe_sweep", "samplers", name)
        variant_sampling.check_chained(name, where)
        axis, other = ("rtol", "nfe") if name == "pf_ode" else ("nfe", "rtol")
        if other in settings:
            found = f"found {shown(settings[other])}"
            raise ConfigError((*where, other), found, f"{name} is swept over {axis}")
        if axis not in settings:
            raise ConfigError((*where, axis), "missing", f"a list of budgets for {name}")
        fixed = {key: value for key, value in settings.items() if key != axis}
        start = {key: value for key, value in written.items() if key != "shards"}
        blocks = []
        for budget in settings[axis]:
            above = fixed | {"sampler": name, "count": sweep["count"], axis: budget}
            block = variant_sampling.complete(merge(start, above), noise, where)
            blocks.append(with_floats(block, COMPLETE_SAMPLE))
        _check_distinct(blocks, where)
        pairs += [[name, block] for block in blocks]
    kept = {key: value for key, value in sweep.items() if key != "samplers"}
    return kept | {"samples": pairs}


def _check_distinct(blocks: list[dict], where: Key) -> None:
    """Raise ConfigError where two budgets of a sampler give the same samples."""
    for number, block in enumerate(blocks):
        for earlier in blocks[:number]:
            if _effective(block) == _effective(earlier):
                found = f"found {block['nfe']} beside {earlier['nfe']}"
                levels = block["ladder"]["levels"]
                allowed = f"budgets that differ: both give {levels} levels with {block['sampler']}"
                raise ConfigError((*where, "nfe"), found, allowed)


def _effective(block: dict) -> dict:
    """What of a complete sample block decides the samples: nfe may do so by the levels alone."""
    if block["sampler"] in LANGEVIN:
        return block
    return {key: value for key, value in block.items() if key != "nfe"}
