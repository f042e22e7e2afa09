"""The animation of samples and completions: its frames, its size, and where it ends."""

import numpy as np
import pytest
import torch
from PIL import Image

import plot_animation
import trace_inpainting
from scoreladder import datasets, files, masks, models
from scoreladder.datasets import Splits
from scoreladder.plotting import animations

LADDER = {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.2, "levels": 4}
BLOCKS = {
    "noise": LADDER,
    "density": {"kind": "ladder"},
    "denoiser": "edm",
    "network": {"kind": "mlp", "width": 8, "blocks": 1},
}
SAMPLE = {"sampler": "annealed_langevin", "ladder": LADDER, "nfe": 60, "start_std": 1.0}
SAMPLE |= {"step_size": 0.2, "denoise": True}


def frames(path):
    """The frames of a picture file as levels, and how long each is shown, in milliseconds."""
    with Image.open(path) as picture:
        found, durations = [], []
        for place in range(picture.n_frames):
            picture.seek(place)
            found.append(np.array(picture.convert("RGB")))
            durations.append(picture.info["duration"])
    return found, durations


@pytest.mark.parametrize("method", ["replacement", "ddrm"])
def test_an_animation_ends_with_the_known_pixels_as_they_are(tmp_path, method):
    images = np.random.default_rng(0).uniform(-1, 1, (20, 1, 8, 8)).astype(np.float32)
    labels = np.zeros(20, dtype=np.int64)
    data, model = tmp_path / "splits.json", tmp_path / "model.safetensors"
    datasets.write(Splits(images, images, images[::-1].copy(), labels, labels, labels), data)
    description = models.describe(BLOCKS, torch.from_numpy(images))
    models.save(models.build(description), description, model)
    spec = {"sample": SAMPLE, "mask": "half", "method": method, "seed": 0}
    paths, inpainted = [tmp_path / f"{name}.png" for name in "ab"], tmp_path / "inpainted.json"
    files.write_json(inpainted, {"relative_step_sizes": {"replacement": 0.1}})
    for path in paths:
        states = path.with_suffix(".npz")
        trace_inpainting.trace_inpainting(data, model, None, inpainted, spec, "cpu", states)
        plot_animation.plot_animation(states, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    found, durations = frames(paths[0])
    assert len(found) == animations.FRAMES and durations == [125] * 31 + [2500]
    # three rows and four columns of images, each pixel five times as large
    half = 5 * (4 * 9 - 1)
    assert found[0].shape == (5 * (3 * 9 - 1), 2 * half + animations.BETWEEN, 3)
    right = found[-1][:40:5, -half::5][:, :8, 0]
    known = masks.half(8, 8)[0].numpy()
    truth = np.rint(255 * (1 - (images[-1, 0] + 1) / 2))
    assert np.abs(right - truth)[known].max() <= 1 < np.abs(right - truth)[~known].max()


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64)])
def test_an_animation_of_pure_noise_is_smaller_than_a_megabyte(tmp_path, shape):
    random, count = np.random.default_rng(0), animations.shown(shape)
    states = random.uniform(-1, 1, (animations.FRAMES, count, *shape))
    animations.write(animations.beside(states, states[::-1]), tmp_path / "noise.png")
    assert (tmp_path / "noise.png").stat().st_size < 1e6
    assert len(frames(tmp_path / "noise.png")[0]) == animations.FRAMES


def test_states_are_chosen_from_the_first_to_the_last():
    assert animations.chosen(list(range(1000)))[:: animations.FRAMES - 1] == [0, 999]
    assert animations.chosen([1, 2, 3]) == [1, 2, 3]
