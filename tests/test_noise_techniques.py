"""NCSNv2's techniques 1, 2 and 4 against their paper, and the ladder that they make."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoreladder import noise

# arXiv 2006.09011, appendix B: σ_1, L, T, and ε in units of 1e-6 (σ_L = 0.01 throughout)
PUBLISHED = {
    "CIFAR-10": (50, 232, 5, 6.2),
    "CelebA 64": (90, 500, 5, 3.3),
    "LSUN bedroom 128": (190, 1086, 3, 1.8),
    "FFHQ 256": (348, 2311, 3, 0.9),
}


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


def test_technique_1_is_the_largest_pairwise_distance():
    # more rows than one block of the computation, the two farthest apart in the second block
    x = torch.randn(1500, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    x[1200], x[1450] = 10.0, -10.0
    flat = x.flatten(1).double().numpy()
    largest = max(np.linalg.norm(flat - row, axis=1).max() for row in flat)
    assert largest == pytest.approx(40.0)
    assert noise.technique1_sigma_max(x) == pytest.approx(largest, rel=1e-12)
    with pytest.raises(ValueError, match="at least two data points, found 1"):
        noise.technique1_sigma_max(x[:1])


def test_technique_2_gives_219_levels_for_cifar10():
    assert noise.technique2_levels(3072, 50, 0.01) == 219
    # the overlap that the paper's own 232 levels have
    assert noise.technique2_levels(3072, 50, 0.01, 0.567) == 232


def overlap(dim, gamma):
    """The left side of technique 2's equation."""
    centre = math.sqrt(2 * dim) * (gamma - 1)
    return stats.norm.cdf(centre + 3 * gamma) - stats.norm.cdf(centre - 3 * gamma)


@given(
    st.sampled_from([5, 6, 12, 64, 3072, 196_608]),
    st.floats(0.01, 0.99),
    st.floats(1.5, 1e5),
)
def test_technique_2_takes_the_count_whose_ratio_is_nearest_to_the_solution(dim, c, spread):
    low, high = 1.0, 2.0
    while overlap(dim, high) > c:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if overlap(dim, middle) > c else (low, middle)
    found = noise.technique2_levels(dim, spread, 1.0, c)

    def distance(levels):
        return abs(math.log(spread) / (levels - 1) - math.log(low))

    neighbours = [levels for levels in (found - 1, found + 1) if levels >= 2]
    # at equal distances either will do
    assert all(distance(found) <= distance(levels) * (1 + 1e-6) for levels in neighbours)


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_below_five_dimensions_levels_always_overlap_and_two_are_enough(dim):
    assert min(overlap(dim, gamma) for gamma in np.geomspace(1, 1e6, 500)) > 0.997
    assert min(overlap(5, gamma) for gamma in np.geomspace(1, 1e6, 500)) < 1e-9
    for c in (0.01, 0.5, 0.996):
        assert noise.technique2_levels(dim, 50, 0.01, c) == 2
    # from five dimensions on levels can be too far apart
    assert noise.technique2_levels(5, 50, 0.01, 0.5) == 4


def test_technique_2_refuses_an_impossible_overlap():
    for c in (0.0, 1.0, -0.5, 0.997, math.nan):
        with pytest.raises(ValueError, match=r"0 < c < 0\.997"):
            noise.technique2_levels(3072, 50, 0.01, c)
    with pytest.raises(ValueError, match="dim >= 1"):
        noise.technique2_levels(0, 50, 0.01)


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_technique_4_gives_the_published_step_sizes_to_their_printed_digits(dataset):
    sigma_max, levels, steps, printed = PUBLISHED[dataset]
    sigmas = noise.geometric(sigma_max, 0.01, levels)
    found = noise.technique4_step_size(sigmas, steps) * 1e6
    assert round(found, 1) == printed
    # and is the minimum, to a tenth of a percent
    grid = printed * np.linspace(0.95, 1.05, 2001)
    ratio = (sigma_max / 0.01) ** (1 / (levels - 1))
    off = [abs(noise.variance_ratio(epsilon / 100, ratio, steps) - 1) for epsilon in grid]
    assert found == pytest.approx(grid[np.argmin(off)], rel=1e-3)


def test_technique_4_is_the_minimum_over_a_dense_grid():
    sigmas = noise.geometric(1.0, 0.01, 10)
    ratio = float(sigmas[0] / sigmas[1])
    grid = np.geomspace(1e-6, 0.999, 50_001)
    best = grid[np.argmin(np.abs(noise.variance_ratio(grid, ratio, 100) - 1))]
    assert noise.technique4_step_size(sigmas, 100) == pytest.approx(best * 0.01**2, rel=1e-3)
    for few, steps in ((noise.single(1.0), 5), (sigmas, 0)):
        with pytest.raises(ValueError, match="at least two levels and one step per level"):
            noise.technique4_step_size(few, steps)


@given(st.floats(1e-4, 0.9), st.floats(1.0, 3.0), st.integers(1, 30))
def test_variance_ratio_is_the_recursion_of_one_level(eta, ratio, steps):
    variance = ratio**2
    for _ in range(steps):
        variance = (1 - eta) ** 2 * variance + 2 * eta
    assert noise.variance_ratio(eta, ratio, steps) == pytest.approx(variance, rel=1e-9)
