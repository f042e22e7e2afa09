"""Experiment files: read, checked, and every variant resolved to its full settings."""

import copy
import json
from contextlib import suppress
from pathlib import Path

from scoreladder import (
    config_blocks,
    config_claims,
    config_datasets,
    config_mixing,
    variant_defaults,
    variant_inheritance,
    variant_sweeps,
)
from scoreladder.catalog import FIGURES
from scoreladder.config_checks import check_names, check_score
from scoreladder.config_errors import ConfigError, Key, in_file, shown, unknown_name
from scoreladder.config_files import read_yaml
from scoreladder.config_lookups import with_defaults
from scoreladder.config_schemas import check, with_floats
from scoreladder.variant_merging import expand_shorthand

__all__ = ["ConfigError", "canonical", "load_config", "load_experiment", "read_yaml"]

PART = "experiment.schema.yaml#/$defs/{}"


def canonical(obj: object) -> str:
    """JSON that is equal for equal values whatever the order of their keys.

    Raises ValueError for NaN and infinities.
    """
    return json.dumps(
        obj, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def load_config(config: dict, root: Path, file: str = "config/config.yaml") -> dict:
    """The checked workflow configuration, {"experiments": [names], "results", "device",
    "orphans"}.

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
    """Names that rules have, each as its script, what it gathers, or the figure that it draws."""
    scripts = {path.stem for path in (root / "workflow_scripts").glob("*.py")}
    return scripts | {"all", "figures"} | {f"plot_{figure}" for figure in FIGURES}


def load_experiment(path: Path) -> dict:
    """The checked experiment in a file, nothing left to default, equal values written alike.

    Keys: name (the file's stem), title, description, dataset, datasets {name: settings} (dataset is
    its main), features (or None), replicates, tuning (or None), variants {name: settings}, inpaint,
    likelihood, nfe_sweep and mixing (or None each), gallery, showcase, comparisons (each with an
    axis, or None), claims (each with checks), missing and unjudged (empty, see `incomplete`).
    nfe_sweep's samples are pairs [sampler, complete
    sample block].
    A variant's settings have label, model (the variant whose trained model it samples), data (the
    name of its data set), noise, weighting, density, objective, denoiser, network, training and
    sample. For networks that draw samples directly, the five from noise to denoiser are None.
    Raises ConfigError.
    """
    path = Path(path)
    raw = read_yaml(path)
    with in_file(path):
        check(raw, "experiment.schema.yaml")
        further = raw.get("datasets", {})
        if "main" in further:
            allowed = "a name other than main, which is the experiment's dataset"
            raise ConfigError(("datasets", "main"), "found the name 'main'", allowed)
        datasets = {"main": raw["dataset"], **further}
        config_datasets.check_datasets(datasets)
        part = PART.format("dataset")
        datasets = {name: with_floats(each, part) for name, each in datasets.items()}
        entries = variant_inheritance.entries(raw)
        wheres = {name: where for name, (where, _) in entries.items()}
        defaults = expand_shorthand(raw.get("defaults", {}))
        merged = {name: variant_inheritance.merged(name, entries, defaults) for name in entries}
        experiment = {
            "name": path.stem,
            "title": raw["title"],
            "description": raw.get("description", ""),
            "dataset": datasets["main"],
            "datasets": datasets,
            "features": _features(raw.get("features")),
            "replicates": raw["replicates"],
            "tuning": with_floats(raw.get("tuning"), PART.format("tuning")),
            "variants": {name: _complete(name, merged, wheres) for name in entries},
            "inpaint": _inpaint(raw.get("inpaint")),
            "likelihood": raw.get("likelihood"),
            "mixing": raw.get("mixing"),
            "gallery": raw.get("gallery", []),
            "showcase": raw.get("showcase", []),
            "comparisons": [
                {"title": each["name"], "axis": None, "literature": [], **each}
                for each in raw.get("comparisons", [])
            ],
            "claims": [_normalised_claim(claim) for claim in raw.get("claims", [])],
            "missing": {},
            "unjudged": [],
        }
        experiment["nfe_sweep"] = _sweep(raw.get("nfe_sweep"), experiment, merged)
        _check_blocks(experiment, wheres, raw.get("claims", []))
    return experiment


def _complete(name: str, merged: dict[str, dict], wheres: dict[str, Key]) -> dict:
    """The full settings of one variant, checked; a mistake in a grid's says which one it is."""
    try:
        return variant_defaults.complete(merged[name], wheres[name])
    except ConfigError as error:
        if wheres[name][0] == "grids":
            error.found += f" in its variant {name}"
        raise


def _features(block: dict | None) -> dict | None:
    """The resolved features block, or None."""
    return None if block is None else with_defaults(block, PART.format("features"))


def _inpaint(block: dict | None) -> dict | None:
    """The resolved inpaint block, or None."""
    left_out = {"methods": ["replacement"], "drawn_masks": [], "operators": []}
    return None if block is None else left_out | block


def _sweep(sweep: dict | None, experiment: dict, merged: dict[str, dict]) -> dict | None:
    """The resolved nfe_sweep block, or None."""
    if sweep is None:
        return None
    key, name = ("nfe_sweep", "variant"), sweep["variant"]
    check_names([(key, name)], experiment["variants"])
    check_score(name, experiment, key)
    noise = experiment["variants"][name]["noise"]
    return variant_sweeps.resolve(sweep, noise, merged[name]["sample"])


def _check_blocks(experiment: dict, wheres: dict[str, Key], claims: list[dict]) -> None:
    config_datasets.check_data(experiment, wheres)
    config_datasets.check_features(experiment)
    config_datasets.check_unets(experiment, wheres)
    config_blocks.check_tuning(experiment, wheres)
    config_blocks.check_showcase(experiment)
    config_blocks.check_gallery(experiment)
    config_blocks.check_inpaint(experiment)
    config_blocks.check_likelihood(experiment)
    config_blocks.check_sweep(experiment)
    config_mixing.check_mixing(experiment)
    config_claims.check_comparisons(experiment)
    config_claims.check_claims(experiment, claims)


def _normalised_claim(claim: dict) -> dict:
    """A claim in which an inline check is the one element of checks."""
    inline = {key: value for key, value in claim.items() if key not in ("id", "says", "checks")}
    checks = [with_floats(each, PART.format("check")) for each in claim.get("checks", [inline])]
    return {"id": claim["id"], "says": claim["says"], "checks": checks}
