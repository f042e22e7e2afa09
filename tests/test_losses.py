"""What each family minimises: that it leads where it should, and what it is fed."""

import math

import pytest
import torch
from training_examples import (
    DIRECT,
    FLOW,
    GAN,
    SPREAD,
    VAE,
    data,
    generator,
    plane,
    spec,
    train,
)

from scoreladder import densities, losses, models, objectives, training
from scoreladder.weighting import one, sigma_power


@pytest.mark.parametrize("objective", ["sliced", "sliced_vr", "implicit"])
def test_every_objective_learns_the_score_of_a_gaussian(objective):
    blocks = spec(images=50_000, batch_size=250, ema_halflife=5000)
    run = train(training.start(blocks | {"objective": objective}, data(20_000), 0))
    for sigma in (0.5, 1.0, 2.0):
        x = (SPREAD**2 + sigma**2) ** 0.5 * data(4000) / SPREAD
        gap = run.ema.score(x, sigma) + x / (SPREAD**2 + sigma**2)
        assert sigma * gap.square().mean().sqrt() < 0.1
    # the scale is that of denoising score matching, from which all differ by a constant
    assert run.loss_scale == training.start(blocks, data(20_000), 0).loss_scale


def test_importance_sampling_leaves_the_objective_as_it_is_and_learns_where_losses_are():
    blocks = spec(weighting="one", images=20_000, batch_size=250)
    sampled = train(training.start(blocks | {"density": {"kind": "importance"}}, data(), 0))
    uniform = train(training.start(blocks, data(), 0))
    assert sampled.loss_scale == pytest.approx(uniform.loss_scale, rel=0.1)
    p = sampled.task.density.probabilities
    # λ = 1: the smallest level's losses are the largest
    assert p[-1] > 0.5 and p.sum().item() == pytest.approx(1)
    last = [sum(row["loss"] for row in run.curve[-20:]) / 20 for run in (sampled, uniform)]
    assert last[0] == pytest.approx(last[1], rel=0.1)


@pytest.mark.parametrize("network", [VAE, FLOW], ids=["vae", "flow"])
def test_models_with_a_likelihood_learn_the_density(network):
    """Two round clusters: nothing is below ln(2πe s²) + H(0.75); one Gaussian is 1.26 above."""
    blocks = spec(images=30_000, batch_size=200, learning_rate=0.005, ema_halflife=2000)
    run = train(training.start(blocks | DIRECT | {"network": network}, plane(5000), 0))
    entropy = math.log(2 * math.pi * math.e * 0.2**2) - sum(p * math.log(p) for p in (0.25, 0.75))
    found = -run.ema.log_prob(plane(2000)).mean().item()
    assert entropy - 0.1 < found < entropy + 0.5
    samples = run.ema.sample(4000, generator())
    assert (samples.sum(dim=1) > 0).float().mean().item() == pytest.approx(0.75, abs=0.1)


def test_a_gan_learns_where_the_data_is():
    blocks = spec(images=100_000, batch_size=200, learning_rate=0.001, ema_halflife=2000)
    run = train(training.start(blocks | DIRECT | {"network": GAN}, plane(5000), 0))
    samples = run.ema.sample(4000, generator())
    nearest = (samples[:, None] - torch.tensor([[1.0, 1.0], [-1.0, -1.0]])).norm(dim=2).amin(1)
    assert nearest.median() < 0.5


def test_only_direct_models_with_a_likelihood_see_dequantised_data():
    for network, noisy in ((VAE, True), (FLOW, True), (GAN, False)):
        run = training.start(spec() | DIRECT | {"network": network}, plane(), 0, bin_width=0.25)
        seen = []
        run.model.loss = lambda x0, generator, seen=seen: seen.append(x0) or x0.sum(dim=1)
        x0 = plane(50)
        run.task.losses(x0, generator())
        gap = (seen[0] - x0).abs().max()
        assert (0.1 < gap <= 0.125) if noisy else gap == 0
        assert run.loss_scale == 1


def score_task(density, model=lambda x, sigma: 0.5 * x, weight=lambda sigma: sigma**2):
    return losses.ScoreTask(model, "dsm", density, weight)


def test_a_score_models_losses_come_from_fresh_noise_after_the_noises_own_order():
    """z is drawn before σ, so that densities and ladders do not change the noise."""
    ladders = [torch.tensor([2.0, 0.5]), torch.tensor([1.0])]
    drawn = [
        score_task(densities.OverLadder(ladder)).noise(data(8), generator()) for ladder in ladders
    ]
    assert torch.equal(drawn[0][0], drawn[1][0])
    task = score_task(densities.OverLadder(ladders[0]))
    z, sigma = task.noise(data(8), generator())
    expected = (0.5 * (data(8) + sigma[:, None] * z) - data(8)).square().sum(dim=1) / sigma**2
    assert torch.allclose(task.losses(data(8), generator()), expected)


def test_corrected_losses_have_the_mean_of_uniform_levels():
    sigmas = torch.tensor([2.0, 0.5, 0.1])
    density = densities.ImportanceByLoss(sigmas)
    task = score_task(density, weight=torch.ones_like)
    task.losses(torch.zeros(2000, 1), generator())
    p = density.probabilities
    assert p.max() > 0.5
    # E over levels of λ‖z/σ − s‖² with x₀ = 0 and s = −x/(2σ²)
    exact = (0.25 / sigmas.double() ** 2).mean().item()
    values = [task.losses(torch.zeros(5000, 1), generator()).mean().item()]
    drawn = generator(1)
    values += [task.losses(torch.zeros(5000, 1), drawn).mean().item() for _ in range(40)]
    assert sum(values) / len(values) == pytest.approx(exact, rel=0.03)


def test_only_importance_sampling_has_a_state_to_keep():
    sigmas = torch.tensor([2.0, 0.5, 0.1])
    assert score_task(densities.OverLadder(sigmas)).state() == {}
    first, second = (score_task(densities.ImportanceByLoss(sigmas)) for _ in range(2))
    first.losses(torch.zeros(500, 1), generator())
    second.restore(first.state())
    found = [task.density.probabilities.tolist() for task in (first, second)]
    assert found[0] == found[1] and found[0] != pytest.approx([1 / 3] * 3)


def test_a_batch_is_drawn_with_replacement_from_all_the_data():
    found = losses.batch(torch.arange(5), 1000, generator())
    assert found.bincount(minlength=5).min() > 150


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", sorted(objectives.OBJECTIVES))
def test_noise_and_losses_have_the_dtype_of_the_data_whatever_that_of_the_ladder(name, dtype):
    for ladder in (torch.tensor([2.0, 0.5]), torch.tensor([2.0, 0.5], dtype=torch.float64)):
        task = losses.ScoreTask(
            lambda x, sigma: 0.5 * x, name, densities.OverLadder(ladder), sigma_power(2)
        )
        x0 = data(6).to(dtype)
        z, _ = task.noise(x0, generator())
        assert z.dtype == dtype
        assert task.losses(x0, generator()).dtype == dtype


@pytest.mark.parametrize(
    "weighting, function",
    [
        ("sigma2", sigma_power(2)),
        ("one", one),
        ({"kind": "sigma_power", "power": 3}, sigma_power(3)),
        (torch.exp, torch.exp),
    ],
)
def test_a_task_takes_its_weighting_by_name_by_block_or_as_a_callable(weighting, function):
    blocks = spec() | {"weighting": weighting}
    model = models.build(models.describe(blocks, data()))
    task = losses.task(blocks, model, 0.0)
    sigma = torch.linspace(0.2, 2.0, 5)
    assert torch.equal(task.weighting(sigma), function(sigma))
    run = train(training.start(blocks | {"training": spec(images=40)["training"]}, data(), 0))
    assert run.loss_scale == pytest.approx(
        (function(task.density.sigmas) / task.density.sigmas**2).mean().item(), rel=0.2
    )


def test_a_task_refuses_an_objective_it_does_not_know():
    blocks = spec() | {"objective": "esm"}
    with pytest.raises(ValueError, match="unknown objective 'esm'; one of: dsm, sliced"):
        training.start(blocks, data(), 0)
