"""Half precision, compiled networks and dropout in training."""

import copy

import pytest
import safetensors.torch
import torch
from torch import nn
from training_examples import DIRECT, VAE, data, everything, generator, plane, spec, train

from scoreladder import models, speed, training

UNET = {"kind": "unet", "size": "tiny", "dropout": 0.2}
PICTURES = torch.randint(0, 256, (50, 1, 8, 8), generator=generator()).to(torch.uint8)


def started(pictures=False, network=None, **changes):
    blocks = spec(**changes)
    if network:
        blocks |= {"network": network}
    points = PICTURES if pictures else plane()
    return training.start(blocks, points, 0, bin_width=2 / 255 if pictures else 0.0)


def cut_and_resumed(start, steps, path):
    """A finished run that was saved after some steps and went on as another one."""
    first = start()
    for _, _ in zip(range(steps), training.advance(first), strict=False):
        pass
    training.save_state(first, path, "stamp")
    # what a process has drawn otherwise does not matter
    torch.rand(3)
    second = start()
    training.load_state(second, path, "stamp")
    return train(second)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_the_networks_alone_and_trains_as_well(precision):
    changes = {"images": 20_000, "batch_size": 100, "learning_rate": 0.005}
    whole, half = (train(started(precision=each, **changes)) for each in ("float32", precision))
    assert everything(half) != everything(whole)
    assert {value.dtype for value in half.model.state_dict().values()} == {torch.float32}
    last = [sum(row["loss"] for row in run.curve[-20:]) / 20 for run in (whole, half)]
    assert last[1] == pytest.approx(last[0], rel=0.05)
    assert half.curve[0]["loss"] > 1.3 * last[1]
    x = plane(10)
    seen = []
    half.model.network.enter.register_forward_hook(lambda *given: seen.append(given[-1].dtype))
    assert half.model(x, 1.0).dtype == torch.float32
    assert seen == [speed.PRECISIONS[precision]]
    # what is kept is asked in float32
    assert half.ema.autocast is None


@pytest.mark.parametrize("changes", [{"precision": "bf16"}, {"precision": "fp16"}])
def test_a_cut_of_a_training_in_half_precision_changes_nothing(tmp_path, changes):
    """Also where float16's scale has moved: it starts at 65536 and a gradient overflows."""

    def start():
        run = started(images=400, **changes)
        if run.scaler.is_enabled():
            run.scaler.load_state_dict(run.scaler.state_dict() | {"scale": 2.0**25})
        return run

    whole = train(start())
    if changes["precision"] == "fp16":
        assert whole.scaler.get_scale() < 2.0**25
    found = cut_and_resumed(start, 3, tmp_path / "state.pt")
    assert everything(found) == everything(whole)
    assert found.scaler.state_dict() == whole.scaler.state_dict()


def test_a_gradient_that_overflows_is_a_step_left_out():
    run = started(images=400, precision="fp16")
    before = copy.deepcopy(run.model.state_dict())
    run.scaler.load_state_dict(run.scaler.state_dict() | {"scale": 2.0**100})
    training.step(run)
    assert all(torch.equal(before[name], value) for name, value in run.model.state_dict().items())
    assert run.scaler.get_scale() == 2.0**99
    assert run.window == [] and run.images == 20
    assert all((value == 0).all() for value in run.moments["steps"].values())


def test_gradients_that_always_overflow_fail_the_training():
    run = started(images=2000, precision="fp16")
    for parameter in run.model.parameters():
        parameter.register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(training.TrainingFailed, match="overflow in fp16, however small"):
        train(run)


def test_a_compiled_network_trains_as_it_does_uncompiled_under_its_own_names(tmp_path, monkeypatch):
    """Traced and differentiated as ever, but without the C++ compiler, which takes a minute."""
    inner, compiled_ones = nn.Module.compile, []

    def compile_lightly(network):
        compiled_ones.append(network)
        inner(network, backend="aot_eager")

    monkeypatch.setattr(nn.Module, "compile", compile_lightly)
    plain, compiled = (train(started(images=100, compile=each)) for each in (False, True))
    assert compiled_ones == [compiled.model.network]
    for name, value in plain.model.state_dict().items():
        assert torch.allclose(compiled.model.state_dict()[name], value, atol=1e-5), name
    path = tmp_path / "model.safetensors"
    models.save(compiled.ema, compiled.description, path)
    assert set(safetensors.torch.load_file(path)) == set(plain.model.state_dict())
    assert models.load(path)(plane(3), 1.0).shape == (3, 2)


def test_what_is_dropped_is_a_function_of_the_seed_and_the_images_seen(tmp_path):
    def start(seed=0):
        run = started(pictures=True, network=UNET, images=200)
        run.seed = seed
        return run

    torch.manual_seed(1)
    whole = everything(train(start()))
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after)
    torch.manual_seed(2)
    assert everything(cut_and_resumed(start, 3, tmp_path / "state.pt")) == whole
    plain = train(started(pictures=True, network=UNET | {"dropout": 0.0}, images=200))
    assert everything(plain) != whole


def test_the_averaged_model_drops_nothing():
    run = train(started(pictures=True, network=UNET, images=100))
    x = torch.zeros(2, 1, 8, 8)
    assert torch.equal(run.ema(x, 1.0), run.ema(x, 1.0))
    assert not torch.equal(run.model(x, 1.0), run.model(x, 1.0))


@pytest.mark.parametrize("changes", [{"precision": "bf16"}, {"compile": True}])
def test_only_score_models_are_sped_up(changes):
    blocks = spec(**changes) | DIRECT | {"network": VAE}
    with pytest.raises(ValueError, match="precision and compile are for networks of score models"):
        training.start(blocks, plane(), 0)


@pytest.mark.parametrize(
    ("changes", "objective", "says"),
    [
        ({"precision": "fp8"}, "dsm", "unknown precision 'fp8'; one of: float32, bf16, fp16"),
        ({"compile": True}, "sliced", "compile is for the objective dsm, found 'sliced'"),
    ],
)
def test_what_cannot_be_sped_up_is_one_line(changes, objective, says):
    with pytest.raises(ValueError, match=says):
        training.start(spec(**changes) | {"objective": objective}, data(), 0)
