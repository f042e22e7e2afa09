"""What makes training faster and changes its bits: fewer of them, and compiled networks.

torch's own settings stay as they are: convolutions on a GPU may use TF32, matrix products do not,
and cuDNN does not try algorithms out.
"""

from types import SimpleNamespace

import torch
from torch import Tensor, nn

from scoreladder.denoiser import Denoiser
from scoreladder.kinds import entry

PRECISIONS = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


def speed_up(model: nn.Module, training: dict, objective: str | None) -> None:
    """Have the network of a score model compute as training.precision and .compile say.

    bf16 and fp16 are torch.autocast of the network alone; its weights, its answer and all that is
    made of it stay float32. A compiled network keeps the names of its weights. Raises ValueError
    on an unknown precision, for other models, and on compile for an objective that takes second
    derivatives, which torch.compile has not.
    """
    precision, compiled = training.get("precision", "float32"), training.get("compile", False)
    dtype = entry(PRECISIONS, precision, "precision")
    if not isinstance(model, Denoiser):
        if dtype is not None or compiled:
            raise ValueError("precision and compile are for networks of score models")
        return
    model.autocast = dtype
    if compiled and objective != "dsm":
        raise ValueError(f"compile is for the objective dsm, found {objective!r}")
    if compiled:
        model.network.compile()


def scaler(training: dict, device: torch.device | str) -> torch.amp.GradScaler:
    """What keeps float16's gradients from vanishing (arXiv 1710.03740, section 3.2); else idle."""
    is_half = training.get("precision") == "fp16"
    return torch.amp.GradScaler(torch.device(device).type, enabled=is_half)


def unscale(scaler: torch.amp.GradScaler, parameters: list[Tensor]) -> None:
    """Divide gradients by the scaler's factor, and move the factor by whether they are finite."""
    # all that it asks of an optimiser
    scaler.unscale_(SimpleNamespace(param_groups=[{"params": parameters}]))
    scaler.update()
