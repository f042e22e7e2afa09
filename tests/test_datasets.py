"""Data sets: sizes, ranges, splits that share nothing, and files."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from scoreladder import datasets

TOY = {
    "name": "gaussian_mixture",
    "means": [[5.0, 5.0], [-5.0, -5.0]],
    "stds": [1.0, 0.5],
    "weights": [0.8, 0.2],
    "train_size": 20_000,
    "tune_size": 200,
    "test_size": 400,
}


@pytest.fixture(scope="module")
def digits():
    return datasets.load({"name": "digits"})


@pytest.fixture(scope="module")
def toy():
    return datasets.load(TOY)


def images(splits):
    return splits.train, splits.tune, splits.test


def rows(array):
    return [row.tobytes() for row in array]


def test_digits_have_their_sizes_shape_and_range(digits):
    assert [part.shape for part in images(digits)] == [(n, 1, 8, 8) for n in (1097, 200, 500)]
    assert all(part.dtype == np.float32 for part in images(digits))
    together = np.concatenate(images(digits))
    assert set(np.unique(together)) == {level / 8 - 1 for level in range(17)}


def test_digits_are_a_permutation_of_the_originals_with_their_labels(digits):
    original = load_digits()
    grey = (np.concatenate(images(digits))[:, 0] + 1) * 8
    labels = np.concatenate([digits.train_labels, digits.tune_labels, digits.test_labels])
    assert labels.dtype == np.int64
    found = sorted(zip(rows(grey.astype(np.uint8)), labels.tolist(), strict=True))
    wanted = rows(original.images.astype(np.uint8))
    assert found == sorted(zip(wanted, original.target.tolist(), strict=True))


def test_no_digit_is_in_two_splits(digits):
    # the source itself holds no image twice
    assert len(set(rows(load_digits().images))) == 1797
    parts = [set(rows(part)) for part in images(digits)]
    assert [len(part) for part in parts] == [1097, 200, 500]
    assert len(set.union(*parts)) == 1797


def test_every_class_is_in_every_split(digits):
    for labels in (digits.train_labels, digits.tune_labels, digits.test_labels):
        assert set(labels.tolist()) == set(range(10))


def test_digits_are_always_the_same(digits):
    again = datasets.load({"name": "digits"})
    assert again.summary() == digits.summary()
    assert digits.summary()["test"]["count"] == 500
    assert digits.summary()["test"]["shape"] == [1, 8, 8]


def test_other_digits_than_the_expected_ones_are_refused(monkeypatch):
    data = load_digits()
    changed = data.images.copy()
    changed[0, 0, 0] += 1
    stand_in = SimpleNamespace(images=changed, target=data.target)
    module = importlib.import_module("sklearn.datasets")
    monkeypatch.setattr(module, "load_digits", lambda: stand_in)
    with pytest.raises(ValueError, match="not the expected images: SHA-256"):
        datasets.load({"name": "digits"})


def test_the_toy_has_its_sizes_and_moments(toy):
    assert [part.shape for part in images(toy)] == [(20_000, 2), (200, 2), (400, 2)]
    assert all(part.dtype == np.float32 for part in images(toy))
    assert [part.any() for part in toy[3:]] == [False] * 3
    assert [len(part) for part in toy[3:]] == [20_000, 200, 400]
    heavy = toy.train[toy.train.sum(axis=1) > 0]
    light = toy.train[toy.train.sum(axis=1) < 0]
    assert len(heavy) / 20_000 == pytest.approx(0.8, abs=0.012)
    for part, centre, std in ((heavy, 5, 1.0), (light, -5, 0.5)):
        assert part.mean(axis=0) == pytest.approx([centre] * 2, abs=0.04)
        assert part.std(axis=0) == pytest.approx([std] * 2, rel=0.04)


def test_no_point_of_the_toy_is_in_two_splits(toy):
    together = [row for part in images(toy) for row in rows(part)]
    assert len(set(together)) == len(together) == 20_600
    # equal sizes would show draws that share their random numbers
    equal = datasets.load(TOY | {"train_size": 100, "tune_size": 100, "test_size": 100})
    assert len({row for part in images(equal) for row in rows(part)}) == 300


def test_the_toy_is_always_the_same(toy):
    assert datasets.load(TOY).summary() == toy.summary()


def test_the_size_of_one_split_does_not_change_another(toy):
    other = datasets.load(TOY | {"train_size": 10})
    assert other.summary()["tune"] == toy.summary()["tune"]
    assert other.summary()["test"] == toy.summary()["test"]


def test_splits_come_back_from_their_file_as_they_were(digits, tmp_path):
    path = tmp_path / "splits.npz"
    datasets.write(digits, path)
    found = datasets.read(path)
    assert list(tmp_path.iterdir()) == [path]
    for name, array in digits._asdict().items():
        assert np.array_equal(getattr(found, name), array)
        assert getattr(found, name).dtype == array.dtype


def test_reading_refuses_pickled_objects(tmp_path):
    path = tmp_path / "splits.npz"
    np.savez(path, train=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        datasets.read(path)
