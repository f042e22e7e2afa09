"""What λ(σ) changes in training, and what it cannot change."""

import pytest
import torch

from scoreladder import noise, objectives
from scoreladder.weighting import one, sigma_power, weighting

SIGMAS = noise.geometric(2.0, 0.1, 5)
SPREAD = 0.7
BLOCKS = [
    {"kind": "one"},
    {"kind": "sigma"},
    {"kind": "sigma2"},
    {"kind": "sigma_power", "power": 3},
]

# Gauss-Hermite nodes: three a dimension integrate these quadratic losses exactly
NODES = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
MASS = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)
X0, Z = (grid.reshape(-1, 1) for grid in torch.meshgrid(SPREAD * NODES, NODES, indexing="ij"))
P = torch.outer(MASS, MASS).flatten()


def expected_losses(slopes, weight):
    """Exact E over x₀ ~ N(0, SPREAD²) and z of the loss of s(x, σ_i) = −slope_i x, per level."""
    losses = []
    for slope, sigma in zip(slopes, SIGMAS, strict=True):

        def denoiser(x, sigma_, slope=slope):
            return x - sigma_.reshape(-1, 1) ** 2 * slope * x

        each = objectives.denoising_score_matching(denoiser, X0, sigma.expand(len(X0)), Z, weight)
        losses.append((P * each).sum())
    return torch.stack(losses)


def gradient(level_weights, weight):
    """Expected gradient in one slope that all levels share."""
    slope = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    loss = (level_weights * expected_losses([slope] * len(SIGMAS), weight)).sum()
    return torch.autograd.grad(loss, slope)[0].item()


def test_config_blocks_name_their_weightings():
    sigma = torch.tensor([0.5, 2.0])
    found = [weighting(block)(sigma).tolist() for block in BLOCKS]
    assert found == [[1.0, 1.0], [0.5, 2.0], [0.25, 4.0], [0.125, 8.0]]
    assert weighting({"kind": "sigma_power", "power": -1})(sigma).tolist() == [2.0, 0.5]


def test_weightings_keep_the_shape_and_type_of_sigma():
    sigma = torch.ones(2, 3, dtype=torch.float64)
    for block in BLOCKS:
        assert weighting(block)(sigma).shape == (2, 3)
        assert weighting(block)(sigma).dtype == torch.float64


@pytest.mark.parametrize("block", BLOCKS)
def test_no_weighting_moves_the_optimum_of_a_free_table(block):
    optimum = 1 / (SPREAD**2 + SIGMAS**2)
    slopes = [value.clone().requires_grad_() for value in optimum]
    losses = expected_losses(slopes, weighting(block))
    gradients = torch.stack(torch.autograd.grad(losses.sum(), slopes))
    scale = weighting(block)(SIGMAS) / SIGMAS**2
    assert (gradients / scale).abs().max() < 1e-12
    assert (expected_losses(optimum * 1.01, weighting(block)) > losses).all()
    assert (expected_losses(optimum * 0.99, weighting(block)) > losses).all()


def test_equal_products_of_weighting_and_density_have_equal_expected_gradients():
    uniform = torch.full((5,), 0.2, dtype=torch.float64)
    squares = SIGMAS**2 / (SIGMAS**2).sum()
    # λ=σ² under uniform p, and λ=1 under p ∝ σ²: the products differ by one constant
    constant = (SIGMAS**2).mean().item()
    expected = gradient(uniform, sigma_power(2))
    assert constant * gradient(squares, one) == pytest.approx(expected, rel=1e-12)
    assert constant * gradient(uniform, one) != pytest.approx(expected, rel=0.1)


def test_the_weighting_moves_the_optimum_of_a_shared_parameter():
    uniform = torch.full((5,), 0.2, dtype=torch.float64)
    found = []
    for power in (0, 2):
        # the loss is quadratic in the slope, so two gradients give its minimum
        weights = uniform * SIGMAS**power
        top, bottom = weights.sum(), (weights * (SPREAD**2 + SIGMAS**2)).sum()
        assert gradient(uniform, sigma_power(power)) == pytest.approx(
            2 * (0.4 * bottom - top).item(), rel=1e-12
        )
        found.append((top / bottom).item())
    assert found[0] > 1.5 * found[1]
