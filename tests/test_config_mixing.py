"""The sigmas that a density covers, found without tensors."""

import math

import pytest

from scoreladder import densities
from scoreladder.config_mixing import SIGMAS, TOY, support
from scoreladder.ncsn_toy import CONFIGURATIONS, HEAVY_MODE, HEAVY_WEIGHT, LIGHT_MODE
from scoreladder.noise import geometric

CONTINUOUS = [
    {"kind": "log_uniform", "sigma_min": 0.5, "sigma_max": 30.0},
    {"kind": "log_normal", "mean": 1.0, "std": 2.0},
    {"kind": "vp", "beta_min": 0.1, "beta_max": 20.0, "t_min": 0.001},
    {"kind": "vp", "beta_min": 0.3, "beta_max": 9.0, "t_min": 0.2},
    {"kind": "sub_vp", "beta_min": 0.1, "beta_max": 20.0, "t_min": 0.001},
]


@pytest.mark.parametrize("block", CONTINUOUS, ids=lambda block: block["kind"])
def test_a_continuous_density_covers_its_support(block):
    density = densities.density(block, geometric(5.0, 0.1, 4))
    assert support(block) == pytest.approx(density.support, rel=1e-5)


@pytest.mark.parametrize("block", [{"kind": "ladder", "power": 0.0}, {"kind": "importance"}])
def test_a_density_over_levels_covers_nothing_between_them(block):
    low, high = support(block)
    assert low > high


def test_a_rate_beyond_floats_covers_much():
    block = {"kind": "vp", "beta_min": 0.1, "beta_max": 1e6, "t_min": 0.001}
    assert math.isfinite(support(block)[1])
    assert math.isfinite(support(block | {"kind": "sub_vp"})[1])


def test_the_toy_is_the_librarys():
    assert TOY["means"] == [list(HEAVY_MODE), list(LIGHT_MODE)]
    assert TOY["weights"] == pytest.approx([HEAVY_WEIGHT, 1 - HEAVY_WEIGHT])
    assert (1, max(each.sigma_max for each in CONFIGURATIONS.values())) == SIGMAS
