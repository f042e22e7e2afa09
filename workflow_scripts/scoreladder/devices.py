"""Which device a job computes on."""

import platform

import torch

from scoreladder.errors import JobFailed


def choose(name: str) -> torch.device:
    """The device that "auto" (a GPU where there is one), "cpu" or "cuda" means here.

    Raises JobFailed if CUDA is insisted on and missing.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise JobFailed("config/config.yaml: device: found 'cuda', but no CUDA GPU is visible")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def describe(device: torch.device) -> str:
    """The device's name as a manifest tells it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({platform.machine()}, {torch.get_num_threads()} threads)"
