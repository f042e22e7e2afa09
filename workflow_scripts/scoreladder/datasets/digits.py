"""scikit-learn's copy of the UCI optical digits: 1797 real 8×8 images, no download."""

import numpy as np

from scoreladder.datasets.splits import DATASETS, Splits, digest
from scoreladder.errors import JobFailed
from scoreladder.kinds import register

SHA256 = "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
TRAIN, TUNE = 1097, 200
# 17 grey levels over [−1, 1]
GREY_STEP = 1 / 8


@register(DATASETS)
def digits() -> Splits:
    """Images (n, 1, 8, 8) of grey levels 0..16; 1097 train, 200 tune, 500 test.

    The split is a fixed permutation. Raises JobFailed if the installed scikit-learn ships
    anything but the expected images.
    """
    # here, because every job imports this module and scikit-learn takes a second
    from sklearn.datasets import load_digits

    data = load_digits()
    grey = data.images.astype(np.uint8)
    found = digest(grey)
    if found != SHA256:
        raise JobFailed(
            f"scikit-learn's digits are not the expected images: SHA-256 {found}, not {SHA256}"
        )
    order = np.random.RandomState(0).permutation(len(grey))
    images = grey[order, None]
    labels = data.target[order].astype(np.int64)
    cuts = [TRAIN, TRAIN + TUNE]
    return Splits(*np.split(images, cuts), *np.split(labels, cuts), GREY_STEP)
