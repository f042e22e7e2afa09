"""Every family of generative models behind one door: built, saved and loaded by description."""

from pathlib import Path

import torch
from torch import Tensor

from scoreladder import denoiser, generative, storage
from scoreladder.kinds import entry

Model = denoiser.Denoiser | generative.Direct

FAMILIES = {"score": denoiser.build, **dict.fromkeys(generative.KINDS, generative.build)}


def describe(spec: dict, data: Tensor, bin_width: float = 0.0) -> dict:
    """The description, plain data, of the model that a variant's blocks mean for data (n, *shape).

    data are values, or grey levels of which v stands for v·bin_width − 1. A `network` of kind vae,
    gan or flow is that family, described by `generative.describe`; any other is the backbone of a
    score model, described by `denoiser.describe`.
    """
    if spec["network"]["kind"] in generative.KINDS:
        return generative.describe(spec["network"], data, bin_width)
    return denoiser.describe(spec, data, bin_width)


def build(description: dict, seed: int = 0) -> Model:
    """A fresh model of the family that its description names, its weights drawn from `seed` alone.

    The rest of the description is the family's own: `denoiser.build`, `generative.build`. Raises
    ValueError on a family that is not in FAMILIES.
    """
    return entry(FAMILIES, description.get("family"), "family")(description, seed)


def save(model: Model, description: dict, path: Path | str) -> None:
    """Write a model of any family with the description that it was built from, atomically."""
    storage.write(model, description, path)


def load(path: Path | str, device: torch.device | str = "cpu") -> Model:
    """The model written by `save`, from its file or folder, in evaluation mode, without gradients.

    A model of family score is callable as (x, σ) → x̂₀; the others have `.sample` and, but for the
    GAN, `.log_prob`. Raises FileNotFoundError, or ValueError where the file is no model of this
    program.
    """
    return storage.load(path, build, device)
