"""NCSN's toy with the exact score against the weights that linear theory and the paper give."""

import pytest
import torch

from scoreladder import ncsn_toy
from scoreladder.analytic import GaussianMixture

# recomputed independently with 20,000 chains
PUBLISHED = {
    "plain, σ = 1": 0.511,
    "L = 10, σ₁ = 20": 0.784,
    "L = 10, σ₁ = 5": 0.787,
    "L = 10, σ₁ = 2": 0.558,
    "L = 2, σ₁ = 20": 0.581,
    "L = 3, σ₁ = 20": 0.763,
    "L = 10, σ₁ = 20, 1000 steps a level": 0.802,
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 20.0, torch.linspace(0.5, 20, 100)])
def test_the_denoiser_is_that_of_the_two_point_masses(sigma):
    modes = torch.tensor([ncsn_toy.HEAVY_MODE, ncsn_toy.LIGHT_MODE], dtype=torch.float64)
    mixture = GaussianMixture(modes, 0.0, [ncsn_toy.HEAVY_WEIGHT, 1 - ncsn_toy.HEAVY_WEIGHT])
    x = 8 * torch.randn(100, 2, generator=generator(), dtype=torch.float64)
    assert torch.allclose(ncsn_toy.exact_denoiser(x, sigma), mixture(x, sigma), atol=1e-12)


@pytest.mark.parametrize("name", ncsn_toy.CONFIGURATIONS)
def test_langevin_finds_the_published_weight_of_the_heavy_mode(name):
    configuration = ncsn_toy.CONFIGURATIONS[name]
    found = ncsn_toy.heavy_weight(
        ncsn_toy.exact_denoiser, configuration, chains=20_000, generator=generator(1)
    )
    assert found == pytest.approx(PUBLISHED[name], abs=0.02)


def test_a_chain_counts_for_the_mode_that_it_ends_nearer_to():
    """A denoiser that knows one mode alone draws every chain there."""
    configuration = ncsn_toy.CONFIGURATIONS["L = 10, σ₁ = 20"]
    for mode, weight in ((ncsn_toy.HEAVY_MODE, 1.0), (ncsn_toy.LIGHT_MODE, 0.0)):
        found = ncsn_toy.heavy_weight(
            lambda x, sigma, mode=mode: torch.tensor(mode).expand_as(x),
            configuration,
            chains=100,
            generator=generator(),
        )
        assert found == weight
