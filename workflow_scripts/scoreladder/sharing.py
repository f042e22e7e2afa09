"""Exported models: folders that hold all it takes to load a trained model and sample it alike."""

from pathlib import Path

import numpy as np
import torch

from scoreladder import models, sampling
from scoreladder.files import read_json

CONFIG = "config.json"
# the key by which an export's config is known from that of any other program
MARK = "scoreladder_export"
VERSION = 1


def settings(folder: Path | str) -> dict:
    """What config.json of an exported folder says; its keys are those of `export_facts.facts`.

    Raises FileNotFoundError, or ValueError where the file is none that an export wrote.
    """
    path = Path(folder) / CONFIG
    try:
        found = read_json(path)
    except ValueError as error:
        raise ValueError(f"{path}: not written by an export: {error}") from error
    version = found.get(MARK) if isinstance(found, dict) else None
    if version != VERSION:
        raise ValueError(f"{path}: found {MARK} {version}; an exported folder has {VERSION}")
    return found


def sample(
    folder: Path | str, count: int, seed: int = 0, device: torch.device | str = "cpu"
) -> np.ndarray:
    """`count` samples of an exported model, drawn as its variant draws them; float32 (n, *shape).

    The random numbers are the workflow's of that sample seed: with the variant's own count
    (sampling.sample.count in config.json) these are the workflow's samples, to float error;
    pictures before they are rounded to 8 bits. On another kind of device they are others. Images
    are in [−1, 1], up to what the sampler leaves beyond. Raises as `settings` and `models.load` do.
    """
    told = settings(folder)
    drawn = told["sampling"]
    key = (told["seed"], seed)
    model = models.load(folder, device)
    samples, _ = sampling.draw(
        model, drawn["sample"], drawn["relative_step_size"], key, count, device
    )
    return samples
