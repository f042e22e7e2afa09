"""What may be known of an image, by name."""

import numpy as np
import pytest
import torch
from PIL import Image

from scoreladder import masks, problems
from scoreladder.errors import JobFailed


@pytest.mark.parametrize("name", masks.MASKS)
def test_a_mask_gives_the_values_where_it_is_true(name):
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    operator, known = problems.problem(name, (3, 16, 16))
    assert (known == masks.MASKS[name](16, 16)).all()
    everywhere = known.expand(3, 16, 16)
    assert (operator.forward(x) == x[:, everywhere]).all()
    assert (operator.replace(torch.zeros_like(x), operator.forward(x)) == x * everywhere).all()


@pytest.mark.parametrize(
    ("name", "known"),
    [("colourisation", 256), ("super_resolution_2", 192), ("super_resolution_4", 48)],
)
def test_an_operator_tells_so_many_numbers_and_no_pixel(name, known):
    operator, pixels = problems.problem(name, (3, 16, 16))
    assert operator.forward(torch.ones(1, 3, 16, 16)).numel() == known
    assert pixels.shape == (1, 16, 16) and not pixels.any()


@pytest.mark.parametrize(
    ("name", "shape", "says"),
    [
        ("colourisation", (1, 8, 8), "found colourisation, but the images have 1 channel"),
        ("super_resolution_4", (1, 8, 10), "found super_resolution_4, but the images have 10×8"),
    ],
)
def test_an_operator_that_does_not_fit_is_refused(name, shape, says):
    with pytest.raises(JobFailed, match=says):
        problems.problem(name, shape)


def test_a_mask_drawn_by_hand_is_a_mask_whatever_its_name(tmp_path):
    path = tmp_path / "super_resolution_x.png"
    Image.fromarray(np.eye(8, dtype=np.uint8) * 255).save(path)
    _, known = problems.problem(str(path), (1, 8, 8))
    assert (known[0].numpy() == np.eye(8, dtype=bool)).all()


def test_a_mask_drawn_by_hand_has_the_size_of_the_images(tmp_path):
    path = tmp_path / "own.png"
    Image.new("L", (4, 4)).save(path)
    with pytest.raises(JobFailed, match="found 4×4 pixels; a mask here has 8×8"):
        problems.problem(str(path), (1, 8, 8))
