"""Ladders against closed forms and the schedules of diffusers."""

import math

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, EDMEulerScheduler, EulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st

from scoreladder import noise, sdes

ends = st.tuples(st.floats(0.001, 1.0), st.floats(1.01, 1000.0)).map(lambda e: (e[0] * e[1], e[0]))


@given(ends, st.integers(2, 300))
def test_geometric_ladder_has_its_ends_and_a_constant_ratio(ends, levels):
    sigmas = noise.geometric(*ends, levels)
    assert sigmas.shape == (levels,) and sigmas.dtype == torch.float64
    assert (float(sigmas[0]), float(sigmas[-1])) == ends
    ratio = (ends[0] / ends[1]) ** (1 / (levels - 1))
    assert torch.allclose(sigmas[:-1] / sigmas[1:], torch.tensor(ratio).double(), rtol=1e-6)
    assert (sigmas.diff() < 0).all()


@given(ends, st.integers(2, 300))
def test_linear_ladder_has_its_ends_and_a_constant_step(ends, levels):
    sigmas = noise.linear(*ends, levels)
    assert (float(sigmas[0]), float(sigmas[-1])) == ends
    step = (ends[1] - ends[0]) / (levels - 1)
    assert torch.allclose(sigmas.diff(), torch.tensor(step).double(), rtol=1e-6)


def test_geometric_ladder_of_the_formula():
    expected = [5 * (0.05 / 5) ** ((i - 1) / 9) for i in range(1, 11)]
    assert noise.geometric(5, 0.05, 10).tolist() == pytest.approx(expected, rel=1e-12)


def test_a_config_block_names_its_ladder():
    spec = {"kind": "geometric", "sigma_max": 5.0, "sigma_min": 0.05, "levels": 10}
    assert torch.equal(noise.ladder(spec), noise.geometric(5.0, 0.05, 10))
    assert noise.ladder({"kind": "single", "sigma": 0.3}).tolist() == [0.3]
    spec = {"kind": "karras", "sigma_max": 80.0, "sigma_min": 0.002, "levels": 18}
    assert torch.equal(noise.ladder(spec), noise.ladder(spec | {"rho": 7.0}))
    assert torch.equal(noise.ladder({"kind": "vp", "levels": 5}), noise.vp(5))
    with pytest.raises(ValueError, match="unknown kind 'cubic'; one of: single, geometric, "):
        noise.ladder({"kind": "cubic"})


levels = st.integers(2, 200)
steps = st.integers(200, 2000)
points = st.integers(0, 99).map(
    lambda seed: torch.randn(9, 3, 3, generator=torch.Generator().manual_seed(seed))
)
A_LADDER = {
    "single": st.builds(noise.single, st.floats(1e-3, 1e3)),
    "geometric": st.builds(lambda e, n: noise.geometric(*e, n), ends, levels),
    "linear": st.builds(lambda e, n: noise.linear(*e, n), ends, levels),
    "karras": st.builds(
        lambda e, n, rho: noise.karras(*e, n, rho),
        ends,
        levels,
        st.one_of(st.floats(0.1, 20), st.sampled_from([0.1, 1e3, 1e6])),
    ),
    "ddpm_linear": st.builds(noise.ddpm_linear, levels, steps=steps),
    "cosine": st.builds(noise.cosine, levels, steps=steps),
    "vp": st.builds(noise.vp, levels, t_min=st.floats(1e-4, 0.5)),
    "sub_vp": st.builds(noise.sub_vp, levels, t_min=st.floats(1e-4, 0.5)),
    "ncsnv2": st.builds(noise.ncsnv2, points, st.floats(1e-3, 0.5), st.floats(0.1, 0.9)),
}


@pytest.mark.parametrize("kind", noise.LADDERS)
@given(st.data())
def test_every_ladder_descends_strictly_to_a_positive_sigma(kind, data):
    sigmas = data.draw(A_LADDER[kind])
    assert sigmas.ndim == 1 and sigmas.dtype == torch.float64
    assert (sigmas.diff() < 0).all()
    assert sigmas[-1] > 0 and sigmas[0].isfinite()


@given(ends, st.integers(2, 100))
def test_karras_has_its_ends_and_lies_between_linear_and_geometric(ends, levels):
    sigmas = noise.karras(*ends, levels)
    assert (float(sigmas[0]), float(sigmas[-1])) == ends
    assert torch.allclose(noise.karras(*ends, levels, 1.0), noise.linear(*ends, levels))
    assert torch.allclose(
        noise.karras(*ends, levels, 1e6), noise.geometric(*ends, levels), rtol=1e-4
    )


@pytest.mark.parametrize("rho", [-7.0, 0.0, 0.01, 0.09, 1.1e6, 1e18, math.inf, math.nan])
def test_karras_refuses_a_rho_whose_levels_float64_cannot_tell_apart(rho):
    with pytest.raises(ValueError, match=r"need 0\.1 <= rho <= 1e6, found "):
        noise.karras(0.5, 0.1, 10, rho)


def test_karras_of_edm_is_that_of_diffusers():
    oracle = EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, rho=7.0)
    oracle.set_timesteps(18)
    sigmas = noise.karras(80.0, 0.002, 18)
    # the oracle works in float32 and ends with an extra 0
    assert sigmas.numpy() == pytest.approx(oracle.sigmas[:-1].numpy(), rel=1e-5)
    # eq. 5 of arXiv 2206.00364 at i = 9
    middle = (80 ** (1 / 7) + 9 / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
    assert float(sigmas[9]) == pytest.approx(middle, rel=1e-12)


@pytest.mark.parametrize(
    "kind, name", [(noise.ddpm_linear, "linear"), (noise.cosine, "squaredcos_cap_v2")]
)
def test_discrete_schedules_are_those_of_diffusers(kind, name):
    oracle = DDPMScheduler(beta_schedule=name, timestep_spacing="linspace")
    # its betas are float32, whose rounding alone is left once their product is taken in float64
    alpha_bar = (1 - oracle.betas.double()).cumprod(0)
    expected = ((1 - alpha_bar) / alpha_bar).sqrt().flip(0)
    assert kind(1000).numpy() == pytest.approx(expected.numpy(), rel=1e-3)
    assert kind(1000)[:900].numpy() == pytest.approx(expected[:900].numpy(), rel=5e-5)
    # the oracle's own σ, in float32 throughout
    oracles = EulerDiscreteScheduler(beta_schedule=name).sigmas[:-1]
    assert kind(1000).numpy() == pytest.approx(oracles.numpy(), rel=5e-3)
    # and the steps that fewer levels keep
    oracle.set_timesteps(10)
    assert torch.equal(kind(10), kind(1000).flip(0)[oracle.timesteps])


def test_discrete_schedules_of_the_formulae():
    assert float(noise.ddpm_linear(1000)[-1]) == pytest.approx(math.sqrt(1e-4 / (1 - 1e-4)))
    expected = math.prod(1 - (1e-4 + (0.02 - 1e-4) * i / 999) for i in range(1000))
    assert float(noise.ddpm_linear(2)[0]) == pytest.approx(math.sqrt(1 / expected - 1), rel=1e-9)

    def alpha_bar(t):
        return (
            math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
            / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
        )

    # at every step but those that the cap on β holds back
    sigma = noise.cosine(1000).flip(0)
    for step in (1, 10, 500, 999):
        expected = math.sqrt(1 / alpha_bar(step / 1000) - 1)
        assert float(sigma[step - 1]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", [noise.ddpm_linear, noise.cosine])
def test_discrete_schedules_have_as_many_levels_as_asked_and_both_ends(kind):
    whole = kind(50, steps=50)
    assert len(whole) == 50
    for levels in (2, 7, 49):
        some = kind(levels, steps=50)
        assert len(some) == levels
        assert some[0] == whole[0] and some[-1] == whole[-1]
    for levels in (1, 51):
        with pytest.raises(ValueError, match=f"2 <= levels <= steps, found levels={levels}"):
            kind(levels, steps=50)


def test_discrete_schedules_refuse_what_is_no_beta():
    for betas in ((0.0, 0.02), (0.02, 0.01), (0.01, 1.0)):
        with pytest.raises(ValueError, match="0 < beta_start <= beta_end < 1"):
            noise.ddpm_linear(10, *betas)


@pytest.mark.parametrize("kind, sde", [(noise.vp, sdes.VP), (noise.sub_vp, sdes.SubVP)])
def test_ladders_of_an_sde_are_even_in_time(kind, sde):
    t = sde(0.2, 8.0).time(kind(6, 0.2, 8.0, 0.01))
    assert t.tolist() == pytest.approx(np.linspace(1, 0.01, 6).tolist(), rel=1e-9)
    for t_min in (0.0, 1.0):
        with pytest.raises(ValueError, match="0 < t_min < 1"):
            kind(6, t_min=t_min)
    with pytest.raises(ValueError, match="levels >= 2"):
        kind(1)


def test_vp_is_close_to_the_linear_schedule_it_is_the_limit_of():
    # β of 0.1 and 20 over t in [0, 1] is β of 1e-4 and 0.02 over 1000 steps
    assert noise.vp(1000, t_min=1e-3)[10].item() == pytest.approx(
        noise.ddpm_linear(1000)[10].item(), rel=0.1
    )


@pytest.mark.parametrize("ends", [(1.0, 1.0), (1.0, 2.0), (1.0, 0.0), (1.0, -1.0), (math.inf, 1.0)])
@pytest.mark.parametrize("kind", [noise.geometric, noise.linear, noise.karras])
def test_ladders_refuse_ends_that_do_not_descend_to_a_positive_sigma(kind, ends):
    with pytest.raises(ValueError, match="0 < sigma_min < sigma_max"):
        kind(*ends, 5)


def test_ladders_refuse_too_few_levels_and_single_a_sigma_of_zero():
    with pytest.raises(ValueError, match=r"levels >= 2, found 1; use single\(\)"):
        noise.geometric(2.0, 1.0, 1)
    for sigma in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="sigma > 0"):
            noise.single(sigma)
