"""What is measured of a model, where the right answer is known."""

import numpy as np
import pytest
import torch

from scoreladder import noise, probes
from scoreladder.analytic import GaussianMixture

TOY = GaussianMixture(
    torch.tensor([[5.0, 5.0], [-5.0, -5.0]], dtype=torch.float64), [1.0, 1.0], [0.8, 0.2]
)
SIGMAS = noise.geometric(10.0, 0.1, 5)


def exact(x, sigma):
    """The exact denoiser of the toy, computed in float64."""
    return TOY.denoise(x.double(), torch.as_tensor(sigma).double()).to(x.dtype)


def shifted(x, sigma):
    """The exact denoiser with 0.1 added to every coordinate of its score."""
    return exact(x, sigma) + 0.1 * sigma**2


def blind(x, sigma):
    """A denoiser that takes noise for data: its score is 0."""
    return x


def test_the_exact_model_has_no_error_at_any_level():
    assert max(probes.score_errors_by_level(exact, TOY, SIGMAS)) < 1e-5
    # at a small σ the score against the noiseless one; float32 rounds x̂₀ − x
    errors = probes.score_errors(exact, 0.01, TOY)
    assert max(errors[name] for name in errors if name != "sparse_to_dense") < 0.02


def test_an_error_of_known_size_is_measured_as_such():
    errors = probes.score_errors_by_level(shifted, TOY, SIGMAS)
    assert errors == pytest.approx([0.1 * sigma for sigma in SIGMAS.tolist()], rel=1e-3)
    errors = probes.score_errors(shifted, 0.05, TOY)
    for name in ("score_error", "score_error_dense"):
        assert errors[name] == pytest.approx(0.1 * 2**0.5, rel=0.05)


def test_the_score_errors_of_a_zero_score_are_the_norms_of_the_exact_one():
    errors = probes.score_errors(blind, 0.1, TOY)
    # far-apart unit Gaussians: E‖∇ log p‖² is the dimension
    assert errors["score_error"] == pytest.approx(2**0.5, rel=0.03)
    assert errors["score_error_sparse"] > errors["score_error_dense"]
    ratio = errors["score_error_sparse"] / errors["score_error_dense"]
    assert errors["sparse_to_dense"] == pytest.approx(ratio)


def test_the_window_holds_three_deviations_about_every_mode():
    ticks, grid = probes.window(TOY, points=11)
    assert (ticks[0], ticks[-1], len(ticks), grid.shape) == (-8, 8, 11, (121, 2))
    assert grid[:11, 0].tolist() == ticks.tolist() and set(grid[:11, 1]) == {-8.0}


def test_the_epsilon_identity_of_ddpm_holds_in_float64():
    assert probes.epsilon_identity_gap(TOY) < 1e-9
    uneven = GaussianMixture(TOY.means, [[0.5, 2.0], [1.0, 0.1]], [0.5, 0.5])
    assert probes.epsilon_identity_gap(uneven) < 1e-9


def test_the_epsilon_identity_holds_for_full_covariances():
    tilted = torch.tensor([[[2.0, 0.9], [0.9, 1.0]]] * 2, dtype=torch.float64)
    assert probes.epsilon_identity_gap(GaussianMixture(TOY.means, tilted, [0.5, 0.5])) < 1e-9


def test_the_held_out_loss_of_the_exact_gaussian_is_the_floor():
    spread, n = 0.7, 50_000
    data = spread * torch.randn(n, 1, 1, 2, generator=torch.Generator().manual_seed(1))

    def gaussian(x, sigma):
        return x * spread**2 / (spread**2 + sigma.reshape(-1, 1, 1, 1) ** 2)

    losses = probes.losses_by_level(gaussian, data, SIGMAS)
    floor = spread**2 / (spread**2 + SIGMAS**2)
    assert losses == pytest.approx(floor.tolist(), rel=0.03)
    # the model that knows nothing of the noise has loss 1
    unknowing = probes.losses_by_level(blind, data, SIGMAS)
    assert unknowing == pytest.approx([1] * 5, rel=0.03)


def test_loss_shares_of_an_exact_gaussian_are_their_closed_form():
    spread = 0.7
    losses = (spread**2 / (spread**2 + SIGMAS**2)).tolist()
    for power, block in ((0, {"kind": "one"}), (2, {"kind": "sigma2"})):
        expected = SIGMAS ** (power - 2) * spread**2 / (spread**2 + SIGMAS**2)
        shares = probes.loss_shares(losses, SIGMAS, block)
        assert shares == pytest.approx((expected / expected.sum()).numpy(), rel=1e-12)
        assert shares.sum() == pytest.approx(1)


def test_squared_sigma_shares_equal_losses_equally_and_one_gives_all_to_the_smallest():
    equal = probes.loss_shares([0.5] * 5, SIGMAS, {"kind": "sigma2"})
    assert equal == pytest.approx([0.2] * 5)
    assert probes.loss_shares([0.5] * 5, SIGMAS, {"kind": "one"})[-1] > 0.85


def test_balance_is_one_for_equal_shares_and_one_over_the_levels_for_a_ruler():
    assert probes.balance(np.full(7, 1 / 7)) == pytest.approx(1)
    assert probes.balance(np.array([0.0, 1.0, 0.0, 0.0])) == pytest.approx(1 / 4)
    assert probes.balance(np.array([0.5, 0.5, 0.0, 0.0])) == pytest.approx(1 / 2)


def test_score_fields_hold_the_exact_score_beside_each_models():
    fields = probes.score_fields({"exact": (exact, 0.05), "blind": (blind, 1.0)}, TOY)
    assert fields["variants"].tolist() == ["exact", "blind"]
    assert fields["sigmas"].tolist() == [0.05, 1.0]
    assert fields["scores"].shape == (2, 64, 64, 2)
    assert (fields["scores"][1] == 0).all()
    row, column = 10, 50
    at = torch.tensor([[fields["ticks"][column], fields["ticks"][row]]])
    assert fields["exact"][row, column] == pytest.approx(TOY.score(at)[0].numpy())
    assert fields["log_prob"][row, column] == pytest.approx(TOY.log_prob(at).item())
    noisy = TOY.score(at, 0.05)[0].numpy()
    assert fields["scores"][0, row, column] == pytest.approx(noisy, abs=1e-3)
