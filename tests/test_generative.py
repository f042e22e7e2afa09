"""The VAE, the GAN and the flow, where their answers have closed forms."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scoreladder import generative

NETWORKS = {
    "vae": {"kind": "vae", "width": 8, "blocks": 1, "latent": 2},
    "gan": {"kind": "gan", "width": 8, "blocks": 1, "latent": 2},
    "flow": {"kind": "flow", "width": 8, "transforms": 2, "blocks": 1},
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def cloud(shape=(2,), n=500):
    """Data that is neither centred nor of unit spread, nor of one spread in all coordinates."""
    x = torch.randn(n, *shape, generator=generator())
    scale = torch.linspace(0.5, 3.0, x[0].numel()).reshape(shape)
    return 4.0 + scale * x


def filled(kind, data, seed=1, **changes):
    """A model of `data` with no weight left at zero, in float64."""
    network = NETWORKS[kind] | changes
    model = generative.build(generative.describe(network, data)).double()
    drawn = generator(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name != "scale":
                parameter += 0.2 * torch.randn(parameter.shape, generator=drawn).double()
    return model


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", NETWORKS)
@settings(max_examples=4)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=3), st.integers(1, 4))
def test_every_model_keeps_shapes_and_dtypes_and_draws_what_its_generator_says(
    kind, dtype, shape, n
):
    data = cloud(tuple(shape))
    model = filled(kind, data).to(dtype)
    loss = model.loss(data[:n].to(dtype), generator())
    assert (loss.shape, loss.dtype) == ((n,), dtype) and loss.isfinite().all()
    loss.mean().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    drawn, again = model.sample(n, generator(2)), model.sample(n, generator(2))
    assert (drawn.shape, drawn.dtype) == ((n, *shape), dtype) and drawn.isfinite().all()
    assert torch.equal(drawn, again) and not drawn.requires_grad
    if kind != "gan":
        found = model.log_prob(data[:n].to(dtype), generator(3))
        assert (found.shape, found.dtype) == ((n,), dtype)


@pytest.mark.parametrize("kind", NETWORKS)
def test_data_is_standardised_inside(kind):
    data = cloud((3,), 20_000).double()
    model = filled(kind, data)
    u = model.standardise(data)
    assert torch.allclose(model.restore(u), data)
    assert u.mean(dim=0).abs().max() < 1e-5
    if kind == "flow":
        assert torch.allclose(u.std(dim=0), torch.ones(3).double(), rtol=1e-3)
    else:
        assert u.square().mean().item() == pytest.approx(1, rel=1e-4)
        assert torch.allclose(model.std, model.std[0])


def test_the_spread_counts_the_noise_that_dequantisation_adds():
    data = torch.zeros(100, 2)
    data[:, 0] = torch.arange(100) % 2
    found = generative.describe(NETWORKS["flow"], data, bin_width=1.0)["std"]
    assert found == pytest.approx([(1 / 4 + 1 / 12) ** 0.5, (1 / 12) ** 0.5])
    constant = generative.describe(NETWORKS["flow"], data)["std"]
    assert constant[0] == pytest.approx(0.5) and 0 < constant[1] < 1e-3


def test_dequantised_data_fills_its_bins_evenly():
    x0 = torch.tensor([[0.25], [0.5]]).expand(2, 50_000)
    found = generative.dequantise(x0, 0.25, generator())
    assert ((found - x0).abs() <= 0.125).all()
    assert torch.allclose(found.mean(dim=1), x0[:, 0], atol=2e-3)
    assert torch.allclose(found.var(dim=1), torch.tensor(0.25**2 / 12), rtol=0.02)
    assert torch.equal(found, generative.dequantise(x0, 0.25, generator()))


def with_scale(model, scale):
    """The VAE with its decoder's scale set to a number."""
    with torch.no_grad():
        model.scale.fill_(math.log(scale) / generative.SCALE_GAIN)
    return model


def blind_vae(data):
    """A VAE whose encoder answers with the prior, so that importance weights are bounded."""
    model = with_scale(filled("vae", data, latent=1), 0.5)
    with torch.no_grad():
        for parameter in model.encoder.leave.parameters():
            parameter.zero_()
    return model


def total_mass(model, points):
    """∫ p(x) dx over a square of eight standard deviations each way, by a regular grid."""
    ticks = torch.linspace(-8, 8, points, dtype=torch.float64)
    x = model.restore(torch.cartesian_prod(ticks, ticks))
    with torch.no_grad():
        log_p = model.log_prob(x, generator())
    return (log_p + model.log_volume).exp().sum().item() * (16 / (points - 1)) ** 2


def test_densities_integrate_to_one():
    assert total_mass(filled("flow", cloud()), 400) == pytest.approx(1, rel=2e-3)
    # the VAE's estimate is unbiased for p(x) itself, not for its logarithm
    assert total_mass(blind_vae(cloud()), 80) == pytest.approx(1, rel=0.01)


def test_a_flows_density_is_its_change_of_variables():
    model = filled("flow", cloud())
    z = torch.randn(5, 2, dtype=torch.float64, generator=generator(4))

    def push(z):
        return model.restore(model.flow().transform.inv(z))

    for row in z:
        jacobian = torch.autograd.functional.jacobian(push, row)[0]
        exact = -0.5 * (row.square() + math.log(2 * math.pi)).sum() - jacobian.det().abs().log()
        assert model.log_prob(push(row)).item() == pytest.approx(exact.item(), abs=1e-4)


def test_a_flows_loss_is_its_negative_log_likelihood_per_dimension():
    data = cloud((3,)).double()
    model = filled("flow", data)
    assert torch.allclose(model.loss(data[:7]), -model.log_prob(data[:7]) / 3)


def linear_vae(data, slope, scale):
    """u | z ~ N(slope z, scale²), 1-D, with the exact posterior as its encoder."""
    model = with_scale(filled("vae", data, latent=1), scale)
    total = slope**2 + scale**2
    log_std = 0.5 * math.log(scale**2 / total)
    model.decoder = nn.Linear(1, 1).double()
    model.encoder = nn.Linear(1, 2).double()
    with torch.no_grad():
        model.decoder.weight.fill_(slope)
        model.decoder.bias.zero_()
        model.encoder.weight.copy_(torch.tensor([[slope / total], [0.0]]))
        model.encoder.bias.copy_(torch.tensor([0.0, log_std]))
    return model


def test_with_the_exact_posterior_a_vaes_bound_is_the_likelihood():
    """z ~ N(0, 1), u | z ~ N(az, s²): u ~ N(0, a² + s²), and every importance weight is p(u)."""
    data = cloud((1,)).double()
    model = linear_vae(data, 0.8, 0.3)
    std = model.std * (0.8**2 + 0.3**2) ** 0.5
    exact = torch.distributions.Normal(model.mean, std).log_prob(data)[:, 0]
    assert torch.allclose(model.log_prob(data, generator()), exact, atol=1e-9)
    # one draw's −ELBO varies, but not its mean over z
    draws = torch.stack([model.loss(data[:50], generator(seed)) for seed in range(400)])
    assert torch.allclose(draws.mean(dim=0), -exact[:50], atol=0.15)
    samples = model.sample(50_000, generator())
    assert samples.std().item() == pytest.approx(std.item(), rel=0.02)
    assert samples.mean().item() == pytest.approx(model.mean.item(), abs=0.05)


def test_a_vaes_bound_is_below_its_likelihood_and_above_its_loss():
    data = cloud()[:40].double()
    model = blind_vae(data)
    z = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]
    u = model.standardise(data)
    with torch.no_grad():
        joint = generative.log_normal(u[:, None], model.decoder(z), math.log(0.5))
        joint = joint + generative.log_normal(z)
    exact = (joint + (z[1] - z[0]).log()).logsumexp(dim=1) - model.log_volume
    bound = model.log_prob(data, generator())
    elbo = torch.stack([-2 * model.loss(data, generator(seed)) for seed in range(50)]).mean()
    assert elbo < bound.mean() < exact.mean() + 0.02
    assert bound.mean().item() == pytest.approx(exact.mean().item(), abs=0.05)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_normal_is_torchs(dtype):
    u, mean = torch.randn(2, 5, 3, dtype=dtype, generator=generator())
    exact = torch.distributions.Normal(mean, 0.3).log_prob(u).sum(dim=1)
    found = generative.log_normal(u, mean, math.log(0.3))
    assert found.dtype == dtype and torch.allclose(found, exact)
    assert generative.log_normal(u[None], mean, 0.0).shape == (1, 5)


def gan_losses(model, data):
    """Both players' mean losses, written out, with all parameters alive."""
    z = torch.randn(len(data), model.latent, generator=generator(), dtype=torch.float64)
    real = model.standardise(data).requires_grad_()
    fake = model.generator(z)
    truth, judged = model.discriminator(real), model.discriminator(fake)
    (slope,) = torch.autograd.grad(truth.sum(), real, create_graph=True)
    penalty = 0.5 * generative.R1 * slope.square().sum(dim=1).mean()
    judge = -truth.sigmoid().log().mean() - (1 - judged.sigmoid()).log().mean() + penalty
    return -judged.sigmoid().log().mean(), judge


def test_one_backward_pass_gives_each_player_the_gradient_of_its_own_loss():
    data = cloud().double()[:30]
    model = filled("gan", data)
    forger, judge = gan_losses(model, data)
    total = model.loss(data, generator()).mean()
    assert total.item() == pytest.approx((forger + judge).item())
    total.backward()
    for player, loss in ((model.generator, forger), (model.discriminator, judge)):
        parameters = list(player.parameters())
        alone = torch.autograd.grad(loss, parameters, retain_graph=True)
        for parameter, gradient in zip(parameters, alone, strict=True):
            assert torch.allclose(parameter.grad, gradient, rtol=1e-9, atol=1e-12)


def test_the_penalty_is_half_the_squared_slope_of_the_judge_on_data():
    """A linear judge D(u) = w·u + b against forgeries that all are at 0."""
    data = cloud().double()
    model = filled("gan", data)
    model.generator = nn.Linear(2, 2).double()
    model.discriminator = nn.Linear(2, 1).double()
    weight = torch.tensor([0.6, -0.8], dtype=torch.float64)
    with torch.no_grad():
        for parameter in (*model.generator.parameters(), model.discriminator.bias):
            parameter.zero_()
        model.discriminator.weight.copy_(weight)
    truth = model.standardise(data) @ weight
    expected = -truth.sigmoid().log() + 2 * math.log(2) + 0.5 * generative.R1
    assert torch.allclose(model.loss(data, generator()), expected)
