"""Ladders, NCSNv2's techniques against its published numbers, and the training densities."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from scoreladder import noise

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


@pytest.mark.parametrize("ends", [(1.0, 1.0), (1.0, 2.0), (1.0, 0.0), (1.0, -1.0), (math.inf, 1.0)])
@pytest.mark.parametrize("kind", [noise.geometric, noise.linear])
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


def draws(density, n=20_000):
    return density.sample(n, torch.Generator().manual_seed(0))


def test_draws_over_a_ladder_are_uniform_over_its_levels():
    sigmas = noise.geometric(5.0, 0.05, 10)
    density = noise.OverLadder(sigmas)
    counts = [(draws(density) == sigma).sum().item() for sigma in sigmas]
    assert sum(counts) == 20_000
    assert stats.chisquare(counts).pvalue > 0.01
    assert density.log_prob(sigmas).exp().tolist() == pytest.approx([0.1] * 10)
    assert density.log_prob(torch.tensor([0.07]).double()).item() == -math.inf
    assert density.support == (0.05, 5.0)


@pytest.mark.parametrize(
    "density, law",
    [
        (noise.LogUniform(0.05, 5.0), stats.loguniform(0.05, 5.0)),
        (noise.LogNormal(-1.2, 1.2), stats.lognorm(1.2, scale=math.exp(-1.2))),
    ],
)
def test_continuous_densities_are_those_of_scipy(density, law):
    sample = draws(density)
    assert stats.kstest(sample.numpy(), law.cdf).pvalue > 0.01
    grid = torch.linspace(0.06, 4.9, 50, dtype=torch.float64)
    assert density.log_prob(grid).numpy() == pytest.approx(law.logpdf(grid.numpy()))
    low, high = density.support
    assert ((sample >= low) & (sample <= high)).all()
    # in u = ln σ, where the integrand is smooth
    mass, _ = integrate.quad(
        lambda u: density.log_prob(torch.tensor(u).double().exp()).exp().item() * math.exp(u),
        math.log(max(low, 1e-6)),
        math.log(min(high, 1e4)),
    )
    assert mass == pytest.approx(1, abs=1e-6)


def test_log_uniform_has_no_mass_outside_its_ends():
    outside = noise.LogUniform(0.05, 5.0).log_prob(torch.tensor([0.049, 5.01]))
    assert outside.tolist() == [-math.inf, -math.inf]


def test_a_config_block_names_its_density():
    sigmas = noise.single(1.0)
    assert noise.density({"kind": "ladder"}, sigmas).sigmas is sigmas
    block = {"kind": "log_uniform", "sigma_min": 0.1, "sigma_max": 2.0}
    assert noise.density(block, sigmas) == noise.LogUniform(0.1, 2.0)
    block = {"kind": "log_normal", "mean": -1.2, "std": 1.2}
    assert noise.density(block, sigmas) == noise.LogNormal(-1.2, 1.2)
