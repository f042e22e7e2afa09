"""Langevin samplers against linear-Gaussian theory and NCSN's published toy; shards of samples."""

import numpy as np
import pytest
import torch

from scoreladder import denoiser, noise, sampling
from scoreladder.analytic import GaussianMixture

CONFIG = {
    "ladder": {"kind": "geometric", "sigma_max": 2.0, "sigma_min": 0.1, "levels": 4},
    "nfe": 21,
    "denoise": True,
    "start_std": 2.0,
}
# two whole blocks and part of a third
COUNT = 2 * sampling.BLOCK + 100


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def origin(x, sigma):
    """The exact denoiser of a point mass at 0: its noisy density is N(0, σ²)."""
    return torch.zeros_like(x)


@pytest.fixture(scope="module")
def model():
    """A small model that is not its own skip connection, on data of shape (2,)."""
    description = {
        "network": {"kind": "mlp", "width": 8, "blocks": 1},
        "parameterization": "edm",
        "shape": [2],
        "sigma_data": 0.5,
        "sigma_range": [0.1, 2.0],
    }
    found = denoiser.build(description)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=generator())
    return found


@pytest.mark.parametrize("relative", [0.1, 0.5, 1.0, 1.5])
def test_langevin_settles_at_the_variance_of_its_linear_recursion(relative):
    sigma = 0.7
    alpha = relative * sigma**2
    x = torch.zeros(1, 400_000)
    x = sampling.langevin(origin, x, sigma, 100, alpha, generator=generator())
    expected = sigma**2 / (1 - alpha / (2 * sigma**2))
    assert x.var().item() == pytest.approx(expected, rel=4 * (2 / 400_000) ** 0.5)


@pytest.mark.parametrize("relative", [0.1, 1.0, 1.9, 2.1, 2.5])
def test_langevin_contracts_below_twice_the_variance_and_diverges_above(relative):
    """Two chains under the same noise differ by the deterministic part alone."""
    sigma, steps = 0.7, 40
    starts = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    ends = [
        sampling.langevin(
            origin, start[None], sigma, steps, relative * sigma**2, generator=generator()
        )
        for start in starts
    ]
    gap = (ends[1] - ends[0]).item()
    assert gap == pytest.approx(2 * (1 - relative) ** steps, rel=1e-6, abs=1e-12)
    assert (abs(gap) > 2) == (relative > 2)


@pytest.mark.parametrize(
    "ends, levels, steps, eta, fixed_point",
    [
        ((50, 0.01), 232, 5, 6.2e-2, 1.128),  # NCSNv2 on CIFAR-10
        ((1, 0.01), 10, 100, 0.2, 1.111),  # NCSN
        ((348, 0.01), 2311, 3, 9e-3, 1.200),  # NCSNv2 on FFHQ
    ],
)
def test_the_variance_ratio_settles_at_the_ladders_fixed_point(
    ends, levels, steps, eta, fixed_point
):
    sigmas = noise.geometric(*ends, levels)
    gamma = float(sigmas[0] / sigmas[1])
    shrink = (1 - eta) ** (2 * steps)
    floor = 2 * eta / (1 - (1 - eta) ** 2)
    limit = floor * (1 - shrink) / (1 - gamma**2 * shrink)
    ratio = 1.0
    for _ in range(levels):
        ratio = noise.variance_ratio(eta, gamma * ratio**0.5, steps)
    assert ratio == pytest.approx(limit, rel=1e-3)
    assert limit == pytest.approx(fixed_point, abs=1e-3)


def test_annealed_langevin_has_the_variance_of_its_recursion_and_fixed_point():
    sigmas = noise.geometric(50, 0.01, 232)
    n, steps, epsilon = 60_000, 5, 6.2e-6
    x = 50 * torch.randn(1, n, generator=generator())
    x = sampling.annealed_langevin(origin, x, sigmas, steps, epsilon, False, generator(1))
    assert x.var().item() / 0.01**2 == pytest.approx(1.128, rel=4 * (2 / n) ** 0.5)


def test_one_level_has_the_variance_ratio_of_technique_4():
    n, gamma, steps, eta = 200_000, 1.6, 3, 0.2
    x = gamma * 0.5 * torch.randn(1, n, generator=generator())
    x = sampling.langevin(origin, x, 0.5, steps, eta * 0.25, generator=generator(1))
    expected = noise.variance_ratio(eta, gamma, steps)
    assert x.var().item() / 0.25 == pytest.approx(expected, rel=4 * (2 / n) ** 0.5)


def test_annealing_is_langevin_level_after_level():
    x, sigmas = torch.randn(50, 2, generator=generator()), noise.geometric(3.0, 0.5, 3)
    mixture = GaussianMixture(torch.eye(2), 0.3, [0.6, 0.4])
    annealed = sampling.annealed_langevin(mixture, x, sigmas, 4, 0.02, False, generator(1))
    shared = generator(1)
    for sigma in sigmas.tolist():
        alpha = 0.02 * sigma**2 / 0.5**2
        x = sampling.langevin(mixture, x, sigma, 4, alpha, generator=shared)
    assert torch.equal(annealed, x)


def test_the_final_denoise_takes_a_point_mass_back_to_its_point():
    point = torch.tensor([[3.0, -2.0]])
    mass = GaussianMixture(point, 0.0, [1.0])
    x = torch.randn(100, 2, generator=generator())
    raw, clean = (
        sampling.annealed_langevin(
            mass, x, noise.geometric(2, 0.1, 4), 5, 0.002, denoise, generator()
        )
        for denoise in (False, True)
    )
    assert torch.allclose(clean, point.expand(100, 2), atol=1e-6)
    assert (raw - point).square().mean().item() > 0.1**2 / 2
    assert torch.equal(clean, mass(raw, 0.1))


def test_the_sampler_refuses_steps_that_are_none():
    for size, steps in ((0.0, 1), (-1.0, 1), (0.1, 0)):
        with pytest.raises(ValueError, match="need step_size > 0 and steps_per_level >= 1"):
            sampling.langevin(origin, torch.zeros(1, 1), 1.0, steps, size)


@pytest.mark.parametrize("denoise", [False, True])
def test_evaluations_are_levels_times_steps_plus_the_final_denoise(denoise):
    counted = sampling.CountCalls(origin)
    states = list(
        sampling.annealed_langevin_states(
            counted, torch.zeros(2, 1), noise.geometric(2, 1, 3), 4, 0.1, denoise, generator()
        )
    )
    assert counted.calls == len(states) == 3 * 4 + denoise


def test_a_budget_of_evaluations_is_spent_exactly_and_what_is_left_over_on_the_smallest_levels():
    for nfe, levels, denoise in ((200, 10, True), (200, 10, False), (21, 4, True), (100, 3, True)):
        steps = sampling.steps_per_level(nfe, levels, denoise)
        assert len(steps) == levels and sum(steps) + denoise == nfe
        assert steps == sorted(steps) and steps[-1] - steps[0] <= 1


def test_steps_may_differ_from_level_to_level():
    ladder = noise.geometric(2.0, 0.5, 3)
    counted = sampling.CountCalls(lambda x, sigma: torch.zeros_like(x))
    sampling.annealed_langevin(counted, torch.zeros(2, 1), ladder, [1, 2, 4], 0.01, denoise=False)
    assert counted.calls == 7
    with pytest.raises(ValueError):
        sampling.annealed_langevin(counted, torch.zeros(2, 1), ladder, [1, 2], 0.01)


@pytest.mark.parametrize(
    "sigma_max, levels, steps, chains, published",
    [
        (1, 1, 1000, 20_000, 0.511),
        (20, 10, 100, 20_000, 0.784),
        (2, 10, 100, 20_000, 0.558),
        (5, 10, 100, 5_000, 0.787),
        (20, 2, 500, 5_000, 0.581),
        (20, 3, 333, 5_000, 0.763),
    ],
)
def test_ncsns_toy_finds_the_published_weight_of_the_heavy_mode(
    sigma_max, levels, steps, chains, published
):
    """The exact score of two masses, .8 at (5, 5) and .2 at (−5, −5), α_i = .05 σ_i²."""
    points = GaussianMixture(torch.tensor([[5.0, 5.0], [-5.0, -5.0]]), 0.0, [0.8, 0.2])
    sigmas = noise.geometric(sigma_max, 1, levels) if levels > 1 else noise.single(1.0)
    x = 16 * torch.rand(chains, 2, generator=generator()) - 8
    x = sampling.annealed_langevin(points, x, sigmas, steps, 0.05, True, generator(1))
    heavy = (x.sum(dim=1) > 0).float().mean().item()
    assert heavy == pytest.approx(published, abs=0.02)


def test_samples_do_not_depend_on_the_grouping_of_shards_nor_on_their_order(model):
    whole, _ = sampling.draw(model, CONFIG, 0.3, (0, 0), COUNT)
    assert whole.shape == (COUNT, 2) and whole.dtype == np.float32
    for shards in (2, 3):
        parts = {
            shard: sampling.draw(model, CONFIG, 0.3, (0, 0), COUNT, shard=shard, shards=shards)[0]
            for shard in reversed(range(shards))
        }
        together = np.concatenate([parts[shard] for shard in range(shards)])
        assert np.array_equal(together, whole)


def test_fewer_samples_are_the_first_of_more(model):
    whole, _ = sampling.draw(model, CONFIG, 0.3, (0, 0), COUNT)
    for count in (1, sampling.BLOCK, sampling.BLOCK + 1, COUNT - 1):
        assert np.array_equal(sampling.draw(model, CONFIG, 0.3, (0, 0), count)[0], whole[:count])


def test_blocks_differ_and_so_do_seeds(model):
    first = sampling.draw(model, CONFIG, 0.3, (0, 0), COUNT)[0]
    other = sampling.draw(model, CONFIG, 0.3, (0, 1), COUNT)[0]
    assert len(np.unique(np.concatenate([first, other]), axis=0)) == 2 * COUNT


def test_the_evaluations_reported_are_those_each_sample_took(model):
    for denoise in (True, False):
        for shards in (1, 2):
            spec = CONFIG | {"denoise": denoise}
            assert sampling.draw(model, spec, 0.3, (0,), COUNT, shards=shards)[1] == CONFIG["nfe"]


def test_more_shards_than_blocks_are_refused(model):
    with pytest.raises(ValueError, match="too few for 3 shards"):
        sampling.draw(model, CONFIG, 0.3, (0,), 10, shards=3)
