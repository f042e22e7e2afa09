"""What is measured of a model, where the right answer is known."""

import numpy as np
import pytest
import torch

from scoreladder import noise, probes
from scoreladder.analytic import GaussianMixture
from scoreladder.denoiser import Denoiser
from scoreladder.densities import ImportanceByLoss, LogNormal, LogUniform, OverLadder
from scoreladder.weighting import weighting

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


def test_modes_narrower_than_the_grid_have_no_dense_part():
    narrow = GaussianMixture(TOY.means, [1e-3, 1e-3], [0.8, 0.2])
    found = probes.score_errors(narrow.denoise, 1.0, narrow)
    assert set(found) == {"score_error", "score_error_sparse"}


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


UNIFORM = OverLadder(SIGMAS)


def shares(losses, kind, density=UNIFORM):
    return probes.loss_shares(losses, SIGMAS, weighting({"kind": kind}), density)


def test_loss_shares_of_an_exact_gaussian_are_their_closed_form():
    spread = 0.7
    losses = (spread**2 / (spread**2 + SIGMAS**2)).tolist()
    for power, kind in ((0, "one"), (2, "sigma2")):
        expected = SIGMAS ** (power - 2) * spread**2 / (spread**2 + SIGMAS**2)
        found = shares(losses, kind)
        assert found == pytest.approx((expected / expected.sum()).numpy(), rel=1e-12)
        assert found.sum() == pytest.approx(1)


def test_squared_sigma_shares_equal_losses_equally_and_one_gives_all_to_the_smallest():
    assert shares([0.5] * 5, "sigma2") == pytest.approx([0.2] * 5)
    assert shares([0.5] * 5, "one")[-1] > 0.85


def test_only_the_product_of_weighting_and_density_makes_a_share():
    losses = [0.9, 0.5, 0.7, 0.2, 0.4]
    expected = shares(losses, "sigma2")
    assert shares(losses, "sigma", OverLadder(SIGMAS, power=1)) == pytest.approx(expected)
    assert shares(losses, "one", OverLadder(SIGMAS, power=2)) == pytest.approx(expected)


def test_level_masses_follow_the_density():
    found = probes.level_masses(OverLadder(SIGMAS, power=1), SIGMAS)
    assert found == pytest.approx((SIGMAS / SIGMAS.sum()).numpy())
    # on a geometric ladder log-uniform is uniform but for the grid's error, the same everywhere
    uniform = probes.level_masses(LogUniform(0.1, 10.0), noise.geometric(10.0, 0.1, 400))
    assert uniform[1:-1] == pytest.approx(np.full(398, uniform[1]), rel=1e-6)
    assert probes.level_masses(ImportanceByLoss(SIGMAS), SIGMAS) == pytest.approx([0.2] * 5)
    # masses of a fine ladder are the density's
    ladder = noise.geometric(100.0, 0.01, 2000)
    masses = probes.level_masses(LogNormal(0.3, 0.5), ladder)
    assert (masses * ladder.log().numpy()).sum() == pytest.approx(0.3, abs=1e-3)
    one = probes.level_masses(LogNormal(0.3, 0.5), noise.single(1.0))
    assert one.tolist() == [1.0]


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


class Gain(torch.nn.Module):
    """A network of one parameter: F(x) = θx."""

    def __init__(self, gain):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(gain))

    def forward(self, x, c_noise):
        return self.gain * x


def gain(value=0.5):
    """x̂₀ = θx/√(1+σ²), loaded as a model is: without gradients."""
    return Denoiser(Gain(value), "x0", 1.0, shape=(1,)).requires_grad_(False)


def test_gradient_noise_of_one_parameter_is_its_closed_form():
    """x₀ = 0, one σ: the gradient of λ/σ⁴ (θcσz)² is 2θ C z², its variance 4θ²C²·2/n."""
    model, level = gain(), torch.tensor([0.8])
    found = probes.gradient_noise(
        model, weighting({"kind": "sigma2"}), OverLadder(level), torch.zeros(10, 1), 50, 2000
    )
    # std 2θC√(2/n) over the mean θ²C
    assert found == pytest.approx(2 * (2 / 50) ** 0.5 / 0.5, rel=0.05)
    assert not model.network.gain.requires_grad and model.network.gain.grad is None


def test_gradient_noise_falls_as_the_root_of_the_batch():
    data = torch.randn(500, 1, generator=torch.Generator().manual_seed(0))
    weight, density = weighting({"kind": "one"}), OverLadder(torch.tensor([1.0, 0.5, 0.2]))
    small, large = (
        probes.gradient_noise(gain(), weight, density, data, batch, 1000) for batch in (20, 80)
    )
    assert small / large == pytest.approx(2, rel=0.15)
    again = probes.gradient_noise(gain(), weight, density, data, 80, 1000)
    assert again == large


def test_of_equal_products_the_density_that_follows_the_losses_is_the_quieter():
    """λ = 1 on uniform levels against the same objective drawn by importance."""
    ladder = noise.geometric(3.0, 0.05, 6).float()
    data = torch.randn(500, 1, generator=torch.Generator().manual_seed(0))
    weight = weighting({"kind": "one"})
    uniform, power, importance = (
        probes.gradient_noise(gain(), weight_of, density, data, 50, 400)
        for weight_of, density in (
            (weight, OverLadder(ladder)),
            (weighting({"kind": "sigma2"}), OverLadder(ladder, power=-2.0)),
            (weight, ImportanceByLoss(ladder)),
        )
    )
    assert power < 0.7 * uniform
    assert importance < 0.7 * uniform


def test_gradient_noise_leaves_the_density_as_it_was():
    density = ImportanceByLoss(torch.tensor([1.0, 0.5]))
    probes.gradient_noise(
        gain(), weighting({"kind": "one"}), density, torch.randn(50, 1), 20, batches=2
    )
    assert density.probabilities.tolist() == [0.5, 0.5]
