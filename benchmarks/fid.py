"""The FID of 10,000 images beside clean-fid, torch-fidelity and pytorch-fid.

Inception's share is measured on a few images and counted for all of them; what is done once, the
moments and the Fréchet distance, is timed at full size. Networks and reference statistics lie ready
for all.
"""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.fid_ways import PEERS, Way, bare, ours
from benchmarks.pairs import in_turns, spread
from benchmarks.rows import SHARE, SPEED, Aim, Row, missing, timed
from scoreladder import inception
from scoreladder.errors import JobFailed

ALL, FEW, SIDE = 10_000, 64, 32
ROUNDS, DISTANCES = 3, 2
OURS, NETWORK = "ours", "the bare network"
EXTRACTION = f"Inception features of {FEW} images, {SIDE}×{SIDE}"
DISTANCE = f"Fréchet distance, {inception.FEATURES} dimensions"
WHOLE = f"FID of {ALL:,} images, {SIDE}×{SIDE}"
GOALS = {EXTRACTION: None, DISTANCE: 5, WHOLE: 2}
LIMIT = Aim(EXTRACTION, NETWORK, SHARE, 0.95)

Timings = dict[str, list[float]]


def _aim(work: str, peer: str) -> Aim:
    return Aim(work, peer, SPEED, GOALS[work], packages=(peer,))


AIMS = (LIMIT, *(_aim(work, peer) for peer in PEERS for work in GOALS))


def measure() -> Iterator[Row]:
    """Each stage in turns; without the network's weights all rows are missing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = folder / "inception.pt"
        try:
            inception.fetch(weights)
        except JobFailed as error:
            yield from (missing("fid", aim, error) for aim in AIMS)
            return
        levels = write_pictures(folder / "pictures")
        ways, absent = {OURS: ours(weights, folder / "pictures", levels)}, {}
        for peer, make in PEERS.items():
            try:
                ways[peer] = make(weights, folder / "pictures", levels)
            except ImportError as error:
                absent[peer] = error
        calls = {peer: way.extract for peer, way in ways.items()}
        # the limit next to ours: what the machine does meanwhile falls on both alike
        limit = {OURS: ways[OURS].extract, NETWORK: bare(weights, levels)}
        found = in_turns(limit | calls, ROUNDS)
    yield timed("fid", LIMIT, found[OURS], found[NETWORK])
    moments, distances, values = at_full_size(ways)
    whole = {
        peer: [ALL / FEW * each + moments[peer][0] + spread(distances[peer]).median for each in few]
        for peer, few in found.items()
        if peer in ways
    }
    for peer in PEERS:
        if peer in absent:
            yield from (missing("fid", _aim(work, peer), absent[peer]) for work in GOALS)
            continue
        apart = abs(values[peer] / values[OURS] - 1)
        notes = {
            DISTANCE: f"relative difference of the two {apart:.0e}",
            WHOLE: f"features of {FEW} images, counted {ALL / FEW:g} times",
        }
        stages = {EXTRACTION: found, DISTANCE: distances, WHOLE: whole}
        for work, each in stages.items():
            yield timed("fid", _aim(work, peer), each[OURS], each[peer], notes.get(work, ""))


def write_pictures(folder: Path) -> np.ndarray:
    """Random levels (FEW, 3, SIDE, SIDE), uint8, which are written as PNGs too."""
    random = np.random.default_rng(0)
    levels = random.integers(0, 256, (FEW, 3, SIDE, SIDE), dtype=np.uint8)
    folder.mkdir()
    for number, image in enumerate(levels):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{number:03}.png")
    return levels


def at_full_size(ways: dict[str, Way]) -> tuple[Timings, Timings, dict[str, float]]:
    """Seconds of the moments of ALL features and of their distance, by way, and the distances.

    Features are correlated normal numbers, so that covariances have full rank.
    """
    random, dim = np.random.default_rng(0), inception.FEATURES
    mixing = np.eye(dim) + 0.5 * random.standard_normal((dim, dim)) / np.sqrt(dim)
    drawn, other = (
        (random.standard_normal((ALL, dim)) @ each).astype(np.float32)
        for each in (mixing, mixing.T)
    )
    one = {name: lambda way=way: way.moments(drawn) for name, way in ways.items()}
    moments = in_turns(one, 1, warm=False)
    own, known = (ways[OURS].moments(each) for each in (drawn, other))
    values: dict[str, float] = {}

    def distance(name: str) -> None:
        values[name] = float(ways[name].distance(*own, *known))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the peers' call of sqrtm
        each = {name: lambda name=name: distance(name) for name in ways}
        distances = in_turns(each, DISTANCES, warm=False)
    return moments, distances, values
