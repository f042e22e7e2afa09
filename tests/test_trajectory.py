"""The frames of an animated PNG, one by one."""

import base64
import io

import page_examples
import pytest
from PIL import Image

from scoreladder.report.trajectory import frames


def test_every_frame_is_a_picture_with_its_label(tmp_path):
    found = frames(page_examples.trajectory(tmp_path / "a.png", 3))
    assert [each["label"] for each in found] == [f"evaluation {i} of 10" for i in (0, 5, 10)]
    for place, each in enumerate(found):
        kind, text = each["picture"].split(",")
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
            assert (picture.size, getattr(picture, "n_frames", 1)) == ((60, 40), 1)
            assert picture.convert("L").getextrema() == (60 * place, 60 * place)


def test_labels_must_be_as_many_as_frames(tmp_path):
    page_examples.trajectory(tmp_path / "b.png", 2)
    path = page_examples.trajectory(tmp_path / "a.png", 3)
    path.with_suffix(".json").write_text((tmp_path / "b.json").read_text())
    with pytest.raises(ValueError, match="3 frames, but 2 labels"):
        frames(path)
