"""Ladders against closed forms and the schedules of diffusers, NCSNv2 against its paper."""

import math

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, EDMEulerScheduler, EulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoreladder import noise, sdes

# arXiv 2006.09011, appendix B: σ_1, L, T, and ε in units of 1e-6 (σ_L = 0.01 throughout)
PUBLISHED = {
    "CIFAR-10": (50, 232, 5, 6.2, 6.184),
    "CelebA 64": (90, 500, 5, 3.3, 3.337),
    "LSUN bedroom 128": (190, 1086, 3, 1.8, 1.7675),
    "FFHQ 256": (348, 2311, 3, 0.9, 0.8932),
}

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
A_LADDER = st.one_of(
    st.builds(lambda e, n, rho: noise.karras(*e, n, rho), ends, levels, st.floats(0.5, 20)),
    st.builds(noise.ddpm_linear, levels, steps=st.integers(200, 2000)),
    st.builds(noise.cosine, levels, steps=st.integers(200, 2000)),
    st.builds(noise.vp, levels, t_min=st.floats(1e-4, 0.5)),
    st.builds(noise.sub_vp, levels, t_min=st.floats(1e-4, 0.5)),
)


@given(A_LADDER)
def test_every_ladder_descends_strictly_to_a_positive_sigma(sigmas):
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
    with pytest.raises(ValueError, match="rho > 0, found 0"):
        noise.karras(*ends, levels, 0)


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


def test_ncsnv2_takes_its_ends_and_its_levels_from_the_data():
    x = 3 * torch.randn(40, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    sigmas = noise.ncsnv2(x, 0.01)
    sigma_max = noise.technique1_sigma_max(x)
    levels = noise.technique2_levels(16, sigma_max, 0.01)
    assert torch.equal(sigmas, noise.geometric(sigma_max, 0.01, levels))
    spec = {"kind": "ncsnv2", "sigma_min": 0.01, "c": 0.5}
    assert torch.equal(noise.ladder(spec, x), sigmas)
    assert len(noise.ladder(spec | {"c": 0.8}, x)) > levels
    with pytest.raises(ValueError, match="follows from the training data"):
        noise.ladder(spec)
    with pytest.raises(ValueError, match="0 < sigma_min < sigma_max"):
        noise.ncsnv2(x, sigma_max + 1)


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


def test_technique_1_is_the_largest_pairwise_distance():
    # more rows than one block of the computation
    x = torch.randn(1500, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    flat = x.flatten(1).double().numpy()
    largest = max(np.linalg.norm(flat - row, axis=1).max() for row in flat)
    assert noise.technique1_sigma_max(x) == pytest.approx(largest, rel=1e-12)
    with pytest.raises(ValueError, match="at least two data points, found 1"):
        noise.technique1_sigma_max(x[:1])


def test_technique_2_gives_219_levels_for_cifar10():
    assert noise.technique2_levels(3072, 50, 0.01) == 219
    # the overlap that the paper's own 232 levels have
    assert noise.technique2_levels(3072, 50, 0.01, 0.567) == 232


@pytest.mark.parametrize("c", [0.3, 0.5, 0.7])
def test_technique_2_picks_the_level_count_whose_overlap_is_nearest_to_c(c):
    def overlap(levels):
        gamma = (50 / 0.01) ** (1 / (levels - 1))
        centre = math.sqrt(2 * 3072) * (gamma - 1)
        return stats.norm.cdf(centre + 3 * gamma) - stats.norm.cdf(centre - 3 * gamma)

    found = noise.technique2_levels(3072, 50, 0.01, c)
    nearest = min(range(100, 500), key=lambda levels: abs(overlap(levels) - c))
    assert abs(found - nearest) <= 1
    assert overlap(found - 1) < c < overlap(found + 1)


def test_technique_2_refuses_an_impossible_overlap():
    for c in (0.0, 1.0, -0.5):
        with pytest.raises(ValueError, match=r"0 < c < 0\.997"):
            noise.technique2_levels(3072, 50, 0.01, c)


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_technique_4_gives_the_published_step_sizes(dataset):
    sigma_max, levels, steps, printed, exact = PUBLISHED[dataset]
    sigmas = noise.geometric(sigma_max, 0.01, levels)
    found = noise.technique4_step_size(sigmas, steps) * 1e6
    assert found == pytest.approx(exact, rel=1e-3)
    assert abs(found - printed) < 0.05  # the paper prints one decimal of these units


def test_technique_4_minimises_over_a_dense_grid():
    sigmas = noise.geometric(1.0, 0.01, 10)
    ratio = float(sigmas[0] / sigmas[1])
    found = noise.technique4_step_size(sigmas, 100) / 0.01**2
    grid = np.geomspace(1e-6, 0.999, 20001)
    best = min(abs(noise.variance_ratio(eta, ratio, 100) - 1) for eta in grid)
    assert abs(noise.variance_ratio(found, ratio, 100) - 1) <= best + 1e-6
    with pytest.raises(ValueError, match="at least two levels"):
        noise.technique4_step_size(noise.single(1.0), 5)


@given(st.floats(1e-4, 0.9), st.floats(1.0, 3.0), st.integers(1, 30))
def test_variance_ratio_is_the_recursion_of_one_level(eta, ratio, steps):
    variance = ratio**2
    for _ in range(steps):
        variance = (1 - eta) ** 2 * variance + 2 * eta
    assert noise.variance_ratio(eta, ratio, steps) == pytest.approx(variance, rel=1e-9)
