"""Sampling given y = A x with a model of whole samples, without training it anew.

One signature: method(denoiser, x, y, operator, sigmas, …, generator, observation_generator) → the
samples, the shape of x; `method.states(…)` are the states on the way. x (n, ...) is the start, at
noise σ_1, y what `operator.forward` gives of (n, ...), sigmas (L,) descending. Before every
evaluation the known part of x becomes y + σAz, as the noise of that level shows it. z is fresh each
time, and from a generator of its own: with nothing known a method is the unconditional sampler that
it is made of, bit for bit. The last evaluation gives x̂₀, in which y is put in place: bit for bit
under a mask, to rounding under other operators.

The hole is moved by s(x_hole, y + σAz), whose z knows nothing of the hole: over many small steps it
averages out, and on a Gaussian a chain at one level tends to p_σ(x_hole | x_known = y), which takes
y itself for noisy. That is p(x_hole | y) only as σ → 0. A method is hence as exact as it has time,
at its small levels, to forget the larger ones: Langevin steps, resamplings and the noise that
`ddrm` adds at η > 0 are that time. One pass down the ladder that has it not, however fine, leaves
completions that are drawn too little towards what y says and spread too much. Between modes far
apart in the hole no method here is exact: chains share themselves out at levels that still join the
modes, where y + σAz tells less than y. Modes that are nearly alike in what is known are shared out
nearly as if nothing were known; those that y tells well apart mostly as they should be.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from scoreladder.blocks import INPAINTING
from scoreladder.denoiser import at
from scoreladder.operators import Operator
from scoreladder.samplers.base import Denoise, descent, levels, sampler, standard_normal
from scoreladder.samplers.langevin import annealed_langevin
from scoreladder.samplers.sde import ddim_step, predictor_corrector, renoised


@sampler
def replacement_langevin(
    denoiser: Denoise,
    x: Tensor,
    y: Tensor,
    operator: Operator,
    sigmas: Tensor,
    steps_per_level: int | Sequence[int],
    step_size: float,
    generator: torch.Generator | None = None,
    observation_generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """`annealed_langevin` with the known part put in place (after arXiv 1907.05600, algorithm 2).

    The paper (appendix B) draws z once for each level, so that its known part stands still while
    the hole moves; here it is drawn at each step, which is another chain. Nor does the paper end
    with a denoise, as this does.
    Exact in the limit of many small steps on each level and σ_L → 0, but for modes far apart. Steps
    go as σ_i², so that small levels may have no time to mix: it is off by O(σ²) of the smallest
    level whose steps times α_i exceed the hole's variance. steps_per_level, step_size, the
    evaluations spent and the errors raised are those of `annealed_langevin`.
    """
    replaced = partial(_noisily_known, operator, y, observation_generator)
    for state in annealed_langevin.states(
        denoiser, x, sigmas, steps_per_level, step_size, True, generator, replaced
    ):
        x = state
        yield x
    yield operator.replace(x, y)


@sampler
def projection(
    denoiser: Denoise,
    x: Tensor,
    y: Tensor,
    operator: Operator,
    sigmas: Tensor,
    snr: float = 0.16,
    corrector_steps: int = 1,
    generator: torch.Generator | None = None,
    observation_generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """`predictor_corrector` of the VE SDE, conditioned (arXiv 2011.13456, appendix I.2 and I.3).

    corrector_steps = 0 is `reverse_diffusion`, one pass and biased on the finest ladder. Correctors
    lessen that: many of them, with a small snr, are the steps of `replacement_langevin` and exact
    in its limit. L·(1 + corrector_steps) evaluations; raises ValueError as `predictor_corrector`
    does.
    """
    replaced = partial(_noisily_known, operator, y, observation_generator)
    for state in predictor_corrector.states(
        denoiser, x, sigmas, snr, corrector_steps, generator, replaced
    ):
        x = state
        yield x
    yield operator.replace(x, y)


@sampler
def repaint(
    denoiser: Denoise,
    x: Tensor,
    y: Tensor,
    operator: Operator,
    sigmas: Tensor,
    jump_length: int = 10,
    resamplings: int = 10,
    generator: torch.Generator | None = None,
    observation_generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """RePaint (arXiv 2201.09865, section 4.2): `ancestral` sampling with jumps back up the ladder.

    At each jump_length-th level from σ_L up, noise takes x back up by jump_length levels, from
    where it comes down again, resamplings − 1 times. resamplings = 1 is one pass and biased on the
    finest ladder. A jump of one level, from σ' to σ, and the step down are in the limit of small
    jumps a Langevin step of α = σ² − σ'²: many resamplings on a fine ladder are exact as σ_L → 0.
    One evaluation for each of `resampled_levels`; raises ValueError as that and `ancestral` do.
    """
    ladder = [*levels(sigmas), 0.0]
    order = resampled_levels(len(ladder) - 1, jump_length, resamplings)
    known = at(denoiser, ladder[:-1])
    replaced = partial(_noisily_known, operator, y, observation_generator)
    reached = 0
    for level in order:
        if level < reached:
            raised = (ladder[level] ** 2 - ladder[reached] ** 2) ** 0.5
            x = x + raised * standard_normal(x, generator)
        sigma, following = ladder[level], ladder[level + 1]
        x = replaced(x, sigma)
        x = ddim_step(known[level](x), x, sigma, following, 1.0, generator)
        reached = level + 1
        yield x
    yield operator.replace(x, y)


def resampled_levels(count: int, jump_length: int, resamplings: int) -> list[int]:
    """The levels 0, ..., count − 1 of a ladder, largest σ first, in RePaint's order of evaluation.

    Its length is count + jump_length·(resamplings − 1)·⌈(count − jump_length)/jump_length⌉. The
    levels jumped from are count − 1 − k·jump_length, where there are so many above. Raises
    ValueError unless jump_length >= 1, resamplings >= 1, and jump_length < count where resamplings
    > 1: there would be no jump.
    """
    _check_jumps(count, jump_length, resamplings)
    order = []
    for level in range(count):
        # x has come down to this level; what follows evaluates it
        left = count - 1 - level
        if left % jump_length == 0 and level >= jump_length:
            order += [*range(level - jump_length, level)] * (resamplings - 1)
        order.append(level)
    return order


@sampler
def ddrm(
    denoiser: Denoise,
    x: Tensor,
    y: Tensor,
    operator: Operator,
    sigmas: Tensor,
    eta: float = 0.85,
    generator: torch.Generator | None = None,
    observation_generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """DDRM (arXiv 2201.11793, equation 8) without noise on y, all singular values 1, η_b = 1.

    From σ to the next σ', in the hole: x ← x̂₀ + √(1 − η²) σ'/σ (x − x̂₀) + ησ'z; the paper takes
    20 steps and η = 0.85. η = 0 is `ddim` at η = 0, one pass and biased on the finest ladder. At
    η > 0 it is not `ddim`'s η: the noise of a step stays when steps get small, and makes the chain
    Langevin's at temperature T = η²/(2 − 2√(1 − η²)), 0.76 at η = 0.85 and ½ at η = 1. That forgets
    the larger levels, but on a Gaussian the variance is T times what it should be, of completions
    as of unconditional samples. Exact at no fixed η.
    L evaluations. Raises ValueError unless σ_1 > … > σ_L > 0 and 0 <= eta <= 1.
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"need 0 <= eta <= 1, found {eta}")
    replaced = partial(_noisily_known, operator, y, observation_generator)
    for sigma, following, known in descent(denoiser, sigmas):
        x = replaced(x, sigma)
        x = renoised(known(x), x, sigma, following, eta * following, generator)
        yield x
    yield operator.replace(x, y)


METHODS = dict(zip(INPAINTING, (replacement_langevin, projection, repaint, ddrm), strict=True))


def expected_nfe(method: str, count: int, **knobs) -> int:
    """Network evaluations per sample of one of METHODS on a ladder of `count` levels.

    knobs are those of its own arguments that it hangs on: steps_per_level, corrector_steps,
    jump_length and resamplings. Raises KeyError where one is missing or the method is none.
    """
    if method == "replacement":
        steps = knobs["steps_per_level"]
        return 1 + (steps * count if isinstance(steps, int) else sum(steps))
    if method == "projection":
        return count * (1 + knobs["corrector_steps"])
    if method == "repaint":
        jump_length, resamplings = knobs["jump_length"], knobs["resamplings"]
        _check_jumps(count, jump_length, resamplings)
        jumps = max(0, -((jump_length - count) // jump_length))
        return count + jump_length * (resamplings - 1) * jumps
    return {"ddrm": count}[method]


def _check_jumps(count: int, jump_length: int, resamplings: int) -> None:
    if jump_length < 1 or resamplings < 1 or (resamplings > 1 and jump_length >= count):
        raise ValueError(
            f"need resamplings >= 1 and 1 <= jump_length < {count} levels, "
            f"found {resamplings} and {jump_length}"
        )


def _noisily_known(
    operator: Operator, y: Tensor, generator: torch.Generator | None, x: Tensor, sigma: float
) -> Tensor:
    """x with what is known of it as noise σ shows it: y + σ A z, z fresh."""
    return operator.replace(x, y + sigma * operator.forward(standard_normal(x, generator)))
