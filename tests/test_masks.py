"""Masks know what they say, the same whenever they are made; a user's own are read or refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from scoreladder import masks
from scoreladder.errors import JobFailed

SIDES = [(8, 8), (28, 28), (32, 48), (64, 64)]


@pytest.mark.parametrize(
    ("name", "known"),
    [("half", 32), ("centre", 48), ("lines", 32), ("random_50", 32), ("random_75", 16)],
)
def test_masks_know_what_they_say(name, known):
    mask = masks.MASKS[name](8, 8)
    assert mask.shape == (1, 8, 8) and mask.dtype == torch.bool and int(mask.sum()) == known


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", masks.MASKS)
def test_every_mask_fits_its_shape_knows_something_and_leaves_something(name, side):
    mask = masks.MASKS[name](*side)
    assert mask.shape == (1, *side) and mask.dtype == torch.bool
    assert mask.any() and not mask.all()


@pytest.mark.parametrize("name", masks.MASKS)
def test_a_mask_is_a_function_of_the_shape_alone(name):
    first = masks.MASKS[name](28, 28)
    torch.manual_seed(5)
    np.random.seed(5)
    assert torch.equal(first, masks.MASKS[name](28, 28))


def test_scattered_pixels_are_not_those_of_another_share():
    half, most = masks.random_50(32, 32), masks.random_75(32, 32)
    # independent draws know 1/8 of the pixels in common
    assert (half & most).double().mean().item() == pytest.approx(1 / 8, abs=0.03)


@pytest.mark.parametrize("side", SIDES[1:])
def test_strokes_are_thin(side):
    missing = (~masks.strokes(*side)).double().mean().item()
    assert 0.05 < missing < 0.3


def test_the_text_is_a_word_in_the_middle_and_grows_with_the_image():
    small, large = ~masks.text(28, 28)[0], ~masks.text(64, 64)[0]
    word = small[11:17, 2:25]
    assert word.sum() == small.sum() > 0
    # the bar of the T, its stem, and nothing beside the stem
    assert word[0, :4].all() and word[1:5, 1:3].all() and not word[1:5, 0].any()
    enlarged = word.repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert torch.equal(large[26:38, 9:55], enlarged) and large.sum() == enlarged.sum()


def saved(folder, picture):
    path = folder / "mask.png"
    picture.save(path)
    return path


KNOWN = np.array([[True, False, True], [False, False, True]])


def drawn(mode):
    grey = Image.fromarray(np.where(KNOWN, 255, 0).astype(np.uint8))
    return grey.convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA"])
def test_white_pixels_of_a_png_are_known_and_black_ones_to_be_filled(tmp_path, mode):
    found = masks.from_png(saved(tmp_path, drawn(mode)), 2, 3)
    assert found.dtype == torch.bool and torch.equal(found, torch.from_numpy(KNOWN)[None])


def test_greys_count_from_128_on_as_white(tmp_path):
    picture = Image.fromarray(np.array([[127, 128, 255]], dtype=np.uint8))
    assert masks.from_png(saved(tmp_path, picture), 1, 3).tolist() == [[[False, True, True]]]


def test_transparent_pixels_are_to_be_filled(tmp_path):
    picture = Image.new("RGBA", (2, 1), "white")
    picture.putpixel((1, 0), (255, 255, 255, 0))
    assert masks.from_png(saved(tmp_path, picture), 1, 2).tolist() == [[[True, False]]]


def cut_off(folder):
    noise = np.random.default_rng(0).integers(0, 256, (2, 3, 3), dtype=np.uint8)
    path = saved(folder, Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[:50])
    return path


def a_jpeg(folder):
    path = folder / "mask.png"
    drawn("L").save(path, format="JPEG")
    return path


REFUSED = {
    "size": (lambda f: saved(f, Image.new("L", (5, 4))), "found 5×4 pixels; a mask here has 3×2"),
    "palette": (
        lambda f: saved(f, drawn("P")),
        "found mode P; a mask is one of: 1-bit, grey, RGB, RGBA",
    ),
    "grey and alpha": (lambda f: saved(f, drawn("LA")), "found mode LA; a mask is one of"),
    "16 bits": (lambda f: saved(f, Image.new("I;16", (3, 2))), "found mode I;16; a mask is one of"),
    "all white": (lambda f: saved(f, Image.new("L", (3, 2), 255)), "found white pixels only"),
    "all black": (lambda f: saved(f, Image.new("1", (3, 2), 0)), "found black pixels only"),
    "missing": (lambda f: f / "mask.png", "found nothing there; a mask is a PNG file"),
    "folder": (lambda f: f, "cannot be read: .*; a mask is a PNG file"),
    "another format": (a_jpeg, "cannot be read: no PNG; a mask is a PNG file"),
    "cut off": (cut_off, "cannot be read: .*; a mask is a PNG file"),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_mask_is_refused_in_one_line_that_names_the_file(tmp_path, make, message):
    path = make(tmp_path)
    with pytest.raises(JobFailed, match=message) as refused:
        masks.from_png(path, 2, 3)
    assert str(refused.value).startswith(f"{path}: ") and "\n" not in str(refused.value)
