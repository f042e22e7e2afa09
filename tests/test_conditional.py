"""Every conditional method: what is known stays, and the rest is the unconditional sampler."""

from itertools import pairwise

import pytest
import torch
from diffusers import RePaintScheduler

from scoreladder import conditional, noise, operators, sampling
from scoreladder.analytic import GaussianMixture

LADDER = noise.geometric(5.0, 0.05, 12)
STEP = 0.3 * 0.05**2
# a method, its own arguments, and evaluations on LADDER counted by hand
METHODS = [
    ("replacement", {"steps_per_level": 3, "step_size": STEP}, 37),
    ("replacement", {"steps_per_level": [1] * 11 + [4], "step_size": STEP}, 16),
    ("projection", {"corrector_steps": 0}, 12),
    ("projection", {"corrector_steps": 2, "snr": 0.1}, 36),
    ("repaint", {"jump_length": 1, "resamplings": 1}, 12),
    ("repaint", {"jump_length": 4, "resamplings": 3}, 28),
    ("ddrm", {"eta": 0.0}, 12),
    ("ddrm", {}, 12),
]
every_method = pytest.mark.parametrize(("method", "knobs", "nfe"), METHODS)
RHO = torch.tensor([[1.0, 0.8, 0.3], [0.8, 1.0, 0.0], [0.3, 0.0, 1.0]], dtype=torch.float64)
MEANS = torch.tensor([[1.0, 0.0, 1.0], [-1.0, 0.5, 0.0]], dtype=torch.float64)
MIXTURE = GaussianMixture(MEANS, torch.stack([RHO, 0.5 * RHO]), [0.6, 0.4])


def generator(seed):
    return torch.Generator().manual_seed(seed)


def denoise(x, sigma):
    """The mixture's exact denoiser, of images (n, 3, 1, 1) in their own dtype."""
    return MIXTURE(x.flatten(1).double(), sigma).reshape(x.shape).to(x.dtype)


def start_and_truth(n=8, dtype=torch.float32):
    x = torch.randn(n, 3, 1, 1, generator=generator(0), dtype=dtype)
    return 5 * x, torch.randn(n, 3, 1, 1, generator=generator(9), dtype=dtype)


def masked(*known):
    return operators.mask(torch.tensor(known)[:, None, None], (3, 1, 1))


def complete(method, knobs, operator, denoiser=denoise, n=8):
    """Samples that know of some truth what the operator says, and that truth."""
    x, truth = start_and_truth(n)
    found = conditional.METHODS[method](
        denoiser,
        x,
        operator.forward(truth),
        operator,
        LADDER,
        **knobs,
        generator=generator(1),
        observation_generator=generator(2),
    )
    return found, truth


@every_method
def test_with_everything_known_the_input_comes_back_exactly(method, knobs, nfe):
    assert torch.equal(*complete(method, knobs, masked(True, True, True)))


@every_method
def test_known_values_are_kept_bit_for_bit_and_the_hole_is_filled(method, knobs, nfe):
    found, truth = complete(method, knobs, masked(True, False, True))
    assert torch.equal(found[:, [0, 2]], truth[:, [0, 2]])
    assert found[:, 1].unique().numel() == 8 and found.isfinite().all()


@every_method
def test_what_another_operator_knows_is_kept_to_rounding(method, knobs, nfe):
    operator = operators.colourisation()
    found, truth = complete(method, knobs, operator)
    assert torch.allclose(operator.forward(found), operator.forward(truth), atol=1e-6)
    assert not torch.allclose(found, truth, atol=0.1)


UNCONDITIONAL = [
    ("replacement", METHODS[0][1], sampling.annealed_langevin, METHODS[0][1]),
    ("replacement", METHODS[1][1], sampling.annealed_langevin, METHODS[1][1]),
    ("projection", {"corrector_steps": 0}, sampling.reverse_diffusion, {}),
    ("projection", METHODS[3][1], sampling.predictor_corrector, METHODS[3][1]),
    ("repaint", METHODS[4][1], sampling.ancestral, {}),
    ("ddrm", {"eta": 0.0}, sampling.ddim, {"eta": 0.0}),
]


@pytest.mark.parametrize(("method", "knobs", "sampler", "options"), UNCONDITIONAL)
def test_with_nothing_known_it_is_the_unconditional_sampler_bit_for_bit(
    method, knobs, sampler, options
):
    found, _ = complete(method, knobs, masked(False, False, False))
    x, _ = start_and_truth()
    assert torch.equal(found, sampler(denoise, x, LADDER, generator=generator(1), **options))


def test_replacement_under_a_mask_is_annealed_langevin_between_replacements():
    x, truth = start_and_truth()
    known, draws = torch.tensor([True, False, True])[:, None, None], generator(2)

    def replaced(x, sigma):
        z = torch.randn(x.shape, generator=draws)
        return torch.where(known, truth + sigma * z, x)

    expected = sampling.annealed_langevin(
        denoise, x, LADDER, 3, STEP, True, generator(1), constrain=replaced
    )
    found, _ = complete("replacement", METHODS[0][1], masked(True, False, True))
    assert torch.equal(found, torch.where(known, truth, expected))


@every_method
def test_evaluations_are_as_many_as_expected(method, knobs, nfe):
    counted = sampling.CountCalls(denoise)
    complete(method, knobs, masked(True, False, True), counted)
    assert counted.calls == nfe
    given = {"corrector_steps": 1, "jump_length": 10, "resamplings": 10} | knobs
    assert conditional.expected_nfe(method, len(LADDER), **given) == nfe


@every_method
def test_at_every_evaluation_the_known_part_has_fresh_noise_of_its_level(method, knobs, nfe):
    seen = []

    def spy(x, sigma):
        seen.append(((x - truth) / sigma)[:, 0].flatten())
        return denoise(x, sigma)

    _, truth = start_and_truth(4000)
    complete(method, knobs, masked(True, False, True), spy, n=4000)
    noises = torch.stack(seen).double()
    correlations = noises @ noises.T / 4000
    assert len(seen) == nfe
    assert (correlations - torch.eye(nfe)).abs().max() < 0.1


@pytest.mark.parametrize(
    ("count", "jump_length", "resamplings"), [(12, 1, 2), (12, 4, 3), (250, 10, 10), (7, 6, 2)]
)
def test_levels_are_resampled_in_the_order_of_diffusers(count, jump_length, resamplings):
    scheduler = RePaintScheduler(num_train_timesteps=count)
    scheduler.set_timesteps(count, jump_length, resamplings)
    times = [*scheduler.timesteps.tolist(), -1]
    expected = [count - 1 - before for before, after in pairwise(times) if after < before]
    assert conditional.resampled_levels(count, jump_length, resamplings) == expected
    knobs = {"jump_length": jump_length, "resamplings": resamplings}
    assert conditional.expected_nfe("repaint", count, **knobs) == len(expected)


@pytest.mark.parametrize(
    ("method", "knobs", "message"),
    [
        ("replacement", {"steps_per_level": 0, "step_size": STEP}, "need steps_per_level >= 1"),
        ("projection", {"snr": 0.0}, "need snr > 0"),
        (
            "projection",
            {"corrector_steps": -1},
            "need snr > 0 and corrector_steps >= 0, found 0.16 and -1",
        ),
        ("repaint", {"jump_length": 12}, "1 <= jump_length < 12 levels, found 10 and 12"),
        ("repaint", {"resamplings": 0}, "need resamplings >= 1"),
        ("ddrm", {"eta": 1.1}, "need 0 <= eta <= 1, found 1.1"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(method, knobs, message):
    with pytest.raises(ValueError, match=message):
        complete(method, knobs, masked(True, False, True))


def test_colours_follow_the_exact_conditional_given_their_grey():
    """Given A x = y with A Aᵀ = 1: mean Σ Aᵀ (A Σ Aᵀ)⁻¹ y, covariance Σ − Σ Aᵀ (A Σ Aᵀ)⁻¹ A Σ."""
    covariance = torch.tensor([[1.0, 0.7, 0.1], [0.7, 0.8, 0.2], [0.1, 0.2, 0.5]]).double()
    law = GaussianMixture(torch.zeros(1, 3, dtype=torch.float64), covariance[None], [1.0])
    n, operator, sigmas = 3000, operators.colourisation(), noise.geometric(3.0, 0.05, 30)
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    x = 3 * torch.randn(n, 3, 1, 1, generator=generators[0], dtype=torch.float64)
    found = conditional.replacement_langevin(
        lambda x, sigma: law(x.flatten(1), sigma).reshape(x.shape),
        x,
        torch.full((n, 1, 1, 1), 1.2, dtype=torch.float64),
        operator,
        sigmas,
        60,
        0.1 * 0.05**2,
        *generators[1:],
    ).flatten(1)
    row = torch.full((3,), 3**-0.5, dtype=torch.float64)
    gain = covariance @ row / (row @ covariance @ row)
    assert torch.allclose(found.mean(0), gain * 1.2, atol=0.06)
    assert torch.allclose(found.T.cov(), covariance - gain[:, None] * (row @ covariance), atol=0.05)
