"""A published FID computed by this project's own path from download to distance; `make golden`.

torch-fidelity publishes what its own command gives for 5,000 training against 5,000 test images of
CIFAR-10, chosen by a fresh NumPy RandomState(2020) each, with TensorFlow 1's resize. Takes about a
quarter of an hour on two cores; fails where the two are more than TOLERANCE apart.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from scoreladder import (
    devices,
    features,
    files,
    fingerprint,
    inception,
    metrics_features,
    provenance,
)
from scoreladder.datasets import images
from scoreladder.rows import Picked, Stored

# https://github.com/toshas/torch-fidelity, its test of reproducibility against TensorFlow 1
PUBLISHED = 10.3233274
TOLERANCE = 0.02
COUNT, SEED = 5000, 2020
SCRIPTS = Path("workflow_scripts")
RESULT = Path("results/reference/golden_fid.json")


def chosen(part: np.ndarray) -> Picked:
    """The COUNT images of one set, in the order of the draw."""
    index = np.random.RandomState(SEED).choice(len(part), COUNT, replace=False)
    return Picked(part, index)


def main() -> None:
    """Compute it, print it beside the published one, and keep it with its provenance."""
    started, where = time.time(), devices.choose("auto")
    train, _, test, _ = images.arrays(images.CIFAR10)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facts = inception.fetch(folder / "inception.pt")
        block = {"kind": "inception", "mode": "legacy_tensorflow"}
        extract = features.extractor(block, folder / "inception.pt", where)
        for split, part in {"train": train, "test": test}.items():
            features.store(folder / f"{split}.npy", chosen(part), extract, split)
        known = metrics_features.moments(Stored([folder / "test.npy"]))
        found = metrics_features.fid(Stored([folder / "train.npy"]), *known)
    gap = abs(found - PUBLISHED)
    print(f"FID {found:.7f}, published {PUBLISHED}: {gap:.1e} apart")
    spec = {"dataset": "cifar10", "count": COUNT, "seed": SEED, "mode": block["mode"]}
    facts |= {"device": devices.describe(where), "fid": found, "published": PUBLISHED}
    code = fingerprint.fingerprint(SCRIPTS / "extract_features.py", SCRIPTS)
    files.write_json(RESULT, provenance.manifest(spec, code, started, **facts))
    if gap > TOLERANCE:
        sys.exit(f"Error: more than {TOLERANCE} apart")


if __name__ == "__main__":
    main()
