"""Which measurements belong to which data set, put together from the modules that make them."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from scoreladder import (
    datasets,
    densities,
    generative,
    likelihood,
    metrics,
    metrics_features,
    metrics_neighbours,
    models,
    probes,
    progress,
    seeds,
    statistics,
)
from scoreladder.catalog import IMAGES, OF_MODE, PICTURES
from scoreladder.denoiser import Denoiser
from scoreladder.features import Extract
from scoreladder.reference import NEIGHBOURS, Reference
from scoreladder.rows import Rows, pick
from scoreladder.weighting import weighting

FLOOR_DRAWS = 20
BOOTSTRAP_DRAWS = 25
# in 2048 dimensions a draw takes seconds
PICTURE_DRAWS = 6
# mean (d,) and covariance (d, d)
Moments = tuple[np.ndarray, np.ndarray]

# by the distances of all pairs of points, of so many of them
PAIRWISE = {"w2": partial(metrics.wasserstein2, limit=500), "mmd": metrics.mmd}


def features_of(samples: np.ndarray, extract: Extract | None) -> np.ndarray:
    """What samples (n, ...) are compared in: extract(samples), or the coordinates themselves."""
    return samples.reshape(len(samples), -1) if extract is None else extract(samples)


def sample_metrics(
    found: Rows, real: Rows, spec: dict, moments: Moments | None = None
) -> dict[str, float]:
    """Metrics of samples against real data, both as `features_of` gives them, (n, d), (m, d).

    spec holds the block dataset, and for images the block features; moments are those of real,
    where they are known.
    """
    values = resampled_metrics(found, real, spec, moments)
    name = spec["dataset"]["name"]
    if name in PICTURES:
        return values | by_neighbours(found, real)
    if name in IMAGES:
        return values
    return values | {name: metric(found, real) for name, metric in PAIRWISE.items()}


def _held(rows: Rows, spec: dict) -> Rows:
    """Rows as their metrics take them: of pictures wherever they lie, of all else an array."""
    return rows if spec["dataset"]["name"] in PICTURES else rows[:]


def by_neighbours(found: Rows, real: Rows) -> dict[str, float]:
    """KID, and with the first NEIGHBOURS of each set precision, recall, density and coverage."""
    near, known = found[:NEIGHBOURS], real[:NEIGHBOURS]
    precision, recall = metrics_neighbours.precision_recall(known, near)
    density, coverage = metrics_neighbours.density_coverage(known, near)
    return {
        "kid": metrics_features.kid(found, real)[0],
        "precision": precision,
        "recall": recall,
        "knn_density": density,
        "knn_coverage": coverage,
    }


def run_metrics(found: Rows, reference: Reference, spec: dict) -> dict[str, float]:
    """`sample_metrics` of one run with their standard errors, and what is too dear for more of it.

    FID∞ is there from 200 samples on; nearest_train is the distance to the nearest training image
    over that of held-out images, of the first NEIGHBOURS of each. Progress is shown.
    """
    pictures, real = spec["dataset"]["name"] in PICTURES, _held(reference.compared(), spec)
    known = (found, real, spec, reference.moments)
    with progress.bar(4 if pictures else 2, "measuring", "part") as reach:
        values = sample_metrics(*known)
        reach(1)
        values |= standard_errors(*known)
        reach(2)
        if pictures:
            if len(found) >= 2 * metrics_features.SMALLEST_SUBSET:
                values["fid_infinity"] = metrics_features.fid_infinity(found, reference.moments)
            reach(3)
            near = (found[:NEIGHBOURS], reference.train, reference.fresh)
            values["nearest_train"] = metrics_neighbours.memorisation(*near)
            reach(4)
    return values


def measured(
    samples: np.ndarray,
    real: np.ndarray,
    extract: Extract | None,
    spec: dict,
    moments: Moments | None = None,
) -> dict[str, float]:
    """`sample_metrics` of samples (n, ...) against real data as `features_of` gives it, (m, d)."""
    return sample_metrics(features_of(samples, extract), real, spec, moments)


def metric_of(
    name: str, samples: np.ndarray, real: np.ndarray, extract: Extract | None, spec: dict
) -> float:
    """One of `measured`, without the cost of the others: what tuning asks many times."""
    found = features_of(samples, extract)
    if name in PAIRWISE:
        return PAIRWISE[name](found, real)
    if name == "kid":
        return metrics_features.kid(found, real)[0]
    if spec["dataset"]["name"] in PICTURES and name not in OF_MODE:
        return by_neighbours(found, real)[name]
    return resampled_metrics(found, real, spec)[name]


def fid_name(features: dict) -> str:
    """The name of the FID in the features of a features block."""
    return "fid" if features["kind"] == "digit_classifier" else f"fid_{features['mode']}"


def resampled_metrics(
    found: Rows, real: Rows, spec: dict, moments: Moments | None = None
) -> dict[str, float]:
    """Those of `sample_metrics` that still mean the same where samples occur twice."""
    return _measure_against(real, spec, moments)(found)


def _measure_against(
    real: Rows, spec: dict, moments: Moments | None
) -> Callable[[Rows], dict[str, float]]:
    """`resampled_metrics` of many samples against the same real data, looked at once."""
    dataset = spec["dataset"]
    if dataset["name"] in IMAGES:
        known, name = moments or metrics_features.moments(real), fid_name(spec["features"])
        return lambda found: {name: metrics_features.fid(found, *known)}
    mixture, sliced = datasets.mixture_of(dataset), metrics.sliced_to(real)
    return lambda found: {
        **dict(zip(("sliced_w1", "sliced_w2"), sliced(found, 1, 2), strict=True)),
        **(metrics.mixture_metrics(found, mixture) if mixture is not None else {}),
    }


def _draws(spec: dict, usual: int) -> int:
    """How many draws a spread over draws is of."""
    return PICTURE_DRAWS if spec["dataset"]["name"] in PICTURES else usual


def standard_errors(
    found: Rows, real: Rows, spec: dict, moments: Moments | None = None
) -> dict[str, float]:
    """Bootstrap standard error of each of `resampled_metrics` within one run, as NAME_se."""
    measure = _measure_against(real, spec, moments)

    def values(rows: Rows) -> np.ndarray:
        return np.array(list(measure(rows).values()))

    names = [f"{name}_se" for name in measure(found)]
    errors = statistics.bootstrap_se(values, found, _draws(spec, BOOTSTRAP_DRAWS))
    return dict(zip(names, errors.tolist(), strict=True))


def floors(pool: Rows, count: int, against: int, spec: dict) -> dict[str, dict[str, float]]:
    """Each metric of `count` real samples against `against` other real ones, over seeded draws.

    pool (n, d) holds all the real data as features. Where n < count + against, fewer are drawn, and
    the `count` that is given back says so. Returns {metric: {"mean", "sd", "count"}}.
    """
    pool, draws = _held(pool, spec), []
    count = min(count, len(pool) - against)
    seeded = _draws(spec, FLOOR_DRAWS)
    for seed in progress.track(range(seeded), seeded, f"floor of {count}", "draw"):
        order = np.random.default_rng(seed).permutation(len(pool))
        first, second = pick(pool, order[:count]), pick(pool, order[count : count + against])
        draws.append(sample_metrics(first, second, spec))
    return {
        name: {
            "mean": float(np.mean([draw[name] for draw in draws])),
            "sd": float(np.std([draw[name] for draw in draws], ddof=1)),
            "count": count,
        }
        for name in draws[0]
    }


def model_metrics(
    model: Denoiser, spec: dict, sigma: float, test: np.ndarray
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Metrics of a score model itself, and its curves over the levels of its training ladder.

    spec: the blocks dataset, weighting and density, batch_size, micro_batch and seed. sigma is the
    level at which the score is held against the noiseless one: the smallest that the variant
    samples at. test (n, ...) is held-out data. Returns (metrics, curves).
    """
    device = next(model.parameters()).device
    data, sigmas = torch.from_numpy(test).to(device), model.sigmas.cpu()
    losses = probes.losses_by_level(model, data, sigmas)
    weight = weighting(spec["weighting"], model.sigma_data)
    density = densities.density(spec["density"], sigmas.to(device))
    shares = probes.loss_shares(losses, sigmas, weight, density)
    curves = {"sigma": sigmas.tolist(), "loss": losses, "share": shares.tolist()}
    noise = probes.excess_gradient_noise(
        model,
        weight,
        density,
        data,
        spec["batch_size"],
        spec["seed"],
        spec["micro_batch"],
    )
    found = {"balance": probes.balance(shares), "gradient_noise": noise}
    mixture = datasets.mixture_of(spec["dataset"])
    if mixture is not None:
        curves["score_error"] = probes.score_errors_by_level(model, mixture, sigmas)
        found |= probes.score_errors(model, sigma, mixture)
        found["epsilon_identity"] = probes.epsilon_identity_gap(mixture, spec["seed"])
    return found, curves


def negative_log_likelihood(
    model: models.Model,
    test: np.ndarray,
    bin_width: float,
    divergence: str,
    key: tuple[int | str, ...],
) -> np.ndarray:
    """−log p of held-out data (n, ...) under a model, (n,): bits or nats per dimension.

    A score model's p is what its probability-flow ODE makes, at σ_L, of the Gaussian that samplers
    start from at σ_1; a flow's is exact and a VAE's a lower bound. Images, whose grey levels are
    discrete, bin_width apart, are dequantised by uniform noise and counted in bits per dimension;
    points, of bin_width 0, in nats per dimension. Random numbers are those of `key`.
    """
    device, dim = next(model.parameters()).device, test[0].size
    generator = seeds.generator(*key, device=device)
    x = generative.dequantise(torch.from_numpy(test).to(device), bin_width, generator)
    if isinstance(model, Denoiser):
        top, bottom = float(model.sigmas[0]), float(model.sigmas[-1])
        log_p = likelihood.log_prob(
            model,
            x,
            top,
            bottom,
            divergence,
            rtol=1e-4,
            prior=likelihood.normal(*model.prior(top)),
            generator=generator,
        )
    else:
        log_p = model.log_prob(x, generator)
    if bin_width:
        return likelihood.bits_per_dim(log_p, dim, bin_width).cpu().numpy()
    return -log_p.double().cpu().numpy() / dim
