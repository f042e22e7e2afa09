"""Every method of inpainting within one budget of evaluations."""

from collections import deque

import numpy as np
import pytest
import torch

from scoreladder import conditional, filling, masks, models, noise, operators, sampling, seeds
from scoreladder.errors import JobFailed

SIGMAS = noise.geometric(3.0, 0.2, 4)
DATA = 2 * torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(0)) - 1
KNOWN = masks.half(8, 8)
HALF = operators.mask(KNOWN, (1, 8, 8))


@pytest.fixture(scope="module")
def model():
    blocks = {
        "noise": {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.2, "levels": 4},
        "density": {"kind": "ladder"},
        "denoiser": "edm",
        "network": {"kind": "mlp", "width": 8, "blocks": 1},
    }
    return models.build(models.describe(blocks, DATA))


def filled(model, method, nfe, **options):
    options = {"start_std": 2.0, "relative_step_size": 0.2} | options
    return filling.fill(model, DATA[:3], HALF, method, SIGMAS, nfe, 2, (0, "half"), **options)


@pytest.mark.parametrize("nfe", [5, 11, 23, 60])
@pytest.mark.parametrize("method", filling.METHODS)
def test_a_method_spends_what_was_planned_and_never_more_than_was_given(model, method, nfe):
    ladder, knobs = filling.plan(method, SIGMAS, nfe)
    completions, spent = filled(model, method, nfe)
    assert spent == conditional.expected_nfe(method, len(ladder), **knobs) <= nfe
    assert completions.shape == (2, 3, 1, 8, 8)
    known = KNOWN.expand(1, 8, 8).numpy()
    assert (completions[..., known] == DATA[:3].numpy()[..., known]).all()


@pytest.mark.parametrize(
    ("method", "levels", "spent"),
    [("replacement", 4, 201), ("projection", 4, 200), ("repaint", 21, 201), ("ddrm", 201, 201)],
)
def test_a_budget_of_201_evaluations_is_spent(method, levels, spent):
    ladder, knobs = filling.plan(method, SIGMAS, 201)
    assert len(ladder) == levels
    assert conditional.expected_nfe(method, levels, **knobs) == spent
    assert (ladder[0], ladder[-1]) == (SIGMAS[0], SIGMAS[-1])


def test_repaint_s_jumps_have_the_share_of_the_ladder_that_its_paper_gives_them():
    """T = 250 and jumps of 10 gone 10 times take 250 + 9 · 24 · 10 evaluations."""
    ladder, knobs = filling.plan("repaint", SIGMAS, 2410)
    assert (len(ladder), knobs) == (250, {"jump_length": 10, "resamplings": 10})


def test_another_level_would_be_too_much_for_repaint():
    for nfe in range(2, 300, 7):
        ladder, knobs = filling.plan("repaint", SIGMAS, nfe)
        assert conditional.expected_nfe("repaint", len(ladder) + 1, **knobs) > nfe


def test_a_single_level_is_enough_for_projection():
    ladder, knobs = filling.plan("projection", torch.tensor([1.0]), 50)
    assert (ladder.tolist(), knobs) == ([1.0], {"corrector_steps": 49})


@pytest.mark.parametrize("method", ["repaint", "ddrm"])
def test_a_single_level_is_no_ladder_to_go_down(method):
    with pytest.raises(JobFailed, match=f"found 1 levels and 50 evaluations; {method} goes down"):
        filling.plan(method, torch.tensor([1.0]), 50)


def test_too_few_evaluations_are_refused():
    with pytest.raises(JobFailed, match="found 3 evaluations; projection needs 4: one for"):
        filling.plan("projection", SIGMAS, 3)
    with pytest.raises(JobFailed, match="found 4 evaluations; replacement needs 5"):
        filling.plan("replacement", SIGMAS, 4)


def test_a_relative_step_of_00512_is_projection_as_its_paper_has_it(model):
    """ε/σ² = 2 snr², with snr = 0.16."""
    given, _ = filled(model, "projection", 12, relative_step_size=2 * 0.16**2)
    default, _ = filled(model, "projection", 12, relative_step_size=None)
    larger, _ = filled(model, "projection", 12, relative_step_size=0.2)
    assert np.allclose(given, default, atol=1e-5) and not np.allclose(larger, default, atol=0.1)


def test_a_step_size_that_diverges_is_named(model):
    with pytest.raises(JobFailed, match="the relative step size 1e\\+30 is too large"):
        filled(model, "replacement", 9, relative_step_size=1e30)


@pytest.mark.parametrize("method", filling.METHODS)
def test_chains_are_drawn_in_blocks_of_their_own_random_numbers(model, method, monkeypatch):
    """Six chains in blocks of four: the block of the last two is what its key and rows make it."""
    whole, _ = filled(model, method, 9)
    monkeypatch.setattr(filling, "BLOCK", 4)
    blocks = {}

    def keep(name, compute):
        return blocks.setdefault(name, compute())

    found, _ = filled(model, method, 9, keep=keep)
    assert [len(block["x"]) for block in blocks.values()] == [4, 2] and list(blocks)[1] == "block1"
    assert found.shape == whole.shape and np.isfinite(found).all()
    # the fifth and sixth chain are the second completions of the second and third image
    arguments = model, DATA[1:3], HALF, method, SIGMAS, 9, (0, "half", 1), 2.0, 0.2
    assert (found[1, 1:] == deque(filling.states(*arguments), maxlen=1).pop().numpy()).all()


@pytest.mark.parametrize("method", filling.METHODS)
def test_with_everything_known_a_filling_is_its_image_bit_for_bit(model, method):
    everything = operators.mask(torch.ones(1, 8, 8, dtype=torch.bool), (1, 8, 8))
    step = {"start_std": 2.0, "relative_step_size": 0.2}
    found, _ = filling.fill(model, DATA[:3], everything, method, SIGMAS, 23, 2, (0, "all"), **step)
    assert (found == DATA[:3].numpy()).all()


def unconditional(method, model, x, ladder, knobs, generator):
    """What a method's sampler makes of x where nothing is known, written out where it has none."""
    if method == "replacement":
        steps = knobs["steps_per_level"], 0.2 * float(SIGMAS[-1]) ** 2
        return sampling.annealed_langevin(model, x, ladder, *steps, True, generator)
    if method == "projection":
        correctors = knobs["corrector_steps"]
        return sampling.predictor_corrector(model, x, ladder, 0.16, correctors, generator)
    ends, at, eta = [*ladder.tolist(), 0.0], 0, 0.85
    known = model.at(ladder.tolist())
    knobs = {"jump_length": 1, "resamplings": 1} | knobs
    for level in conditional.resampled_levels(len(ladder), **knobs):
        if level < at:
            raised = (ends[level] ** 2 - ends[at] ** 2) ** 0.5
            x = x + raised * torch.randn(x.shape, generator=generator)
        s, t, at = ends[level], ends[level + 1], level + 1
        x0 = known[level](x)
        if method == "ddrm":
            kept, added = (1 - eta**2) ** 0.5 * t / s, eta * t
        else:
            kept, added = t**2 / s**2, t * (s**2 - t**2) ** 0.5 / s
        x = x0 + kept * (x - x0)
        x = x + added * torch.randn(x.shape, generator=generator) if added else x
    return x


@pytest.mark.parametrize("method", filling.METHODS)
def test_with_nothing_known_a_filling_is_a_sample_of_the_unconditional_method(model, method):
    """As shipped: repaint jumps 10 times, ddrm has η = 0.85, projection correctors."""
    nothing, key = operators.mask(torch.zeros(1, 8, 8, dtype=torch.bool), (1, 8, 8)), (0, "none")
    step = {"start_std": 2.0, "relative_step_size": 0.2} if method == "replacement" else {}
    found, _ = filling.fill(model, DATA[:3], nothing, method, SIGMAS, 60, 1, key, **step)
    ladder, knobs = filling.plan(method, SIGMAS, 60)
    generator = seeds.generator("inpaint", *key, 0)
    mean, std = (0.0, 2.0) if step else model.prior(float(SIGMAS[0]))
    x = mean + std * torch.randn(3, 1, 8, 8, generator=generator)
    with torch.no_grad():
        expected = unconditional(method, model, x, ladder, knobs, generator)
    assert (found[0] == expected.numpy()).all()
