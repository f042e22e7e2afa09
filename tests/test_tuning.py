"""Tuning a step size: the same trials for all, none of which can sink the others."""

import numpy as np
import pytest
import torch

from scoreladder import models, sampling, tuning
from scoreladder.errors import JobFailed

LADDER = {"kind": "geometric", "sigma_max": 2.0, "sigma_min": 0.5, "levels": 4}
ANNEALED = {"sampler": "annealed_langevin", "ladder": LADDER, "nfe": 12, "denoise": True}
CONSISTENT = {"sampler": "consistent_annealed", "ladder": LADDER, "denoise": True}
KEY = ("tune", 0)
COUNT = 40
# far more than any chain bears
DIVERGING = 1e9
# a step of σ_i² that leaves more noise than the next level has
REFUSED = 0.01


def gaussian():
    """The denoiser of N(0, I): one of EDM whose network still answers 0."""
    x = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    blocks = {"noise": LADDER, "density": {"kind": "ladder"}, "denoiser": "edm"}
    network = {"kind": "mlp", "width": 4, "blocks": 1}
    data = (x - x.mean(dim=0)) / x.std()
    return models.build(models.describe(blocks | {"network": network}, data)).eval()


MODEL = gaussian()


def trials(sample, sizes, measure=lambda samples: float(np.abs(samples).mean()), key=KEY):
    return list(tuning.trials(MODEL, sample, sizes, COUNT, measure, key))


def curve(*values):
    return [{"relative_step_size": 0.1 * 2**i, "value": value} for i, value in enumerate(values)]


def test_a_trial_measures_the_samples_that_its_step_size_draws():
    seen = []
    found = trials(ANNEALED, [0.1, 0.3], lambda samples: seen.append(samples) or len(seen))
    assert found == [
        {"relative_step_size": 0.1, "value": 1},
        {"relative_step_size": 0.3, "value": 2},
    ]
    for size, samples in zip((0.1, 0.3), seen, strict=True):
        drawn, _ = sampling.draw(MODEL, ANNEALED, size, KEY, COUNT)
        assert np.array_equal(samples, drawn) and samples.shape == (COUNT, 2)


def test_trials_share_the_random_numbers_of_their_key():
    same = trials(ANNEALED, [0.2, 0.2])
    assert same[0] == same[1]
    assert trials(ANNEALED, [0.2], key=("tune", 1))[0]["value"] != same[0]["value"]


def test_trials_come_one_by_one():
    """So that the caller may show how far they are."""
    seen = []
    every = tuning.trials(MODEL, ANNEALED, [0.1, 0.2], 9, lambda x: seen.append(0) or 1.0, KEY)
    assert seen == []
    next(every)
    assert seen == [0]


def test_a_diverged_trial_has_no_value_and_is_not_measured():
    seen = []
    sizes = [0.1, DIVERGING, 0.2]
    found = trials(ANNEALED, sizes, lambda samples: seen.append(samples) or 1.0)
    assert [trial["relative_step_size"] for trial in found] == sizes
    assert [trial["value"] for trial in found] == [1.0, None, 1.0]
    assert len(seen) == 2 and all(np.isfinite(samples).all() for samples in seen)


def test_a_step_size_that_the_sampler_refuses_has_no_value():
    found = trials(CONSISTENT, [REFUSED, 0.9, 1.99])
    assert [trial["value"] is None for trial in found] == [True, False, True]
    assert tuning.best(found)["relative_step_size"] == 0.9


def test_only_refused_steps_are_forgiven():
    """A budget that no step size can help is the user's to mend."""
    with pytest.raises(JobFailed, match=r"sample\.nfe is 3, too few for a ladder of 4 levels"):
        trials(ANNEALED | {"nfe": 3}, [0.1, 0.2])

    def measure(samples):
        raise ValueError("no such metric")

    with pytest.raises(ValueError, match="no such metric"):
        trials(ANNEALED, [0.1], measure)


def test_the_best_trial_has_the_lowest_value_of_those_that_have_one():
    assert tuning.best(curve(3.0, 1.0, 2.0)) == {"relative_step_size": 0.2, "value": 1.0}
    assert tuning.best(curve(None, 5.0, None))["relative_step_size"] == 0.2
    assert tuning.best(curve(0.0, None, -1.0))["value"] == -1.0
    # of equals the smaller step
    assert tuning.best(curve(2.0, 1.0, 1.0))["relative_step_size"] == 0.2


@pytest.mark.parametrize("values", [[None], [None, None, None], []])
def test_without_a_value_there_is_no_best(values):
    with pytest.raises(JobFailed, match="no trial step size suited the sampler and kept the cha"):
        tuning.best(curve(*values))


@pytest.mark.parametrize(
    ("values", "at_edge"),
    [
        ([1.0, 2.0, 3.0], True),
        ([3.0, 2.0, 1.0], True),
        ([2.0, 1.0, 3.0], False),
        ([1.0], False),
        ([None, 1.0, 2.0], False),
        ([None, 2.0, 1.0], True),
        ([1.0, None], True),
        ([2.0, 1.0, 1.0], False),
    ],
)
def test_the_edges_of_the_grid_are_its_first_and_last_trial(values, at_edge):
    assert tuning.at_grid_edge(curve(*values)) is at_edge


def test_tuning_finds_the_step_that_keeps_a_gaussian_as_wide_as_it_is():
    """ULA spreads N(0, 1 + σ²) the more the larger its steps; too small, it stays at its start."""
    wide = ANNEALED | {"nfe": 81, "start_std": 4.0, "denoise": False}
    sizes = [1e-4, 0.1, 0.3, 3.0]
    found = trials(wide, sizes, lambda x: abs(float(x.std()) - (1 + 0.25) ** 0.5))
    assert tuning.best(found)["relative_step_size"] in (0.1, 0.3)
    assert not tuning.at_grid_edge(found)
