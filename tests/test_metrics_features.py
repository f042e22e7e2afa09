"""Moments in chunks, FID∞, KID and neighbours in feature space: closed forms and other programs."""

import warnings

import numpy as np
import pytest
import torch

from scoreladder import features, metrics
from scoreladder.metrics_features import fid_infinity, kid, streaming_moments
from scoreladder.metrics_neighbours import (
    density_coverage,
    fresh_distance,
    memorisation,
    nearest_neighbour_distance,
    precision_recall,
)

# of real points on a line, at k = 1 the balls' radii are 1, 1, 2, 4
LINE = np.array([[0.0], [1.0], [3.0], [7.0]])


@pytest.fixture(scope="module")
def fidelity():
    """The package torch-fidelity, which needs a torchvision that can be imported."""
    features.import_torchvision()
    import torch_fidelity.metric_fid
    import torch_fidelity.metric_kid
    import torch_fidelity.metric_prc

    return torch_fidelity


def unlike(n, m, dim):
    """Two sets of float32 features of different laws, like those of a network."""
    random = np.random.default_rng(dim)
    x = random.standard_normal((n, dim)) @ random.standard_normal((dim, dim)) / np.sqrt(dim)
    y = 0.3 + 0.8 * random.standard_normal((m, dim))
    return x.astype(np.float32), y.astype(np.float32)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("cuts", [[], [0, 0, 1, 2], [7, 150], range(1, 300)])
def test_moments_of_chunks_are_those_of_all_rows(offset, cuts):
    rows = offset + np.random.default_rng(0).standard_normal((300, 5)) * [1, 2, 3, 4, 5]
    mean, cov, count = streaming_moments(iter(np.split(rows, cuts)))
    expected_mean, expected_cov = metrics.moments(rows)
    assert count == 300 and mean.dtype == cov.dtype == np.float64
    # of data whose mean is 10⁶ standard deviations, six digits are gone before any sum
    scale = 1e-10 * np.abs(expected_cov).max()
    assert np.abs(cov - expected_cov).max() <= scale
    assert np.abs(mean - expected_mean).max() <= 1e-10 * np.abs(expected_mean).max()
    assert np.array_equal(cov, cov.T)


def test_moments_of_chunks_are_float64_sums_of_any_arrays():
    rows = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
    mean, cov, _ = streaming_moments(torch.from_numpy(rows).split(7))
    assert mean == pytest.approx(metrics.moments(rows)[0], rel=1e-12)
    assert cov == pytest.approx(metrics.moments(rows)[1], rel=1e-10)


@pytest.mark.parametrize(
    "chunks, message",
    [
        ([], "need 2 or more features, found 0"),
        ([np.ones((1, 3)), np.ones((0, 3))], "need 2 or more features, found 1"),
        ([np.ones((4, 3)), np.ones((4, 2))], "features do not match: 3 and then 2"),
        ([np.ones(4)], "features do not match"),
        ([np.ones((4, 3)), np.full((4, 3), np.nan)], "features are not finite"),
        ([np.full((4, 3), np.inf)], "features are not finite"),
    ],
)
def test_moments_of_chunks_refuse_what_has_none(chunks, message):
    with pytest.raises(ValueError, match=message):
        streaming_moments(chunks)


@pytest.mark.parametrize("dim, count", [(64, 400), (256, 1000), (64, 40)])
def test_fid_is_that_of_cleanfid_and_torch_fidelity(fidelity, dim, count):
    x, y = unlike(count, 2 * count, dim)
    first, second = metrics.moments(x), metrics.moments(y)
    found = metrics.frechet_distance(*first, *second)
    theirs = [dict(zip(("mu", "sigma"), each, strict=True)) for each in (first, second)]
    (other,) = fidelity.metric_fid.fid_statistics_to_metric(*theirs, verbose=False).values()
    # 40 features in 64 dimensions: roots of the eigenvalues that rounding makes of zeros
    assert found == pytest.approx(other, rel=1e-9 if count > dim else 1e-6)
    if count > dim:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # clean-fid's call of sqrtm
            clean = features.import_cleanfid().fid.frechet_distance(*first, *second)
        assert found == pytest.approx(clean, rel=1e-6)


@pytest.mark.parametrize("rank", [1, 20, 63])
def test_the_frechet_distance_of_singular_covariances_does_not_hang_on_which_is_first(rank):
    random = np.random.default_rng(rank)
    flat = random.standard_normal((64, rank))
    singular = (np.zeros(64), flat @ flat.T)
    full = (np.ones(64), np.cov(random.standard_normal((64, 500))))
    found = metrics.frechet_distance(*singular, *full)
    assert metrics.frechet_distance(*full, *singular) == pytest.approx(found, rel=1e-7)
    # √eig(FᵀΣF) of the rank columns F alone, which knows no zeros
    overlap = np.sqrt(np.linalg.eigvalsh(flat.T @ full[1] @ flat)).sum()
    expected = 64 + np.trace(singular[1]) + np.trace(full[1]) - 2 * overlap
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dim, count", [(128, 1000), (128, 2000), (128, 5000)])
def test_fid_infinity_is_far_nearer_to_the_truth_than_fid(dim, count):
    # so many dimensions that the bias stands out from what two draws scatter by
    spread, reference = 1.2, (np.zeros(dim), np.eye(dim))
    truth = dim * 0.1**2 + dim * (spread - 1) ** 2
    plain, infinite = [], []
    for seed in range(2):
        x = 0.1 + spread * np.random.default_rng(seed).standard_normal((count, dim))
        plain.append(metrics.frechet_distance(*metrics.moments(x), *reference) - truth)
        infinite.append(fid_infinity(x, reference) - truth)
    assert np.mean(plain) > 0.1
    assert abs(np.mean(infinite)) < np.mean(plain) / 5
    assert np.abs(infinite).mean() < np.abs(plain).mean() / 2


def test_fid_infinity_is_a_function_of_features_and_seed():
    x = np.random.default_rng(0).standard_normal((400, 4))
    reference = np.zeros(4), np.eye(4)
    assert fid_infinity(x, reference) == fid_infinity(x, reference)
    assert fid_infinity(x, reference, seed=1) != fid_infinity(x, reference)
    with pytest.raises(ValueError, match="need 200 or more features of each, found 199"):
        fid_infinity(x[:199], reference)
    with pytest.raises(ValueError, match="need 2 or more points for a line, found 1"):
        fid_infinity(x, reference, points=1)
    with pytest.raises(ValueError, match="moments do not match"):
        fid_infinity(x, (np.zeros(3), np.eye(3)))


def test_kid_is_that_of_torch_fidelity_on_the_same_subsets(fidelity):
    x, y = unlike(300, 400, 64)
    theirs = fidelity.metric_kid.kid_features_to_metric(
        *(torch.from_numpy(each).double() for each in (x, y)),
        kid_subsets=20,
        kid_subset_size=100,
        rng_seed=3,
        verbose=False,
    )
    found = kid(x, y, subsets=20, subset_size=100, seed=3)
    assert found == pytest.approx(tuple(theirs.values()), rel=1e-9)


def test_kid_of_whole_sets_is_that_of_cleanfid():
    x, y = unlike(200, 200, 64)
    theirs = features.import_cleanfid().fid.kernel_distance(x.astype(float), y.astype(float), 1)
    mean, deviation = kid(x, y, subsets=3)
    assert mean == pytest.approx(theirs, rel=1e-9)
    assert deviation == pytest.approx(0, abs=1e-12)


def test_kid_by_hand_and_without_bias():
    # k(0,0) = 1, k(1,1) = 8; across ±1 the kernel is 0
    assert kid(np.zeros((2, 1)), np.ones((2, 1)), subsets=1) == (1 + 8 - 2, 0)
    assert kid(np.array([[1.0], [1.0]]), -np.ones((2, 1)), subsets=1) == (8 + 8, 0)
    random = np.random.default_rng(0)
    found = np.array([kid(*random.standard_normal((2, 60, 8)), subsets=1)[0] for _ in range(200)])
    assert found.min() < 0 < found.max()
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))


def test_precision_and_recall_by_hand():
    # balls of the real points: [−1, 1], [0, 2], [1, 5], [3, 11]; of the fakes: 10 ± 1 and 11 ± 1
    fake = np.array([[10.0], [11.0]])
    assert precision_recall(LINE, fake, k=1) == (1, 0)
    # of which 12 is beyond the last, and whose balls, of radius 2, hold none
    assert precision_recall(LINE, np.array([[10.0], [12.0]]), k=1) == (0.5, 0)
    # the fakes' balls: [−2, 2], [−2, 2] and [−4, 12]
    assert precision_recall(LINE, np.array([[-2.0], [0.0], [4.0]]), k=1) == (2 / 3, 1)


def test_density_and_coverage_by_hand():
    # 0.5 is in two balls, 4 in two, 12 in none
    fake = np.array([[0.5], [4.0], [12.0]])
    assert density_coverage(LINE, fake, k=1) == (4 / 3, 1)
    assert density_coverage(LINE, fake[2:].repeat(2, axis=0), k=1) == (0, 0)
    assert density_coverage(LINE, np.array([[-0.5], [-0.5]]), k=1) == (1, 1 / 4)


@pytest.mark.parametrize("dim", [1, 3, 200])
@pytest.mark.parametrize("offset", [0.0, 1e5])
def test_a_set_is_all_within_itself(dim, offset):
    real = offset + np.random.default_rng(dim).standard_normal((700, dim))
    turned = real[::-1]
    assert precision_recall(real, turned) == (1, 1)
    # each ball, being closed, holds its centre, its k nearest and no more
    assert density_coverage(real, turned, k=5) == (pytest.approx(6 / 5, rel=1e-12), 1)


def test_repeated_features_are_in_balls_of_no_radius():
    real = np.random.default_rng(0).standard_normal((600, 40)).repeat(2, axis=0)
    assert precision_recall(real, real[::-1], k=1) == (1, 1)
    assert density_coverage(real, real[::-1], k=1) == (2, 1)
    assert precision_recall(real, real + 0.01, k=1) == (0, 0)


def test_sets_far_apart_have_nothing_in_common():
    x, y = unlike(60, 50, 8)
    assert precision_recall(x, y + 100) == (0, 0)
    assert density_coverage(x, y + 100) == (0, 0)


@pytest.mark.parametrize("count, fakes, k", [(40, 40, 5), (30, 60, 3), (50, 20, 1)])
def test_density_and_coverage_of_equal_laws_have_their_closed_forms(count, fakes, k):
    random = np.random.default_rng(count)
    draws = [
        density_coverage(random.standard_normal((count, 4)), random.standard_normal((fakes, 4)), k)
        for _ in range(600)
    ]
    missed = np.prod([(count - i) / (fakes + count - i) for i in range(1, k + 1)])
    means, errors = np.mean(draws, axis=0), np.std(draws, axis=0) / np.sqrt(len(draws))
    assert (np.abs(means - (1, 1 - missed)) < 3.5 * errors).all()
    assert errors.max() < 0.02


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_are_those_of_torch_fidelity(fidelity, k):
    real, fake = unlike(600, 700, 6)
    theirs = fidelity.metric_prc.prc_features_to_metric(
        torch.from_numpy(fake).double(),
        torch.from_numpy(real).double(),
        prc_neighborhood=k,
        verbose=False,
    )
    found = precision_recall(real, fake, k)
    assert 0 < found[1] < 1 and 0 < found[0] < 1
    assert found == pytest.approx((theirs["precision"], theirs["recall"]), abs=1e-6)


def test_the_nearest_neighbour_is_that_of_all_distances():
    samples, train = unlike(530, 1100, 7)
    distances, index = nearest_neighbour_distance(samples, train)
    every = torch.cdist(
        *(torch.from_numpy(each).double() for each in (samples, train)),
        compute_mode="donot_use_mm_for_euclid_dist",
    ).numpy()
    assert np.array_equal(index, every.argmin(axis=1))
    assert distances == pytest.approx(every.min(axis=1), rel=1e-12)


def test_memorisation_tells_copies_from_fresh_draws():
    train, held_out, fresh = np.random.default_rng(0).standard_normal((3, 600, 16)) + 50
    copies = train[::2].astype(np.float32)
    distances, index = nearest_neighbour_distance(copies, train.astype(np.float32))
    assert (distances == 0).all() and np.array_equal(index, np.arange(0, 600, 2))
    usual = fresh_distance(held_out, train)
    assert memorisation(copies, train.astype(np.float32), usual) == 0
    assert memorisation(fresh, train, usual) == pytest.approx(1, abs=0.03)
    mixed = np.concatenate([fresh[:300], train[:300]])
    assert memorisation(mixed, train, usual) == pytest.approx(0.5, abs=0.03)
    with pytest.raises(ValueError, match="all held-out features are training features"):
        fresh_distance(train[:5], train)


@pytest.mark.parametrize("measure", [kid, precision_recall, density_coverage])
def test_what_cannot_be_compared_is_refused(measure):
    x, y = unlike(20, 20, 4)
    with pytest.raises(ValueError, match="features do not match"):
        measure(x, y[:, :3])
    with pytest.raises(ValueError, match="features are not finite"):
        measure(x, y * np.nan)
    with pytest.raises(ValueError, match=r"need \d or more features of each, found 20 and 1"):
        measure(x, y[:1])


def test_counts_that_mean_nothing_are_refused():
    x, y = unlike(20, 20, 4)
    for measure in (precision_recall, density_coverage):
        with pytest.raises(ValueError, match="need k >= 1, found 0"):
            measure(x, y, k=0)
    for wrong in ({"subsets": 0}, {"subset_size": 1}):
        with pytest.raises(ValueError, match="need subsets >= 1 and subset_size >= 2"):
            kid(x, y, **wrong)
    with pytest.raises(ValueError, match="need 1 or more features of each, found 0 and 20"):
        nearest_neighbour_distance(x[:0], y)
