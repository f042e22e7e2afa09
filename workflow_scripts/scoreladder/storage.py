"""Model files: weights and their description in one safetensors file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import safetensors.torch
import torch
from torch import Tensor, nn

from scoreladder.files import atomic_path

Model = TypeVar("Model", bound=nn.Module)

# what a model's file is called, in a run's results and in an exported folder
FILE = "model.safetensors"


def write(model: nn.Module, description: dict, path: Path | str) -> None:
    """Write the weights and their description, plain data that JSON can hold, atomically."""
    tensors = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    metadata = {"description": json.dumps(description, sort_keys=True)}
    with atomic_path(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, metadata)


def read(path: Path | str) -> tuple[dict, dict[str, Tensor]]:
    """The description and the weights by name, on the CPU, that `write` wrote.

    The path is that of the file or of the folder that it lies in. A description names at least its
    model's family. Raises FileNotFoundError, or ValueError where the file is no model of this
    program.
    """
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        description = json.loads(metadata.get("description", "{}"))
    except (safetensors.SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a model written by scoreladder: {error}") from error
    if not isinstance(description, dict) or "family" not in description:
        raise ValueError(f"{path}: not a model written by scoreladder: no description in it")
    return description, tensors


def load(
    path: Path | str, build: Callable[[dict], Model], device: torch.device | str = "cpu"
) -> Model:
    """The model that `write` wrote, built from its description, as `restored` leaves it.

    Raises FileNotFoundError, or ValueError where the file is no model of this program: also where
    `build` does not know what is described, or the weights are those of something else.
    """
    return rebuilt(path, *read(path), build, device)


def rebuilt(
    path: Path | str,
    description: dict,
    tensors: dict[str, Tensor],
    build: Callable[[dict], Model],
    device: torch.device | str = "cpu",
) -> Model:
    """`load`, for a caller that has looked at what `read` returned of the file at `path`."""
    try:
        return restored(build(description), tensors, device)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"{path}: not a model written by scoreladder: {said}") from error


def restored(model: Model, tensors: dict[str, Tensor], device: torch.device | str) -> Model:
    """The model with the weights that `read` returned, in evaluation mode, without gradients."""
    model.load_state_dict(tensors)
    return model.to(device).eval().requires_grad_(False)
