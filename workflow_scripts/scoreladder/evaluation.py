"""Which measurements belong to which data set, put together from the modules that make them."""

from pathlib import Path

import numpy as np
import torch

from scoreladder import analytic, features, metrics, noise, probes, statistics
from scoreladder.denoiser import Denoiser

FLOOR_DRAWS = 20
BOOTSTRAP_DRAWS = 50


def mixture_of(dataset: dict) -> analytic.GaussianMixture | None:
    """The exact density of a data set, or None where nobody knows it."""
    if dataset["name"] != "gaussian_mixture":
        return None
    means = torch.tensor(dataset["means"], dtype=torch.float64)
    return analytic.GaussianMixture(means, dataset["stds"], dataset["weights"])


def features_of(samples: np.ndarray, classifier: Path | None) -> np.ndarray:
    """What samples (n, ...) are compared in: classifier features, or the coordinates themselves."""
    if classifier is None:
        return samples.reshape(len(samples), -1)
    return features.extract(samples, features.load_classifier(classifier).features)


def sample_metrics(found: np.ndarray, real: np.ndarray, dataset: dict) -> dict[str, float]:
    """Metrics of samples against real data, both as `features_of` gives them, (n, d), (m, d)."""
    mixture = mixture_of(dataset)
    if mixture is None:
        return {"fid": metrics.frechet_distance(*metrics.moments(found), *metrics.moments(real))}
    return {
        "sliced_w1": metrics.sliced_wasserstein(found, real, order=1),
        **metrics.mixture_metrics(found, mixture),
    }


def standard_errors(found: np.ndarray, real: np.ndarray, dataset: dict) -> dict[str, float]:
    """Bootstrap standard error of each sample metric within one run, as NAME_se."""

    def values(rows: np.ndarray) -> np.ndarray:
        return np.array(list(sample_metrics(rows, real, dataset).values()))

    names = [f"{name}_se" for name in sample_metrics(found, real, dataset)]
    errors = statistics.bootstrap_se(values, found, BOOTSTRAP_DRAWS)
    return dict(zip(names, errors.tolist(), strict=True))


def floors(
    pool: np.ndarray, count: int, against: int, dataset: dict
) -> dict[str, dict[str, float]]:
    """Each metric of `count` real samples against `against` other real ones, over seeded draws.

    pool (n, d) holds all the real data as features. Where n < count + against, fewer are drawn, and
    the `count` that is given back says so. Returns {metric: {"mean", "sd", "count"}}.
    """
    count = min(count, len(pool) - against)
    draws = []
    for seed in range(FLOOR_DRAWS):
        order = np.random.default_rng(seed).permutation(len(pool))
        first, second = pool[order[:count]], pool[order[count : count + against]]
        draws.append(sample_metrics(first, second, dataset))
    return {
        name: {
            "mean": float(np.mean([draw[name] for draw in draws])),
            "sd": float(np.std([draw[name] for draw in draws], ddof=1)),
            "count": count,
        }
        for name in draws[0]
    }


def model_metrics(
    model: Denoiser, variant: dict, sigma: float, test: np.ndarray, dataset: dict, seed: int
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Metrics of the model itself, and its curves over the levels of its training ladder.

    sigma is the level at which the score is held against the noiseless one: the smallest that the
    variant samples at. test (n, ...) is held-out data; seed draws the points of the identity check.
    Returns (metrics, curves).
    """
    sigmas = noise.ladder(variant["noise"])
    losses = probes.losses_by_level(model, torch.from_numpy(test), sigmas)
    shares = probes.loss_shares(losses, sigmas, variant["weighting"])
    curves = {"sigma": sigmas.tolist(), "loss": losses, "share": shares.tolist()}
    found = {"balance": probes.balance(shares)}
    mixture = mixture_of(dataset)
    if mixture is not None:
        curves["score_error"] = probes.score_errors_by_level(model, mixture, sigmas)
        found |= probes.score_errors(model, sigma, mixture)
        found["epsilon_identity"] = probes.epsilon_identity_gap(mixture, seed)
    return found, curves
