"""How samples come about: the frames of an animated PNG, each a picture of its own."""

import base64
import io
from pathlib import Path

from scoreladder.files import read_json


def frames(path: Path) -> list[dict]:
    """{label, picture: a data address} of each frame of an animated PNG, in their order.

    The labels are in a JSON file beside it, {"frames": [{"label"}, …]}. Raises ValueError where
    there are more or fewer labels than frames.
    """
    # here, because only some experiments have one
    from PIL import Image, ImageSequence

    labels = [frame["label"] for frame in read_json(path.with_suffix(".json"))["frames"]]
    with Image.open(path) as animation:
        pictures = [_address(frame) for frame in ImageSequence.Iterator(animation)]
    if len(labels) != len(pictures):
        raise ValueError(f"{path}: {len(pictures)} frames, but {len(labels)} labels beside it")
    pairs = zip(labels, pictures, strict=True)
    return [{"label": label, "picture": picture} for label, picture in pairs]


def _address(frame) -> str:
    stored = io.BytesIO()
    frame.copy().save(stored, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(stored.getvalue()).decode()}"
