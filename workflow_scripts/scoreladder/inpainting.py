"""How well a model that was trained to draw whole samples fills in what is missing."""

import math

import numpy as np

DATA_RANGE = 2.0


def hole_metrics(
    completions: np.ndarray, truth: np.ndarray, known: np.ndarray, mean: np.ndarray
) -> dict[str, float]:
    """How well K completions (K, n, ...) of n images (n, ...) fill the hole, on the hole alone.

    hole_rmse: root-mean-square error of the mean completion; hole_gain: that of the training mean,
    `mean` (...), over it, so that above 1 the model knows more than the mean image; hole_spread:
    root-mean-square standard deviation over the completions. known is the boolean mask.
    hole_gain is infinite where nothing differs.
    """
    hole = np.broadcast_to(~known, truth.shape)
    error = rms((completions.mean(axis=0) - truth)[hole])
    blind = rms(np.broadcast_to(mean, truth.shape)[hole] - truth[hole])
    gain = blind / error if error else math.inf
    spread = rms(completions.std(axis=0, ddof=1)[hole])
    return {"hole_rmse": error, "hole_gain": gain, "hole_spread": spread}


def hole_similarity(
    completions: np.ndarray, truth: np.ndarray, known: np.ndarray
) -> dict[str, float]:
    """How like the truth K completions (K, n, C, H, W) of n images are, on the hole alone.

    Values in [-1, 1], a data range of 2. hole_psnr: 10 log₁₀(2²/mean squared error in the hole), in
    dB, infinite where nothing differs; hole_ssim: the mean of `ssim_map` over the hole's pixels, at
    most 1. Both are of each completion, not of their mean, and averaged over all. known is the
    boolean mask; truth (n, C, H, W).
    """
    hole = np.broadcast_to(~known, truth.shape[1:])
    completed = np.where(hole, completions, truth)
    squared = np.square(completed - truth, dtype=np.float64)[..., hole].mean(axis=-1)
    with np.errstate(divide="ignore"):
        psnr = 10 * np.log10(DATA_RANGE**2 / squared)
    likeness = ssim_map(completed, np.broadcast_to(truth, completed.shape))
    return {"hole_psnr": float(psnr.mean()), "hole_ssim": float(likeness[..., hole].mean())}


def ssim_map(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Structural similarity of images (..., H, W) in [-1, 1] at each pixel, the shape of x.

    Wang et al. 2004, IEEE Trans. Image Processing 13, 600, equation 13: K₁ = 0.01, K₂ = 0.03, a
    data range of 2, moments weighted by a Gaussian of standard deviation 1.5 pixels, cut off to
    11×11; the images are mirrored at their edges. Channels are compared one by one.
    """
    # here, because scipy.ndimage takes a while and only evaluation needs it
    from scipy.ndimage import gaussian_filter

    def mean(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, truncate=3.5, axes=(-2, -1))

    x, y = x.astype(np.float64), y.astype(np.float64)
    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x**2) - mean_x**2 + mean(y**2) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * DATA_RANGE) ** 2, (0.03 * DATA_RANGE) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * covariance + c2) / (variances + c2)


def rms(values: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
