"""Filling in what is missing, with a model that was trained to draw whole samples."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from scoreladder.sampling import Denoise, annealed_langevin


def half(height: int, width: int) -> Tensor:
    """The left half is known; (1, height, width), True where known."""
    known = torch.zeros(1, height, width, dtype=torch.bool)
    known[..., : width // 2] = True
    return known


def centre(height: int, width: int) -> Tensor:
    """All but a centred square of half the side is known; (1, height, width)."""
    known = torch.ones(1, height, width, dtype=torch.bool)
    top, left = height // 4, width // 4
    known[..., top : height - top, left : width - left] = False
    return known


def lines(height: int, width: int) -> Tensor:
    """Every second line is known, the first one too; (1, height, width)."""
    known = torch.zeros(1, height, width, dtype=torch.bool)
    known[:, ::2] = True
    return known


MASKS = {"half": half, "centre": centre, "lines": lines}


def replacement_langevin(
    denoiser: Denoise,
    x: Tensor,
    observed: Tensor,
    known: Tensor,
    sigmas: Tensor,
    steps_per_level: int | Sequence[int],
    step_size: float,
    generator: torch.Generator | None = None,
    observation_generator: torch.Generator | None = None,
) -> Tensor:
    """Annealed Langevin in which the known part is replaced, before every step, by its noisy self.

    x and observed (n, ...), known a boolean mask that broadcasts against them, sigmas (L,)
    descending, step_size as in `annealed_langevin` (arXiv 1907.05600, algorithm 2). The noise on
    the known part is drawn afresh at each step, from a generator of its own: with nothing known the
    chain is that of `annealed_langevin`, bit for bit. The final denoise acts in the hole, and the
    known part is returned exactly.
    """

    def replaced(x: Tensor, sigma: float) -> Tensor:
        z = torch.randn(x.shape, generator=observation_generator, dtype=x.dtype, device=x.device)
        return torch.where(known, observed + sigma * z, x)

    x = annealed_langevin(
        denoiser, x, sigmas, steps_per_level, step_size, True, generator, replaced
    )
    return torch.where(known, observed, x)


def hole_metrics(
    completions: np.ndarray, truth: np.ndarray, known: np.ndarray, mean: np.ndarray
) -> dict[str, float]:
    """How well K completions (K, n, ...) of n images (n, ...) fill the hole, on the hole alone.

    hole_rmse: root-mean-square error of the mean completion; hole_gain: that of the training mean,
    `mean` (...), over it, so that above 1 the model knows more than the mean image; hole_spread:
    root-mean-square standard deviation over the completions. known is the boolean mask.
    """
    hole = np.broadcast_to(~known, truth.shape)
    error = rms((completions.mean(axis=0) - truth)[hole])
    blind = rms(np.broadcast_to(mean, truth.shape)[hole] - truth[hole])
    spread = rms(completions.std(axis=0, ddof=1)[hole])
    return {"hole_rmse": error, "hole_gain": blind / error, "hole_spread": spread}


def rms(values: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
