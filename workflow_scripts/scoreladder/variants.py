"""Experiment files: read, checked, and every variant resolved to its full settings."""

import copy
import json
from contextlib import suppress
from pathlib import Path

from scoreladder import variant_grids
from scoreladder.config_checks import (
    check_claims,
    check_comparisons,
    check_dataset,
    check_features,
    check_inpaint,
    check_showcase,
    check_tuning,
    check_variant,
)
from scoreladder.config_errors import ConfigError, Key, in_file, shown, unknown_name
from scoreladder.config_files import read_yaml
from scoreladder.config_schemas import allowed_keys, check
from scoreladder.variant_merging import SAMPLERS_OWN, expand_shorthand, merge

__all__ = ["ConfigError", "canonical", "load_config", "load_experiment", "read_yaml"]

NOT_INHERITED = ("label", "extends", "reuses")
MAY_DIFFER_WHEN_REUSING = ("label", "reuses", "sample")

Entry = tuple[Key, dict]


def canonical(obj: object) -> str:
    """JSON that is equal for equal values whatever the order of their keys.

    Raises ValueError for NaN and infinities.
    """
    return json.dumps(
        obj, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def load_config(config: dict, root: Path, file: str = "config/config.yaml") -> dict:
    """The checked workflow configuration, {"experiments": [names], "results", "device"}.

    One name alone stands for a list of it. `root` is the repository, `file` what messages call the
    configuration. Raises ConfigError, also when an experiment has no file.
    """
    config = copy.deepcopy(dict(config))
    if isinstance(config.get("experiments"), str):
        config["experiments"] = [config["experiments"]]
    with in_file(file):
        check(config, "config.schema.yaml")
        folder = Path(root) / "config" / "experiments"
        existing = sorted(path.stem for path in folder.glob("*.yaml"))
        rules = _rules(Path(root))
        for index, name in enumerate(config["experiments"]):
            if name in rules:
                found = f"found {shown(name)}, the name of a rule of the workflow"
                allowed = "every experiment is a target too: rename its file"
                raise ConfigError(("experiments", index), found, allowed)
            if name not in existing:
                what = "files in config/experiments"
                raise unknown_name(("experiments", index), name, existing, what)
    return config


def load_others(folder: Path, selected: list[str]) -> dict[str, dict]:
    """The experiments in `folder` that are sound though nobody selected them, by name."""
    others = {}
    for path in sorted(Path(folder).glob("*.yaml")):
        if path.stem not in (*selected, *_rules(path.parents[2])):
            # one that nobody asked for must not stop the others
            with suppress(ConfigError):
                others[path.stem] = load_experiment(path)
    return others


def _rules(root: Path) -> set[str]:
    """Names that rules have, each as its script."""
    return {path.stem for path in (root / "workflow_scripts").glob("*.py")} | {"all"}


def load_experiment(path: Path) -> dict:
    """The checked experiment in a file, nothing left to default.

    Keys: name (the file's stem), title, description, dataset, features (or None), replicates,
    tuning (or None), variants {name: settings}, inpaint (or None), showcase, comparisons and
    claims (each with checks). A variant's settings have label, model (the variant whose trained
    model it samples), noise, weighting, density, denoiser, network, training and sample; sample
    always has a ladder.
    Raises ConfigError.
    """
    path = Path(path)
    raw = read_yaml(path)
    with in_file(path):
        check(raw, "experiment.schema.yaml")
        check_dataset(raw["dataset"])
        entries = _entries(raw)
        defaults = expand_shorthand(raw.get("defaults", {}))
        experiment = {
            "name": path.stem,
            "title": raw["title"],
            "description": raw.get("description", ""),
            "dataset": raw["dataset"],
            "features": raw.get("features"),
            "replicates": raw["replicates"],
            "tuning": raw.get("tuning"),
            "variants": {name: _resolve(name, entries, defaults) for name in entries},
            "inpaint": raw.get("inpaint"),
            "showcase": raw.get("showcase", []),
            "comparisons": [{"title": c["name"], **c} for c in raw.get("comparisons", [])],
            "claims": [_normalised_claim(claim) for claim in raw.get("claims", [])],
        }
        check_features(experiment)
        check_tuning(experiment, {name: where for name, (where, _) in entries.items()})
        check_showcase(experiment)
        check_inpaint(experiment)
        check_comparisons(experiment)
        check_claims(experiment, raw.get("claims", []))
    return experiment


def _entries(raw: dict) -> dict[str, Entry]:
    """Every variant, those of grids included: name → (key path of its source, its settings)."""
    entries: dict[str, Entry] = {
        name: (("variants", name), expand_shorthand(settings))
        for name, settings in raw.get("variants", {}).items()
    }
    for grid_name, grid in raw.get("grids", {}).items():
        where = ("grids", grid_name)
        for name, settings in variant_grids.expand(grid, where):
            check(name, "variant.schema.yaml#/$defs/name", (*where, "name"))
            if name in entries:
                found = f"found a second variant named {shown(name)}"
                raise ConfigError((*where, "name"), found, "names of variants are unique")
            entries[name] = (where, settings)
    if not entries:
        raise ConfigError(("variants",), "missing", "at least one variant, here or from grids")
    return entries


def _resolve(name: str, entries: dict[str, Entry], defaults: dict) -> dict:
    """The full settings of one variant, checked."""
    where, settings = entries[name]
    lineage = _lineage(name, entries)
    resolved = defaults
    for ancestor in reversed(lineage):
        layer = {k: v for k, v in entries[ancestor][1].items() if k not in NOT_INHERITED}
        resolved = merge(resolved, layer)
    resolved["label"] = settings.get("label", name)
    resolved["model"] = next(n for n in lineage if "reuses" not in entries[n][1])
    try:
        check(resolved, "variant.schema.yaml#/$defs/derivable", where)
        _fill_defaults(resolved, where)
        check(resolved, "variant.schema.yaml", where)
        check_variant(resolved, where)
    except ConfigError as error:
        if where[0] == "grids":
            error.found += f" in its variant {name}"
        raise
    return {key: resolved[key] for key in allowed_keys("variant.schema.yaml")}


def _lineage(name: str, entries: dict[str, Entry]) -> list[str]:
    """The variant, the one it extends or reuses, the one that one does, and so on."""
    lineage = [name]
    while True:
        where, settings = entries[lineage[-1]]
        link = _link(where, settings)
        if link is None:
            return lineage
        parent = settings[link]
        if parent not in entries:
            raise unknown_name((*where, link), parent, entries, "variants of this experiment")
        if parent in lineage:
            cycle = " -> ".join([*lineage[lineage.index(parent) :], parent])
            raise ConfigError(
                (*where, link), f"found the cycle {cycle}", "a variant cannot inherit from itself"
            )
        if link == "extends" and "reuses" in entries[parent][1]:
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


def _fill_defaults(variant: dict, where: Key) -> None:
    """Derive, in place, what a merged variant leaves out: density, shards, sampling ladder."""
    noise, sample = variant["noise"], variant["sample"]
    density = variant.setdefault("density", {"kind": "ladder"})
    if density.get("kind") == "log_uniform":
        for key in ("sigma_min", "sigma_max"):
            if key not in density and noise["kind"] == "single":
                allowed = (
                    "needed because the noise is single, so there is no ladder to take it from"
                )
                raise ConfigError((*where, "density", key), "missing", allowed)
            density.setdefault(key, noise.get(key))
    sample.setdefault("shards", 1)
    for sampler, own_key in SAMPLERS_OWN.items():
        if own_key in sample and sampler != sample["sampler"]:
            found = f"found {shown(sample[own_key])} with sampler {sample['sampler']}"
            own = SAMPLERS_OWN[sample["sampler"]]
            allowed = f"only {sampler} has {own_key}; {sample['sampler']} has {own}"
            raise ConfigError((*where, "sample", own_key), found, allowed)
    if sample["sampler"] == "annealed_langevin":
        sample.setdefault("ladder", copy.deepcopy(noise))
        return
    if "sigma" not in sample and noise["kind"] != "single":
        allowed = (
            f"langevin samples at one noise scale and the noise is {noise['kind']}: give sigma"
        )
        raise ConfigError((*where, "sample", "sigma"), "missing", allowed)
    sigma = sample.pop("sigma", noise.get("sigma"))
    sample["ladder"] = {"kind": "single", "sigma": sigma}


def _normalised_claim(claim: dict) -> dict:
    """A claim in which an inline check is the one element of checks."""
    inline = {key: value for key, value in claim.items() if key not in ("id", "says", "checks")}
    return {"id": claim["id"], "says": claim["says"], "checks": claim.get("checks", [inline])}
