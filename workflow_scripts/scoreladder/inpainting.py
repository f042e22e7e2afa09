"""How well a model that was trained to draw whole samples fills in what is missing."""

import math
from itertools import combinations

import numpy as np

DATA_RANGE = 2.0


def hole_metrics(
    completions: np.ndarray, truth: np.ndarray, known: np.ndarray, mean: np.ndarray
) -> dict[str, float]:
    """How well K >= 2 completions (K, n, ...) of n images (n, ...) fill the hole, on it alone.

    Values in [-1, 1], to which completions are clipped first, as pictures are. hole_rmse:
    root-mean-square error of the mean completion; hole_gain: that of the training mean, `mean`
    (...), over it, so that above 1 the model knows more than the mean image; hole_spread:
    root-mean-square standard deviation over the completions; hole_energy: `energy_score`. known is
    the boolean mask. hole_gain is infinite where nothing differs.
    """
    hole = np.broadcast_to(~known, truth.shape[1:])
    filled, hidden = _clipped(completions)[..., hole], truth[..., hole].astype(np.float64)
    error = rms(filled.mean(axis=0) - hidden)
    blind = rms(np.broadcast_to(mean, truth.shape[1:])[hole] - hidden)
    return {
        "hole_rmse": error,
        "hole_gain": blind / error if error else math.inf,
        "hole_spread": rms(filled.std(axis=0, ddof=1)),
        "hole_energy": energy_score(filled, hidden),
    }


def energy_score(drawn: np.ndarray, truth: np.ndarray) -> float:
    """Mean energy score of K >= 2 draws (K, n, d) for n truths (n, d), per dimension.

    E|x − y| − ½ E|x − x'| with |·| over √d (Gneiting & Raftery 2007, J. Am. Stat. Assoc. 102, 359,
    equation 22), from pairs of different draws and so without bias. The rule is strictly proper:
    on average only draws of y's own law are best, neither blurred ones nor too varied ones.
    """

    def distance(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.sqrt(np.square(x - y).mean(axis=-1)).mean())

    apart = [distance(x, y) for x, y in combinations(drawn, 2)]
    return distance(drawn, truth) - float(np.mean(apart)) / 2


def hole_similarity(
    completions: np.ndarray, truth: np.ndarray, known: np.ndarray
) -> dict[str, float]:
    """How like the truth K completions (K, n, C, H, W) of n images are, on the hole alone.

    Values in [-1, 1], a data range of 2, completions clipped to it. hole_psnr: 10 log₁₀(2²/mean
    squared error in the hole), in dB, the mean being over all completions and images, so that it is
    infinite only where nothing at all differs; hole_ssim: the mean of `ssim_map` over the hole's
    pixels, at most 1. Both are of each completion, not of their mean. known is the boolean mask;
    truth (n, C, H, W).
    """
    hole = np.broadcast_to(~known, truth.shape[1:])
    completed = _clipped(completions)
    error = rms((completed - truth)[..., hole])
    psnr = 20 * math.log10(DATA_RANGE / error) if error else math.inf
    likeness = ssim_map(completed, np.broadcast_to(truth, completed.shape), hole)
    return {"hole_psnr": psnr, "hole_ssim": float(likeness[..., hole].mean())}


def ssim_map(x: np.ndarray, y: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Structural similarity of images (..., C, H, W) in [-1, 1] at each pixel, the shape of x.

    Wang et al. 2004, IEEE Trans. Image Processing 13, 600, equation 13: K₁ = 0.01, K₂ = 0.03, a
    data range of 2, moments weighted by a Gaussian of standard deviation 1.5 pixels, cut off to
    11×11. Only pixels where `inside`, boolean (C, H, W), is True have a weight, and the weights
    that a window has of them sum to 1; where it has none the map is NaN. Channels are compared one
    by one.
    """
    # here, because scipy.ndimage takes a while and only evaluation needs it
    from scipy.ndimage import gaussian_filter

    def blurred(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, mode="constant", truncate=3.5, axes=(-2, -1))

    weight = blurred(inside.astype(np.float64))
    weight[weight == 0] = np.nan

    def mean(values: np.ndarray) -> np.ndarray:
        return blurred(np.where(inside, values, 0.0)) / weight

    x, y = x.astype(np.float64), y.astype(np.float64)
    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x**2) - mean_x**2 + mean(y**2) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * DATA_RANGE) ** 2, (0.03 * DATA_RANGE) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * covariance + c2) / (variances + c2)


def _clipped(completions: np.ndarray) -> np.ndarray:
    return completions.astype(np.float64).clip(-DATA_RANGE / 2, DATA_RANGE / 2)


def rms(values: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
