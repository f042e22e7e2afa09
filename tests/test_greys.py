"""Grey levels stand for values: whatever is asked of them is what the values would answer."""

import numpy as np
import pytest
import torch
from training_examples import DIRECT, FLOW, MLP, VAE, everything, generator, spec, train

from scoreladder import datasets, greys, losses, models, noise, training

BLOCKS = spec(images=400, batch_size=50, learning_rate=0.002)


@pytest.fixture(scope="module")
def digits():
    """The digits for training: grey levels, values, the step between them."""
    splits = datasets.load({"name": "digits"})
    return torch.from_numpy(splits.train), torch.from_numpy(splits.values("train")), 1 / 8


def pictures(n=300, side=6, levels=256):
    """Images of any grey, with more contrast in some than in others."""
    contrast = torch.rand(n, 1, 1, 1, generator=generator())
    drawn = torch.rand(n, 3, side, side, generator=generator(1)) - 0.5
    return ((0.5 + contrast * drawn) * (levels - 1)).round().to(torch.uint8)


@pytest.mark.parametrize("bin_width", [2 / 255, 1 / 8])
def test_every_level_has_the_value_that_data_sets_give_it(bin_width):
    levels = torch.arange(256, dtype=torch.uint8)
    expected = datasets.values(levels.numpy(), bin_width)
    assert torch.equal(greys.values(levels, bin_width), torch.from_numpy(expected))
    index = losses.batch(levels, 100, generator(), bin_width)
    assert torch.equal(index, losses.batch(torch.from_numpy(expected), 100, generator()))


@pytest.mark.parametrize(
    "blocks",
    [
        BLOCKS,
        BLOCKS | {"noise": {"kind": "ncsnv2", "sigma_min": 0.05}},
        BLOCKS | DIRECT | {"network": FLOW},
        BLOCKS | DIRECT | {"network": VAE},
    ],
    ids=["score", "ncsnv2", "flow", "vae"],
)
def test_digits_train_to_the_same_bits_as_grey_levels_and_as_values(digits, blocks):
    levels, values, step = digits
    assert levels.dtype == torch.uint8
    found = [training.start(blocks, data, 0, bin_width=step) for data in (levels, values)]
    assert found[0].description == found[1].description
    assert found[0].loss_scale == found[1].loss_scale
    assert found[0].data.dtype == torch.uint8
    if blocks["network"] != FLOW:
        assert everything(train(found[0])) == everything(train(found[1]))


@pytest.mark.parametrize("rows", [1, 7, 100, 299])
def test_statistics_in_parts_are_those_of_the_whole(monkeypatch, rows):
    data, step = pictures(), 2 / 255
    flat = data.double().flatten(1) * step - 1
    monkeypatch.setattr(greys, "CHUNK_VALUES", rows * flat.shape[1])
    assert len(greys.chunks(data)) > 1
    mean, variance = greys.moments(data, step)
    assert mean.numpy() == pytest.approx(flat.mean(dim=0).numpy(), abs=1e-7)
    assert variance.numpy() == pytest.approx(flat.var(dim=0, correction=0).numpy(), rel=1e-6)
    assert greys.spread(data, step) == pytest.approx(flat.std().item(), rel=1e-6)
    assert greys.diameter(data, step) == pytest.approx(torch.pdist(flat).max().item(), rel=1e-12)


def test_the_largest_distance_is_found_whichever_points_have_it(monkeypatch):
    monkeypatch.setattr(greys, "CHUNK_ROWS", 4)
    for seed in range(20):
        drawn = generator(seed)
        data = torch.randint(256, (37, 2), generator=drawn).to(torch.uint8)
        found = greys.diameter(data, 1.0)
        assert found == pytest.approx(torch.pdist(data.double()).max().item(), rel=1e-12)
    assert greys.diameter(torch.full((9, 2), 7, dtype=torch.uint8), 1.0) == 0


def test_statistics_of_a_large_data_set_take_little_memory(monkeypatch):
    """No float copy of the whole: the largest tensor that is made has the size of a part."""
    data = pictures(2000)
    monkeypatch.setattr(greys, "CHUNK_VALUES", 100 * data[0].numel())
    monkeypatch.setattr(greys, "CHUNK_ROWS", 100)
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            nonlocal largest
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor) and result.is_floating_point():
                largest = max(largest, result.numel())
            return result

    with Watch():
        models.describe(BLOCKS | {"noise": {"kind": "ncsnv2", "sigma_min": 0.05}}, data, 2 / 255)
    assert 0 < largest < 0.1 * data.numel()


def test_a_ladder_from_grey_levels_is_that_of_the_values():
    data = pictures(50)
    expected = noise.ncsnv2(torch.from_numpy(datasets.values(data.numpy(), 2 / 255)), 0.01)
    found = noise.ladder({"kind": "ncsnv2", "sigma_min": 0.01}, data, 2 / 255)
    assert np.allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("network", [MLP, {"kind": "unet", "size": "tiny"}], ids=["mlp", "unet"])
def test_the_scale_of_the_loss_is_that_of_the_untrained_model(monkeypatch, network):
    """In one go or a few images at a time, without asking the network, which answers 0."""
    data = pictures(side=8)
    run = training.start(BLOCKS | {"network": network}, data, 0, bin_width=2 / 255)
    assert run.task.scale(data, 0) == run.loss_scale
    drawn = generator()
    first = [run.task.losses(losses.batch(data, 500, drawn, 2 / 255), drawn) for _ in range(4)]
    assert run.loss_scale == pytest.approx(torch.cat(first).mean().item(), rel=0.05)
    monkeypatch.setattr(losses, "PIECE_VALUES", 5000)
    assert run.task.scale(data, 0) == pytest.approx(run.loss_scale, rel=0.05)
