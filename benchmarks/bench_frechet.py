"""The Fréchet distance at the size of Inception's features, against clean-fid's; see `make bench`.

Both get the same two covariances of full rank, in one process and in turns.
"""

import time
import warnings
from collections.abc import Callable

import numpy as np

from scoreladder import features, metrics

DIM = 2048
SAMPLES = 10_000
ROUNDS = 3


def moments(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of SAMPLES draws whose coordinates are correlated."""
    random = np.random.default_rng(seed)
    mixing = np.eye(DIM) + 0.5 * random.standard_normal((DIM, DIM)) / np.sqrt(DIM)
    return metrics.moments(random.standard_normal((SAMPLES, DIM)) @ mixing)


def timed(distance: Callable[..., float], arguments: tuple) -> tuple[float, float]:
    """Seconds that a call takes, and what it returns."""
    start = time.perf_counter()
    found = distance(*arguments)
    return time.perf_counter() - start, float(found)


def main() -> None:
    """Print both times, their ratio and by how much the two distances differ."""
    theirs = features.import_cleanfid().fid.frechet_distance
    arguments = (*moments(0), *moments(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # clean-fid's call of sqrtm
        rounds = [
            [timed(each, arguments) for each in (metrics.frechet_distance, theirs)]
            for _ in range(ROUNDS)
        ]
    ours, clean = (min(seconds for seconds, _ in each) for each in zip(*rounds, strict=True))
    (_, found), (_, expected) = rounds[0]
    print(
        f"frechet_distance, d = {DIM}: {ours:.2f} s, clean-fid {clean:.2f} s, "
        f"{clean / ours:.1f} times as fast; relative difference {abs(found / expected - 1):.1e}"
    )


if __name__ == "__main__":
    main()
