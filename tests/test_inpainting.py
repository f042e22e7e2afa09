"""Fillings of holes are measured on the hole alone."""

import numpy as np
import pytest

from scoreladder import inpainting, masks


def test_hole_metrics_look_at_the_hole_alone():
    truth = np.full((3, 1, 2, 2), -0.5)
    known = np.array([[[True, True], [False, False]]])
    completions = np.stack([truth + 0.25, truth + 0.75])
    completions[:, :, known] = 99.0
    found = inpainting.hole_metrics(completions, truth, known, mean=np.full((1, 2, 2), 0.5))
    assert found == {
        "hole_rmse": 0.5,
        "hole_gain": 2.0,
        "hole_spread": pytest.approx(0.25 * 2**0.5),
        "hole_energy": pytest.approx(0.5 - 0.25),
    }


def test_completions_are_clipped_to_the_range_of_images_first():
    rng = np.random.default_rng(3)
    truth = rng.uniform(-1, 1, (2, 1, 8, 8))
    known, wild = masks.half(8, 8).numpy(), 3 * rng.standard_normal((3, 2, 1, 8, 8))
    for measure in (
        lambda x: inpainting.hole_metrics(x, truth, known, truth.mean(axis=0)),
        lambda x: inpainting.hole_similarity(x, truth, known),
    ):
        assert measure(wild) == measure(wild.clip(-1, 1))


def test_the_energy_score_is_best_for_draws_of_the_truth_s_own_law():
    """For N(0, s²) draws of truths from N(0, 1): √(2/π) (√(1 + s²) − s/√2), least at s = 1."""
    rng = np.random.default_rng(4)
    truth, drawn = rng.standard_normal((200_000, 1)), rng.standard_normal((2, 200_000, 1))
    found = {s: inpainting.energy_score(s * drawn, truth) for s in (0.0, 0.7, 1.0, 1.4)}
    for s, score in found.items():
        expected = (2 / np.pi) ** 0.5 * ((1 + s**2) ** 0.5 - s / 2**0.5)
        assert score == pytest.approx(expected, abs=0.006)
    assert min(found, key=found.get) == 1.0


def test_psnr_is_that_of_the_hole_in_decibels_of_all_completions_errors():
    """Squared errors of 0.2² and 0 are 0.02 on average; on a range of 2 that is 23 dB."""
    truth = np.zeros((3, 1, 16, 16))
    known = masks.half(16, 16).numpy()
    completions = np.stack([truth + 0.2, truth])
    completions[..., known] = 99.0
    found = inpainting.hole_similarity(completions, truth, known)["hole_psnr"]
    assert found == pytest.approx(10 * np.log10(4 / 0.02))


def test_the_truth_is_like_itself_without_bound():
    truth = np.random.default_rng(0).uniform(-1, 1, (2, 3, 16, 16))
    known = masks.centre(16, 16).numpy()
    same = inpainting.hole_similarity(truth[None], truth, known)
    assert same == {"hole_psnr": np.inf, "hole_ssim": pytest.approx(1.0)}
    twice = np.stack([truth, truth])
    assert inpainting.hole_metrics(twice, truth, known, truth.mean(axis=0))["hole_gain"] == np.inf


def test_structural_similarity_of_flat_images_is_that_of_their_luminance():
    """(2ab + C₁)/(a² + b² + C₁) with C₁ = (0.01 · 2)²."""
    flat, everywhere = np.ones((1, 16, 16)), np.ones((1, 16, 16), dtype=bool)
    found = inpainting.ssim_map(0.5 * flat, -0.2 * flat, everywhere)
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
    everywhere = np.ones((1, 15, 15), dtype=bool)
    assert inpainting.ssim_map(x[None], y[None], everywhere)[0, 7, 7] == pytest.approx(expected)


def test_structural_similarity_in_a_hole_is_of_the_hole_s_pixels_alone():
    """Of two pixels side by side the weights are 1 and exp(−1/(2 · 1.5²)), over their sum."""
    x, y = np.random.default_rng(1).uniform(-1, 1, (2, 1, 8, 8))
    hole = np.zeros((1, 8, 8), dtype=bool)
    hole[0, 0, :2] = True
    weights = np.array([1, np.exp(-1 / 4.5)]) / (1 + np.exp(-1 / 4.5))
    a, b = x[0, 0, :2], y[0, 0, :2]
    ma, mb = weights @ a, weights @ b
    expected = (2 * ma * mb + 0.0004) * (2 * weights @ ((a - ma) * (b - mb)) + 0.0036)
    both = weights @ ((a - ma) ** 2 + (b - mb) ** 2)
    expected /= (ma**2 + mb**2 + 0.0004) * (both + 0.0036)
    assert inpainting.ssim_map(x, y, hole)[0, 0, 0] == pytest.approx(expected)


def test_structural_similarity_does_not_see_what_a_method_does_to_known_pixels():
    truth = np.random.default_rng(2).uniform(-1, 1, (2, 1, 16, 16))
    known = masks.half(16, 16).numpy()
    completions = np.stack([0.5 * truth, truth[::-1]])
    found = inpainting.hole_similarity(completions, truth, known)
    completions[..., known] = 0.0
    assert inpainting.hole_similarity(completions, truth, known) == found
