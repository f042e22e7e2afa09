"""Ways to an FID: this project's, and other programs' own loops over a folder of pictures."""

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from benchmarks import inceptions
from scoreladder import features, inception, metrics, metrics_features
from scoreladder.vision import import_torchvision

CPU = torch.device("cpu")
WORKERS = 2

Moments = tuple[np.ndarray, np.ndarray]


class Way(NamedTuple):
    """Features (n, 2048) of some images; moments of features; the distance of two moments."""

    extract: Callable[[], np.ndarray]
    moments: Callable[[np.ndarray], Moments]
    distance: Callable[..., float]


def plain_moments(found: np.ndarray) -> Moments:
    """The mean and the covariance as the other programs take them."""
    return np.mean(found, axis=0), np.cov(found, rowvar=False)


def ours(weights: Path, pictures: Path, levels: np.ndarray) -> Way:
    """This project, whose samples are arrays of bytes."""
    network = inception.load(weights)
    return Way(
        lambda: inception.features(levels, network, "clean"),
        metrics_features.moments,
        metrics.frechet_distance,
    )


def bare(weights: Path, levels: np.ndarray) -> Callable[[], None]:
    """Our network alone, on images that are resized already."""
    network = inception.load(weights)
    batches = inception.resize(torch.from_numpy(levels), "clean").split(inception.BATCH)

    def call() -> None:
        with torch.no_grad():
            for batch in batches:
                network(batch)

    return call


def clean_fid(weights: Path, pictures: Path, levels: np.ndarray) -> Way:
    """clean-fid's resize, loop and distance, around its network as it lays it out in memory."""
    fid = features.import_cleanfid().fid
    body = inception.load(weights).body.to(memory_format=torch.contiguous_format)

    def network(x: torch.Tensor) -> torch.Tensor:
        return body((x - 128) / 128).flatten(1)

    def extract() -> np.ndarray:
        return fid.get_folder_features(
            str(pictures), network, num_workers=WORKERS, device=CPU, mode="clean", verbose=False
        )

    return Way(extract, plain_moments, fid.frechet_distance)


def torch_fidelity(weights: Path, pictures: Path, levels: np.ndarray) -> Way:
    """torch-fidelity's loop, network and distance."""
    import_torchvision()
    from torch_fidelity import datasets, metric_fid, utils

    network: nn.Module = inceptions.torch_fidelity(weights)
    images = datasets.ImagesPathDataset(sorted(map(str, pictures.iterdir())))

    def extract() -> np.ndarray:
        with warnings.catch_warnings():
            # it starts two workers a core, of which PyTorch warns
            warnings.filterwarnings("ignore", "This DataLoader will create")
            found = utils.get_featuresdict_from_dataset(images, network, 64, False, False, False)
        return found["2048"].numpy()

    def distance(mu1, cov1, mu2, cov2) -> float:
        statistics = ({"mu": mu1, "sigma": cov1}, {"mu": mu2, "sigma": cov2})
        found = metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
        return found[metric_fid.KEY_METRIC_FID]

    return Way(extract, plain_moments, distance)


def pytorch_fid(weights: Path, pictures: Path, levels: np.ndarray) -> Way:
    """pytorch-fid's loop, network and distance."""
    import_torchvision()
    from pytorch_fid import fid_score

    network, paths = inceptions.pytorch_fid(weights), sorted(pictures.iterdir())

    def extract() -> np.ndarray:
        # its progress bar
        with contextlib.redirect_stderr(io.StringIO()):
            return fid_score.get_activations(paths, network, device=CPU, num_workers=WORKERS)

    return Way(extract, plain_moments, fid_score.calculate_frechet_distance)


PEERS = {"clean-fid": clean_fid, "torch-fidelity": torch_fidelity, "pytorch-fid": pytorch_fid}
