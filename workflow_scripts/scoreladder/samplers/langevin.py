"""Langevin samplers: plain, annealed, and consistent annealed."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from scoreladder.denoiser import at, score_at
from scoreladder.samplers.base import Denoise, descent, levels, sampler, standard_normal


class StepSizeError(ValueError):
    """A step size that does not suit the ladder that it is to be used on."""


@sampler
def annealed_langevin(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    steps_per_level: int | Sequence[int],
    step_size: float,
    denoise: bool = True,
    generator: torch.Generator | None = None,
    constrain: Callable[[Tensor, float], Tensor] | None = None,
) -> Iterator[Tensor]:
    """Annealed Langevin dynamics (arXiv 1907.05600, algorithm 1), one ULA chain per row of x.

    At each level, from large σ to small: x ← x + α_i s(x, σ_i) + √(2α_i) z with
    α_i = step_size·σ_i²/σ_L². (The paper writes α/2 and √α: its ε is twice this step_size.)
    With `denoise`, one last x ← x + σ_L² s(x, σ_L) removes the noise that is left (arXiv
    2006.09011). x (n, ...), sigmas (L,) descending, steps_per_level one number or one per level;
    returns the shape of x, after L·steps_per_level + denoise evaluations. On a Gaussian a level is
    stable while α_i < 2σ_i². constrain(x, σ) → x, where given, is applied before each evaluation.
    Raises ValueError unless σ_1 > … > σ_L > 0, inf > step_size > 0 and steps_per_level is whole
    numbers >= 1.
    """
    ladder = levels(sigmas)
    steps = _whole_steps(steps_per_level, len(ladder))
    if not 0 < step_size < math.inf:
        raise ValueError(f"need step_size > 0, found {step_size}")
    smallest = ladder[-1]
    for sigma, count, known in zip(ladder, steps, score_at(denoiser, ladder), strict=True):
        alpha = step_size * sigma**2 / smallest**2
        for _ in range(count):
            x = constrain(x, sigma) if constrain else x
            z = standard_normal(x, generator)
            x = torch.add(x, known(x), alpha=alpha).add_(z, alpha=(2 * alpha) ** 0.5)
            yield x
    if denoise:
        (known,) = at(denoiser, [smallest])
        yield known(constrain(x, smallest) if constrain else x)


def _whole_steps(steps_per_level: int | Sequence[int], count: int) -> list[int]:
    """Steps on each of `count` levels, told by one whole number or one per level.

    Raises ValueError where they are anything else, or less than 1.
    """
    steps = torch.as_tensor(steps_per_level)
    fits = steps.ndim == 0 or steps.shape == (count,)
    if not fits or steps.is_floating_point() or (steps < 1).any():
        raise ValueError(
            f"need steps_per_level >= 1, one whole number or {count}, found {steps_per_level}"
        )
    return steps.expand(count).tolist()


@sampler
def langevin(
    denoiser: Denoise,
    x: Tensor,
    sigma: float,
    steps: int,
    step_size: float,
    denoise: bool = False,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Plain (unadjusted) Langevin dynamics on p_σ: x ← x + α s(x, σ) + √(2α) z, α = step_size.

    arXiv 1907.05600, equation 4, at one noise level, as `annealed_langevin` on a ladder of it. On
    N(0, σ²) the chain's variance tends to σ²/(1 − α/(2σ²)); it diverges from α = 2σ² on. With
    `denoise`, one last x ← x + σ² s(x, σ). x (n, ...); returns the shape of x, after
    steps + denoise evaluations.
    Raises ValueError unless sigma > 0, inf > step_size > 0 and steps is a whole number >= 1.
    """
    ladder = torch.tensor([sigma], dtype=torch.float64)
    yield from annealed_langevin.states(denoiser, x, ladder, steps, step_size, denoise, generator)


@sampler
def consistent_annealed(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    step_size: float,
    denoise: bool = True,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Consistent annealed sampling (arXiv 2009.05475, algorithm 2): one step per level.

    x ← x + η σ_i² s(x, σ_i) takes the noise from σ_i to (1−η) σ_i, and just so much is added that
    it is σ_{i+1}: + σ_{i+1} √(1 − ((1−η) σ_i/σ_{i+1})²) z. η = step_size, relative to σ_i². After
    σ_L nothing is added; with `denoise`, x ← x + σ_L² s(x, σ_L) ends the chain. x (n, ...) at noise
    σ_1, sigmas (L,) descending; returns the shape of x, after L + denoise evaluations.
    Raises ValueError unless σ_1 > … > σ_L > 0, and StepSizeError unless inf > η > 0 and
    1 − g < η < 1 + g for the ratio g = σ_{i+1}/σ_i of every two levels.
    """
    ladder = levels(sigmas)
    ratios = [after / before for before, after in pairwise(ladder)]
    suits = 0 < step_size < math.inf and all(abs(1 - step_size) < ratio for ratio in ratios)
    if not suits:
        smallest = min(ratios, default=1.0)
        raise StepSizeError(
            f"need {max(0.0, 1 - smallest):.4g} < step_size < {1 + smallest:.4g} on this ladder, "
            f"found {step_size:g}"
        )
    for sigma, following, known in descent(denoiser, sigmas):
        x = x + step_size * (known(x) - x)
        if following:
            kept = (1 - step_size) * sigma / following
            x = x + following * (1 - kept**2) ** 0.5 * standard_normal(x, generator)
        yield x
    if denoise:
        yield known(x)
