"""Point clouds in the plane: mixtures whose density is known exactly, and shapes that are not."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor

from scoreladder import seeds
from scoreladder.analytic import GaussianMixture
from scoreladder.datasets.splits import DATASETS, Splits
from scoreladder.kinds import register

RINGS = (1.0, 2.0, 3.0, 4.0)


def mixture_of(spec: dict) -> GaussianMixture | None:
    """The exact density, in float64, of the data that a config block names; None if unknown."""
    if spec["name"] == "gaussian_mixture":
        means = torch.tensor(spec["means"], dtype=torch.float64)
        return GaussianMixture(means, spec["stds"], spec["weights"])
    if spec["name"] == "gaussian_grid":
        return _grid(spec["side"], spec["spacing"], spec["std"])
    return None


@register(DATASETS)
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
    return _splits("gaussian mixture", mixture.sample, train_size, tune_size, test_size)


@register(DATASETS)
def gaussian_grid(
    side: int, spacing: float, std: float, train_size: int, tune_size: int, test_size: int
) -> Splits:
    """side² equal Gaussians on a square grid around the origin; points (n, 2), labels all zero.

    spacing: the distance of neighbouring means, std: of each Gaussian, in one unit. side 5 and
    spacing 2, means in [−4, 4]², is the 25-mode grid that mode dropping is looked for on
    (VEEGAN, arXiv 1705.07761). Raises ValueError unless side >= 1, spacing > 0 and std > 0.
    """
    mixture = _grid(side, spacing, std)
    return _splits("gaussian grid", mixture.sample, train_size, tune_size, test_size)


@register(DATASETS)
def two_moons(noise: float, train_size: int, tune_size: int, test_size: int) -> Splits:
    """Two interleaved half circles of radius 2; points (n, 2), labels all zero.

    Within [−3, 3] × [−1.5, 1.5] but for the jitter N(0, noise² I). Raises ValueError on noise < 0.
    """
    _check_noise(noise)

    def draw(n: int, generator: Generator) -> Tensor:
        angle = math.pi * torch.rand(n, generator=generator, dtype=torch.float64)
        lower = torch.randint(2, (n,), generator=generator)
        x = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
        # half a turn about the origin takes one moon into the other
        return _jittered(2 * (1 - 2 * lower[:, None]) * x, noise, generator)

    return _splits("two moons", draw, train_size, tune_size, test_size)


@register(DATASETS)
def swiss_roll(noise: float, train_size: int, tune_size: int, test_size: int) -> Splits:
    """A spiral of a turn and a half, radius 4/3 to 4; points (n, 2), labels all zero.

    The angle is uniform and the radius grows with it, so that the roll is denser near its centre.
    Within [−4, 4]² but for the jitter N(0, noise² I). Raises ValueError on noise < 0.
    """
    _check_noise(noise)

    def draw(n: int, generator: Generator) -> Tensor:
        turns = 0.75 + 1.5 * torch.rand(n, generator=generator, dtype=torch.float64)
        radius, angle = 4 * turns / 2.25, 2 * math.pi * turns
        x = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
        return _jittered(x, noise, generator)

    return _splits("swiss roll", draw, train_size, tune_size, test_size)


@register(DATASETS)
def checkerboard(train_size: int, tune_size: int, test_size: int) -> Splits:
    """Uniform on the 8 dark squares of a 4×4 board that fills [−4, 4]²; points (n, 2), labels 0."""

    def draw(n: int, generator: Generator) -> Tensor:
        column = torch.randint(4, (n,), generator=generator)
        row = 2 * torch.randint(2, (n,), generator=generator) + column % 2
        place = torch.rand(n, 2, generator=generator, dtype=torch.float64)
        return 2 * (torch.stack([column, row], dim=1) + place) - 4

    return _splits("checkerboard", draw, train_size, tune_size, test_size)


@register(DATASETS)
def rings(noise: float, train_size: int, tune_size: int, test_size: int) -> Splits:
    """Four concentric circles of radii 1 to 4 and equal mass; points (n, 2), labels all zero.

    Within [−4, 4]² but for the jitter N(0, noise² I). Raises ValueError on noise < 0.
    """
    _check_noise(noise)

    def draw(n: int, generator: Generator) -> Tensor:
        ring = torch.randint(len(RINGS), (n,), generator=generator)
        radius = torch.tensor(RINGS, dtype=torch.float64)[ring]
        angle = 2 * math.pi * torch.rand(n, generator=generator, dtype=torch.float64)
        x = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
        return _jittered(x, noise, generator)

    return _splits("rings", draw, train_size, tune_size, test_size)


def _grid(side: int, spacing: float, std: float) -> GaussianMixture:
    if side < 1 or not spacing > 0 or not std > 0:
        raise ValueError(
            f"need side >= 1, spacing > 0 and std > 0, found side={side}, spacing={spacing}, "
            f"std={std}"
        )
    ticks = spacing * (torch.arange(side, dtype=torch.float64) - (side - 1) / 2)
    means = torch.cartesian_prod(ticks, ticks)
    return GaussianMixture(means, std, torch.ones(side**2, dtype=torch.float64))


def _check_noise(noise: float) -> None:
    if not noise >= 0:
        raise ValueError(f"need noise >= 0, found {noise}")


def _jittered(x: Tensor, noise: float, generator: Generator) -> Tensor:
    return x + noise * torch.randn(x.shape, generator=generator, dtype=x.dtype)


def _splits(name: str, draw: Callable[..., Tensor], train: int, tune: int, test: int) -> Splits:
    """Splits of draw(n, generator=…), whose random numbers hang on `name` and the split alone."""
    sizes = {"train": train, "tune": tune, "test": test}
    drawn = [
        draw(size, generator=seeds.generator(name, split)).float().numpy()
        for split, size in sizes.items()
    ]
    return Splits(*drawn, *(np.zeros(size, dtype=np.int64) for size in sizes.values()))
