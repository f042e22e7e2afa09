"""The densities that training draws σ from: draws, probabilities and loss-aware sampling."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from scoreladder import noise
from scoreladder.densities import (
    ImportanceByLoss,
    LogNormal,
    LogUniform,
    OverLadder,
    UniformTime,
    density,
)
from scoreladder.sdes import VE, VP, SubVP

SIGMAS = noise.geometric(5.0, 0.05, 10)
CONTINUOUS = [
    LogUniform(0.05, 5.0),
    LogNormal(-1.2, 1.2),
    UniformTime(VP()),
    UniformTime(SubVP(0.5, 6.0), 1e-2),
    UniformTime(VE(0.05, 5.0), 1e-2),
]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def filled(sigmas=SIGMAS, seed=0, batches=40):
    """Loss-aware sampling that has seen losses of size σ² around every level."""
    found, g = ImportanceByLoss(sigmas), generator(seed)
    for _ in range(batches):
        sigma = found.sample(32, g)
        found.update(sigma, sigma**2 * torch.rand(32, generator=g, dtype=sigma.dtype))
    return found


@pytest.mark.parametrize("power", [0.0, 1.0, -2.0])
def test_draws_over_a_ladder_follow_the_power_of_its_levels(power):
    over = OverLadder(SIGMAS, power)
    sample = over.sample(20_000, generator())
    counts = [(sample == sigma).sum().item() for sigma in SIGMAS]
    p = SIGMAS**power / (SIGMAS**power).sum()
    assert over.log_prob(SIGMAS).exp().tolist() == pytest.approx(p.tolist(), rel=1e-12)
    assert sum(counts) == 20_000
    # levels too rare for the test's approximation count as one
    rare = p * 20_000 < 5
    observed = [c for c, few in zip(counts, rare, strict=True) if not few]
    expected = (p[~rare] * 20_000).tolist()
    left = 20_000 - sum(observed)
    if rare.any():
        observed, expected = [*observed, left], [*expected, 20_000 - sum(expected)]
    assert stats.chisquare(observed, expected).pvalue > 0.01
    assert over.log_prob(torch.tensor([0.07]).double()).item() == -math.inf
    assert over.support == (0.05, 5.0)


def test_uniform_levels_are_drawn_as_plain_indices_are():
    index = torch.randint(10, (1000,), generator=generator())
    assert torch.equal(OverLadder(SIGMAS).sample(1000, generator()), SIGMAS[index])


DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("ladder_dtype", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "make",
    [OverLadder, lambda sigmas: OverLadder(sigmas, 3.0), filled],
    ids=["uniform", "power", "importance"],
)
def test_probabilities_over_a_ladder_keep_shape_and_type_and_sum_to_one(make, dtype, ladder_dtype):
    """Whichever of draws and ladder is in float32: a level is known to 1e-6 of it."""
    over = make(SIGMAS.to(ladder_dtype))
    found = over.log_prob(SIGMAS.to(dtype).reshape(2, 5))
    assert found.shape == (2, 5) and found.dtype == dtype
    assert found.exp().sum().item() == pytest.approx(1, rel=1e-6)
    assert over.sample(7, generator()).dtype == ladder_dtype
    between = torch.cat([SIGMAS * (1 + 1e-5), SIGMAS * (1 - 1e-5), SIGMAS[:3] * math.nan])
    assert (over.log_prob(between.to(dtype)) == -math.inf).all()


def test_draws_in_float32_are_scored_by_the_level_next_to_them_on_a_dense_ladder():
    sigmas = noise.geometric(1.01, 1.0, 500)
    over = OverLadder(sigmas, 50.0)
    expected = over.log_prob(sigmas)
    assert torch.allclose(over.log_prob(sigmas.float()).double(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "continuous, law",
    [
        (LogUniform(0.05, 5.0), stats.loguniform(0.05, 5.0)),
        (LogNormal(-1.2, 1.2), stats.lognorm(1.2, scale=math.exp(-1.2))),
    ],
)
def test_continuous_densities_are_those_of_scipy(continuous, law):
    sample = continuous.sample(20_000, generator())
    assert stats.kstest(sample.numpy(), law.cdf).pvalue > 0.01
    grid = torch.linspace(0.06, 4.9, 50, dtype=torch.float64)
    assert continuous.log_prob(grid).numpy() == pytest.approx(law.logpdf(grid.numpy()))


@pytest.mark.parametrize("continuous", CONTINUOUS[2:])
def test_times_behind_the_draws_of_an_sde_are_uniform(continuous):
    t = continuous.sde.time(continuous.sample(20_000, generator()).double())
    law = stats.uniform(continuous.t_min, 1 - continuous.t_min)
    assert stats.kstest(t.numpy(), law.cdf).pvalue > 0.01


@pytest.mark.parametrize("continuous", CONTINUOUS)
def test_continuous_densities_have_a_mass_of_one_on_their_support(continuous):
    low, high = continuous.support
    sample = continuous.sample(20_000, generator())
    assert sample.dtype == torch.float32
    # in float32 as the draws are, where an end has the nearest float32
    ends = torch.tensor([low, high])
    assert sample.min() >= ends[0] and sample.max() <= ends[1]
    # in u = ln σ, where the integrand is smooth
    mass, _ = integrate.quad(
        lambda u: continuous.log_prob(torch.tensor(u).double().exp()).exp().item() * math.exp(u),
        math.log(max(low, 1e-6)) + 1e-12,
        math.log(min(high, 1e4)) - 1e-12,
        limit=200,
    )
    assert mass == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("continuous", CONTINUOUS)
def test_log_densities_keep_shape_and_type(continuous, dtype):
    sigma = torch.full((2, 3), 0.5, dtype=dtype)
    found = continuous.log_prob(sigma)
    assert found.shape == (2, 3) and found.dtype == dtype and found.isfinite().all()


@pytest.mark.parametrize("continuous", [c for c in CONTINUOUS if c.support[0] > 0])
def test_there_is_no_mass_outside_the_ends(continuous):
    low, high = continuous.support
    outside = continuous.log_prob(torch.tensor([low * 0.99, high * 1.01]))
    assert outside.tolist() == [-math.inf, -math.inf]


def test_uniform_time_of_the_ve_sde_is_log_uniform():
    t_min = 1e-3
    found = UniformTime(VE(0.05, 5.0), t_min)
    expected = LogUniform(0.05 * 100**t_min, 5.0)
    grid = noise.geometric(4.9, 0.06, 20)
    assert found.log_prob(grid).tolist() == pytest.approx(expected.log_prob(grid).tolist())
    assert found.support == pytest.approx(expected.support)


def test_importance_is_uniform_until_every_level_has_ten_losses():
    sigmas = noise.geometric(2.0, 0.5, 3)
    found = ImportanceByLoss(sigmas)
    found.update(sigmas[[0] * 10 + [1] * 10 + [2] * 9], torch.full((29,), 7.0).double())
    assert found.probabilities.tolist() == pytest.approx([1 / 3] * 3)
    assert found.correction(sigmas).tolist() == pytest.approx([1.0] * 3)
    found.update(sigmas[2:], torch.tensor([700.0]).double())
    assert found.probabilities[2] > 0.9


def test_importance_is_the_root_mean_square_of_the_last_ten_losses():
    sigmas = noise.geometric(2.0, 0.5, 3)
    found, g = ImportanceByLoss(sigmas), generator()
    history = [[], [], []]
    for size in (1, 5, 64, 3, 40, 17):
        index = torch.randint(3, (size,), generator=g)
        losses = torch.rand(size, generator=g, dtype=torch.float64)
        found.update(sigmas[index], losses)
        for level, loss in zip(index.tolist(), losses.tolist(), strict=True):
            history[level].append(loss)
    size = [math.sqrt(sum(x**2 for x in losses[-10:]) / 10) for losses in history]
    expected = [x / sum(size) for x in size]
    assert found.probabilities.tolist() == pytest.approx(expected, rel=1e-12)
    assert found.log_prob(sigmas).exp().tolist() == pytest.approx(expected, rel=1e-12)


def test_corrected_losses_have_the_mean_that_they_have_under_uniform_levels():
    found = filled()
    losses = torch.rand(10, generator=generator(3), dtype=torch.float64)
    p = found.probabilities
    assert p.max() > 3 * p.min()
    corrected = (p * found.correction(SIGMAS) * losses).sum()
    assert corrected.item() == pytest.approx(losses.mean().item(), rel=1e-12)
    sample = found.sample(50_000, generator())
    counts = [(sample == sigma).sum().item() for sigma in SIGMAS]
    seen = [(c, q) for c, q in zip(counts, (p * 50_000).tolist(), strict=True) if q >= 5]
    assert all(abs(c - q) < 5 * math.sqrt(q) for c, q in seen)


@pytest.mark.parametrize("ladder_dtype", DTYPES)
def test_importance_learns_from_draws_of_either_dtype_and_from_levels_alone(ladder_dtype):
    expected = filled(SIGMAS.to(ladder_dtype))
    found = ImportanceByLoss(SIGMAS.to(ladder_dtype))
    found.restore(expected.state())
    sigma, losses = SIGMAS[[0, 3, 3, 9]], torch.tensor([4.0, 0.5, 2.0, 1.0])
    expected.update(sigma.to(ladder_dtype), losses)
    for dtype in DTYPES:
        other = ImportanceByLoss(SIGMAS.to(ladder_dtype))
        other.restore(found.state())
        other.update(sigma.to(dtype), losses.to(dtype))
        assert torch.equal(other.probabilities, expected.probabilities)
        # a sigma between two levels is none of them
        other.update(sigma.to(dtype) * 1.1, 100 * losses)
        assert torch.equal(other.probabilities, expected.probabilities)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(0, 100))
def test_how_losses_are_cut_into_batches_does_not_matter(sizes, seed):
    g, n = generator(seed), sum(sizes)
    sigma = SIGMAS[torch.randint(10, (n,), generator=g)]
    losses = torch.rand(n, generator=g, dtype=torch.float64)
    whole, parts = ImportanceByLoss(SIGMAS), ImportanceByLoss(SIGMAS)
    whole.update(sigma, losses)
    for piece, values in zip(sigma.split(sizes), losses.split(sizes), strict=True):
        parts.update(piece, values)
    assert torch.equal(whole.state()["seen"], parts.state()["seen"])
    # what is left of ten-long memories is the same, wherever it lies
    found, expected = (d.state()["losses"].sort(dim=1).values for d in (parts, whole))
    full = whole.state()["seen"] >= 10
    assert torch.equal(found[full], expected[full])


def test_an_importance_density_goes_on_bit_for_bit():
    for sigmas in (SIGMAS, SIGMAS.float()):
        one = filled(sigmas)
        state = one.state()
        other = ImportanceByLoss(sigmas)
        other.restore(state)
        assert torch.equal(one.sample(100, generator(1)), other.sample(100, generator(1)))
        sigma = one.sample(100, generator(2))
        for each in (one, other):
            each.update(sigma, sigma + 1)
        assert torch.equal(one.probabilities, other.probabilities)
        # the state is a copy: it did not move with the density
        other.restore(state)
        assert not torch.equal(one.probabilities, other.probabilities)
    with pytest.raises(ValueError, match="of 10 levels, the ladder has 1"):
        ImportanceByLoss(noise.single(1.0)).restore(state)


def test_losses_that_are_not_finite_or_all_zero_leave_a_density_that_can_be_drawn():
    found = filled()
    before = found.probabilities
    found.update(SIGMAS[:3], torch.tensor([math.nan, math.inf, -math.inf]).double())
    assert torch.equal(found.probabilities, before)
    found.update(SIGMAS.repeat(10), torch.zeros(100).double())
    assert found.probabilities.tolist() == pytest.approx([0.1] * 10)


def test_losses_are_remembered_without_their_graph():
    found = ImportanceByLoss(SIGMAS)
    found.update(SIGMAS, (SIGMAS * torch.ones(10, dtype=torch.float64, requires_grad=True)))
    assert not found.state()["losses"].requires_grad


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: OverLadder(torch.tensor([])), "need a ladder"),
        (lambda: OverLadder(torch.tensor([1.0, 0.0])), "need a ladder"),
        (lambda: OverLadder(SIGMAS, math.inf), "finite power, found inf"),
        (lambda: ImportanceByLoss(SIGMAS.reshape(2, 5)), r"need a ladder .*\(2, 5\)"),
        (lambda: LogUniform(5.0, 0.05), "0 < sigma_min < sigma_max"),
        (lambda: LogNormal(0.0, 0.0), "std > 0"),
        (lambda: UniformTime(VP(), 1.0), "0 < t_min < 1, found 1.0"),
        (lambda: density({"kind": "uniform"}, SIGMAS), "unknown kind 'uniform'; one of: ladder, "),
    ],
)
def test_refuses_what_is_no_density(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_config_block_names_its_density():
    assert density({"kind": "ladder"}, SIGMAS).sigmas is SIGMAS
    assert density({"kind": "ladder"}, SIGMAS).power == 0
    assert density({"kind": "ladder", "power": 1}, SIGMAS).power == 1
    block = {"kind": "log_uniform", "sigma_min": 0.1, "sigma_max": 2.0}
    assert density(block, SIGMAS) == LogUniform(0.1, 2.0)
    block = {"kind": "log_normal", "mean": -1.2, "std": 1.2}
    assert density(block, SIGMAS) == LogNormal(-1.2, 1.2)
    assert density({"kind": "vp"}, SIGMAS) == UniformTime(VP(0.1, 20.0), 1e-3)
    block = {"kind": "sub_vp", "beta_min": 0.2, "beta_max": 5.0, "t_min": 0.01}
    assert density(block, SIGMAS) == UniformTime(SubVP(0.2, 5.0), 0.01)
    assert density({"kind": "importance"}, SIGMAS).sigmas is SIGMAS
