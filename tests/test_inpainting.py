"""Fillings of holes are measured on the hole alone."""

import numpy as np
import pytest

from scoreladder import inpainting, masks


def test_hole_metrics_look_at_the_hole_alone():
    truth = np.zeros((3, 1, 2, 2))
    known = np.array([[[True, True], [False, False]]])
    completions = np.stack([truth + 1, truth + 3])
    completions[:, :, known] = 99.0
    found = inpainting.hole_metrics(completions, truth, known, mean=np.full((1, 2, 2), 4.0))
    assert found == {"hole_rmse": 2.0, "hole_gain": 2.0, "hole_spread": pytest.approx(2**0.5)}


def test_psnr_is_that_of_the_hole_in_decibels_averaged_over_completions():
    """Errors of 0.2 and 0.02 on a range of 2 are 20 and 40 dB."""
    truth = np.zeros((3, 1, 16, 16))
    known = masks.half(16, 16).numpy()
    completions = np.stack([truth + 0.2, truth - 0.02])
    completions[..., known] = 99.0
    assert inpainting.hole_similarity(completions, truth, known)["hole_psnr"] == pytest.approx(30)


def test_the_truth_is_like_itself_without_bound():
    truth = np.random.default_rng(0).uniform(-1, 1, (2, 3, 16, 16))
    known = masks.centre(16, 16).numpy()
    same = inpainting.hole_similarity(truth[None], truth, known)
    assert same == {"hole_psnr": np.inf, "hole_ssim": pytest.approx(1.0)}
    twice = np.stack([truth, truth])
    assert inpainting.hole_metrics(twice, truth, known, truth.mean(axis=0))["hole_gain"] == np.inf


def test_structural_similarity_of_flat_images_is_that_of_their_luminance():
    """(2ab + C₁)/(a² + b² + C₁) with C₁ = (0.01 · 2)²."""
    found = inpainting.ssim_map(np.full((16, 16), 0.5), np.full((16, 16), -0.2))
    assert found == pytest.approx((-0.2 + 0.0004) / (0.25 + 0.04 + 0.0004))


def test_structural_similarity_is_of_moments_in_a_gaussian_window_of_11_pixels():
    x, y = np.random.default_rng(1).uniform(-1, 1, (2, 15, 15))
    weights = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(weights, weights) / weights.sum() ** 2
    a, b = x[2:13, 2:13], y[2:13, 2:13]
    ma, mb = (weights * a).sum(), (weights * b).sum()
    va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
    both = (weights * (a - ma) * (b - mb)).sum()
    expected = (2 * ma * mb + 0.0004) * (2 * both + 0.0036)
    expected /= (ma**2 + mb**2 + 0.0004) * (va + vb + 0.0036)
    assert inpainting.ssim_map(x, y)[7, 7] == pytest.approx(expected)


def test_structural_similarity_does_not_see_what_a_method_does_to_known_pixels():
    truth = np.random.default_rng(2).uniform(-1, 1, (2, 1, 16, 16))
    known = masks.half(16, 16).numpy()
    completions = np.stack([0.5 * truth, truth[::-1]])
    found = inpainting.hole_similarity(completions, truth, known)
    completions[..., known] = 0.0
    assert inpainting.hole_similarity(completions, truth, known) == found
