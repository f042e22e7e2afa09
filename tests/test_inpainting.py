"""Inpainting keeps what is known, samples what is not, and is measured on the hole alone."""

import numpy as np
import pytest
import torch

from scoreladder import inpainting, noise, sampling
from scoreladder.analytic import GaussianMixture

LADDER = noise.geometric(5.0, 0.05, 12)
CORRELATED = torch.tensor([[1.0, 0.8], [0.8, 1.0]], dtype=torch.float64)
GAUSSIAN = GaussianMixture(torch.zeros(1, 2, dtype=torch.float64), CORRELATED[None], [1.0])
STEPS, STEP = 5, 0.3 * 0.05**2


def completed(known, n=8, observed=1.5, steps=STEPS):
    x = 5 * torch.randn(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    seen = torch.full((n, 2), observed, dtype=torch.float64)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    return x, inpainting.replacement_langevin(
        GAUSSIAN, x, seen, torch.tensor(known), LADDER, steps, STEP, *generators
    )


def test_with_everything_known_the_input_comes_back_exactly():
    assert torch.equal(completed([True, True])[1], torch.full((8, 2), 1.5, dtype=torch.float64))


def test_with_nothing_known_it_is_unconditional_sampling_bit_for_bit():
    x, filled = completed([False, False])
    generator = torch.Generator().manual_seed(1)
    free = sampling.annealed_langevin(GAUSSIAN, x, LADDER, STEPS, STEP, generator=generator)
    assert torch.equal(filled, free)


def test_known_values_are_kept_bit_for_bit_and_the_hole_is_filled():
    _, filled = completed([True, False])
    assert torch.equal(filled[:, 0], torch.full((8,), 1.5, dtype=torch.float64))
    assert filled[:, 1].unique().numel() == 8


def test_the_hole_follows_what_is_known():
    """On N(0, Σ) with ρ = .8, given 1.5: mean 1.2, variance 1 − ρ², once the chain has the time."""
    _, filled = completed([True, False], n=1500, steps=150)
    assert filled[:, 1].mean() == pytest.approx(1.2, abs=0.05)
    assert filled[:, 1].std() == pytest.approx((1 - 0.8**2) ** 0.5, rel=0.1)


@pytest.mark.parametrize(("name", "known"), [("half", 32), ("centre", 48), ("lines", 32)])
def test_masks_know_what_they_say(name, known):
    mask = inpainting.MASKS[name](8, 8)
    assert mask.shape == (1, 8, 8) and mask.dtype == torch.bool and int(mask.sum()) == known


def test_hole_metrics_look_at_the_hole_alone():
    truth = np.zeros((3, 1, 2, 2))
    known = np.array([[[True, True], [False, False]]])
    completions = np.stack([truth + 1, truth + 3])
    completions[:, :, known] = 99.0
    found = inpainting.hole_metrics(completions, truth, known, mean=np.full((1, 2, 2), 4.0))
    assert found == {"hole_rmse": 2.0, "hole_gain": 2.0, "hole_spread": pytest.approx(2**0.5)}
