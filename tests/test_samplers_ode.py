"""The probability-flow ODE: closed forms on Gaussians, orders of convergence, the adaptive one."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from scoreladder import noise, sampling
from scoreladder.analytic import GaussianMixture
from scoreladder.errors import JobFailed

SIGMA_MAX, SIGMA_MIN = 10.0, 0.05


def gaussian(dtype=torch.float64):
    return GaussianMixture(torch.tensor([[1.0, -2.0]], dtype=dtype), 0.7, [1.0])


def mixture(dtype=torch.float64):
    means = torch.tensor([[2.0, 0.5], [-1.0, 0.0]], dtype=dtype)
    return GaussianMixture(means, 0.5, [0.6, 0.4])


GAUSSIAN, MIXTURE = gaussian(), mixture()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def start(n=50, dtype=torch.float64):
    """The same points in either precision."""
    return (SIGMA_MAX * torch.randn(n, 2, generator=generator(), dtype=torch.float64)).to(dtype)


def at_sigma_min(name, density, levels, **options):
    """A sampler's state at σ_L, before its step to 0, in the precision of the density."""
    sampler = getattr(sampling, name)
    sigmas, x = noise.geometric(SIGMA_MAX, SIGMA_MIN, levels), start(dtype=density.means.dtype)
    *_, state, _ = sampler.states(density, x, sigmas, **options)
    assert state.dtype == x.dtype
    return state.double()


def flow(x, sigma):
    """The exact solution on the Gaussian, started at SIGMA_MAX."""
    ratio = (0.7**2 + sigma**2) / (0.7**2 + SIGMA_MAX**2)
    return GAUSSIAN.means + (x - GAUSSIAN.means) * ratio**0.5


@pytest.fixture(scope="module")
def solutions():
    """Where the flow is at σ_L: the closed form, and the adaptive solver at its best."""
    accurate = at_sigma_min("pf_ode", MIXTURE, 2, rtol=1e-10)
    return [(gaussian, flow(start(), SIGMA_MIN)), (mixture, accurate)]


# rounding hides the order on finer ladders in float32
@pytest.mark.parametrize(
    "dtype, levels, near", [(torch.float32, (61, 121), 0.25), (torch.float64, (201, 401), 0.15)]
)
@pytest.mark.parametrize("name, order", [("ddim", 1), ("heun", 2), ("dpmpp_2m", 2)])
def test_solvers_converge_at_their_order(name, order, dtype, levels, near, solutions):
    for density, exact in solutions:
        errors = [
            (at_sigma_min(name, density(dtype), count) - exact).square().mean().sqrt().item()
            for count in levels
        ]
        assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=near)


@pytest.mark.parametrize(
    "dtype, rtol",
    [
        *((torch.float32, rtol) for rtol in (1e-2, 1e-4, 1e-5)),
        *((torch.float64, rtol) for rtol in (1e-2, 1e-4, 1e-6, 1e-10)),
    ],
)
def test_the_adaptive_solver_is_as_accurate_as_it_is_asked_to_be(dtype, rtol, solutions):
    for density, exact in solutions:
        found = at_sigma_min("pf_ode", density(dtype), 2, rtol=rtol)
        assert (found - exact).square().mean().sqrt().item() < 3 * rtol


@pytest.mark.parametrize("rtol", [1e-2, 1e-5])
def test_the_adaptive_solvers_tolerance_is_what_it_says(rtol):
    """Step for step SciPy's of y = x/σ over 1/σ with an error of rtol·(1 + |y|): rtol·(|x| + σ).

    The data are small beside σ, where a tolerance of |x| alone would take other steps.
    """
    small = GaussianMixture(torch.tensor([[1e-3, -2e-3]], dtype=torch.float64), 0.1, [1.0])
    x = 1e-2 * start()

    def rate(t, y):
        return small(torch.from_numpy(y / t).reshape(x.shape), 1 / t).flatten().numpy()

    ends = (1 / SIGMA_MAX, 1 / SIGMA_MIN)
    oracle = solve_ivp(rate, ends, x.numpy().ravel() / SIGMA_MAX, rtol=rtol, atol=rtol)
    counted = sampling.CountCalls(small)
    sigmas = noise.geometric(SIGMA_MAX, SIGMA_MIN, 2)
    *states, _ = sampling.pf_ode.states(counted, x, sigmas, rtol)
    assert counted.calls == oracle.nfev + 1
    found = np.stack([state.numpy().ravel() for state in states])
    assert np.allclose(found, (oracle.y / oracle.t).T[1:], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "dtype, rtol, error", [(torch.float32, 1e-5, 1e-4), (torch.float64, 1e-9, 1e-6)]
)
def test_on_a_gaussian_the_flow_ends_where_the_closed_form_does(dtype, rtol, error):
    """x₀ = m + (x_T − m) s₀/√(s₀² + σ_T²)."""
    sigmas, x = noise.geometric(SIGMA_MAX, 1e-4, 2), start(dtype=dtype)
    found = sampling.pf_ode(gaussian(dtype), x, sigmas, rtol=rtol)
    assert found.dtype == dtype
    assert torch.allclose(found.double(), flow(start(), 0.0), rtol=0, atol=error)


def test_of_the_adaptive_solvers_ladder_only_the_ends_matter():
    found = [
        sampling.pf_ode(MIXTURE, start(), noise.geometric(SIGMA_MAX, SIGMA_MIN, levels))
        for levels in (2, 17)
    ]
    assert torch.equal(*found)


def test_a_looser_tolerance_takes_fewer_evaluations_and_float32_as_many():
    calls = []
    for rtol, dtype in ((1e-4, torch.float64), (1e-2, torch.float64), (1e-2, torch.float32)):
        counted = sampling.CountCalls(mixture(dtype))
        sigmas = noise.geometric(SIGMA_MAX, SIGMA_MIN, 2)
        sampling.pf_ode(counted, start(dtype=dtype), sigmas, rtol=rtol)
        calls.append(counted.calls)
    assert calls[0] > calls[1] == calls[2]
    assert calls[1] <= 40


def test_states_of_the_adaptive_solver_lie_on_the_flow_in_order():
    """On the Gaussian a state tells its σ: its spread falls from step to step."""
    sigmas = noise.geometric(SIGMA_MAX, SIGMA_MIN, 2)
    states = list(sampling.pf_ode.states(GAUSSIAN, start(), sigmas))
    spreads = [state.std().item() for state in states]
    assert len(states) > 4 and spreads == sorted(spreads, reverse=True)


def test_a_denoiser_that_is_not_finite_or_jumps_ends_the_adaptive_solver():
    sigmas = noise.geometric(2.0, 0.1, 2)
    with pytest.raises(JobFailed, match=r"the denoiser's answer at sigma = 2 is not finite"):
        sampling.pf_ode(lambda x, sigma: x / 0, torch.zeros(2, 1), sigmas)
    with pytest.raises(
        JobFailed, match=r"no solution beyond sigma = .*the denoiser's answer jumps"
    ):
        sampling.pf_ode(lambda x, sigma: -1e20 * x.sign(), torch.ones(2, 1), sigmas)


def test_heun_takes_edms_steps():
    """One step of arXiv 2206.00364, algorithm 2, without churn, then Euler's to 0."""
    x, (first, second) = start(), (3.0, 1.0)
    slope = (x - MIXTURE(x, first)) / first
    guess = x + (second - first) * slope
    corrected = (guess - MIXTURE(guess, second)) / second
    expected = x + (second - first) * (slope + corrected) / 2
    states = list(sampling.heun.states(MIXTURE, x, torch.tensor([first, second])))
    assert torch.allclose(states[0], expected, rtol=1e-12)
    assert torch.allclose(states[1], MIXTURE(states[0], second), rtol=1e-12)


@pytest.mark.parametrize("limits", [{"churn_max": 0.9}, {"churn_min": 3.1}])
def test_churn_stays_within_its_limits(limits):
    sigmas, x = torch.tensor([3.0, 1.0]), start()
    plain = sampling.heun(MIXTURE, x, sigmas)
    assert torch.equal(sampling.heun(MIXTURE, x, sigmas, churn=1.0, **limits), plain)
    assert not torch.equal(sampling.heun(MIXTURE, x, sigmas, churn=1.0), plain)


@pytest.mark.parametrize("churn, factor", [(0.5, 1.25), (100.0, 2**0.5)])
def test_churn_raises_sigma_by_its_share_of_a_step_and_at_most_the_square_root_of_two(
    churn, factor
):
    asked = []

    def denoiser(x, sigma):
        asked.append(sigma)
        return torch.zeros_like(x)

    sampling.heun(denoiser, start(), torch.tensor([3.0, 1.0]), churn=churn)
    assert asked == pytest.approx([3 * factor, 1.0, factor])


def test_dpmpp_2m_extrapolates_the_denoiser_linearly_in_log_sigma():
    """An x̂₀ = ln σ is met half way, in ln σ, from the second step on; first and last meet x̂₀."""
    sigmas = torch.tensor([4.0, 1.5, 0.5, 0.3], dtype=torch.float64)
    logs, x = sigmas.log().tolist(), start()
    met = [logs[0], (logs[1] + logs[2]) / 2, (logs[2] + logs[3]) / 2, logs[3]]
    states = sampling.dpmpp_2m.states(lambda x, s: torch.full_like(x, math.log(s)), x, sigmas)
    kept = [*(sigmas[1:] / sigmas[:-1]).tolist(), 0.0]
    for state, towards, ratio in zip(states, met, kept, strict=True):
        x = ratio * x + (1 - ratio) * towards
        assert torch.allclose(state, x, rtol=1e-12)
