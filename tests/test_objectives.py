"""The objectives: their optima, their common gradient, shapes and dtypes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreladder import networks, objectives
from scoreladder.analytic import GaussianMixture
from scoreladder.weighting import one, sigma_power

# equally spaced nodes integrate Gaussian-weighted smooth functions to rounding error
GRID = torch.arange(-10, 10, 0.05, dtype=torch.float64)
MASS = torch.exp(-(GRID**2) / 2) / torch.exp(-(GRID**2) / 2).sum()


DTYPES = [torch.float32, torch.float64]


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("dtype, rel", [(torch.float32, 1e-4), (torch.float64, 1e-10)])
@pytest.mark.parametrize("sigma", [0.01, 0.5, 3.0])
@pytest.mark.parametrize("dim", [1, 2])
def test_the_best_loss_on_a_gaussian_is_its_closed_form(dim, sigma, dtype, rel):
    spread = 0.7
    nodes = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
    mass = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)
    points = torch.cartesian_prod(*[nodes] * (2 * dim))
    p = torch.cartesian_prod(*[mass] * (2 * dim)).prod(dim=1)
    x0, z = ((1.5 + spread * points[:, :dim]).to(dtype), points[:, dim:].to(dtype))
    exact = GaussianMixture(torch.full((1, dim), 1.5, dtype=dtype), spread, [1.0])
    losses = objectives.denoising_score_matching(
        exact, x0, torch.full((len(p),), sigma, dtype=dtype), z, sigma_power(2)
    )
    assert losses.dtype == dtype
    floor = dim * spread**2 / (spread**2 + sigma**2)
    assert (p * losses).sum().item() == pytest.approx(floor, rel=rel)


@pytest.mark.parametrize("dtype, close", [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_denoising_and_explicit_score_matching_differ_by_a_constant(dtype, close):
    """Equal gradients at several θ of a nonlinear model, on a mixture seen through noise."""
    sigma = 0.8
    points, weights = (torch.tensor(each, dtype=dtype) for each in ([-1.0, 2.0], [0.3, 0.7]))
    mixture = GaussianMixture(points[:, None], 0.0, weights)
    x0 = points.repeat_interleave(len(GRID))[:, None]
    z = GRID.to(dtype).repeat(2)[:, None]
    p = torch.outer(weights, MASS.to(dtype)).flatten()
    x = x0 + sigma * z

    def model(x, theta):
        return theta[0] + theta[1] * x + theta[2] * torch.sin(theta[3] * x)

    differences = []
    for seed in range(3):
        theta = torch.randn(4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        theta = theta.to(dtype).requires_grad_()
        denoising = objectives.denoising_score_matching(
            lambda x, s, theta=theta: x + sigma**2 * model(x, theta),
            x0,
            torch.full((len(x0),), sigma, dtype=dtype),
            z,
            one,
        )
        explicit = (model(x, theta) - mixture.score(x, sigma)).square().sum(dim=1)
        losses = [(p * each).sum() for each in (denoising, explicit)]
        gradients = [torch.autograd.grad(loss, theta, retain_graph=True)[0] for loss in losses]
        assert torch.allclose(*gradients, rtol=0, atol=close)
        assert gradients[0].norm() > 0.1
        differences.append((losses[0] - losses[1]).item())
    assert differences == pytest.approx([differences[0]] * 3, abs=close)
    assert differences[0] > 0.1


def cubature(dim):
    """Points and masses of N(0, I), exact for polynomials of degree 5 in each coordinate."""
    nodes = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
    mass = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)
    return torch.cartesian_prod(*[nodes] * dim), torch.cartesian_prod(*[mass] * dim).prod(dim=1)


def gradients_on_a_gaussian(sigma, weight):
    """∇_θ of every objective's exact expectation, for a linear score on N(m, s₀² I) in 2-D.

    The expectation over slices is over all four pairs of signs.
    """
    points, p = cubature(4)
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 2)
    x0 = (torch.tensor([1.5, -0.5]) + 0.7 * points[:, :2]).repeat_interleave(4, dim=0)
    z, p = points[:, 2:].repeat_interleave(4, dim=0), p.repeat_interleave(4) / 4
    v = signs.repeat(len(points), 1)
    level = torch.full((len(p),), sigma, dtype=torch.float64)
    theta = torch.randn(6, dtype=torch.float64, generator=generator()).requires_grad_()

    def model(x, s):
        return x + s.reshape(-1, 1) ** 2 * (x @ theta[:4].reshape(2, 2) + theta[4:])

    x = x0 + sigma * z
    losses = {
        "dsm": objectives.denoising_score_matching(model, x0, level, z, weight),
        "implicit": objectives.implicit_score_matching(model, x, level, weight),
        "sliced": objectives.sliced_score_matching(model, x, level, v, weight),
        "sliced_vr": objectives.sliced_score_matching_vr(model, x, level, v, weight),
    }
    means = {name: (p * each).sum() for name, each in losses.items()}
    assert sorted(means) == sorted(objectives.OBJECTIVES)
    return {
        name: (mean.item(), torch.autograd.grad(mean, theta, retain_graph=True)[0])
        for name, mean in means.items()
    }


@pytest.mark.parametrize("sigma", [0.1, 0.8, 3.0])
def test_every_objective_has_the_gradient_of_denoising_score_matching(sigma):
    found = gradients_on_a_gaussian(sigma, sigma_power(2))
    value, gradient = found.pop("dsm")
    assert gradient.norm() > 0.1 * sigma**2
    # DSM is the others plus λ E‖z/σ‖², here the dimension
    for other, theirs in found.values():
        assert torch.allclose(theirs, gradient, rtol=1e-10, atol=1e-10)
        assert value - other == pytest.approx(2, rel=1e-9)


class Net(torch.nn.Module):
    """A denoiser whose score is a small network's, on data of any shape."""

    def __init__(self, dim, dtype):
        super().__init__()
        with networks.weights_from(0):
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(dim, 5), torch.nn.Tanh(), torch.nn.Linear(5, dim)
            )
        self.to(dtype)

    def forward(self, x, sigma):
        s = self.layers(x.flatten(1)).reshape(x.shape)
        return x + sigma.reshape(-1, *[1] * (x.ndim - 1)) ** 2 * s


def batch(shape, dtype, n=4):
    x0, z = torch.randn(2, n, *shape, generator=generator()).to(dtype)
    return x0, torch.linspace(0.2, 2.0, n, dtype=dtype), z


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", objectives.OBJECTIVES)
def test_sigma_may_have_another_dtype_than_the_data(name, dtype):
    x0, sigma, z = batch((3,), dtype)
    objective, model = objectives.objective(name), Net(3, dtype)
    expected = objective(model, x0, sigma, z, sigma_power(2), generator())
    for other in DTYPES:
        found = objective(model, x0, sigma.to(other), z, sigma_power(2), generator())
        assert found.dtype == dtype and torch.allclose(found, expected, rtol=1e-5)


def test_an_objective_that_is_none_is_one_line():
    with pytest.raises(ValueError, match="unknown objective 'esm'; one of: dsm, sliced, sliced_vr"):
        objectives.objective("esm")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", objectives.OBJECTIVES)
@settings(max_examples=8)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_objectives_give_a_number_per_sample_that_can_be_learned_from(name, dtype, shape):
    x0, sigma, z = batch(shape, dtype)
    model = Net(x0[0].numel(), dtype)
    losses = objectives.OBJECTIVES[name](model, x0, sigma, z, sigma_power(2), generator())
    assert losses.shape == (4,) and losses.dtype == dtype
    losses.mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    assert model.layers[0].weight.grad.abs().sum() > 0
    # a row's loss does not see the other rows
    again = objectives.OBJECTIVES["implicit"](model, x0, sigma, z, sigma_power(2), None)
    alone = [
        objectives.OBJECTIVES["implicit"](
            model, x0[i : i + 1], sigma[i : i + 1], z[i : i + 1], sigma_power(2), None
        )
        for i in range(4)
    ]
    assert torch.allclose(again, torch.cat(alone), rtol=1e-3, atol=1e-4)


def test_the_implicit_objective_is_norm_and_trace():
    x0, sigma, z = batch((3,), torch.float64)
    model = Net(3, torch.float64)
    x = x0 + sigma[:, None] * z
    found = objectives.implicit_score_matching(model, x, sigma, one)
    for i in range(4):
        jacobian = torch.autograd.functional.jacobian(model.layers, x[i])
        expected = model.layers(x[i]).square().sum() + 2 * jacobian.trace()
        assert found[i].item() == pytest.approx(expected.item(), rel=1e-9)


def test_slices_average_to_the_implicit_objective_and_the_exact_norm_is_the_calmer():
    x0, sigma, z = batch((3,), torch.float64)
    model = Net(3, torch.float64)
    x = x0 + sigma[:, None] * z
    exact = objectives.implicit_score_matching(model, x, sigma, one)
    every = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 3)
    drawn = {
        function: torch.stack(
            [function(model, x, sigma, v.expand_as(x), one) for v in every]
        ).detach()
        for function in (
            objectives.sliced_score_matching,
            objectives.sliced_score_matching_vr,
        )
    }
    for values in drawn.values():
        assert torch.allclose(values.mean(dim=0), exact, rtol=1e-10)
    plain, reduced = (values.var(dim=0).mean() for values in drawn.values())
    assert reduced < plain


def test_slices_are_signs_drawn_by_the_generator():
    x = torch.zeros(2000, 3, dtype=torch.float64)
    found = objectives.slices(x, generator())
    assert torch.equal(found, objectives.slices(x, generator()))
    assert found.dtype == x.dtype and set(found.flatten().tolist()) == {-1.0, 1.0}
    assert found.mean().abs() < 0.05


def test_objectives_of_the_score_work_where_gradients_are_off():
    x0, sigma, z = batch((2,), torch.float64)
    model = Net(2, torch.float64)
    with torch.no_grad():
        for name in ("sliced", "sliced_vr", "implicit"):
            objective = objectives.OBJECTIVES[name]
            assert objective(model, x0, sigma, z, one, generator()).isfinite().all()
