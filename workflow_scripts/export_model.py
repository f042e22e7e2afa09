"""Export a trained model as a folder to share: python workflow_scripts/export_model.py --help."""

import argparse
import sys
from pathlib import Path

from scoreladder import commands, exporting, variants
from scoreladder.config_errors import unknown_name
from scoreladder.errors import JobFailed

ROOT = Path(__file__).parents[1]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        description=(
            "Export a trained model of a finished run: its weights, all that made them and a model "
            "card, as one folder that needs neither the workflow nor its results."
        ),
        epilog=commands.EPILOG,
    )
    add = found.add_argument
    add("model", metavar="EXPERIMENT:VARIANT", help="whose model, e.g. digits:multi")
    add("to", metavar="FOLDER", help="the folder to write; an earlier export there is replaced")
    add("--seed", default="0", help="which of its training seeds (%(default)s)")
    add(
        "--diffusers",
        action="store_true",
        help="write a pipeline of the diffusers package too, FOLDER/diffusers",
    )
    return found


def read_experiment(name: str) -> dict:
    """The experiment of that name. Raises ConfigError where there is none, or it has a mistake."""
    folder = ROOT / "config" / "experiments"
    existing = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in existing:
        raise unknown_name(("experiment",), name, existing, "files in config/experiments")
    return variants.load_experiment(folder / f"{name}.yaml")


def export_model(model: str, to: str, seed: str, diffusers: bool) -> None:
    """Write the export of the model that the command names, and say where it is."""
    name, colon, variant = model.partition(":")
    if not (name and colon and variant):
        raise JobFailed(f"model: found {model!r}; EXPERIMENT:VARIANT, such as digits:multi")
    if not to:
        raise JobFailed("folder: found nothing; the name of the folder to write")
    experiment = read_experiment(name)
    if variant not in experiment["variants"]:
        what = f"variants of {name}"
        raise unknown_name(("variant",), variant, experiment["variants"], what)
    seeds = [str(each) for each in experiment["replicates"]["train_seeds"]]
    if seed not in seeds:
        raise unknown_name(("seed",), seed, seeds, f"training seeds of {name}")
    config = variants.load_config(variants.read_yaml(ROOT / "config" / "config.yaml"), ROOT)
    results = Path(config["results"]) / name
    exporting.export(experiment, results, variant, int(seed), Path(to), diffusers)
    print(f"{to}: {model}, seed {seed}; {Path(to) / exporting.CARD} tells how to load it")


def main(arguments: list[str]) -> None:
    """Run the command; SystemExit with status 2, having said why in one line, where it cannot."""
    given = parser().parse_args(arguments)
    # what diffusers has no equal of
    with commands.answered(ValueError):
        export_model(**vars(given))


if __name__ == "__main__":
    main(sys.argv[1:])
