"""What samples keep of a mixture: weights, spread and modes."""

import numpy as np
import pytest
import torch

from scoreladder import metrics
from scoreladder.analytic import GaussianMixture

TOY = GaussianMixture(
    torch.tensor([[5.0, 5.0], [-5.0, -5.0]], dtype=torch.float64), [1.0, 0.5], [0.8, 0.2]
)


def test_exact_samples_keep_weights_and_spread():
    samples = TOY.sample(100_000, generator=torch.Generator().manual_seed(0)).numpy()
    found = metrics.mixture_metrics(samples, TOY)
    assert found["weight_error"] < 4 * (0.16 / 100_000) ** 0.5
    assert found["heavy_weight"] == pytest.approx(0.8, abs=0.005)
    assert found["blur"] < 0.01
    assert found["mode_coverage"] == 1.0


def test_mixture_metrics_see_wrong_weights_and_wrong_spread():
    draw = torch.Generator().manual_seed(0)
    even = GaussianMixture(TOY.means, [1.0, 0.5], [0.5, 0.5]).sample(50_000, generator=draw)
    found = metrics.mixture_metrics(even.numpy(), TOY)
    assert found["weight_error"] == pytest.approx(0.3, abs=0.01)
    assert found["heavy_weight"] == pytest.approx(0.5, abs=0.01)
    assert found["blur"] < 0.01
    wide = GaussianMixture(TOY.means, [1.5, 0.75], [0.8, 0.2]).sample(50_000, generator=draw)
    assert metrics.mixture_metrics(wide.numpy(), TOY)["blur"] == pytest.approx(0.5, abs=0.02)


def test_a_lost_mode_costs_its_weight_and_a_stray_sample_does_not_blur():
    heavy = TOY.means[:1] + torch.randn(
        20_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    found = metrics.mixture_metrics(heavy.numpy(), TOY)
    assert (found["weight_error"], found["heavy_weight"]) == (pytest.approx(0.2), 1.0)
    strays = np.concatenate([heavy.numpy(), np.full((5, 2), 1000.0)])
    assert metrics.mixture_metrics(strays, TOY)["blur"] == pytest.approx(found["blur"], abs=1e-3)
    assert found["mode_coverage"] == 0.5


GRID = GaussianMixture(
    torch.cartesian_prod(*2 * [2 * torch.arange(5.0, dtype=torch.float64) - 4]), 0.1, torch.ones(25)
)


@pytest.mark.parametrize("kept", [1, 7, 25])
def test_mode_coverage_counts_the_modes_of_a_grid_that_have_samples(kept):
    some = GaussianMixture(GRID.means[:kept], 0.1, torch.ones(kept))
    samples = some.sample(5000, generator=torch.Generator().manual_seed(0)).numpy()
    found = metrics.mixture_metrics(samples, GRID)
    assert found["mode_coverage"] == pytest.approx(kept / 25)
    assert found["weight_error"] == pytest.approx(1 - kept / 25, abs=0.04)
    assert found["blur"] < 0.1


@pytest.mark.parametrize("share, covered", [(0.099, 0.5), (0.101, 1.0)])
def test_a_mode_is_covered_from_a_tenth_of_what_is_due_to_it(share, covered):
    due = 0.2 * (1 - np.exp(-4.5))
    light = round(share * due * 100_000)
    heavy = TOY.means[:1].numpy().repeat(100_000 - light, axis=0)
    samples = np.concatenate([heavy, TOY.means[1:].numpy().repeat(light, axis=0)])
    assert metrics.mixture_metrics(samples, TOY)["mode_coverage"] == covered


@pytest.mark.parametrize("distance, covered", [(3.01, 0.0), (2.99, 0.5), (1.51, 0.5), (1.49, 1.0)])
def test_samples_beyond_three_standard_deviations_cover_nothing(distance, covered):
    cross = TOY.means.numpy()[:, None] + distance * np.eye(2)
    assert metrics.mixture_metrics(cross.reshape(-1, 2), TOY)["mode_coverage"] == covered


def test_samples_that_are_far_from_every_mode_are_measured_all_the_same():
    found = metrics.mixture_metrics(np.full((10, 2), 1e4), GRID)
    assert found["mode_coverage"] == 0.0
    assert found["weight_error"] == pytest.approx(24 / 25)
    assert np.isfinite(list(found.values())).all()
    with pytest.raises(ValueError, match="no samples"):
        metrics.mixture_metrics(np.empty((0, 2)), GRID)
