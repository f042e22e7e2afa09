"""Training: what it converges to, rates and averages, failures, and going on after a cut."""

import math

import pytest
import torch
from training_examples import (
    DIRECT,
    FLOW,
    GAN,
    MLP,
    SPREAD,
    VAE,
    data,
    everything,
    plane,
    spec,
    train,
)

from scoreladder import objectives, training


def test_training_on_a_gaussian_approaches_its_exact_denoiser():
    run = training.start(spec(images=200_000, batch_size=256, ema_halflife=5000), data(20_000), 0)

    def errors():
        found = []
        for sigma in (0.2, 0.5, 1.0, 2.0):
            x = (SPREAD**2 + sigma**2) ** 0.5 * data(4000) / SPREAD
            gap = run.ema(x, sigma) - x * SPREAD**2 / (SPREAD**2 + sigma**2)
            found.append(gap.square().mean().sqrt().item() / sigma)
        return found

    assert min(errors()) > 0.25
    train(run)
    assert max(errors()) < 0.04
    floor = sum(SPREAD**2 / (SPREAD**2 + s**2) for s in run.task.density.sigmas.tolist()) / 4
    last = [row["loss"] for row in run.curve[-20:]]
    assert run.loss_scale * sum(last) / 20 == pytest.approx(floor, rel=0.05)


def cut_and_resumed(spec, images, cut, path):
    """A finished run that was saved after `cut` steps and went on as another one."""
    first = training.start(spec, images, 0, bin_width=0.25)
    for _, _ in zip(range(cut), training.advance(first), strict=False):
        pass
    training.save_state(first, path, "stamp")
    second = training.start(spec, images, 0, bin_width=0.25)
    said = training.load_state(second, path, "stamp")
    assert said == f"going on from image {20 * cut}"
    assert everything(second) == everything(first)
    return train(second)


@pytest.mark.parametrize("cut", [1, 2, 77, 150])
def test_a_cut_anywhere_changes_nothing(tmp_path, cut):
    """k + (n − k) steps are n steps bit for bit, windows between records included."""
    changes = {"images": 3010, "batch_size": 20}
    whole = train(training.start(spec(**changes), data(), 0))
    found = cut_and_resumed(spec(**changes), data(), cut, tmp_path / "state.pt")
    assert everything(found) == everything(whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"density": {"kind": "importance"}},
        {"density": {"kind": "ladder", "power": 1.0}},
        {"density": {"kind": "log_uniform", "sigma_min": 0.2, "sigma_max": 2.0}},
        {"objective": "sliced_vr"},
        {"network": MLP | {"conditioning": "index"}},
        DIRECT | {"network": VAE},
        DIRECT | {"network": GAN},
        DIRECT | {"network": FLOW},
    ],
    ids=["importance", "power", "log_uniform", "sliced_vr", "index", "vae", "gan", "flow"],
)
def test_whatever_is_trained_a_cut_changes_nothing(tmp_path, changes):
    blocks = spec(images=310, batch_size=20, learning_rate=0.001) | changes
    whole = train(training.start(blocks, plane(), 0, bin_width=0.25))
    # after one step importance sampling is still uniform, after seven it is not
    for cut in (1, 7):
        found = cut_and_resumed(blocks, plane(), cut, tmp_path / f"{cut}.pt")
        assert everything(found) == everything(whole)


def test_saving_does_not_disturb_a_run(tmp_path):
    run = training.start(spec(), data(), 0)
    for _ in training.advance(run):
        training.save_state(run, tmp_path / "state.pt", "stamp")
    assert everything(run) == everything(train(training.start(spec(), data(), 0)))
    assert list(tmp_path.iterdir()) == [tmp_path / "state.pt"]


def test_a_state_that_does_not_fit_is_ignored_with_a_reason(tmp_path):
    path = tmp_path / "state.pt"
    run = training.start(spec(), data(), 0)
    fresh = everything(run)
    assert training.load_state(run, path, "stamp") == "starting from the first image"
    training.save_state(train(training.start(spec(), data(), 0)), path, "stamp")
    said = training.load_state(run, path, "another")
    assert said == f"ignoring {path}, made by another config, code or seed; starting anew"
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[10:4000:7] = bytes(len(range(10, 4000, 7)))
    for broken in (b"", b"garbage", whole[:1000], whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(broken)
        said = training.load_state(run, path, "stamp")
        assert said.startswith(f"ignoring {path}, which cannot be read (")
        assert said.endswith("); starting anew")
    assert everything(run) == fresh


def test_a_run_is_a_function_of_its_seed():
    torch.manual_seed(1)
    first = everything(train(training.start(spec(), data(), 0)))
    torch.manual_seed(2)
    assert everything(train(training.start(spec(), data(), 0))) == first
    assert everything(train(training.start(spec(), data(), 1))) != first


def test_variants_of_one_seed_share_weights_images_and_noise(monkeypatch):
    seen = []
    inner = objectives.denoising_score_matching

    def spy(model, x0, sigma, z, weight):
        seen[-1].append((x0.tolist(), z.tolist()))
        return inner(model, x0, sigma, z, weight)

    monkeypatch.setattr(objectives, "denoising_score_matching", spy)
    weights = []
    other = spec(noise={"kind": "single", "sigma": 1.0}, weighting="one", parameterization="edm")
    for each in (spec(), other):
        seen.append([])
        run = training.start(each, data(), 3)
        weights.append([value.tolist() for value in run.model.state_dict().values()])
        train(run)
    assert weights[0] == weights[1]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("images, batch", [(1000, 64), (1000, 100), (50, 64), (1001, 1000)])
def test_the_budget_of_images_is_met_exactly(images, batch):
    run = training.start(spec(images=images, batch_size=batch), data(), 0)
    seen = [state.images for state in training.advance(run)]
    assert seen == [*range(batch, images, batch), images]
    assert run.curve[-1]["images"] == images
    assert run.window == []


def test_the_rate_warms_up_linearly_and_then_stays():
    rates = spec(schedule="constant", warmup_images=100, batch_size=20)["training"]
    found = [training.learning_rate(rates, images) for images in (0, 20, 60, 80, 100, 3000)]
    assert found == pytest.approx([0.002, 0.004, 0.008, 0.01, 0.01, 0.01])


def test_the_cosine_rate_falls_to_half_and_to_zero():
    rates = spec(images=1000, warmup_images=0)["training"]
    found = [training.learning_rate(rates, images) for images in (0, 250, 500, 750, 1000)]
    quarter = 0.5 * (1 + math.sqrt(0.5))
    expected = [0.01, 0.01 * quarter, 0.005, 0.01 * (1 - quarter), 0.0]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("batch", [10, 50, 250])
def test_the_average_forgets_half_in_its_half_life_whatever_the_batch(batch):
    run = training.start(spec(ema_halflife=500), data(), 0)
    run.images = 1_000_000
    with torch.no_grad():
        for average, current in zip(run.ema.parameters(), run.model.parameters(), strict=True):
            average.zero_()
            current.fill_(1.0)
    for share in (0.5, 0.75, 0.875):
        for _ in range(500 // batch):
            training.update_ema(run, batch)
        values = torch.cat([average.flatten() for average in run.ema.parameters()])
        assert torch.allclose(values, torch.tensor(share), rtol=1e-5)


def test_the_half_life_is_shorter_early_on():
    run = training.start(spec(ema_halflife=500), data(), 0)
    run.images = 2000  # 5 % of which are 100
    before = [average.clone() for average in run.ema.parameters()]
    with torch.no_grad():
        for current in run.model.parameters():
            current += 1
    training.update_ema(run, 100)
    for old, new in zip(before, run.ema.parameters(), strict=True):
        assert torch.allclose(new, old + 0.5, rtol=1e-5, atol=1e-6)


def test_the_average_counts_the_images_of_the_step_that_it_follows():
    """Half-lives of 5 % of the images seen, those of the step included: 1, 2, 3, 4, 5 images."""
    run = training.start(spec(learning_rate=0.05, ema_halflife=500), data(), 0)
    expected = [value.clone() for value in run.ema.parameters()]
    for seen in (20, 40, 60, 80, 100):
        training.step(run)
        keep = 0.5 ** (20 / (0.05 * seen))
        for average, current in zip(expected, run.model.parameters(), strict=True):
            average.lerp_(current.detach(), 1 - keep)
    assert keep == pytest.approx(1 / 16)
    for mine, theirs in zip(run.ema.parameters(), expected, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-6, atol=1e-8)


def test_without_a_half_life_the_average_is_the_model():
    run = train(training.start(spec(ema_halflife=0), data(), 0))
    for average, current in zip(run.ema.parameters(), run.model.parameters(), strict=True):
        assert torch.equal(average, current)


def test_the_loss_starts_at_one():
    # an untrained score of 0 has E‖z‖² = D
    run = training.start(spec(learning_rate=0.0, images=50_000, batch_size=500), data(), 0)
    assert run.loss_scale == pytest.approx(1, rel=0.1)
    train(run)
    assert sum(row["loss"] for row in run.curve) / len(run.curve) == pytest.approx(1, rel=0.08)
    # and with λ = 1 it is divided by the mean of 1/σ²
    run = training.start(spec(weighting="one", learning_rate=0.0, images=50_000), data(), 0)
    levels = run.task.density.sigmas
    assert run.loss_scale == pytest.approx((levels**-2).mean().item(), rel=0.15)
    train(run)
    assert sum(row["loss"] for row in run.curve) / len(run.curve) == pytest.approx(1, rel=0.15)


@pytest.mark.parametrize("images", [data() * math.nan, data()])
def test_divergence_is_one_line_that_names_the_learning_rate(images):
    run = training.start(spec(learning_rate=1e6), images, 0)
    with pytest.raises(training.TrainingFailed, match="training diverged: at image") as error:
        train(run)
    assert "\n" not in str(error.value)
    assert "smaller training.learning_rate than 1e+06" in str(error.value)
    assert run.images < 3010


@pytest.mark.parametrize(
    "loss, sane", [(99.0, True), (-99.0, True), (101.0, False), (-101.0, False)]
)
def test_a_loss_may_run_away_in_either_direction(loss, sane):
    run = training.start(spec(images=20), data(), 0)
    run.task.losses = lambda x0, generator: loss + 0 * run.model(x0, 1.0).sum(dim=1)
    run.loss_scale = 1.0
    if sane:
        assert train(run).curve[-1]["loss"] == loss
    else:
        with pytest.raises(training.TrainingFailed, match=f"the start, is {loss:g}; try a smaller"):
            train(run)


def test_a_direct_model_that_diverges_says_so():
    run = training.start(spec() | DIRECT | {"network": FLOW}, plane() * math.nan, 0)
    with pytest.raises(training.TrainingFailed, match="training diverged: at image"):
        train(run)


def test_a_ladder_may_follow_from_the_data():
    blocks = spec(noise={"kind": "ncsnv2", "sigma_min": 0.1})
    run = training.start(blocks, plane(), 0)
    assert run.model.sigmas[0].item() == pytest.approx(torch.pdist(plane()).max().item(), rel=1e-5)
    assert run.model.sigmas[-1].item() == pytest.approx(0.1)
    assert torch.equal(run.task.density.sigmas, run.model.sigmas.float())


@pytest.mark.parametrize(
    "changes",
    [{}, {"density": {"kind": "importance"}}, DIRECT | {"network": VAE}],
    ids=["score", "importance", "vae"],
)
def test_data_in_double_precision_are_learned_from_in_double_precision(changes):
    run = train(training.start(spec(images=100) | changes, plane().double(), 0))
    assert {value.dtype for value in run.ema.parameters()} == {torch.float64}
    assert math.isfinite(run.curve[-1]["loss"])
