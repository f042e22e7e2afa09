"""Data sets: sizes, ranges, splits that share nothing, and files."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from scoreladder import catalog, datasets
from scoreladder.datasets import splits as splits_module
from scoreladder.rows import Picked, digest

TOY = {
    "name": "gaussian_mixture",
    "means": [[5.0, 5.0], [-5.0, -5.0]],
    "stds": [1.0, 0.5],
    "weights": [0.8, 0.2],
    "train_size": 20_000,
    "tune_size": 200,
    "test_size": 400,
}

SIZES = {"train_size": 8000, "tune_size": 200, "test_size": 400}
GRID = {"name": "gaussian_grid", "side": 5, "spacing": 2.0, "std": 0.1} | SIZES
CURVES = {
    name: {"name": name, "noise": 0.0} | SIZES for name in ("two_moons", "swiss_roll", "rings")
}
BOARD = {"name": "checkerboard"} | SIZES
PLANAR = {**CURVES, "gaussian_grid": GRID, "checkerboard": BOARD}


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
    assert all(part.dtype == np.uint8 for part in images(digits))
    together = np.concatenate([digits.values(part) for part in ("train", "tune", "test")])
    assert together.dtype == np.float32
    assert set(np.unique(together)) == {level / 8 - 1 for level in range(17)}


def test_digits_are_a_permutation_of_the_originals_with_their_labels(digits):
    original = load_digits()
    grey = np.concatenate(images(digits))[:, 0]
    labels = np.concatenate([digits.train_labels, digits.tune_labels, digits.test_labels])
    assert labels.dtype == np.int64
    found = sorted(zip(rows(grey), labels.tolist(), strict=True))
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
    assert [part.any() for part in toy[3:6]] == [False] * 3
    assert [len(part) for part in toy[3:6]] == [20_000, 200, 400]
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


@pytest.mark.parametrize("spec", PLANAR.values(), ids=PLANAR.keys())
def test_planar_data_has_its_sizes_and_extent_and_shares_no_point(spec):
    splits = datasets.load(spec)
    assert [part.shape for part in images(splits)] == [(8000, 2), (200, 2), (400, 2)]
    assert [len(labels) for labels in splits[3:6]] == [8000, 200, 400]
    assert not any(labels.any() for labels in splits[3:6])
    assert all(part.dtype == np.float32 for part in images(splits))
    assert 2.8 < np.abs(splits.train).max() < 4.6
    assert datasets.load(spec).summary() == splits.summary()
    smaller = datasets.load(spec | {"train_size": 200, "tune_size": 200}).summary()
    assert smaller["test"] == splits.summary()["test"]
    assert smaller["train"]["sha256"] != smaller["tune"]["sha256"]
    together = np.concatenate(images(splits))
    # on a curve a pair may meet by rounding to float32
    assert len(np.unique(together, axis=0)) > len(together) - 5


def test_the_grid_has_equal_gaussians_at_its_nodes():
    points = datasets.load(GRID).train
    nodes = np.round(points / 2) * 2
    assert set(map(tuple, nodes)) == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}
    counts = np.unique(nodes, axis=0, return_counts=True)[1]
    assert np.abs(counts - 320).max() < 5 * 320**0.5
    assert (points - nodes).std(axis=0) == pytest.approx([0.1, 0.1], rel=0.03)
    even = datasets.mixture_of(GRID | {"side": 2, "spacing": 3.0})
    assert sorted(even.means.tolist()) == [[-1.5, -1.5], [-1.5, 1.5], [1.5, -1.5], [1.5, 1.5]]


def test_moons_are_two_half_circles_that_a_half_turn_exchanges():
    x = datasets.load(CURVES["two_moons"]).train
    upper = np.abs(np.linalg.norm(x - [-1.0, -0.5], axis=1) - 2) < 1e-5
    lower = np.abs(np.linalg.norm(x - [1.0, 0.5], axis=1) - 2) < 1e-5
    assert (upper ^ lower).all()
    assert upper.mean() == pytest.approx(0.5, abs=0.025)
    assert x[upper][:, 1].min() >= -0.5
    assert x[lower][:, 1].max() <= 0.5


def test_the_roll_s_radius_grows_with_its_angle():
    x = datasets.load(CURVES["swiss_roll"]).train
    radius = np.linalg.norm(x, axis=1)
    assert (radius.min(), radius.max()) == (
        pytest.approx(4 / 3, abs=2e-3),
        pytest.approx(4, abs=2e-3),
    )
    angle = 2 * np.pi * radius * 2.25 / 4
    wanted = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert np.allclose(x, wanted, atol=2e-5)
    assert radius.mean() == pytest.approx(8 / 3, abs=0.05)


def test_rings_have_their_radii_and_equal_mass():
    x = datasets.load(CURVES["rings"]).train
    radius = np.linalg.norm(x, axis=1)
    assert radius == pytest.approx(radius.round(), abs=1e-5)
    counts = np.bincount(radius.round().astype(int))[1:]
    assert np.abs(counts - 2000).max() < 5 * 1500**0.5
    assert np.abs(x.mean(axis=0)).max() < 0.12


def test_the_board_has_eight_equal_squares_that_touch_at_corners_alone():
    x = datasets.load(BOARD).train
    cells = np.floor(x / 2).astype(int) + 2
    assert cells.min() == 0
    assert cells.max() == 3
    assert (cells.sum(axis=1) % 2 == 0).all()
    counts = np.unique(cells, axis=0, return_counts=True)[1]
    assert len(counts) == 8
    assert np.abs(counts - 1000).max() < 5 * 1000**0.5
    inside = x / 2 - np.floor(x / 2)
    assert inside.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.02)
    assert inside.var(axis=0) == pytest.approx([1 / 12, 1 / 12], rel=0.05)


@pytest.mark.parametrize("name", CURVES)
def test_jitter_is_gaussian_of_the_given_width(name):
    smooth = datasets.load(CURVES[name]).train
    rough = datasets.load(CURVES[name] | {"noise": 0.2}).train
    assert (rough - smooth).std(axis=0) == pytest.approx([0.2, 0.2], rel=0.04)
    assert np.abs((rough - smooth).mean(axis=0)).max() < 0.012


def test_planar_data_refuses_what_is_no_scale():
    for spec in CURVES.values():
        for noise in (-0.1, float("nan")):
            with pytest.raises(ValueError, match="need noise >= 0"):
                datasets.load(spec | {"noise": noise})
    for wrong in ({"side": 0}, {"spacing": 0.0}, {"std": -1.0}):
        with pytest.raises(ValueError, match="need side >= 1, spacing > 0 and std > 0"):
            datasets.load(GRID | wrong)


@pytest.mark.parametrize("spec", [TOY, GRID], ids=["mixture", "grid"])
def test_a_mixture_s_density_is_that_of_its_data(spec):
    mixture = datasets.mixture_of(spec)
    assert mixture.means.dtype == torch.float64
    points = torch.from_numpy(datasets.load(spec).train).double()
    other = mixture.sample(len(points), generator=torch.Generator().manual_seed(1))
    # of two-dimensional Gaussians, log p varies by 1 within each
    error = 5 * (2 * mixture.log_prob(other).var() / len(points)) ** 0.5
    gap = mixture.log_prob(points).mean() - mixture.log_prob(other).mean()
    assert abs(gap) < error


@pytest.mark.parametrize("spec", [*CURVES.values(), BOARD, {"name": "digits"}])
def test_other_data_has_no_known_density(spec):
    assert datasets.mixture_of(spec) is None


def test_the_bin_width_is_the_gap_between_grey_levels(digits):
    assert digits.bin_width == np.diff(np.unique(digits.values("train"))).min()
    assert [datasets.load(spec).bin_width for spec in PLANAR.values()] == [0.0] * 5


def test_every_data_set_of_the_catalogue_can_be_loaded():
    assert set(datasets.DATASETS) == {*catalog.IMAGES, *catalog.POINTS}


def test_splits_come_back_from_their_file_as_they_were(digits, tmp_path):
    path = tmp_path / "splits.json"
    datasets.write(digits, path)
    found = datasets.read(path)
    assert {each.name for each in tmp_path.iterdir()} == {
        "splits.json",
        *(f"{name}.npy" for name in splits_module.ARRAYS),
    }
    for name, array in digits.arrays().items():
        assert np.array_equal(getattr(found, name), array)
        assert getattr(found, name).dtype == array.dtype
    assert found.bin_width == digits.bin_width
    assert found.summary() == digits.summary()


def test_rows_of_a_large_array_are_saved_in_their_order_without_a_copy(digits, tmp_path):
    every = np.concatenate(images(digits))
    index = np.random.default_rng(0).permutation(len(every))
    shuffled = digits._replace(train=Picked(every, index))
    assert shuffled.summary()["train"]["sha256"] == digest(every[index])
    datasets.write(shuffled, tmp_path / "splits.json")
    assert np.array_equal(datasets.read(tmp_path / "splits.json").train, every[index])


def test_reading_refuses_pickled_objects_and_arrays_of_other_data(digits, tmp_path):
    path = tmp_path / "splits.json"
    datasets.write(digits, path)
    np.save(tmp_path / "train.npy", digits.train[1:])
    with pytest.raises(ValueError, match=r"train.npy: found \(1096.*says \(1097"):
        datasets.read(path)
    np.save(tmp_path / "train.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="Python objects"):
        datasets.read(path)
