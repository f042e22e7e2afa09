"""What the workflow can measure, by name: the vocabulary of experiment files, tables and claims."""

from typing import NamedTuple

IMAGES = ("digits",)
POINTS = ("gaussian_mixture",)


class Metric(NamedTuple):
    """A measured quantity: its printed label, which direction is better, and where it exists."""

    label: str
    lower_is_better: bool
    datasets: tuple[str, ...]


METRICS = {
    "fid": Metric("FID in digit-classifier features", True, IMAGES),
    "balance": Metric("evenness of the levels' loss shares", False, IMAGES + POINTS),
    "hole_rmse": Metric("rms error in inpainted holes", True, IMAGES),
    "hole_gain": Metric("error of the mean image over that of the inpainting", False, IMAGES),
    "hole_spread": Metric("spread of the completions in holes", False, IMAGES),
    "sliced_w1": Metric("sliced W₁ to held-out data", True, POINTS),
    "weight_error": Metric("error of the mixing weights", True, POINTS),
    "blur": Metric("relative error of the modes' spread", True, POINTS),
    "score_error": Metric("score error against ∇ log p", True, POINTS),
    "score_error_dense": Metric("score error where density is high", True, POINTS),
    "score_error_sparse": Metric("score error where density is low", True, POINTS),
    "sparse_to_dense": Metric("score error, low over high density", True, POINTS),
    "epsilon_identity": Metric("gap between the exact score and −ε/√(1−ᾱ)", True, POINTS),
}

# Those that step sizes can be tuned by; all are better when lower.
OF_SAMPLES = ("fid", "sliced_w1", "weight_error", "blur")

# Those that only the variants of the inpaint block have.
OF_INPAINTING = ("hole_rmse", "hole_gain", "hole_spread")

# Figures beside those of the comparisons, by the kind of data, in the order of the report.
FIGURES = {
    "samples": ("Samples", IMAGES + POINTS),
    "inpainting": ("Inpainting without retraining", IMAGES),
    "score_fields": ("Estimated and exact scores", POINTS),
    "error_by_density": ("Where scores are accurate", POINTS),
    "levels": ("What each noise level is worth", IMAGES + POINTS),
    "tuning": ("Tuning the step size", IMAGES + POINTS),
    "learning_curves": ("Learning curves", IMAGES + POINTS),
}


def figures_for(dataset: str) -> dict[str, str]:
    """Names and titles of the figures that a data set has, beside those of its comparisons."""
    return {name: title for name, (title, where) in FIGURES.items() if dataset in where}
