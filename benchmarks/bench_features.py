"""Inception features at the speed of the bare network; see `make bench`.

The network alone gets images that are resized already; `inception.features` gets bytes. Both in
turns, in one process. The weights are fetched as the workflow does.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from timeit import timeit

import numpy as np
import torch

from scoreladder import devices, inception
from scoreladder.errors import JobFailed

IMAGES = 128
SIDE = 32
ROUNDS = 5


def main() -> None:
    """Print images a second of both, and the median and spread of their ratio."""
    where = devices.choose("auto")
    levels = np.random.default_rng(0).integers(0, 256, (IMAGES, 3, SIDE, SIDE), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inception.pt"
        try:
            inception.fetch(path)
        except JobFailed as error:
            sys.exit(f"Error: {error}")
        network = inception.load(path, where)
    batches = [
        inception.resize(torch.from_numpy(part).to(where), "clean")
        for part in np.split(levels, range(inception.BATCH, IMAGES, inception.BATCH))
    ]

    def bare() -> None:
        with torch.no_grad():
            for batch in batches:
                network(batch).cpu()

    def whole() -> None:
        inception.features(levels, network, "clean", where)

    bare(), whole()
    pairs = [(timeit(bare, number=1), timeit(whole, number=1)) for _ in range(ROUNDS)]
    ratios = sorted(alone / ours for alone, ours in pairs)
    rates = [IMAGES / statistics.median(each) for each in zip(*pairs, strict=True)]
    print(
        f"inception.features, {SIDE}x{SIDE}: {rates[1]:.1f} images/s, the bare network "
        f"{rates[0]:.1f}; median ratio {statistics.median(ratios):.1%} "
        f"({ratios[0]:.1%} to {ratios[-1]:.1%})"
    )


if __name__ == "__main__":
    main()
