"""Animated PNGs of what samplers do, step by step."""

from pathlib import Path

import numpy as np

from scoreladder.files import atomic_path
from scoreladder.plotting.pictures import picture

FRAMES, MILLISECONDS, LAST_MILLISECONDS = 32, 125, 2500
# bytes of a frame, so that 32 of noise are less than a megabyte
MOST_VALUES = 25_000
MOST_IMAGES, COLUMNS = 12, 4
# blank pixels between the two halves
BETWEEN = 24


def shown(shape: tuple[int, ...]) -> int:
    """How many images of that shape, (C, H, W), either half of a frame has: 12 at most."""
    return min(MOST_IMAGES, max(1, MOST_VALUES // (2 * int(np.prod(shape)))))


def chosen(states: list[np.ndarray]) -> list[np.ndarray]:
    """FRAMES of the states, evenly spaced, the last one too; all where there are fewer."""
    places = np.linspace(0, len(states) - 1, min(FRAMES, len(states))).round().astype(int)
    return [states[place] for place in places]


def beside(samples: np.ndarray, completions: np.ndarray) -> list[np.ndarray]:
    """Frames of states of samples beside those of completions, (frames, n, C, H, W) each.

    Values beyond [−1, 1] are shown as its ends. The shorter sequence waits at its end.
    """
    last = max(len(samples), len(completions))
    return [
        _frame(*(each[min(place, len(each) - 1)] for each in (samples, completions)))
        for place in range(last)
    ]


def write(frames: list[np.ndarray], path: Path, milliseconds: int = MILLISECONDS) -> None:
    """Write frames, uint8 (H, W) or (H, W, 3), as an animated PNG.

    Each stays for so many milliseconds, the last one for a while; then it begins anew.
    """
    # here, because importing it takes a while
    from PIL import Image

    first, *others = map(Image.fromarray, frames)
    with atomic_path(path) as temporary:
        first.save(
            temporary,
            format="PNG",
            save_all=True,
            append_images=others,
            duration=[milliseconds] * len(others) + [LAST_MILLISECONDS],
            loop=0,
        )


def _frame(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """One frame, uint8: RGB, or grey where the images are, a third of the bytes."""
    columns = min(COLUMNS, len(left))
    halves = [picture(images, -(-len(images) // columns), columns) for images in (left, right)]
    blank = np.ones((len(halves[0]), BETWEEN, 3))
    whole = np.rint(255 * np.concatenate([halves[0], blank, halves[1]], axis=1)).astype(np.uint8)
    return whole if left.shape[1] == 3 else whole[..., 1]
