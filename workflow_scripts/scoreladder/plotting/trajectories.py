"""What chains look like on their way from noise to samples, all variants side by side."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scoreladder.plotting import panels, style
from scoreladder.plotting.pictures import picture

DPI = 110
MILLISECONDS = 700
# panels beside each other: of these the first that leaves fewest places empty
COLUMNS = (4, 5, 3)
# images beside each other in a panel
ACROSS = 4

# draws states (n, ...) into a panel and says what else there is to say of them
Draw = Callable[[np.ndarray], str]


def labels(evaluations: np.ndarray) -> list[str]:
    """A short label for each frame, of which all variants (V, frames) have spent so much."""
    last, totals = evaluations.shape[1] - 1, evaluations[:, -1]
    total = int(totals[0])
    alike = len(set(totals.tolist())) == 1 and total >= last
    told = [
        f"evaluation {i * total // last} of {total}"
        if alike
        else f"{100 * i // last} % of the evaluations"
        for i in range(1, last + 1)
    ]
    return ["start", *told]


@style.styled
def frames(
    real: np.ndarray,
    states: dict[str, np.ndarray],
    sigmas: dict[str, np.ndarray],
    notes: list[str],
    names: dict[str, str],
    styles: dict[str, dict],
) -> list[np.ndarray]:
    """A picture, uint8 (H, W, 3), of each frame: a panel for each variant, beside real data.

    real (n, *shape); states: per variant (frames, n, *shape), images in [−1, 1] or points; sigmas:
    the noise level at each frame (frames,), written below; notes: a line for each frame, on top;
    names and styles: of the variants. Points are shown in the window of the real ones, and those
    outside counted.
    """
    points = real.ndim == 2
    columns = min(COLUMNS, key=lambda each: -(len(states) + 1) % each)
    letters = int(style.PAGE_WIDTH / columns / 0.068)
    titles = [panels.DATA_LABEL, *(style.wrapped(names[name], letters) for name in states)]
    aspect = 1.0 if points else -(-len(real) // ACROSS) / min(len(real), ACROSS)
    figure, every = panels.small_multiples(titles, columns, aspect, lines_below=2)
    head = figure.suptitle(notes[0])
    colours = [style.GREY, *(styles[name]["color"] for name in states)]
    start = _cloud(panels.window_of(real)) if points else _images
    draws = [start(axes, colour) for axes, colour in zip(every, colours, strict=True)]
    draws[0](real)
    every[0].set_xlabel(" ")
    found = []
    for frame, note in enumerate(notes):
        head.set_text(note)
        for name, axes, draw in zip(states, every[1:], draws[1:], strict=True):
            said = draw(states[name][frame])
            axes.set_xlabel(f"at σ = {sigmas[name][frame]:.3g}{said}")
        found.append(_pixels(figure))
    return found


def _cloud(window: panels.Window) -> Callable[[Axes, str], Draw]:
    """A function that prepares a panel for points in the window."""

    def start(axes: Axes, colour: str) -> Draw:
        panels.framed(axes, window)
        dots = axes.scatter([], [], s=3, linewidths=0, color=colour, alpha=0.5)

        def draw(points: np.ndarray) -> str:
            inside = panels.inside(points, window)
            dots.set_offsets(points[inside])
            outside = panels.printed_share(1 - inside.mean())
            return "" if inside.all() else f", {outside} outside"

        return draw

    return start


def _images(axes: Axes, colour: str) -> Draw:
    """A panel for images, which have their own colours."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)

    def draw(images: np.ndarray) -> str:
        for old in axes.images:
            old.remove()
        across = min(len(images), ACROSS)
        axes.imshow(picture(images, -(-len(images) // across), across), interpolation="none")
        return ""

    return draw


def _pixels(figure: Figure) -> np.ndarray:
    """The figure as it is now, uint8 (H, W, 3); what was laid out once stays where it is."""
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_layout_engine("none")
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
