"""Runs whose numbers were kept, found by an address: PLACE or PLACE:VARIANT.

PLACE is an experiment, whose latest results are meant, or a folder with its tables: that of a run,
such as results/digits, or one to which they were copied, such as results/reference/digits.
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from scoreladder.config_errors import ConfigError, in_file, listed, nearest, unknown_name
from scoreladder.config_files import read_yaml

RUNS, SETTINGS = "runs.csv", "experiment.yaml"
# of a configuration, and of each of its variants, what a comparison looks up
KEYS = {"datasets", "features", "replicates", "tuning", "variants"}
VARIANT_KEYS = {"data", "model", "sample"}
EXAMPLE = "results/reference/digits"


class Kept(NamedTuple):
    """A run: what it was called, where its tables lie, its table of runs, and its configuration.

    The configuration is the resolved experiment, None where none was kept.
    """

    name: str
    folder: Path
    runs: pd.DataFrame
    experiment: dict | None

    def settings(self, variant: str) -> dict | None:
        """The resolved settings of a variant; None where they were not kept."""
        return self.experiment and self.experiment.get("variants", {}).get(variant)


def find(address: str, results: Path) -> tuple[Kept, str | None]:
    """The run of an address and, where it names one, the variant; results holds experiments'.

    Raises ConfigError where there are no results, or not of that variant.
    """
    with in_file(address):
        place, variant = address, None
        if _tables(address, results) is None and ":" in address:
            place, _, variant = address.rpartition(":")
        folder = _tables(place, results)
        if folder is None:
            raise _nowhere(place, results)
        kept = Kept(place, folder, _table(folder / RUNS), _settings(folder / SETTINGS))
        known = list(kept.runs["variant"].unique())
        if variant is not None and variant not in known:
            raise unknown_name((), variant, known, f"variants of {place}")
    return kept, variant


def _tables(place: str, results: Path) -> Path | None:
    """The folder with the tables of a place; None where there are none."""
    folders = (Path(place) / "summary", Path(place), results / place / "summary")
    return next((each for each in folders if place and (each / RUNS).is_file()), None)


def _nowhere(place: str, results: Path) -> ConfigError:
    there = sorted(path.parents[1].name for path in results.glob(f"*/summary/{RUNS}"))
    allowed = f"an experiment with results ({listed(there) or 'there is none yet'})"
    allowed += f" or a folder with {RUNS}, such as {EXAMPLE}"
    return ConfigError((), f"found no results of {place!r}", allowed, nearest(place, there))


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ConfigError((), f"{path} cannot be read: {error}", "a table of runs") from None
    missing = [name for name in ("variant", "label", "seed") if name not in table]
    if missing or table.empty:
        found = f"{path} has no column {missing[0]}" if missing else f"{path} has no rows"
        raise ConfigError((), found, "a table of runs")
    return table


def _settings(path: Path) -> dict | None:
    if not path.is_file():
        return None
    found = read_yaml(path)
    if not (found.keys() >= KEYS and _all_have(found["variants"], VARIANT_KEYS)):
        allowed = "the one that a run left there, or none"
        raise ConfigError((), f"{path} is no configuration", allowed)
    return found


def _all_have(blocks: object, keys: set[str]) -> bool:
    """Whether this is a mapping to mappings, each with these keys."""
    return isinstance(blocks, dict) and all(
        isinstance(block, dict) and block.keys() >= keys for block in blocks.values()
    )
