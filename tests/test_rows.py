"""Rows on the disk: the same as those of an array, and of no more memory than what is asked for."""

import hashlib
import tracemalloc

import numpy as np
import pytest

from scoreladder import metrics, metrics_features, rows, statistics
from scoreladder.metrics_neighbours import density_coverage, nearest_neighbour_distance

EVERY = np.random.default_rng(0).standard_normal((700, 6)).astype(np.float32)


@pytest.fixture
def stored(tmp_path):
    """EVERY in three files."""
    paths = [tmp_path / f"{number}.npy" for number in range(3)]
    for path, part in zip(paths, np.split(EVERY, [1, 400]), strict=True):
        np.save(path, part)
    return rows.Stored(paths)


@pytest.mark.parametrize(
    "asked",
    [
        slice(None),
        slice(0, 1),
        slice(398, 403),
        slice(690, 900),
        np.array([5, 699, 0, 5]),
        slice(9, 9),
    ],
)
def test_stored_rows_are_those_of_the_files_one_after_another(stored, asked):
    assert np.array_equal(stored[asked], EVERY[asked])
    assert len(stored) == 700 and stored.shape == EVERY.shape and stored.dtype == EVERY.dtype


def test_picked_rows_are_looked_up_when_asked_for(stored):
    index = np.random.default_rng(1).integers(700, size=900)
    picked = rows.pick(stored, index)
    assert isinstance(picked, rows.Picked) and picked.shape == (900, 6)
    assert np.array_equal(picked[20:50], EVERY[index[20:50]])
    assert np.array_equal(rows.pick(picked, np.array([3, 3]))[:], EVERY[index[[3, 3]]])
    assert np.array_equal(rows.pick(EVERY, index), EVERY[index])


def test_chunks_are_all_rows_in_their_order(stored):
    parts = list(rows.chunks(stored, 256))
    assert [len(part) for part in parts] == [256, 256, 188]
    assert np.array_equal(np.concatenate(parts), EVERY)
    assert rows.digest(stored) == hashlib.sha256(EVERY).hexdigest()


def test_what_is_stored_comes_back_or_is_not_there(stored, tmp_path):
    path = tmp_path / "again.npy"
    rows.store(path, stored.shape, stored.dtype, rows.chunks(stored, 100))
    assert np.array_equal(np.load(path, allow_pickle=False), EVERY)
    with pytest.raises(ValueError, match=r"short\.npy: found 700 rows, not 701"):
        rows.store(tmp_path / "short.npy", (701, 6), stored.dtype, rows.chunks(stored))
    assert not (tmp_path / "short.npy").exists()


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "bad.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="Python objects"):
        rows.Stored([tmp_path / "bad.npy"])


def test_metrics_of_stored_rows_are_those_of_an_array(stored):
    other = np.random.default_rng(2).standard_normal((300, 6)) * 1.3
    known = metrics.moments(other)
    assert metrics_features.moments(stored)[1] == pytest.approx(metrics.moments(EVERY)[1])
    exact = metrics.frechet_distance(*metrics.moments(EVERY), *known)
    assert metrics_features.fid(stored, *known) == pytest.approx(exact, rel=1e-9)
    for measure in (
        lambda x: metrics_features.kid(x, other, subset_size=200),
        lambda x: metrics_features.fid_infinity(x, known),
        lambda x: density_coverage(x, other),
        lambda x: nearest_neighbour_distance(other, x)[1].tolist(),
        lambda x: statistics.bootstrap_se(lambda y: np.array([y[:].mean()]), x, 5).tolist(),
    ):
        assert measure(stored) == measure(EVERY)


def test_memory_does_not_grow_with_the_rows(tmp_path):
    """Features as many as 100,000 pictures have, but 64 of their 2048 coordinates."""
    known, peaks = (np.zeros(64), np.eye(64)), []
    for count in (10_000, 100_000):
        path = tmp_path / f"{count}.npy"
        random = np.random.default_rng(0)
        parts = (random.standard_normal((1000, 64), dtype=np.float32) for _ in range(count // 1000))
        tracemalloc.start()
        rows.store(path, (count, 64), np.dtype(np.float32), parts)
        metrics_features.fid(rows.Stored([path]), *known)
        metrics_features.fid_infinity(rows.Stored([path]), known, points=3)
        metrics_features.kid(rows.Stored([path]), rows.Stored([path]), subsets=2)
        nearest_neighbour_distance(rows.Stored([path])[:600], rows.Stored([path]))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # the rows themselves would be 25.6 MB; what grows is the order in which they are drawn
    assert peaks[1] < peaks[0] + 4e6
