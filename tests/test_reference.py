"""Real data as the metrics see it: written once, read where asked, resumed where interrupted."""

import json

import numpy as np
import pytest

from scoreladder import evaluation, features, metrics, reference, steps
from scoreladder.metrics_neighbours import nearest_neighbour_distance
from scoreladder.rows import Stored

PARTS = {
    name: np.random.default_rng(seed).standard_normal((count, 5)).astype(np.float32)
    for seed, (name, count) in enumerate({"train": 90, "tune": 30, "test": 60}.items())
}
PICTURES = {"dataset": {"name": "cifar10"}, "features": {"kind": "inception", "mode": "clean"}}


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "reference.json"
    for name, part in PARTS.items():
        np.save(reference.files(place)[name], part)
    return place


@pytest.mark.parametrize("compared", ["train", "test"])
def test_the_moments_are_of_the_split_that_samples_are_compared_with(path, compared):
    reference.complete(path, compared, neighbours=False)
    found = reference.read(path)
    assert found.against == compared and found.fresh is None
    assert np.array_equal(found.compared()[:], PARTS[compared])
    mean, covariance = metrics.moments(PARTS[compared])
    assert found.moments[0] == pytest.approx(mean) and found.moments[1] == pytest.approx(covariance)
    for name, part in PARTS.items():
        assert np.array_equal(getattr(found, name)[:], part)


def test_fresh_is_how_far_test_data_is_from_training_data(path):
    reference.complete(path, "train", neighbours=True)
    distances, _ = nearest_neighbour_distance(PARTS["test"], PARTS["train"])
    assert reference.read(path).fresh == pytest.approx(distances.mean())


def test_the_file_changes_whenever_a_feature_does(path):
    reference.complete(path, "test", neighbours=False)
    before = path.read_text()
    np.save(reference.files(path)["tune"], PARTS["tune"] + np.float32(1e-6))
    reference.complete(path, "test", neighbours=False)
    assert path.read_text() != before and set(json.loads(before)["sha256"]) == set(PARTS)


def test_test_data_that_is_training_data_is_refused(path):
    np.save(reference.files(path)["test"], PARTS["train"][:20])
    with pytest.raises(ValueError, match="all held-out features are training features"):
        reference.complete(path, "train", neighbours=True)
    assert not path.exists()


def test_stored_samples_are_measured_as_arrays_are(path, tmp_path):
    reference.complete(path, "train", neighbours=True)
    known, found = reference.read(path), PARTS["test"] * np.float32(1.2)
    np.save(tmp_path / "shard0.npy", found[:25])
    np.save(tmp_path / "shard1.npy", found[25:])
    stored = Stored([tmp_path / "shard0.npy", tmp_path / "shard1.npy"])
    measured = evaluation.run_metrics(stored, known, PICTURES)
    assert measured == evaluation.run_metrics(found, known, PICTURES)
    exact = metrics.frechet_distance(*metrics.moments(found), *metrics.moments(PARTS["train"]))
    assert measured["fid_clean"] == pytest.approx(exact, rel=1e-6)
    assert measured["nearest_train"] == pytest.approx(
        nearest_neighbour_distance(found, PARTS["train"])[0].mean() / known.fresh
    )


def test_interrupted_features_go_on_with_the_chunk_that_is_left(tmp_path):
    images = np.arange(2 * features.CHUNK + 40, dtype=np.float32)[:, None, None, None]
    seen, folder = [], tmp_path / "kept"
    folder.mkdir()

    def extract(part, fail_at=None):
        if fail_at is not None and part[0, 0, 0, 0] >= fail_at:
            raise KeyboardInterrupt
        seen.append(len(part))
        return part.reshape(len(part), -1) * [1, 2]

    def store(name, fail_at=None):
        def once(part):
            return extract(part, fail_at)

        features.store(tmp_path / name, images, once, "train", steps.keeper(folder))

    with pytest.raises(KeyboardInterrupt):
        store("cut.npy", features.CHUNK)
    assert not (tmp_path / "cut.npy").exists()
    seen.clear()
    store("cut.npy")
    assert seen == [features.CHUNK, 40]
    assert np.array_equal(np.load(tmp_path / "cut.npy"), images.reshape(-1, 1) * [1, 2])
