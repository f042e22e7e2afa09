"""NCSN's toy with the exact score against the weights that linear theory and the paper give."""

import pytest
import torch

from scoreladder import ncsn_toy, seeds
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


@pytest.mark.parametrize("dtype, exact", [(torch.float32, 2e-4), (torch.float64, 1e-12)])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 20.0, torch.linspace(0.5, 20, 100)])
def test_the_denoiser_is_that_of_the_two_point_masses(sigma, dtype, exact):
    modes = torch.tensor([ncsn_toy.HEAVY_MODE, ncsn_toy.LIGHT_MODE], dtype=dtype)
    mixture = GaussianMixture(modes, 0.0, [ncsn_toy.HEAVY_WEIGHT, 1 - ncsn_toy.HEAVY_WEIGHT])
    x = 8 * torch.randn(100, 2, generator=generator(), dtype=dtype)
    assert torch.allclose(ncsn_toy.exact_denoiser(x, sigma), mixture(x, sigma), atol=exact)


# in double precision fewer chains, for time, and four standard errors
@pytest.mark.parametrize(
    "dtype, chains, error", [(torch.float32, 20_000, 0.02), (torch.float64, 2000, 0.045)]
)
@pytest.mark.parametrize("name", ncsn_toy.CONFIGURATIONS)
def test_langevin_finds_the_published_weight_of_the_heavy_mode(name, dtype, chains, error):
    found = ncsn_toy.heavy_weight(
        ncsn_toy.exact_denoiser,
        ncsn_toy.CONFIGURATIONS[name],
        chains,
        generator(1),
        dtype=dtype,
    )
    assert found == pytest.approx(PUBLISHED[name], abs=error)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_chains_start_in_the_square_and_move_by_langevins_rule(dtype):
    """x ← x + α s + √(2α) z with α = .05 σ², so that the drift is .05 (x̂₀ − x)."""
    n, seen = 100_000, []

    def denoiser(x, sigma):
        seen.append((x, float(sigma)))
        return torch.full_like(x, 3.0)

    ncsn_toy.heavy_weight(denoiser, ncsn_toy.Configuration(2, 20.0, 1), n, generator(), dtype=dtype)
    (start, first), (moved, second) = seen
    assert (first, second) == (pytest.approx(20.0), pytest.approx(1.0))
    assert start.shape == (n, 2) and start.dtype == moved.dtype == dtype
    # uniform and independent: its range and the moments up to the fourth
    assert float(start.min()) == pytest.approx(-8, abs=0.01)
    assert float(start.max()) == pytest.approx(8, abs=0.01)
    moments = [(start / 8).pow(k).mean(dim=0).tolist() for k in (1, 2, 3, 4)]
    for found, expected in zip(moments, (0, 1 / 3, 0, 1 / 5), strict=True):
        assert found == pytest.approx([expected] * 2, abs=0.01)
    assert float((start / 8).prod(dim=1).mean()) == pytest.approx(0, abs=0.01)
    noise = moved - start - 0.05 * (3.0 - start)
    std = (2 * 0.05) ** 0.5 * 20
    assert noise.mean(dim=0).tolist() == pytest.approx([0, 0], abs=4 * std / n**0.5)
    assert noise.std(dim=0).tolist() == pytest.approx([std, std], rel=4 / (2 * n) ** 0.5)
    correlation = (noise / std * start / 8).mean(dim=0).tolist()
    assert correlation == pytest.approx([0, 0], abs=0.01)


def test_a_table_has_every_configuration_and_depends_on_its_key(monkeypatch, capfd):
    short = {"short": ncsn_toy.Configuration(2, 2.0, 3), "plain": ncsn_toy.Configuration(1, 1.0, 5)}
    monkeypatch.setattr(ncsn_toy, "CONFIGURATIONS", short)
    rows = ncsn_toy.table(ncsn_toy.exact_denoiser, 500, ("test", 1))
    assert [row["configuration"] for row in rows] == list(short)
    for row in rows:
        name = row["configuration"]
        draws = seeds.generator("test", 1, name)
        alone = ncsn_toy.heavy_weight(ncsn_toy.exact_denoiser, short[name], 500, draws)
        assert row["heavy_weight"] == alone
    assert ncsn_toy.table(ncsn_toy.exact_denoiser, 500, ("test", 2)) != rows
    assert "mixing" in capfd.readouterr().err


@pytest.mark.parametrize("levels, sigma_max, steps", [(3, 1.0, 5), (0, 2.0, 5), (3, 2.0, 0)])
def test_configurations_that_are_none_are_refused(levels, sigma_max, steps):
    configuration = ncsn_toy.Configuration(levels, sigma_max, steps)
    with pytest.raises(ValueError, match="need"):
        ncsn_toy.heavy_weight(ncsn_toy.exact_denoiser, configuration, 10, generator())


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
