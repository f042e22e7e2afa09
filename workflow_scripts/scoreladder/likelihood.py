"""Exact likelihoods of score models: the change of variables along the probability-flow ODE."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from scoreladder.objectives import slices
from scoreladder.samplers.base import Denoise
from scoreladder.samplers.ode import integrate

Divergence = Literal["exact", "hutchinson"]


def log_prob(
    denoiser: Denoise,
    x: Tensor,
    sigma_max: float,
    sigma_min: float,
    divergence: Divergence = "exact",
    probes: int = 1,
    rtol: float = 1e-5,
    prior: Callable[[Tensor], Tensor] | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """log p(x) of what the probability-flow ODE makes, at noise σ_min, of the prior at σ_max.

    In y = x/σ and t = 1/σ the ODE is dy/dt = x̂₀(σy, σ), and along it d log p(y)/dt = −σ tr ∂x̂₀/∂x
    (arXiv 2011.13456, appendix D.2), so that over the D dimensions of a row
    log p(x) = log prior(x(σ_max)) + D ln(σ_max/σ_min) − ∫ σ tr ∂x̂₀/∂x dt,
    the integral from t = 1/σ_max to t = 1/σ_min.

    x (n, ...) at noise σ_min; returns (n,), nats, in the dtype of x. The denoiser has to answer
    each row by itself: how one row's answer moves with another row would be counted in.
    divergence: `exact` takes the trace by one backward pass per dimension, `hutchinson` estimates
    it without bias by `probes` random signs each, drawn once from `generator` and kept along the
    trajectory (arXiv 1810.01367). rtol: the solver's tolerance; the rows share its steps, so values
    agree to about it, not bit for bit, between batches. prior(x) (n, ...) → (n,): log density at
    σ_max; default N(0, σ_max² I).
    Raises ValueError unless 0 < sigma_min < sigma_max < inf, probes >= 1, 0 < rtol < 1 and
    divergence is one of the two; JobFailed where the ODE cannot be solved.
    """
    if not 0 < sigma_min < sigma_max < math.inf:
        raise ValueError(f"need 0 < sigma_min < sigma_max, found {sigma_min} and {sigma_max}")
    if divergence not in ("exact", "hutchinson") or probes < 1:
        raise ValueError(
            f"need divergence exact or hutchinson and probes >= 1, found {divergence} and {probes}"
        )
    directions = _axes(x) if divergence == "exact" else _probes(x, probes, generator)

    def rate(state: np.ndarray, sigma: float) -> np.ndarray:
        rows = torch.as_tensor(state[: x.numel()] * sigma, dtype=x.dtype, device=x.device)
        x0, trace = _denoised_with_trace(denoiser, rows.reshape(x.shape), sigma, directions)
        if divergence == "hutchinson":
            trace = trace / probes
        return _numbers(x0, sigma * trace)

    state = _numbers(x / sigma_min, torch.zeros(len(x)))
    for _, reached in integrate(rate, state, sigma_min, sigma_max, rtol):
        state = reached
    found = torch.as_tensor(state, dtype=torch.float64, device=x.device)
    noisy = (sigma_max * found[: x.numel()]).to(x.dtype).reshape(x.shape)
    volume = math.prod(x.shape[1:]) * math.log(sigma_max / sigma_min)
    log_prior = (prior or normal(0.0, sigma_max))(noisy)
    return (log_prior.double() + volume + found[x.numel() :]).to(x.dtype)


def _axes(x: Tensor) -> Tensor:
    """The unit vectors of a row's dimensions, (D, n, ...): vᵀJv over them sums to the trace."""
    dim = math.prod(x.shape[1:])
    axes = torch.eye(dim, dtype=x.dtype, device=x.device).reshape(dim, 1, *x.shape[1:])
    return axes.expand(dim, *x.shape)


def _probes(x: Tensor, probes: int, generator: torch.Generator | None) -> Tensor:
    """Random signs, (probes, n, ...): the expectation of vᵀJv over one of them is the trace."""
    return slices(x.expand(probes, *x.shape), generator)


def _denoised_with_trace(
    denoiser: Denoise, x: Tensor, sigma: float, directions: Tensor
) -> tuple[Tensor, Tensor]:
    """x̂₀, the shape of x, and Σ_v vᵀ (∂x̂₀/∂x) v over the directions (K, n, ...), shape (n,)."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        x0 = denoiser(x, sigma)
        trace = torch.zeros(len(x), dtype=x.dtype, device=x.device)
        # one backward each: batched ones go through torch.func, which imports the compiler
        for v in directions:
            (product,) = torch.autograd.grad(x0, x, v, retain_graph=True)
            trace += (product * v).reshape(len(x), -1).sum(dim=1)
    return x0.detach(), trace


def _numbers(*parts: Tensor) -> np.ndarray:
    """The solver's state: tensors as one flat float64 array."""
    return np.concatenate([part.detach().double().cpu().numpy().ravel() for part in parts])


def normal(mean: Tensor | float, std: float) -> Callable[[Tensor], Tensor]:
    """The density log N(x; mean, std² I), nats, of rows x (n, ...), shape (n,): a prior.

    mean is a number or of the shape of a row, std > 0.
    """

    def log_density(x: Tensor) -> Tensor:
        squares = ((x.double() - mean) / std).reshape(len(x), -1).square()
        return -0.5 * (squares + math.log(2 * math.pi * std**2)).sum(dim=1)

    return log_density


def bits_per_dim(log_prob: Tensor, dim: int, bin_width: float) -> Tensor:
    """−(log p/D + ln w)/ln 2: bits per dimension of discrete data, from densities in nats.

    Values on a grid of spacing w = bin_width become continuous by uniform noise of that width. The
    probability of a grid point is the integral of the density over its cell of volume wᴰ, so by
    Jensen's inequality the result is, in expectation over the noise, an upper bound of the discrete
    model's −log₂ P/D (arXiv 1511.01844, section 3.1). log_prob of any shape, returned so; data in
    units in which neighbouring values are bin_width apart.
    Raises ValueError unless dim >= 1 and bin_width > 0.
    """
    if dim < 1 or bin_width <= 0:
        raise ValueError(f"need dim >= 1 and bin_width > 0, found {dim} and {bin_width}")
    return -(log_prob / dim + math.log(bin_width)) / math.log(2)
