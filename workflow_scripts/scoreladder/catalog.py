"""What the workflow can measure, by name: the vocabulary of experiment files, tables and claims."""

from typing import NamedTuple

from scoreladder.config_lookups import choices, clause

DATASET = "experiment.schema.yaml#/$defs/dataset"
IMAGES = tuple(name for name in choices(DATASET) if "x-images" in clause(DATASET, name))
# images of 8-bit grey levels or colours, measured in Inception features
PICTURES = tuple(name for name in IMAGES if name != "digits")
# data whose exact density, and so whose exact score, is known
MIXTURES = ("gaussian_mixture", "gaussian_grid")
POINTS = tuple(name for name in choices(DATASET) if name not in IMAGES)


class Metric(NamedTuple):
    """A measured quantity: its printed label, which direction is better, and where it exists."""

    label: str
    lower_is_better: bool
    datasets: tuple[str, ...]


METRICS = {
    "fid": Metric("FID in digit-classifier features", True, ("digits",)),
    # the resize is part of the name, because numbers of two modes must not be compared
    "fid_clean": Metric("FID (Inception, clean-fid)", True, PICTURES),
    "fid_legacy_tensorflow": Metric("FID (Inception, TensorFlow 1 resize)", True, PICTURES),
    "fid_infinity": Metric("FID∞ (Inception)", True, PICTURES),
    "kid": Metric("KID (Inception)", True, PICTURES),
    "precision": Metric("precision (Inception)", False, PICTURES),
    "recall": Metric("recall (Inception)", False, PICTURES),
    "knn_density": Metric("density (Inception)", False, PICTURES),
    "knn_coverage": Metric("coverage (Inception)", False, PICTURES),
    "nearest_train": Metric(
        "distance to the nearest training image over that of held-out images", False, PICTURES
    ),
    "balance": Metric("evenness of the levels' loss shares", False, IMAGES + POINTS),
    "gradient_noise": Metric(
        "gradient noise over that of uniform levels, at equal λ p", True, IMAGES + POINTS
    ),
    "nll": Metric(
        "negative log-likelihood per dimension, bits (images) or nats (points)",
        True,
        IMAGES + POINTS,
    ),
    "hole_rmse": Metric("rms error in inpainted holes", True, IMAGES),
    "hole_gain": Metric(
        "error of the mean image over that of the inpainting, least over holes", False, IMAGES
    ),
    "hole_spread": Metric("spread of the completions in holes", False, IMAGES),
    "hole_energy": Metric("energy score of completions in holes", True, IMAGES),
    "hole_psnr": Metric("PSNR of completions in holes, dB", False, IMAGES),
    "hole_ssim": Metric("SSIM of completions with the truth in holes", False, IMAGES),
    "completion_fid": Metric("FID of completed images", True, IMAGES),
    "completion_lpips": Metric("LPIPS of completions to the truth", True, PICTURES),
    "sliced_w1": Metric("sliced W₁ to held-out data", True, POINTS),
    "sliced_w2": Metric("sliced W₂ to held-out data", True, POINTS),
    "w2": Metric("W₂ to held-out data", True, POINTS),
    "mmd": Metric("squared MMD to held-out data", True, POINTS),
    "weight_error": Metric("error of the mixing weights", True, MIXTURES),
    "blur": Metric("relative error of the modes' spread", True, MIXTURES),
    "mode_coverage": Metric("share of the modes that are found", False, MIXTURES),
    "score_error": Metric("score error against ∇ log p", True, MIXTURES),
    "score_error_dense": Metric("score error where density is high", True, MIXTURES),
    "score_error_sparse": Metric("score error where density is low", True, MIXTURES),
    "sparse_to_dense": Metric("score error, low over high density", True, MIXTURES),
    "epsilon_identity": Metric("gap between the exact score and −ε/√(1−ᾱ)", True, MIXTURES),
}

# Those of samples alone; step sizes can be tuned by those that are better when lower.
OF_SAMPLES = (
    "fid",
    "fid_clean",
    "fid_legacy_tensorflow",
    "kid",
    "precision",
    "recall",
    "knn_density",
    "knn_coverage",
    "sliced_w1",
    "sliced_w2",
    "w2",
    "mmd",
    "weight_error",
    "blur",
    "mode_coverage",
)

# Those of one way to resize images for Inception.
OF_MODE = {"fid_clean": "clean", "fid_legacy_tensorflow": "legacy_tensorflow"}

# Those that only the variants of the inpaint block have.
OF_INPAINTING = (
    "hole_rmse",
    "hole_gain",
    "hole_spread",
    "hole_energy",
    "hole_psnr",
    "hole_ssim",
    "completion_fid",
    "completion_lpips",
)

# What stands in the place of a method of inpainting: the training images' mean with what is known
# put in place, and the images themselves.
MEAN_IMAGE, TRUTH = "mean image", "the truth"

# Those that only the variants of the likelihood block have; images in bits, points in nats,
# both per dimension.
OF_LIKELIHOOD = ("nll",)

# Those that only score models have: the other families know neither levels nor scores.
OF_SCORE_MODELS = (
    "balance",
    "gradient_noise",
    "score_error",
    "score_error_dense",
    "score_error_sparse",
    "sparse_to_dense",
    "epsilon_identity",
)

# Figures beside those of the comparisons, by the kind of data, in the order of the report.
FIGURES = {
    "samples": ("Samples", IMAGES + POINTS),
    "gallery": ("Samples over data sets", POINTS),
    "inpainting": ("Inpainting without retraining", IMAGES),
    "score_fields": ("Estimated and exact scores", MIXTURES),
    "error_by_density": ("Where scores are accurate", MIXTURES),
    "mixing_weights": ("Mixing weights: exact and learned scores", POINTS),
    "nfe_sweep": ("Quality against network evaluations", IMAGES + POINTS),
    "levels": ("What each noise level is worth", IMAGES + POINTS),
    "tuning": ("Tuning the step size", IMAGES + POINTS),
    "learning_curves": ("Learning curves", IMAGES + POINTS),
}


def figures_for(dataset: str) -> dict[str, str]:
    """Names and titles of the figures that a data set has, beside those of its comparisons."""
    return {name: title for name, (title, where) in FIGURES.items() if dataset in where}
