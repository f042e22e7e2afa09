"""Model files: weights and their description in one safetensors file."""

import json
from pathlib import Path
from typing import TypeVar

import safetensors.torch
import torch
from torch import Tensor, nn

from scoreladder.files import atomic_path

Model = TypeVar("Model", bound=nn.Module)


def write(model: nn.Module, description: dict, path: Path | str) -> None:
    """Write the weights and their description, plain data that JSON can hold, atomically."""
    tensors = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    metadata = {"description": json.dumps(description, sort_keys=True)}
    with atomic_path(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, metadata)


def read(path: Path | str) -> tuple[dict, dict[str, Tensor]]:
    """The description and the weights by name, on the CPU, that `write` wrote.

    Raises FileNotFoundError, or ValueError where the file is no model of this program.
    """
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: not a model written by scoreladder: {error}") from error
    if "description" not in metadata:
        raise ValueError(f"{path}: not a model written by scoreladder: no description in it")
    return json.loads(metadata["description"]), tensors


def restored(model: Model, tensors: dict[str, Tensor], device: torch.device | str) -> Model:
    """The model with the weights that `read` returned, in evaluation mode, without gradients."""
    model.load_state_dict(tensors)
    return model.to(device).eval().requires_grad_(False)
