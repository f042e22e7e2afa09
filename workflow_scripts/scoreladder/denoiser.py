"""The denoiser seam: (x, σ) → x̂₀, whatever the network predicts underneath.

Everything is in variance-exploding coordinates, x = x₀ + σz, where the score and the denoiser
are one thing seen twice: ∇ log p_σ(x) = (x̂₀ − x)/σ² (Tweedie).
"""

import json
import math
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from scoreladder import networks
from scoreladder.files import atomic_path


def edm(sigma: Tensor, sigma_data: float) -> tuple[Tensor, Tensor, Tensor]:
    """EDM's c_skip, c_out, c_in: unit variance in and out (arXiv 2206.00364, table 1)."""
    total = sigma**2 + sigma_data**2
    return sigma_data**2 / total, sigma * sigma_data / total.sqrt(), 1 / total.sqrt()


def score_over_sigma(sigma: Tensor, sigma_data: float) -> tuple[Tensor, Tensor, Tensor]:
    """NCSNv2's Technique 3, s_θ(x, σ) = F(x)/σ, hence x̂₀ = x + σF (arXiv 2006.09011)."""
    return torch.ones_like(sigma), sigma, torch.ones_like(sigma)


PARAMETERIZATIONS = {"edm": edm, "score_over_sigma": score_over_sigma}


class Denoiser(nn.Module):
    """x̂₀(x, σ) = c_skip(σ) x + c_out(σ) F(c_in(σ) x, ¼ ln σ).

    Outside `sigma_range`, the noise levels it was trained on, the model answers with the score of
    the nearest level it knows: x̂₀ = x + σ² s(x, σ_nearest). So a model of one scale has one score
    field, at whatever σ it is asked. `shape` is that of one data point.
    """

    def __init__(
        self,
        network: nn.Module,
        parameterization: str,
        sigma_data: float,
        sigma_range: tuple[float, float] = (0.0, math.inf),
        shape: tuple[int, ...] = (),
    ):
        super().__init__()
        self.shape = shape
        self.network = network
        self.precondition = PARAMETERIZATIONS[parameterization]
        self.sigma_data = sigma_data
        self.sigma_range = sigma_range

    def forward(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """Shapes: x (n, ...), sigma a number or (n,); returns the shape of x."""
        sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
        sigma = sigma.reshape(-1, *[1] * (x.ndim - 1))
        known = sigma.clamp(*self.sigma_range)
        c_skip, c_out, c_in = self.precondition(known, self.sigma_data)
        x0 = c_skip * x + c_out * self.network(c_in * x, known.flatten().log() / 4)
        return torch.where(sigma == known, x0, x + (sigma / known) ** 2 * (x0 - x))

    def score(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """s_θ(x, σ) = (x̂₀ − x)/σ², the shape of x."""
        return score(self, x, sigma)


def score(denoiser: Callable[..., Tensor], x: Tensor, sigma: Tensor | float) -> Tensor:
    """The score (x̂₀ − x)/σ² of any denoiser; x (n, ...), sigma a number or (n,), σ > 0."""
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
    return (denoiser(x, sigma) - x) / sigma.reshape(-1, *[1] * (x.ndim - 1)) ** 2


def build(description: dict, seed: int = 0) -> Denoiser:
    """A fresh denoiser from its description.

    The description is plain data: {"network": {...}, "parameterization": name, "shape": [...],
    "sigma_data": float, "sigma_range": [low, high]}, high being null where there is no end.
    """
    network = networks.build(description["network"], tuple(description["shape"]), seed)
    low, high = description["sigma_range"]
    return Denoiser(
        network,
        description["parameterization"],
        description["sigma_data"],
        (low, math.inf if high is None else high),
        tuple(description["shape"]),
    )


def save(denoiser: Denoiser, description: dict, path: Path) -> None:
    """Write the weights and their description as one safetensors file, atomically."""
    tensors = {name: value.cpu() for name, value in denoiser.state_dict().items()}
    metadata = {"denoiser": json.dumps(description, sort_keys=True)}
    with atomic_path(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, metadata)


def load(path: Path | str, device: torch.device | str = "cpu") -> Denoiser:
    """The model written by `save`: an object callable as (x, σ) → x̂₀, in evaluation mode.

    Raises FileNotFoundError, or ValueError where the file is no model of this program.
    """
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: not a model written by scoreladder: {error}") from error
    if "denoiser" not in metadata:
        raise ValueError(f"{path}: not a model written by scoreladder: no description in it")
    model = build(json.loads(metadata["denoiser"]))
    model.load_state_dict(tensors)
    return model.to(device).eval().requires_grad_(False)
