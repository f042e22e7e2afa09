"""Samplers that follow the probability-flow ODE dx/dσ = −σ s(x, σ) = (x − x̂₀)/σ down to σ = 0.

Euler's method on it is `ddim` with η = 0.
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from scoreladder.denoiser import at
from scoreladder.errors import JobFailed
from scoreladder.samplers.base import Denoise, descent, levels, one_pass, sampler, standard_normal


@one_pass
@sampler
def heun(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    churn: float = 0.0,
    noise: float = 1.0,
    churn_min: float = 0.0,
    churn_max: float = math.inf,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """EDM's sampler (arXiv 2206.00364, algorithm 2): Heun's method, with churn if wanted.

    Where churn_min <= σ <= churn_max, noise is first added to bring σ to σ̂ = (1 + γ) σ,
    γ = min(churn/L, √2 − 1), of standard deviation noise·√(σ̂² − σ²). Then a trapezoidal step from
    σ̂ to the next σ'; the last, to 0, is Euler's and gives x̂₀. x (n, ...) at noise σ_1, sigmas (L,)
    descending; returns the shape of x, after 2L − 1 evaluations.
    Raises ValueError unless σ_1 > … > σ_L > 0, churn >= 0 and noise >= 0.
    """
    if churn < 0 or noise < 0:
        raise ValueError(f"need churn >= 0 and noise >= 0, found {churn} and {noise}")
    ladder = levels(sigmas)
    known = at(denoiser, ladder)
    for (sigma, following), here, there in zip(
        pairwise([*ladder, 0.0]), known, [*known[1:], None], strict=True
    ):
        if churn > 0 and churn_min <= sigma <= churn_max:
            raised = sigma * (1 + min(churn / len(ladder), math.sqrt(2) - 1))
            x = x + noise * (raised**2 - sigma**2) ** 0.5 * standard_normal(x, generator)
            sigma = raised
            (here,) = at(denoiser, [raised])
        slope = (x - here(x)) / sigma
        end = x + (following - sigma) * slope
        if following:
            slope = (slope + (end - there(end)) / following) / 2
            end = x + (following - sigma) * slope
        x = end
        yield x


@one_pass
@sampler
def dpmpp_2m(
    denoiser: Denoise, x: Tensor, sigmas: Tensor, generator: torch.Generator | None = None
) -> Iterator[Tensor]:
    """DPM-Solver++(2M) (arXiv 2211.01095, algorithm 2): second order, one evaluation per step.

    From σ to the next σ': x ← σ'/σ x + (1 − σ'/σ) D, with x̂₀ extrapolated in ln σ from this level
    and the one before, D = x̂₀ + (h'/2h)(x̂₀ − x̂₀ before), h' = ln σ/σ' and h the step before; the
    first step has nothing to extrapolate from and the last, to 0, gives x̂₀: both are first order.
    Deterministic: `generator` is not used. x (n, ...) at noise σ_1, sigmas (L,) descending; returns
    the shape of x, after L evaluations. Raises ValueError unless σ_1 > … > σ_L > 0.
    """
    before, before_step = None, 0.0
    for sigma, following, known in descent(denoiser, sigmas):
        x0 = known(x)
        towards = x0
        if following:
            step = math.log(sigma / following)
            if before is not None:
                towards = x0 + step / (2 * before_step) * (x0 - before)
            before, before_step = x0, step
        x = following / sigma * x + (1 - following / sigma) * towards
        yield x


@one_pass
@sampler
def pf_ode(
    denoiser: Denoise,
    x: Tensor,
    sigmas: Tensor,
    rtol: float = 1e-3,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """The probability-flow ODE by an adaptive Runge–Kutta 5(4) (arXiv 2011.13456, section 4.3).

    Integrates from σ_1 to σ_L with a local error of rtol·(|x| + σ) in each coordinate, root mean
    square over all of x, whose rows share their steps; yields after each accepted step; then one
    evaluation gives x̂₀. Of sigmas (L,), descending, only the two ends matter, and `generator` is
    not used. x (n, ...) at noise σ_1; returns the shape of x. How many evaluations it takes is the
    solver's choice. Raises ValueError unless σ_1 > … > σ_L > 0 and 0 < rtol < 1, and JobFailed
    where the denoiser's answer is not finite or jumps.
    """
    ladder = levels(sigmas)

    def rate(scaled: np.ndarray, sigma: float) -> np.ndarray:
        state = torch.as_tensor(scaled * sigma, dtype=x.dtype, device=x.device)
        (known,) = at(denoiser, [sigma])
        return known(state.reshape(x.shape)).flatten().double().cpu().numpy()

    start = x.flatten().double().cpu().numpy() / ladder[0]
    for sigma, scaled in integrate(rate, start, ladder[0], ladder[-1], rtol):
        state = torch.as_tensor(scaled * sigma, dtype=x.dtype, device=x.device).reshape(x.shape)
        yield state
    (known,) = at(denoiser, ladder[-1:])
    yield known(state)


def integrate(
    rate: Callable[[np.ndarray, float], np.ndarray],
    y: np.ndarray,
    start: float,
    end: float,
    rtol: float,
) -> Iterator[tuple[float, np.ndarray]]:
    """Solve dy/d(1/σ) = rate(y, σ) from σ = start to σ = end; yield (σ, y) after each step.

    In y = x/σ the probability-flow ODE is dy/d(1/σ) = x̂₀. y is one flat array, kept to a local
    error of rtol·(1 + |y|), root mean square over its entries.
    Raises ValueError unless 0 < rtol < 1, and JobFailed where the rate is not finite or no step is
    small enough.
    """
    if not 0 < rtol < 1:
        raise ValueError(f"need 0 < rtol < 1, found {rtol}")
    # here, because every sampling job imports this module and scipy.integrate takes half a second
    from scipy.integrate import RK45

    def finite_rate(t: float, y: np.ndarray) -> np.ndarray:
        found = rate(y, 1 / t)
        # the solver would halve a step of NaN for ever
        if not np.isfinite(found).all():
            raise JobFailed(f"the denoiser's answer at sigma = {1 / t:.4g} is not finite")
        return found

    # on mixtures x/σ over 1/σ took fewer evaluations for an error than x over σ or ln σ did,
    # and for errors below 1 % RK45 fewer than RK23
    solver = RK45(finite_rate, 1 / start, y, 1 / end, rtol=rtol, atol=rtol)
    while solver.status == "running":
        solver.step()
        if solver.status == "failed":
            raise JobFailed(
                f"the probability-flow ODE has no solution beyond sigma = {1 / solver.t:.4g}: the "
                "denoiser's answer jumps there"
            )
        yield 1 / solver.t, solver.y
