"""VE, VP and sub-VP: coefficients against each other, and both coordinates against one another."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from scoreladder.sdes import VE, VP, SubVP

SDES = [VE(0.01, 50.0), VP(), SubVP(), VP(0.5, 0.5), SubVP(0.2, 8.0)]
TIMES = torch.linspace(0.01, 1.0, 23, dtype=torch.float64)

betas = st.tuples(st.floats(0.01, 5.0), st.floats(0.0, 10.0)).map(lambda b: (b[0], b[0] + b[1]))
ANY = {
    "vp": st.builds(lambda b: VP(*b), betas),
    "sub_vp": st.builds(lambda b: SubVP(*b), betas),
    "ve": st.builds(
        lambda low, ratio: VE(low, low * ratio), st.floats(1e-3, 1.0), st.floats(1.5, 1e4)
    ),
}


def close(found, expected, rel=1e-10):
    assert found.numpy() == pytest.approx(expected.numpy(), rel=rel)


@pytest.mark.parametrize("sde", SDES)
def test_sigma_is_the_marginal_std_over_the_scale(sde):
    close(sde.sigma(TIMES), sde.marginal_std(TIMES) / sde.scale(TIMES))


def test_marginal_stds_of_the_closed_forms():
    integral = 0.1 * TIMES + 19.9 * TIMES**2 / 2
    close(VE(0.01, 50.0).marginal_std(TIMES), 0.01 * 5000**TIMES)
    close(VP().marginal_std(TIMES), (1 - (-integral).exp()).sqrt())
    close(SubVP().marginal_std(TIMES), 1 - (-integral).exp())
    close(VP().scale(TIMES) ** 2 + VP().marginal_std(TIMES) ** 2, torch.ones(23).double())
    assert (SubVP().marginal_std(TIMES) < VP().marginal_std(TIMES)).all()


@pytest.mark.parametrize("sde", SDES)
def test_the_moments_that_drift_and_diffusion_bring_about_are_scale_and_std(sde):
    one = torch.ones(1, dtype=torch.float64)

    def moments(t, y):
        time = torch.tensor([t], dtype=torch.float64)
        # f is linear in x, so the mean follows f and the variance 2 f v + g²
        rate = sde.drift(one, time).item()
        return [rate * y[0], 2 * rate * y[1] + sde.diffusion(time).item() ** 2]

    zero = torch.zeros(1, dtype=torch.float64)
    start = [1.0, sde.marginal_std(zero).item() ** 2]
    found = integrate.solve_ivp(moments, (0, 1), start, rtol=1e-9, atol=1e-12).y[:, -1]
    expected = [sde.scale(one).item(), sde.marginal_std(one).item() ** 2]
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("sde", SDES)
def test_the_rate_of_sigma_squared_is_its_derivative_and_the_diffusion_in_ve_coordinates(sde):
    t = TIMES.clone().requires_grad_()
    (rate,) = torch.autograd.grad((sde.sigma(t) ** 2).sum(), t)
    close(sde.sigma2_rate(TIMES), rate, rel=1e-9)
    close(sde.sigma2_rate(TIMES), sde.diffusion(TIMES) ** 2 / sde.scale(TIMES) ** 2, rel=1e-9)


DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ANY)
@given(st.data(), st.floats(1e-3, 1.0))
def test_time_inverts_sigma(kind, dtype, data, t):
    sde, t = data.draw(ANY[kind]), torch.tensor(t, dtype=dtype)
    # a relative error of σ becomes an absolute one of t for VE
    close_to = {"rel": 1e-9} if dtype == torch.float64 else {"rel": 1e-4, "abs": 1e-5}
    assert sde.time(sde.sigma(t)).item() == pytest.approx(t.item(), **close_to)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ANY)
@settings(max_examples=10)
@given(st.data(), st.lists(st.integers(1, 4), min_size=0, max_size=3))
def test_functions_of_time_keep_shape_and_type(kind, dtype, data, shape):
    sde = data.draw(ANY[kind])
    t = torch.full(tuple(shape), 0.3, dtype=dtype)
    functions = (sde.scale, sde.marginal_std, sde.sigma, sde.diffusion, sde.sigma2_rate, sde.time)
    for function in functions:
        assert function(t).shape == t.shape and function(t).dtype == dtype
    x = torch.ones(5, 2, 3, dtype=dtype)
    for t in (torch.tensor(0.3, dtype=dtype), torch.linspace(0.1, 1, 5, dtype=dtype)):
        drift = sde.drift(x, t)
        assert drift.shape == x.shape and drift.dtype == dtype
        expected = sde.drift(x[:1, :1, :1], t[-1:] if t.ndim else t)
        assert torch.equal(drift[-1, 1, 2], expected.squeeze())


@pytest.mark.parametrize("dtype, rel", [(torch.float32, 1e-4), (torch.float64, 1e-10)])
@pytest.mark.parametrize("sde", SDES)
def test_one_score_serves_both_coordinates(sde, dtype, rel):
    mean, spread = 0.4, 0.7
    x = torch.linspace(-3, 3, 11, dtype=dtype)
    for t in TIMES[::5].to(dtype):
        scale, sigma = sde.scale(t), sde.sigma(t)
        own = -(x - scale * mean) / ((scale * spread) ** 2 + sde.marginal_std(t) ** 2)
        exploding = -(x / scale - mean) / (spread**2 + sigma**2)
        close(exploding / scale, own, rel)


def test_refuses_ends_that_are_none():
    for ends in ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="0 < sigma_min < sigma_max"):
            VE(*ends)
    for kind in (VP, SubVP):
        for ends in ((0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)):
            with pytest.raises(ValueError, match="0 < beta_min <= beta_max"):
                kind(*ends)


def test_vp_is_the_limit_of_ddpm_as_its_steps_grow_in_number():
    steps = 100_000
    beta = VP()._beta(torch.arange(1, steps + 1, dtype=torch.float64) / steps).numpy() / steps
    alpha_bar = np.cumprod(1 - beta)[steps // 2 - 1]
    half = torch.tensor(0.5, dtype=torch.float64)
    assert VP().scale(half).item() ** 2 == pytest.approx(alpha_bar, rel=1e-3)
