"""Feature networks for FID, and clean-fid's own resize and loop to drive them."""

import itertools
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from scoreladder import inception, progress, rows, seeds
from scoreladder.files import atomic_path
from scoreladder.rows import Rows
from scoreladder.steps import Keep, at_once
from scoreladder.vision import import_torchvision

SIDE = 32
FEATURES = 128
LEARNING_RATE = 2e-3
# images whose features are computed, and kept, at once
CHUNK = 256

Extract = Callable[[np.ndarray], np.ndarray]


class DigitClassifier(nn.Module):
    """A small convolutional classifier; its last convolution, pooled to 2×2, is the feature.

    As with Inception's pooled layer, the features keep some of how sharp and where strokes are;
    a layer nearer the logits was seen to score blurred digits like real ones.
    """

    def __init__(self):
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs, stride in ((1, 16, 2), (16, 32, 2), (32, 32, 1)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.head = nn.Linear(FEATURES, 10)

    def features(self, images: Tensor) -> Tensor:
        """What clean-fid hands to a feature network, (n, 3, 32, 32) in 0..255 → (n, 128)."""
        return self.body(images[:, :1] / 127.5 - 1)

    def forward(self, images: Tensor) -> Tensor:
        """Class logits (n, 10)."""
        return self.head(self.features(images))


def import_cleanfid():
    """The clean-fid package, which uses none of the operators that `import_torchvision` lacks."""
    import_torchvision()
    import cleanfid.fid
    import cleanfid.resize

    return cleanfid


def to_uint8(images: Tensor | np.ndarray) -> np.ndarray:
    """Images in [−1, 1], any shape, to the nearest of 0..255; out-of-range values are clipped."""
    array = np.asarray(images, dtype=np.float32)
    return ((array.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8)


def extract(
    images: np.ndarray, network: Callable[[Tensor], Tensor], batch: int = 128
) -> np.ndarray:
    """Features (n, d) of images (n, 1 or 3, H, W) in [−1, 1], by clean-fid's resize and loop.

    Images are quantised to 8 bits, made RGB, resized by clean-fid's PIL bicubic filter without
    re-quantisation to the side that the network wants, and passed as 0..255.
    """
    cleanfid = import_cleanfid()
    grey = torch.from_numpy(to_uint8(images)).expand(-1, 3, -1, -1)
    # clean-fid reads whole batches; it drops what lies beyond num_gen
    padded = torch.cat([grey, grey[:1].expand(-len(grey) % batch, -1, -1, -1)])
    batches = iter(padded.split(batch))
    return cleanfid.fid.get_model_features(
        lambda _: next(batches),
        network,
        mode="clean",
        z_dim=1,
        num_gen=len(grey),
        batch_size=batch,
        device=torch.device("cpu"),
        custom_fn_resize=cleanfid.resize.make_resizer("PIL", False, "bicubic", (SIDE, SIDE)),
        verbose=False,
    )


def extractor(
    block: dict | None, path: Path | None, device: torch.device | str = "cpu"
) -> Extract | None:
    """What takes images (n, C, H, W) to the features that a features block means; None for points.

    path: the file of the network. Images are uint8 levels or float values in [−1, 1].
    """
    if block is None:
        return None
    if block["kind"] == "digit_classifier":
        network = load_classifier(path)
        return lambda images: extract(images, network.features)
    inner, mode = inception.load(path, device), block["mode"]

    def pooled(images: np.ndarray) -> np.ndarray:
        levels = images if images.dtype == np.uint8 else to_uint8(images)
        return inception.features(levels, inner, mode, device)

    return pooled


def store(path: Path, images: Rows, extract: Extract, label: str, keep: Keep = at_once) -> None:
    """Save extract(images) as a .npy file, CHUNK images at a time, and show progress.

    Each chunk is kept as LABEL0, LABEL1, ....
    """

    def part(number: int) -> dict[str, np.ndarray]:
        return {"rows": extract(images[number * CHUNK : (number + 1) * CHUNK])}

    numbers = range(-(-len(images) // CHUNK))
    shown = progress.track(numbers, len(images), label, "img", CHUNK)
    parts = (keep(f"{label}{number}", partial(part, number))["rows"] for number in shown)
    first = next(parts)
    shape = (len(images), first.shape[1])
    rows.store(path, shape, first.dtype, itertools.chain([first], parts))


def train_classifier(images: np.ndarray, labels: np.ndarray, steps: int) -> DigitClassifier:
    """Fit the feature network to labelled images (n, 1, 8, 8) in [−1, 1] with Adam.

    Progress is shown.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.seed_of("digit classifier"))
        network = DigitClassifier()
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.05)
    resized = nn.functional.interpolate(
        torch.from_numpy(images), size=(SIDE, SIDE), mode="bicubic", antialias=True
    )
    pixels, targets = (resized.clamp(-1, 1) + 1) * 127.5, torch.from_numpy(labels)
    for number in progress.track(range(steps), steps, "training", "step"):
        generator = seeds.generator("digit classifier", number)
        index = torch.randint(len(pixels), (128,), generator=generator)
        # faint noise keeps the features from resting on single grey levels
        x = pixels[index] + 10 * torch.randn(pixels[index].shape, generator=generator)
        loss = nn.functional.cross_entropy(network(x.expand(-1, 3, -1, -1)), targets[index])
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * number / steps))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def accuracy(network: DigitClassifier, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images (n, 1, 8, 8) in [−1, 1] that the network classifies rightly."""
    with torch.no_grad():
        logits = network.head(torch.from_numpy(extract(images, network.features)))
    return float((logits.argmax(dim=1).numpy() == labels).mean())


def save_classifier(network: DigitClassifier, path: Path) -> None:
    """Write the weights as safetensors, atomically."""
    with atomic_path(path) as temporary:
        safetensors.torch.save_file(network.state_dict(), temporary)


def load_classifier(path: Path) -> DigitClassifier:
    """The network that `save_classifier` wrote, in evaluation mode."""
    network = DigitClassifier()
    network.load_state_dict(safetensors.torch.load_file(path))
    return network.eval().requires_grad_(False)
