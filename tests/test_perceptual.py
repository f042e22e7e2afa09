"""LPIPS: its equation, the published package's numbers, and weights that are read as data."""

import os
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch
from torch.nn import functional

from scoreladder import perceptual, pickles
from scoreladder.errors import JobFailed

# lpips 0.1.4 (AlexNet, version 0.1) of a horizontal and a vertical ramp from −1 to 1 over 64 pixels
PUBLISHED = 0.510936


@pytest.fixture(scope="module")
def network():
    """A network of random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = perceptual.Lpips().requires_grad_(False)
        for weight in network.weights:
            weight.uniform_()
    return network


def noise(*shape, seed=0):
    """Uniform noise in [−1, 1], float32."""
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def equation_1(x, y, network):
    """Equation 1 of arXiv 1801.03924 for two images (3, H, W), place by place."""
    shift, scale = np.array(perceptual.SHIFT), np.array(perceptual.SCALE)
    x, y = (
        torch.from_numpy((each - shift[:, None, None]) / scale[:, None, None]) for each in (x, y)
    )
    strides, paddings, total = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1), 0.0
    for layer, weight in enumerate(network.weights):
        convolution = network.convolutions[layer]
        kernel, bias = convolution.weight.double(), convolution.bias.double()
        if layer in (1, 2):
            x, y = functional.max_pool2d(x, 3, 2), functional.max_pool2d(y, 3, 2)
        x, y = (
            functional.conv2d(each, kernel, bias, strides[layer], paddings[layer]).clamp(min=0)
            for each in (x, y)
        )
        height, width = x.shape[1:]
        for row in range(height):
            for column in range(width):
                a, b = x[:, row, column].numpy(), y[:, row, column].numpy()
                a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
                total += (weight.numpy() * (a - b) ** 2).sum() / (height * width)
    return total


def test_the_distance_is_equation_1(network):
    x, y = noise(2, 3, 64, 70), noise(2, 3, 64, 70, seed=1)
    found = perceptual.distance(y[None], x, network)
    expected = [equation_1(a, b, network) for a, b in zip(x, y, strict=True)]
    assert found == pytest.approx(np.mean(expected), rel=1e-5)


def test_an_image_is_at_no_distance_from_itself_and_as_far_there_as_back(network):
    x, y = noise(3, 1, 28, 28), noise(3, 1, 28, 28, seed=1)
    assert perceptual.distance(np.stack([x, x]), x, network) == 0
    there, back = (perceptual.distance(a[None], b, network) for a, b in ((x, y), (y, x)))
    assert there == pytest.approx(back, rel=1e-6) and there > 0


def test_the_distance_of_completions_is_the_mean_over_them_and_the_images(network, monkeypatch):
    truth, completions = noise(5, 3, 32, 32), noise(2, 5, 3, 32, 32, seed=1)
    each = [
        perceptual.distance(image[None, None], real[None], network)
        for drawn in completions
        for image, real in zip(drawn, truth, strict=True)
    ]
    monkeypatch.setattr(perceptual, "BATCH", 2)
    assert perceptual.distance(completions, truth, network) == pytest.approx(np.mean(each))


def test_images_are_clipped_made_rgb_and_not_smaller_than_64():
    grey = torch.linspace(-2, 2, 28 * 28).reshape(1, 1, 28, 28)
    found = perceptual.prepared(grey)
    assert found.shape == (1, 3, 64, 64) and torch.equal(found[:, 0], found[:, 2])
    assert float(found.min()) == -1 and float(found.max()) == 1
    large = torch.from_numpy(noise(2, 3, 64, 80))
    assert torch.equal(perceptual.prepared(large), large)


def test_the_fetched_network_gives_the_published_packages_number(perceptual_weights):
    network = perceptual.load(perceptual_weights)
    ramp = np.broadcast_to(np.linspace(-1, 1, 64, dtype=np.float32), (1, 3, 64, 64))
    found = perceptual.distance(ramp.swapaxes(2, 3)[None], ramp, network)
    assert found == pytest.approx(PUBLISHED, abs=1e-5)
    assert all(float(weight.min()) >= 0 for weight in network.weights)


def test_the_distance_grows_with_noise(perceptual_weights):
    network, images = perceptual.load(perceptual_weights), 0.5 * noise(4, 3, 32, 32)
    further = [
        perceptual.distance((images + scale * noise(4, 3, 32, 32, seed=1))[None], images, network)
        for scale in (0.0, 0.05, 0.2, 0.5)
    ]
    assert further[0] == 0 and (np.diff(further) > 0).all()


def pickled(value):
    """The pickle of a value as NumPy 1 wrote it."""
    return pickle.dumps(value, protocol=3).replace(b"numpy._core.", b"numpy.core.")


def published_arrays(network):
    """A network's weights in the nested dicts that the package has."""
    arrays: dict = {"AlexNet_0": {}}
    for number, convolution in enumerate(network.convolutions):
        kernel = convolution.weight.permute(2, 3, 1, 0).contiguous().numpy()
        layer = {"kernel": kernel, "bias": convolution.bias.numpy()}
        arrays["AlexNet_0"][f"Conv_{number}"] = layer
        weight = network.weights[number].reshape(1, 1, -1, 1).numpy()
        arrays[f"NetLinLayer_{number}"] = {"Conv_0": {"kernel": weight}}
    return arrays


def test_a_pickle_of_arrays_becomes_the_networks_safetensors(network, tmp_path):
    arrays = pickles.read(pickled(published_arrays(network)), "made up")
    safetensors.torch.save_file(perceptual.converted(arrays), tmp_path / "weights.safetensors")
    found = perceptual.load(tmp_path / "weights.safetensors").state_dict()
    expected = network.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


class Calls:
    """Pickled, the call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "named"),
    [(os.system, r"\w+\.system"), (open, r"(io|_io)\.open"), (np.load, r"numpy\.load")],
    ids=["os.system", "open", "numpy.load"],
)
def test_a_pickle_that_names_anything_but_arrays_is_refused_unrun(tmp_path, function, named):
    (tmp_path / "canary").write_text("alive")
    argument = f"rm {tmp_path}/canary" if function is os.system else str(tmp_path / "canary")
    data = pickled({"first": np.ones(3), "then": Calls(function, argument)})
    with pytest.raises(JobFailed, match=f"a.ckpt: not a pickle of arrays: it names {named}, which"):
        pickles.read(data, "a.ckpt")
    assert (tmp_path / "canary").read_text() == "alive"


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_pickle_that_is_cut_off_is_refused(kept):
    data = pickled({"first": np.ones(300, dtype=np.float32)})
    with pytest.raises(JobFailed, match=r"^a.ckpt: not a pickle of arrays: "):
        pickles.read(data[:kept], "a.ckpt")


def test_a_swapped_pickle_is_refused_unopened_and_the_file_that_is_wanted_is_named(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(perceptual, "SOURCES", ())
    monkeypatch.setattr(pickles, "read", lambda *_: pytest.fail("opened"))
    (tmp_path / "downloads/perceptual").mkdir(parents=True)
    (tmp_path / "downloads/perceptual/alexnet.ckpt").write_bytes(pickled({}))
    with pytest.raises(JobFailed, match=r"put into downloads/perceptual: alexnet\.ckpt"):
        perceptual.fetch(tmp_path / "weights.safetensors")
    assert not (tmp_path / "weights.safetensors").exists()
