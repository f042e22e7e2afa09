"""Point clouds whose density is known exactly."""

import numpy as np
import torch

from scoreladder import seeds
from scoreladder.analytic import GaussianMixture
from scoreladder.datasets.splits import Splits


def gaussian_mixture(
    means: list[list[float]],
    stds: list[float],
    weights: list[float],
    train_size: int,
    tune_size: int,
    test_size: int,
) -> Splits:
    """Independent draws from an isotropic Gaussian mixture; points (n, D), labels all zero."""
    mixture = GaussianMixture(torch.tensor(means, dtype=torch.float64), stds, weights)
    sizes = {"train": train_size, "tune": tune_size, "test": test_size}
    drawn = [
        mixture.sample(size, generator=seeds.generator("gaussian mixture", split)).float().numpy()
        for split, size in sizes.items()
    ]
    return Splits(*drawn, *(np.zeros(size, dtype=np.int64) for size in sizes.values()))
