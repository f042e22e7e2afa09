"""The denoising score matching loss: its optimum, its gradients and how it is averaged."""

import math

import pytest
import torch

from scoreladder import objectives
from scoreladder.analytic import GaussianMixture
from scoreladder.weighting import one, sigma_power

# equally spaced nodes integrate Gaussian-weighted smooth functions to rounding error
GRID = torch.arange(-10, 10, 0.05, dtype=torch.float64)
MASS = torch.exp(-(GRID**2) / 2) / torch.exp(-(GRID**2) / 2).sum()


def generator():
    return torch.Generator().manual_seed(0)


def test_one_loss_per_sample_each_with_its_own_sigma_and_weight():
    x0 = torch.randn(6, 2, 3, generator=generator())
    z = torch.randn(6, 2, 3, generator=generator())
    sigma = torch.linspace(0.1, 2.0, 6)
    losses = objectives.denoising_score_matching(
        lambda x, sigma: 0.3 * x, x0, sigma, z, sigma_power(3)
    )
    for i in range(6):
        score = (0.3 - 1) * (x0[i] + sigma[i] * z[i]) / sigma[i] ** 2
        expected = sigma[i] ** 3 * (score + z[i] / sigma[i]).square().sum()
        assert losses[i].item() == pytest.approx(expected.item(), rel=1e-5)


def test_weight_sigma_squared_is_the_plain_error_of_the_noise():
    x0, z = torch.randn(2, 8, 3, dtype=torch.float64, generator=generator())
    sigma = torch.linspace(0.1, 2.0, 8, dtype=torch.float64)
    epsilon = torch.randn(8, 3, dtype=torch.float64, generator=generator())
    losses = objectives.denoising_score_matching(
        lambda x, sigma: x - sigma.reshape(-1, 1) * epsilon, x0, sigma, z, sigma_power(2)
    )
    assert torch.allclose(losses, (epsilon - z).square().sum(dim=1))


@pytest.mark.parametrize("sigma", [0.01, 0.5, 3.0])
@pytest.mark.parametrize("dim", [1, 2])
def test_the_best_loss_on_a_gaussian_is_its_closed_form(dim, sigma):
    spread = 0.7
    nodes = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
    mass = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)
    points = torch.cartesian_prod(*[nodes] * (2 * dim))
    p = torch.cartesian_prod(*[mass] * (2 * dim)).prod(dim=1)
    x0, z = 1.5 + spread * points[:, :dim], points[:, dim:]
    exact = GaussianMixture(torch.full((1, dim), 1.5).double(), spread, [1.0])
    losses = objectives.denoising_score_matching(
        exact, x0, torch.full((len(p),), sigma, dtype=torch.float64), z, sigma_power(2)
    )
    floor = dim * spread**2 / (spread**2 + sigma**2)
    assert (p * losses).sum().item() == pytest.approx(floor, rel=1e-10)


def test_denoising_and_explicit_score_matching_differ_by_a_constant():
    """Equal gradients at several θ of a nonlinear model, on a mixture seen through noise."""
    sigma = 0.8
    points, weights = torch.tensor([-1.0, 2.0]).double(), torch.tensor([0.3, 0.7]).double()
    mixture = GaussianMixture(points[:, None], 0.0, weights)
    x0 = points.repeat_interleave(len(GRID))[:, None]
    z = GRID.repeat(2)[:, None]
    p = torch.outer(weights, MASS).flatten()
    x = x0 + sigma * z

    def model(x, theta):
        return theta[0] + theta[1] * x + theta[2] * torch.sin(theta[3] * x)

    differences = []
    for seed in range(3):
        theta = torch.randn(4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        theta.requires_grad_()
        denoising = objectives.denoising_score_matching(
            lambda x, s, theta=theta: x + sigma**2 * model(x, theta),
            x0,
            torch.full((len(x0),), sigma, dtype=torch.float64),
            z,
            one,
        )
        explicit = (model(x, theta) - mixture.score(x, sigma)).square().sum(dim=1)
        losses = [(p * each).sum() for each in (denoising, explicit)]
        gradients = [torch.autograd.grad(loss, theta, retain_graph=True)[0] for loss in losses]
        assert torch.allclose(*gradients, rtol=0, atol=1e-10)
        assert gradients[0].norm() > 0.1
        differences.append((losses[0] - losses[1]).item())
    assert differences == pytest.approx([differences[0]] * 3, abs=1e-10)
    assert differences[0] > 0.1


def test_the_objective_is_the_mean_of_weighted_losses_not_the_weight_of_the_mean_sigma():
    x0 = torch.zeros(4, 1, dtype=torch.float64)
    z = torch.tensor([[1.0], [2.0], [0.5], [1.5]], dtype=torch.float64)
    sigma = torch.tensor([0.1, 0.5, 1.0, 4.0], dtype=torch.float64)

    def loss(weight):
        return objectives.denoising_score_matching(lambda x, s: 0.5 * x, x0, sigma, z, weight)

    weight = sigma_power(2)
    unweighted = loss(one)
    right = (sigma**2 * unweighted).mean().item()
    wrong = (weight(sigma.mean()) * unweighted.mean()).item()
    assert loss(weight).mean().item() == pytest.approx(right, rel=1e-12)
    assert not math.isclose(right, wrong, rel_tol=0.5)
