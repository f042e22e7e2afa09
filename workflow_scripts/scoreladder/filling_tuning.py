"""Choosing the step size with which a method fills holes: the same trials for every variant.

One that suits whole samples need not suit holes: a chain that starts from noise has all levels to
forget it, but what a level takes for known is wrong by its σ until small ones have forgotten it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from scoreladder import inpainting, tuning
from scoreladder.filling import Diverged
from scoreladder.steps import Keep, at_once

# of the tuning split; an energy score takes two completions at least
IMAGES, COMPLETIONS = 50, 2
METRIC = "hole_energy"


def tuned(
    truth: np.ndarray,
    known: Mapping[str, np.ndarray],
    relative_step_sizes: Sequence[float],
    fill: Callable[[str, float], np.ndarray],
    keep: Keep = at_once,
) -> dict:
    """What `tuning.chosen` tells of the trials, and the "metric", the energy score in holes.

    truth (n, C, H, W); known: masks by name; fill(mask, relative step size) are completions
    (K, n, C, H, W). A trial's value is the mean over the masks, None where some chains did not stay
    finite. Each is kept as trial0, trial1, .... Raises JobFailed if none stayed finite.
    """

    def score(mask: str, size: float) -> float:
        # no gain over a mean image is asked for
        blind = np.zeros_like(truth[0])
        return inpainting.hole_metrics(fill(mask, size), truth, known[mask], blind)[METRIC]

    def trial(size: float) -> dict:
        try:
            value = float(np.mean([score(mask, size) for mask in known]))
        except Diverged:
            value = None
        return {"relative_step_size": size, "value": value}

    curve = [
        keep(f"trial{number}", partial(trial, size))
        for number, size in enumerate(relative_step_sizes)
    ]
    return {"metric": METRIC, **tuning.chosen(curve)}
