"""What all samplers promise: shapes, dtypes, determinism, evaluations, clear refusals."""

import inspect
import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from scoreladder import noise, sampling
from scoreladder.analytic import GaussianMixture
from scoreladder.samplers.base import layer_passes

# sampler → (its arguments, evaluations on L levels); None: the solver's choice
SAMPLERS = {
    "langevin": ({"steps": 7, "step_size": 1e-3, "denoise": True}, lambda L: 8),
    "annealed_langevin": ({"steps_per_level": 3, "step_size": 1e-3}, lambda L: 3 * L + 1),
    "consistent_annealed": ({"step_size": 1.0}, lambda L: L + 1),
    "reverse_diffusion": ({}, lambda L: L),
    "ancestral": ({}, lambda L: L),
    "ddim": ({"eta": 0.5}, lambda L: L),
    "predictor_corrector": ({"corrector_steps": 2}, lambda L: 3 * L),
    "heun": ({"churn": 2.0}, lambda L: 2 * L - 1),
    "dpmpp_2m": ({}, lambda L: L),
    "pf_ode": ({"rtol": 1e-2}, None),
}
LADDERS = [noise.geometric(3.0, 0.1, 5), noise.linear(3.0, 0.1, 5), noise.single(0.5)]
DTYPES = [torch.float32, torch.float64]
# kind → what a config block says besides its levels; ncsnv2's follow from data
SPACINGS = {
    "geometric": {"sigma_max": 20.0, "sigma_min": 0.02},
    "linear": {"sigma_max": 20.0, "sigma_min": 0.02},
    "karras": {"sigma_max": 80.0, "sigma_min": 0.002},
    "ddpm_linear": {},
    "cosine": {},
    "vp": {},
    "sub_vp": {},
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(x, sigma):
    """The exact denoiser of N(1, 0.5²) in every coordinate, at any shape and dtype."""
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
    return 1 + 0.25 / (0.25 + sigma**2) * (x - 1)


def arguments(name, sigmas):
    """A sampler's levels, of which plain Langevin takes the smallest, and options to suit them."""
    options, _ = SAMPLERS[name]
    if "langevin" not in name:
        return sigmas, options
    smallest = float(sigmas[-1])
    options = options | {"step_size": 0.1 * smallest**2}
    return (smallest if name == "langevin" else sigmas), options


def run(name, x, sigmas, denoiser=gaussian, seed=1):
    levels, options = arguments(name, sigmas)
    return getattr(sampling, name)(denoiser, x, levels, generator=generator(seed), **options)


@st.composite
def ladders(draw):
    """A ladder of any kind that a config block may name, or of levels that follow no rule."""
    kind = draw(st.sampled_from([*noise.LADDERS, "any"]))
    if kind == "any":
        some = st.lists(
            st.floats(0.01, 50), min_size=1, max_size=6, unique_by=lambda s: round(s, 3)
        )
        return torch.tensor(sorted(draw(some), reverse=True), dtype=torch.float64)
    if kind == "single":
        return noise.single(draw(st.floats(0.01, 50)))
    if kind == "ncsnv2":
        data = torch.randn(20, 12, generator=generator(draw(st.integers(0, 1000))))
        return noise.ladder({"kind": kind, "sigma_min": draw(st.floats(0.3, 2.0))}, data)
    return noise.ladder({"kind": kind, "levels": draw(st.integers(2, 6))} | SPACINGS[kind])


def test_every_kind_of_ladder_is_among_those_that_samplers_are_tried_on():
    assert {*SPACINGS, "single", "ncsnv2"} == {*noise.LADDERS}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SAMPLERS)
@settings(max_examples=10)
@given(
    st.sampled_from([(), (1,), (3,), (2, 3), (1, 4, 4)]),
    st.sampled_from(DTYPES),
    ladders(),
    st.integers(0, 1000),
)
def test_samples_keep_shape_and_dtype_are_finite_and_follow_from_the_generator(
    name, dtype, shape, ladder_dtype, sigmas, seed
):
    sigmas = sigmas.to(ladder_dtype)
    x = float(sigmas[0]) * torch.randn(4, *shape, generator=generator(), dtype=dtype)
    before = x.clone()
    sample = run(name, x, sigmas, seed=seed)
    assert sample.shape == x.shape and sample.dtype == dtype
    assert sample.isfinite().all() and not sample.requires_grad
    assert torch.equal(sample, run(name, x, sigmas, seed=seed))
    assert torch.equal(x, before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_samples_stay_on_the_device_that_their_chains_start_on():
    for name in SAMPLERS:
        draws = torch.Generator("cuda").manual_seed(0)
        x = 3 * torch.randn(2000, 3, device="cuda", generator=draws)
        levels, options = arguments(name, LADDERS[0])
        sample = getattr(sampling, name)(gaussian, x, levels, generator=draws, **options)
        assert sample.device == x.device and sample.dtype == x.dtype
        assert sample.isfinite().all()


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("sigmas", LADDERS, ids=["geometric", "linear", "single"])
def test_evaluations_are_counted_and_are_those_that_the_sampler_promises(name, sigmas):
    counted = sampling.CountCalls(gaussian)
    run(name, float(sigmas[0]) * torch.randn(50, 2, generator=generator()), sigmas, counted)
    expected = SAMPLERS[name][1]
    if expected is None:
        assert 1 < counted.calls < 50
    else:
        assert counted.calls == expected(len(sigmas))


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_last_state_is_the_sample_and_gradients_stay_the_callers_business(name):
    levels, options = arguments(name, LADDERS[0])
    x = 3 * torch.randn(5, 2, generator=generator(), requires_grad=True)
    sampler = getattr(sampling, name)
    states = []
    for state in sampler.states(gaussian, x, levels, generator=generator(1), **options):
        assert torch.is_grad_enabled()
        states.append(state)
    assert torch.equal(states[-1], run(name, x, LADDERS[0]))
    assert not any(state.requires_grad for state in states)


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "heun"])
def test_every_sampler_ends_with_the_denoisers_answer_at_the_smallest_sigma(name):
    """For the one-pass samplers that is the step to σ = 0; Heun's last step may churn before."""
    levels, options = arguments(name, LADDERS[0])
    x = 3 * torch.randn(5, 2, generator=generator(), dtype=torch.float64)
    sampler = getattr(sampling, name)
    *_, before, last = sampler.states(gaussian, x, levels, generator=generator(), **options)
    assert torch.allclose(last, gaussian(before, LADDERS[0][-1]), rtol=1e-12)


def test_a_sampler_tells_its_arguments_and_that_it_returns_a_tensor():
    signature = inspect.signature(sampling.heun)
    assert list(signature.parameters)[:3] == ["denoiser", "x", "sigmas"]
    assert signature.return_annotation is Tensor
    assert sampling.heun.__name__ == "heun" and "2206.00364" in sampling.heun.__doc__


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "langevin"])
@pytest.mark.parametrize(
    "sigmas",
    [[], [1.0, 2.0], [1.0, 1.0], [1.0, 0.0], [-1.0], [math.nan], [math.inf, 1.0], [[2.0, 1.0]]],
    ids=str,
)
def test_ladders_that_do_not_descend_to_above_zero_are_refused(name, sigmas):
    with pytest.raises(ValueError, match=r"need sigmas \(L,\), descending and all > 0, found"):
        getattr(sampling, name)(
            gaussian, torch.zeros(1, 1), torch.tensor(sigmas), **SAMPLERS[name][0]
        )


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
def test_langevin_refuses_a_level_that_is_none(sigma):
    with pytest.raises(ValueError, match=r"need sigmas \(L,\), descending and all > 0, found"):
        sampling.langevin(gaussian, torch.zeros(1, 1), sigma, 3, 0.1)


@pytest.mark.parametrize("name", SAMPLERS)
def test_states_refuse_at_the_first_of_them(name):
    options, _ = SAMPLERS[name]
    level = -1.0 if name == "langevin" else torch.tensor([1.0, 2.0])
    states = getattr(sampling, name).states(gaussian, torch.zeros(1, 1), level, **options)
    with pytest.raises(ValueError, match=r"need sigmas \(L,\), descending"):
        next(states)


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("ddim", {"eta": -0.1}, "need 0 <= eta <= 1, found -0.1"),
        ("ddim", {"eta": 1.1}, "need 0 <= eta <= 1, found 1.1"),
        ("predictor_corrector", {"snr": 0.0}, "need snr > 0 and corrector_steps >= 0, found 0.0"),
        ("predictor_corrector", {"snr": math.nan}, "need snr > 0 and corrector_steps >= 0, found"),
        ("predictor_corrector", {"snr": math.inf}, "need snr > 0 and corrector_steps >= 0, found"),
        ("predictor_corrector", {"corrector_steps": -1}, "found 0.16 and -1"),
        ("heun", {"churn": -1.0}, "need churn >= 0 and noise >= 0, found -1.0 and 1.0"),
        ("heun", {"noise": -1.0}, "need churn >= 0 and noise >= 0, found 0.0 and -1.0"),
        ("pf_ode", {"rtol": 0.0}, "need 0 < rtol < 1, found 0.0"),
    ],
)
def test_options_out_of_range_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(sampling, name)(gaussian, torch.zeros(1, 1), LADDERS[0], **options)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_denoiser_may_answer_in_more_bits_than_it_is_asked_in(name):
    found = run(name, torch.ones(4, 2), LADDERS[0], lambda x, sigma: gaussian(x.double(), sigma))
    assert found.isfinite().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_evaluations_of_the_score_are_the_denoisers_own_and_count_as_one(dtype):
    mixture = GaussianMixture(torch.eye(2, dtype=dtype), 0.3, [0.6, 0.4])
    counted, x = sampling.CountCalls(mixture), torch.randn(5, 2, generator=generator()).to(dtype)
    assert torch.equal(counted.score(x, 1e-4), mixture.score(x, 1e-4))
    assert torch.equal(counted(x, 0.1), mixture(x, 0.1))
    assert counted.calls == 2
    (score,), (denoise, _) = counted.score_at([1e-4]), counted.at([0.1, 0.2])
    assert counted.calls == 2
    assert torch.equal(score(x), mixture.score(x, 1e-4))
    assert torch.equal(denoise(x), mixture(x, 0.1))
    assert counted.calls == 4
    plain = sampling.CountCalls(gaussian)
    assert torch.equal(plain.score(x, 0.5), (gaussian(x, 0.5) - x) / 0.5**2)
    assert plain.calls == 1


@pytest.mark.parametrize(
    "name", ["langevin", "annealed_langevin", "reverse_diffusion", "predictor_corrector"]
)
def test_samplers_that_step_along_the_score_ask_for_it(name):
    """All of them but for the final denoise, which is the denoiser's to give."""

    class Scored:
        def __call__(self, x, sigma):
            assert name.endswith("langevin")
            return torch.full_like(x, 7.0)

        def score(self, x, sigma):
            assert not x.isnan().any()
            return torch.zeros_like(x)

    sample = run(name, torch.zeros(5, 2), LADDERS[0], Scored())
    if name.endswith("langevin"):
        assert torch.equal(sample, torch.full((5, 2), 7.0))
    else:
        assert sample.isfinite().all()


def test_passes_are_counted_by_layer_while_they_are_looked_at():
    shared, last = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    body, idle = torch.nn.Sequential(shared, shared, last), torch.nn.Linear(2, 2)
    with layer_passes(torch.nn.ModuleList([body, idle])) as passes:
        body(torch.zeros(1, 2))
    body(torch.zeros(1, 2))
    assert passes == {shared: 2, last: 1}


def test_sampling_jobs_import_neither_the_solver_nor_the_compiler():
    """Each costs every job seconds; an adaptive sampler imports the solver when it needs it."""
    code = (
        "import sys, scoreladder.sampling, scoreladder.likelihood, scoreladder.ncsn_toy\n"
        "print([n for n in ('scipy.integrate', 'torch._dynamo') if n in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "workflow_scripts"},
        cwd=__file__.rsplit("/tests/", 1)[0],
    )
    assert found.stdout.strip() == "[]"
