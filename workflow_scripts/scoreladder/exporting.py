"""A trained model as a folder to share: weights, all that made them, and a model card."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scoreladder import layout, model_card, sharing, storage
from scoreladder.errors import JobFailed
from scoreladder.export_facts import facts
from scoreladder.files import write_json, write_text

CARD = "README.md"
PIPELINE = "diffusers"


def export(
    experiment: dict, results: Path, variant: str, seed: int, to: Path, pipeline: bool = False
) -> None:
    """Write one trained model of a finished run as a folder, whole or not at all.

    results: the experiment's own folder. The export holds model.safetensors, config.json, README.md
    and, where a pipeline is asked for, diffusers/. An earlier export at `to` is replaced. Raises
    JobFailed where something else is there, the run has not (yet) made what is exported, or
    diffusers is missing, and ValueError where diffusers has no such sampler.
    """
    _check_free(to)
    found = facts(experiment, results, variant, seed)
    model = results / layout.MODEL.format(variant=found["model"], seed=seed) / storage.FILE
    with _replaced(to.resolve()) as folder:
        shutil.copyfile(model, folder / storage.FILE)
        write_json(folder / sharing.CONFIG, found)
        if pipeline:
            _write_pipeline(folder)
        write_text(folder / CARD, model_card.card(found, to.resolve().name, pipeline))


def _write_pipeline(folder: Path) -> None:
    """Add diffusers/ to an export."""
    try:
        from scoreladder import diffusers_pipeline
    except ModuleNotFoundError as error:
        found = f"--diffusers: found no package {error.name}"
        raise JobFailed(f"{found}; pip install diffusers, or leave the option out") from error
    diffusers_pipeline.from_export(folder).save_pretrained(folder / PIPELINE)


def _check_free(to: Path) -> None:
    """Raise JobFailed unless nothing is at `to`, or what an earlier export wrote and no more."""
    allowed = "a new folder, or that of an earlier export"
    if Path.cwd().is_relative_to(to.resolve()):
        raise JobFailed(f"{to}: found the folder that this runs in; {allowed}")
    if to.exists() and not to.is_dir():
        raise JobFailed(f"{to}: found a file there; {allowed}")
    there = {path.name for path in to.iterdir()} if to.is_dir() else set()
    others = sorted(there - {storage.FILE, sharing.CONFIG, CARD, PIPELINE})
    if others:
        raise JobFailed(f"{to}: found {others[0]} there, which no export wrote; {allowed}")
    try:
        if there:
            sharing.settings(to)
    except (ValueError, FileNotFoundError) as error:
        raise JobFailed(f"{to}: found a folder that no export wrote; {allowed}") from error


@contextmanager
def _replaced(to: Path) -> Iterator[Path]:
    """A new folder beside `to`, renamed onto it when the block ends without an error."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as holder:
        new, old = (Path(holder) / name for name in ("new", "old"))
        new.mkdir()
        yield new
        if to.exists():
            to.rename(old)
        try:
            new.rename(to)
        except BaseException:
            if old.exists():
                old.rename(to)
            raise
