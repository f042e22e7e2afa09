"""Measurements put together: their names by data set, and models whose values are known exactly."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from scoreladder import datasets, evaluation, generative, models, noise, rows, seeds
from scoreladder.denoiser import Denoiser

MOONS = {"name": "two_moons", "noise": 0.1}
DIGITS = {"name": "digits"}
CLASSIFIER = {"kind": "digit_classifier", "steps": 1}
TOY = {
    "name": "gaussian_mixture",
    "means": [[5.0, 5.0], [-5.0, -5.0]],
    "stds": [1.0, 1.0],
    "weights": [0.8, 0.2],
}
LADDER = {"kind": "geometric", "sigma_max": 4.0, "sigma_min": 0.05, "levels": 5}
BLOCKS = {"noise": LADDER, "density": {"kind": "ladder"}, "denoiser": "edm"}
MLP = {"kind": "mlp", "width": 8, "blocks": 1}
FLOW = {"kind": "flow", "width": 8, "blocks": 1, "transforms": 2}
VAE = {"kind": "vae", "width": 8, "blocks": 1, "latent": 2}
ON_POINTS = ["sliced_w1", "sliced_w2"]
# points that occur twice would bias them
NOT_RESAMPLED = ["w2", "mmd"]
ON_MIXTURES = [*ON_POINTS, "weight_error", "heavy_weight", "blur", "mode_coverage"]


def normal(n, *shape, std=1.0, seed=0):
    """Normal numbers whose mean is 0 in every coordinate and whose spread is `std` over all."""
    x = torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = x - x.mean(dim=0)
    return (std * x / x.std()).float()


def untrained(data, network=MLP):
    """A fresh model; an EDM denoiser whose network still answers 0 is that of N(0, std² I)."""
    blocks = BLOCKS if network is MLP else dict.fromkeys(BLOCKS)
    model = models.build(models.describe(blocks | {"network": network}, data))
    # as a model is that was loaded
    return model.eval().requires_grad_(False)


class MixtureScore(nn.Module):
    """A network that is a mixture's own score, moved by a parameter that is 0."""

    def __init__(self, mixture):
        super().__init__()
        self.mixture = mixture
        self.shift = nn.Parameter(torch.zeros(2))

    def forward(self, x, c_noise):
        return self.mixture.score(x.double(), (4 * c_noise.double()).exp()).to(x) + self.shift


def log_density(x, variance):
    """log N(x; 0, variance I) of rows (n, ...), in float64."""
    x = x.double().flatten(1)
    return -0.5 * (x**2 / variance + math.log(2 * math.pi * variance)).sum(dim=1).numpy()


def nll(model, test, bin_width=0.0, divergence="exact", seed=0):
    key = ("likelihood", seed)
    return evaluation.negative_log_likelihood(model, test.numpy(), bin_width, divergence, key)


@pytest.mark.parametrize("divergence", ["exact", "hutchinson"])
def test_the_likelihood_of_points_under_a_gaussian_denoiser_is_its_density_in_nats(divergence):
    data = normal(4000, 2, std=1.7)
    found = nll(untrained(data), data[:40], 0.0, divergence)
    exact = -log_density(data[:40], 1.7**2 + LADDER["sigma_min"] ** 2) / 2
    assert found.shape == (40,) and found.dtype == np.float64
    assert found == pytest.approx(exact, abs=2e-3)


def test_the_likelihood_of_images_counts_bits_of_grey_levels():
    """The data's step is 1/8, three bits finer than the unit of the density."""
    data = normal(4000, 1, 8, 8, std=0.6)
    grey = (data[:30] * 8).round() / 8
    found = nll(untrained(data), grey, 1 / 8, "hutchinson", seed=3)
    noisy = generative.dequantise(grey, 1 / 8, seeds.generator("likelihood", 3))
    exact = 3 - log_density(noisy, 0.6**2 + LADDER["sigma_min"] ** 2) / 64 / math.log(2)
    assert found == pytest.approx(exact, abs=5e-3)
    assert (nll(untrained(data), grey, 1 / 8, "hutchinson", seed=4) != found).all()


def test_the_likelihood_of_points_adds_no_noise():
    data = normal(200, 2)
    flow = untrained(data, FLOW)
    for seed in (0, 1):
        exact = -flow.log_prob(data).double().numpy() / 2
        assert np.array_equal(nll(flow, data, seed=seed), exact)


def test_the_likelihood_of_a_flow_is_that_of_a_density_of_mass_one():
    flow = untrained(normal(200, 2), FLOW)
    ticks, step = torch.linspace(-8, 8, 161), 0.1
    grid = torch.cartesian_prod(ticks, ticks)
    assert np.exp(-2 * nll(flow, grid)).sum() * step**2 == pytest.approx(1, abs=1e-3)


def test_the_likelihood_of_a_vae_follows_its_seed():
    data = normal(50, 2)
    vae = untrained(data, VAE)
    first, again, other = (nll(vae, data, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.shape == (50,) and np.isfinite(first).all()


def model_ladder():
    return noise.geometric(1.0, 0.02, 4)


def model_metrics(dataset, **blocks):
    mixture = datasets.mixture_of(TOY)
    ladder = model_ladder().tolist()
    model = Denoiser(MixtureScore(mixture), "score", 1.0, shape=(2,), sigmas=ladder)
    test = mixture.sample(4000, generator=torch.Generator().manual_seed(0)).float().numpy()
    spec = {
        "dataset": dataset,
        "weighting": {"kind": "sigma2"},
        "density": {"kind": "ladder", "power": 0},
        "batch_size": 16,
        "micro_batch": 16,
        "seed": 0,
    }
    return evaluation.model_metrics(model, spec | blocks, 0.02, test)


def test_the_exact_denoiser_of_a_mixture_has_no_error_but_that_of_its_noise():
    found, curves = model_metrics(TOY)
    assert found["epsilon_identity"] < 1e-10
    assert max(curves["score_error"]) < 1e-4
    # ∇ log p of noise σ differs from the noiseless one by about σ² ‖∇ log p‖
    assert found["score_error"] < 1e-3
    assert found["score_error_dense"] < 2e-3 and found["score_error_sparse"] < 0.02
    assert found["sparse_to_dense"] == pytest.approx(
        found["score_error_sparse"] / found["score_error_dense"]
    )


def test_the_losses_of_an_exact_denoiser_are_the_floor_of_each_level():
    found, curves = model_metrics(TOY)
    sigmas = model_ladder()
    assert curves["sigma"] == sigmas.tolist()
    # far-apart unit Gaussians: E‖σs + z‖²/D = 1/(1 + σ²)
    floor = (1 / (1 + sigmas**2)).tolist()
    assert curves["loss"] == pytest.approx(floor, rel=0.05)
    shares = np.array(curves["share"])
    assert shares == pytest.approx(np.array(floor) / sum(floor), rel=0.05)
    assert found["balance"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()) / 4)


def test_gradient_noise_is_that_of_uniform_levels_times_what_a_density_wastes():
    assert model_metrics(TOY)[0]["gradient_noise"] == pytest.approx(1, rel=1e-5)
    # λ p ∝ σ² as before, but large levels, whose gradients are the noisiest, are seldom drawn
    wasteful = {
        "weighting": {"kind": "sigma_power", "power": 3.5},
        "density": {"kind": "ladder", "power": -1.5},
        "batch_size": 2000,
        "micro_batch": 500,
    }
    sigmas = model_ladder()
    # the gradient 2 σ² (s + z/σ), squared, with E‖s + z/σ‖² ∝ 1/(σ² (1 + σ²))
    squares, p = sigmas**2 / (1 + sigmas**2), sigmas**-1.5 / (sigmas**-1.5).sum()
    exact = ((squares / p).sum() / (len(sigmas) * squares.sum())).sqrt().item()
    assert exact > 3
    found = model_metrics(TOY, **wasteful)[0]["gradient_noise"]
    assert found == pytest.approx(exact, rel=0.25)


def test_a_model_of_data_without_known_density_is_not_held_against_a_score():
    found, curves = model_metrics(MOONS)
    assert sorted(found) == ["balance", "gradient_noise"]
    assert sorted(curves) == ["loss", "share", "sigma"]


@pytest.mark.parametrize(
    ("dataset", "names"), [(DIGITS, ["fid"]), (MOONS, ON_POINTS), (TOY, ON_MIXTURES)]
)
def test_what_is_measured_of_samples_depends_on_the_data(dataset, names):
    found, real = normal(120, 2).numpy(), normal(150, 2, seed=1).numpy()
    spec = {"dataset": dataset, "features": CLASSIFIER if dataset is DIGITS else None}
    resampled = evaluation.resampled_metrics(found, real, spec)
    assert list(resampled) == names
    errors = evaluation.standard_errors(found, real, spec)
    assert list(errors) == [f"{name}_se" for name in names]
    assert all(error >= 0 for error in errors.values())
    measured = evaluation.sample_metrics(found, real, spec)
    assert list(measured) == (names if dataset is DIGITS else [*names, *NOT_RESAMPLED])
    assert {name: measured[name] for name in names} == resampled


def test_data_against_itself_is_at_no_distance_and_its_resamples_are_at_some():
    x = datasets.mixture_of(TOY).sample(300, generator=torch.Generator().manual_seed(0)).numpy()
    measured = evaluation.sample_metrics(x, x, {"dataset": TOY})
    assert measured["sliced_w1"] == measured["sliced_w2"] == 0
    assert measured["w2"] == pytest.approx(0, abs=1e-6)
    assert measured["mode_coverage"] == 1 and measured["heavy_weight"] == pytest.approx(
        0.8, abs=0.06
    )
    errors = evaluation.standard_errors(x, x, {"dataset": TOY})
    # a share of 300 draws, each heavy with .8
    assert errors["heavy_weight_se"] == pytest.approx((0.8 * 0.2 / 300) ** 0.5, rel=0.35)
    assert errors["sliced_w1_se"] > 0


def test_features_without_a_classifier_are_the_coordinates():
    images = normal(3, 1, 2, 2).numpy()
    assert np.array_equal(evaluation.features_of(images, None), images.reshape(3, 4))
    samples, real = normal(50, 2).numpy(), normal(60, 2, seed=1).numpy()
    found = evaluation.measured(samples, real, None, {"dataset": MOONS})
    assert found == evaluation.sample_metrics(samples, real, {"dataset": MOONS})


def test_a_floor_is_a_mean_over_disjoint_draws_of_the_pool():
    pool = normal(90, 2).numpy()
    found = evaluation.floors(pool, 50, 30, {"dataset": MOONS})
    assert list(found) == [*ON_POINTS, *NOT_RESAMPLED]
    assert {floor["count"] for floor in found.values()} == {50}
    # two samples of N(0, I) differ by about √(1/n + 1/m), and never in the same way
    assert found["sliced_w1"]["mean"] == pytest.approx((1 / 50 + 1 / 30) ** 0.5, rel=0.5)
    assert all(floor["sd"] > 0 for floor in found.values())
    assert evaluation.floors(pool, 50, 30, {"dataset": MOONS}) == found


def test_a_floor_of_stored_points_is_that_of_an_array(tmp_path):
    pool = normal(90, 2).numpy()
    np.save(tmp_path / "pool.npy", pool)
    stored = rows.Stored([tmp_path / "pool.npy"])
    spec = {"dataset": MOONS}
    assert evaluation.floors(stored, 50, 30, spec) == evaluation.floors(pool, 50, 30, spec)


def test_a_floor_of_more_samples_than_there_are_says_how_many_were_drawn():
    pool = normal(40, 2).numpy()
    found = evaluation.floors(pool, 500, 30, {"dataset": MOONS})
    assert {floor["count"] for floor in found.values()} == {10}
    assert found == evaluation.floors(pool, 10, 30, {"dataset": MOONS})


def test_a_floor_never_holds_a_sample_against_itself(monkeypatch):
    pool, draws = np.arange(20.0)[:, None], []

    def sample_metrics(first, second, dataset):
        draws.append((first.ravel(), second.ravel()))
        return {"size": float(len(first) + 100 * len(second))}

    monkeypatch.setattr(evaluation, "sample_metrics", sample_metrics)
    found = evaluation.floors(pool, 12, 8, {"dataset": MOONS})
    assert found["size"] == {"mean": 812, "sd": 0, "count": 12}
    assert len(draws) == evaluation.FLOOR_DRAWS
    for first, second in draws:
        assert sorted([*first, *second]) == pool.ravel().tolist()
    assert len({tuple(sorted(first)) for first, _ in draws}) == len(draws)
