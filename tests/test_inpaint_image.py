"""The command that fills a hole in one image: what it keeps, and what it says of bad input."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import inpaint_image
from scoreladder import filling, models

SCRIPT = Path(inpaint_image.__file__)
LADDER = {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.2, "levels": 4}
MLP = {"kind": "mlp", "width": 8, "blocks": 1}


def save_model(path, *shape, network=MLP, noise=LADDER):
    """An untrained model of data of a shape."""
    data = 2 * torch.rand(60, *shape, generator=torch.Generator().manual_seed(0)) - 1
    blocks = {"noise": noise, "density": {"kind": "ladder"}, "denoiser": "edm", "network": network}
    description = models.describe(blocks, data, 2 / 255)
    models.save(models.build(description), description, path)
    return path


def save_image(path, *shape, value=None):
    """An image of random levels, or of one."""
    levels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(levels if value is None else np.full_like(levels, value)).save(path)
    return path


@pytest.fixture
def grey(tmp_path):
    """A model of grey images of 8×8, and such an image."""
    return save_model(tmp_path / "grey.safetensors", 1, 8, 8), save_image(tmp_path / "a.png", 8, 8)


def run(tmp_path, *arguments):
    """What the command writes, as levels."""
    path = tmp_path / "out.png"
    inpaint_image.main([*map(str, arguments[:3]), str(path), *map(str, arguments[3:])])
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.array(picture)


def refused(tmp_path, capsys, *arguments):
    """The one line that the command ends with."""
    with pytest.raises(SystemExit) as end:
        run(tmp_path, *arguments)
    said = capsys.readouterr()
    assert end.value.code == 2 and said.out == "" and said.err.count("\n") == 1
    assert not (tmp_path / "out.png").exists()
    return said.err.removeprefix("Error: ").rstrip("\n")


@pytest.mark.parametrize("method", filling.METHODS)
@pytest.mark.parametrize("channels", [1, 3])
def test_known_pixels_are_kept_to_the_last_bit(tmp_path, method, channels):
    shape = (8, 8) if channels == 1 else (8, 8, 3)
    model = save_model(tmp_path / "model.safetensors", channels, 8, 8)
    image = save_image(tmp_path / "image.png", *shape)
    options = ["--step-size", 0.1] if method == "replacement" else []
    options += ["--method", method, "--completions", 3, "--nfe", 9]
    found = run(tmp_path, model, image, "half", *options)
    truth = np.array(Image.open(image))
    assert found.shape == (8, 24, *shape[2:])
    parts = np.split(found, 3, axis=1)
    for part in parts:
        assert (part[:, :4] == truth[:, :4]).all() and (part[:, 4:] != truth[:, 4:]).any()
    assert (parts[0] != parts[1]).any()


def test_white_pixels_of_a_mask_drawn_by_hand_are_known(tmp_path, grey):
    white = np.full((8, 8), 255, dtype=np.uint8)
    white[2:5, 3] = 0
    Image.fromarray(white).save(tmp_path / "mask.png")
    found = run(tmp_path, *grey, tmp_path / "mask.png", "--nfe", 8)
    assert (found == np.array(Image.open(grey[1])))[white == 255].all()


def test_a_completion_follows_its_seed(tmp_path, grey):
    first, again, other = (
        run(tmp_path, *grey, "half", "--nfe", 8, "--seed", seed) for seed in (0, 0, 1)
    )
    assert (first == again).all() and (first != other).any()


# what is wrong: (its file, made by, the argument that it stands for, what is said)
BAD_FILES = {
    "size": (lambda path: save_image(path, 8, 9), "image", "found 9×8 pixels; the model has 8×8"),
    "channels": (
        lambda path: save_image(path, 8, 8, 3),
        "image",
        "found mode RGB; the model's images are grey (1 bit or 8)",
    ),
    "mode": (
        lambda path: save_image(path, 8, 8, 4),
        "image",
        "found mode RGBA; the model's images are grey (1 bit or 8)",
    ),
    "no image": (lambda path: path.write_text("text"), "image", "cannot be read: no image"),
    "missing image": (lambda path: None, "image", "found no file there; an image"),
    "missing model": (lambda path: None, "model", "found no file there; a trained model"),
    "no model": (
        lambda path: path.write_text("text"),
        "model",
        "not a model written by scoreladder: Error while",
    ),
    "model of points": (
        lambda path: save_model(path, 2),
        "model",
        "found a model of shape (2,); a model of images",
    ),
    "other family": (
        lambda path: save_model(
            path, 1, 8, 8, network={"kind": "vae", "width": 4, "blocks": 1, "latent": 2}
        ),
        "model",
        "a model of family vae has no denoiser",
    ),
    "missing mask": (lambda path: None, "mask", "found neither a file nor a mask of that name; a"),
    "mask's size": (
        lambda path: save_image(path, 4, 8),
        "mask",
        "found 8×4 pixels; a mask here has 8×8",
    ),
    "nothing to fill": (
        lambda path: save_image(path, 8, 8, value=255),
        "mask",
        "found white pixels only",
    ),
    "nothing known": (
        lambda path: save_image(path, 8, 8, value=0),
        "mask",
        "found black pixels only",
    ),
}


@pytest.mark.parametrize(("make", "place", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_named_in_a_line(tmp_path, capsys, grey, make, place, says):
    bad = tmp_path / "bad.png"
    make(bad)
    given = {"model": grey[0], "image": grey[1], "mask": "half"} | {place: bad}
    assert refused(tmp_path, capsys, *given.values()).startswith(f"{bad}: {says}")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--method", "replacement"], "--step-size: found none; replacement needs one"),
        (["--method", "ddrm", "--step-size", 0.1], "--step-size: found 0.1; ddrm has none"),
        (
            ["--method", "replacement", "--step-size", 0],
            "--step-size: found 0; a finite number > 0",
        ),
        (["--method", "replacement", "--step-size", -1], "--step-size: found -1; a finite"),
        (["--method", "replacement", "--step-size", "nan"], "--step-size: found nan; a finite"),
        (["--method", "replacement", "--step-size", "inf"], "--step-size: found inf; a finite"),
        (["--nfe", 3], "--nfe: found 3 evaluations; projection needs 4: one for each level"),
        (["--nfe", 4, "--method", "replacement", "--step-size", 0.1], "--nfe: found 4 evaluations"),
        (["--method", "replacement", "--step-size", 1e30], "fillings by replacement did not stay"),
    ],
)
def test_options_that_cannot_be_met_are_answered_in_a_line(tmp_path, capsys, grey, options, says):
    assert refused(tmp_path, capsys, *grey, "half", *options).startswith(says)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_missed(tmp_path, capsys, grey):
    said = refused(tmp_path, capsys, *grey, "half", "--device", "cuda")
    assert said == "--device: found cuda, but no CUDA GPU is visible; auto or cpu"


def test_a_model_of_one_level_goes_down_no_ladder(tmp_path, capsys, grey):
    noise = {"kind": "single", "sigma": 1.0}
    one = save_model(tmp_path / "one.safetensors", 1, 8, 8, noise=noise)
    said = refused(tmp_path, capsys, one, grey[1], "half", "--method", "ddrm")
    assert said == (
        "--method: found ddrm with a model that has one level; one of: replacement, projection"
    )


def test_the_command_says_how_it_is_used():
    command = [sys.executable, SCRIPT, "--help"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert all(word in said for word in (*filling.METHODS, "random_75", "--completions", "white"))
