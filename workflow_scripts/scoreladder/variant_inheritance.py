"""Who a variant inherits from, and what its settings are once all of that is merged."""

from scoreladder import variant_grids
from scoreladder.config_errors import ConfigError, Key, listed, shown, unknown_name
from scoreladder.config_queries import DIRECT
from scoreladder.config_schemas import check
from scoreladder.variant_merging import expand_shorthand, merge

NOT_INHERITED = ("label", "extends", "reuses")
MAY_DIFFER_WHEN_REUSING = ("label", "reuses", "sample")
# what a model has only if it is a score
OF_SCORES = ("noise", "weighting", "density", "objective", "denoiser")
OF_DIRECT_SAMPLES = ("sampler", "count", "shards")

Entry = tuple[Key, dict]


def entries(raw: dict) -> dict[str, Entry]:
    """Every variant, those of grids included: name → (key path of its source, its settings)."""
    found: dict[str, Entry] = {
        name: (("variants", name), expand_shorthand(settings))
        for name, settings in raw.get("variants", {}).items()
    }
    for grid_name, grid in raw.get("grids", {}).items():
        where = ("grids", grid_name)
        for name, settings in variant_grids.expand(grid, where):
            check(name, "variant.schema.yaml#/$defs/name", (*where, "name"))
            if name in found:
                twice = f"found a second variant named {shown(name)}"
                raise ConfigError((*where, "name"), twice, "names of variants are unique")
            found[name] = (where, settings)
    if not found:
        raise ConfigError(("variants",), "missing", "at least one variant, here or from grids")
    return found


def merged(name: str, every: dict[str, Entry], defaults: dict) -> dict:
    """A variant's settings over those that it inherits, with its label and model.

    Raises ConfigError, also for settings of scores that are written for a model that is none.
    """
    lineage = _lineage(name, every)
    settings = defaults
    for ancestor in reversed(lineage):
        where, written = every[ancestor]
        layer = {key: value for key, value in written.items() if key not in NOT_INHERITED}
        settings = merge(settings, layer)
        kind = settings.get("network", {}).get("kind")
        if kind in DIRECT:
            _check_direct(layer, kind, where)
    model = next(ancestor for ancestor in lineage if "reuses" not in every[ancestor][1])
    return settings | {"label": every[name][1].get("label", name), "model": model}


def _check_direct(layer: dict, kind: str, where: Key) -> None:
    """Raise ConfigError where a layer of a direct model holds what only score models have."""
    for key in OF_SCORES:
        if key in layer:
            allowed = f"a network of kind {kind} has no {listed(OF_SCORES)}"
            raise ConfigError((*where, key), f"found {shown(layer[key])}", allowed)
    sample = layer.get("sample", {})
    for key in sample:
        if key not in OF_DIRECT_SAMPLES:
            allowed = f"a network of kind {kind} draws samples directly: give only count and shards"
            raise ConfigError((*where, "sample", key), f"found {shown(sample[key])}", allowed)
    if sample.get("sampler", "direct") != "direct":
        found = f"found {shown(sample['sampler'])}"
        allowed = f"a network of kind {kind} has only: direct"
        raise ConfigError((*where, "sample", "sampler"), found, allowed)


def _lineage(name: str, every: dict[str, Entry]) -> list[str]:
    """The variant, the one it extends or reuses, the one that one does, and so on."""
    lineage = [name]
    while True:
        where, settings = every[lineage[-1]]
        link = _link(where, settings)
        if link is None:
            return lineage
        parent = settings[link]
        if parent not in every:
            raise unknown_name((*where, link), parent, every, "variants of this experiment")
        if parent in lineage:
            cycle = " -> ".join([*lineage[lineage.index(parent) :], parent])
            raise ConfigError(
                (*where, link), f"found the cycle {cycle}", "a variant cannot inherit from itself"
            )
        if link == "extends" and "reuses" in every[parent][1]:
            found = f"found {shown(parent)}, which itself reuses another variant's model"
            raise ConfigError((*where, link), found, "to share that model, use reuses")
        lineage.append(parent)


def _link(where: Key, settings: dict) -> str | None:
    """Which of extends and reuses a variant has, checked."""
    if "reuses" not in settings:
        return "extends" if "extends" in settings else None
    if "extends" in settings:
        found = f"found {shown(settings['reuses'])} beside extends"
        raise ConfigError((*where, "reuses"), found, "a variant extends or reuses, not both")
    for key, value in settings.items():
        if key not in MAY_DIFFER_WHEN_REUSING:
            found = f"found {shown(value)} beside reuses: {settings['reuses']}"
            allowed = "a variant that reuses a trained model may give only label and sample"
            raise ConfigError((*where, key), found, allowed)
    return "reuses"
