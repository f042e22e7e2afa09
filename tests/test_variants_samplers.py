"""Sample blocks: what a sampler takes, its ladder, and how long that is."""

# a row of the table of mistakes is one line
# ruff: noqa: E501

from contextlib import nullcontext
from functools import partial

import pytest
import torch
from config_examples import POINTS, expect_mistake, load_below
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scoreladder import noise, sampling
from scoreladder.config_errors import ConfigError
from scoreladder.config_lookups import clause, with_defaults
from scoreladder.config_schemas import check
from scoreladder.variant_merging import WRITTEN_SAMPLE, merge
from scoreladder.variant_sampling import COMPLETE_LADDER, complete, levels_of

ENDS = {"kind": "geometric", "sigma_max": 5.0, "sigma_min": 0.05}
COMMON = {"count": 20, "shards": 1}

# what a variant writes over annealed Langevin with nfe 50 → its resolved block, without COMMON
RESOLVED = {
    "langevin": (
        "{sampler: langevin, sigma: 0.5}",
        {"nfe": 50, "step_size": "tuned", "denoise": True, "start_std": 5.0}
        | {"ladder": {"kind": "single", "sigma": 0.5}},
    ),
    "annealed_langevin": (
        "{nfe: 11}",
        {"nfe": 11, "step_size": "tuned", "denoise": True, "start_std": 5.0}
        | {"ladder": ENDS | {"levels": 10}},
    ),
    "consistent_annealed": (
        "{sampler: consistent_annealed, step_size: 0.5, nfe: 12}",
        {"nfe": 12, "step_size": 0.5, "denoise": True, "start_std": 5.0}
        | {"ladder": ENDS | {"levels": 11}},
    ),
    "reverse_diffusion": (
        "{sampler: reverse_diffusion}",
        {"nfe": 50, "ladder": ENDS | {"levels": 50}},
    ),
    "ancestral": ("{sampler: ancestral, nfe: 2}", {"nfe": 2, "ladder": ENDS | {"levels": 2}}),
    "ddim": ("{sampler: ddim}", {"nfe": 50, "eta": 0.0, "ladder": ENDS | {"levels": 50}}),
    "predictor_corrector": (
        "{sampler: predictor_corrector, corrector_steps: 2}",
        {"nfe": 50, "snr": 0.16, "corrector_steps": 2, "ladder": ENDS | {"levels": 16}},
    ),
    "pf_ode": ("{sampler: pf_ode}", {"rtol": 0.001, "ladder": ENDS | {"levels": 2}}),
    "heun": (
        "{sampler: heun, nfe: 39, churn: 5}",
        {"nfe": 39, "churn": 5, "ladder": ENDS | {"levels": 20}},
    ),
    "dpmpp_2m": (
        "{sampler: dpmpp_2m, nfe: 20, ladder: {kind: karras, sigma_max: 8, sigma_min: 0.01}}",
        {"nfe": 20}
        | {
            "ladder": {
                "kind": "karras",
                "sigma_max": 8,
                "sigma_min": 0.01,
                "levels": 20,
                "rho": 7.0,
            }
        },
    ),
}


@pytest.fixture
def resolve(tmp_path):
    """A function from the text below `defaults` to the resolved variants."""
    return lambda text: load_below(tmp_path, text)["variants"]


@pytest.mark.parametrize(("written", "expected"), RESOLVED.values(), ids=RESOLVED)
def test_a_sample_block_is_resolved_in_full(resolve, request, written, expected):
    found = resolve(f"variants: {{a: {{sample: {written}}}}}")["a"]["sample"]
    assert found == COMMON | {"sampler": request.node.callspec.id} | expected


def test_every_sampler_of_the_library_can_be_configured():
    assert set(RESOLVED) == set(sampling.SAMPLERS)


@pytest.mark.parametrize("name", RESOLVED)
def test_a_ladder_spends_the_evaluations_that_it_was_cut_for(resolve, name):
    written, _ = RESOLVED[name]
    sample = resolve(f"variants: {{a: {{sample: {written}}}}}")["a"]["sample"]
    if name in ("langevin", "annealed_langevin", "pf_ode"):
        return
    for nfe in range(6, 40):
        block = sample | {"nfe": nfe}
        ladder = range(levels_of(block))
        spent = sampling.expected_nfe(block, ladder)
        assert spent <= nfe < spent + 1 + block.get("corrector_steps", 1)


def test_changing_the_sampler_keeps_what_the_new_one_takes(resolve):
    found = resolve(
        "variants:\n"
        "  ladder: {sample: {ladder: {kind: linear, sigma_max: 2.0, sigma_min: 0.1, levels: 5}}}\n"
        "  heun: {extends: ladder, sample: {sampler: heun, churn: 3, nfe: 9}}\n"
        "  ddim: {extends: heun, sample: {sampler: ddim}}\n"
    )
    linear = {"kind": "linear", "sigma_max": 2.0, "sigma_min": 0.1}
    assert found["heun"]["sample"]["ladder"] == linear | {"levels": 5}
    assert found["ddim"]["sample"] == COMMON | {
        "sampler": "ddim",
        "nfe": 9,
        "eta": 0.0,
        "ladder": linear | {"levels": 9},
    }


@pytest.mark.parametrize("sampler", sampling.SAMPLERS)
def test_merging_drops_what_a_sampler_does_not_take(sampler):
    keys = clause(WRITTEN_SAMPLE, sampler)["propertyNames"]["enum"]
    below = {"sampler": "other", "nfe": 9, "step_size": 1, "eta": 1, "rtol": 1, "sigma": 1}
    merged = merge(below, {"sampler": sampler})
    assert set(merged) == {key for key in below if key in keys}


def test_a_ladder_takes_the_ends_that_it_leaves_out_from_the_noise(resolve):
    found = resolve(
        "variants:\n"
        "  one: {sample: {sampler: dpmpp_2m, nfe: 9, ladder: {kind: karras}}}\n"
        "  two: {sample: {ladder: {kind: linear, sigma_min: 0.5, levels: 3}}}\n"
        "  three: {sample: {sampler: heun, nfe: 3, ladder: {kind: vp}}}\n"
    )
    ladders = {name: variant["sample"]["ladder"] for name, variant in found.items()}
    karras = {"kind": "karras", "sigma_max": 5.0, "sigma_min": 0.05, "levels": 9, "rho": 7.0}
    assert ladders["one"] == karras
    assert ladders["two"] == {"kind": "linear", "sigma_max": 5.0, "sigma_min": 0.5, "levels": 3}
    assert "sigma_max" not in ladders["three"]


STEPS = st.floats(0.01, 1.99)


@given(STEPS, st.integers(3, 60), st.floats(1.5, 1000.0))
@settings(max_examples=60, deadline=None)
def test_a_consistent_step_is_refused_where_the_sampler_refuses_it(step, nfe, ratio):
    noise_block = {"kind": "geometric", "sigma_max": ratio, "sigma_min": 1.0, "levels": 4}
    sample = {"sampler": "consistent_annealed", "count": 20, "denoise": True}
    sample |= {"nfe": nfe, "step_size": step}
    sigmas = noise.geometric(ratio, 1.0, nfe - 1)
    assume(abs(abs(1 - step) - float(sigmas[1] / sigmas[0])) > 1e-6)
    refused = False
    try:
        complete(sample, noise_block, ())
    except ConfigError as error:
        refused = True
        assert error.key == ("step_size",)
    generator = torch.Generator().manual_seed(0)
    x = torch.ones(1, 2, dtype=torch.float64)
    draw = partial(sampling.consistent_annealed, lambda x, sigma: x, x, sigmas, step)
    with pytest.raises(ValueError, match="step_size") if refused else nullcontext():
        draw(generator=generator)


def test_a_noise_without_levels_of_its_own_is_annealed_through(resolve):
    found = resolve("variants: {a: {noise: {kind: ncsnv2, sigma_min: 0.1}, sample: {nfe: 2}}}")["a"]
    assert found["sample"]["ladder"] == {"kind": "ncsnv2", "sigma_min": 0.1, "c": 0.5}


LADDERS = st.sampled_from(
    [
        {"kind": "single", "sigma": 0.5},
        {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.1},
        {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.1, "levels": 4},
        {"kind": "cosine", "levels": 4},
        {"kind": "vp"},
        {"kind": "ncsnv2", "sigma_min": 0.1},
        {"levels": 3},
    ]
)
LAYERS = st.fixed_dictionaries(
    {},
    optional={
        "sampler": st.sampled_from([*sampling.SAMPLERS, "direct"]),
        "nfe": st.integers(1, 40),
        "denoise": st.booleans(),
        "corrector_steps": st.integers(1, 3),
        "ladder": LADDERS,
        "sigma": st.just(0.5),
        "eta": st.just(1.0),
    },
)


@given(st.lists(LAYERS, min_size=1, max_size=4), LADDERS.filter(lambda block: "kind" in block))
@settings(max_examples=100)
def test_layers_of_samplers_resolve_or_say_what_is_wrong(layers, training):
    sample = {"sampler": "annealed_langevin", "count": 20, "nfe": 30, "step_size": 0.1}
    sample |= {"denoise": True, "start_std": 1.0}
    for layer in layers:
        sample = merge(sample, layer)
    if training["kind"] not in ("single", "ncsnv2"):
        training = {"levels": 5} | training
    training = with_defaults(training, COMPLETE_LADDER)
    try:
        found = complete(sample, training, ())
    except ConfigError as error:
        assert "\n" not in str(error)
        return
    check(found, "variant.schema.yaml#/$defs/complete_sample")
    check(found["ladder"], COMPLETE_LADDER)
    if found["sampler"] not in ("langevin", "annealed_langevin"):
        assert found["ladder"]["levels"] == levels_of(found) >= 2
    # what is resolved resolves to itself
    written = {key: value for key, value in found.items() if key != "ladder"}
    assert complete(merge(sample, written), training, ()) == found


A = "multi: {}"
MISTAKES = {
    "levels of one pass": ("{sampler: heun, nfe: 19}", "{sampler: heun, ladder: {kind: karras, sigma_max: 9, sigma_min: 1, levels: 9}}", "variants.heun.sample.ladder.levels", "found 9; levels follow from nfe with the sampler heun; leave them out"),
    "levels of the ODE": ("{sampler: heun, nfe: 19}", "{sampler: pf_ode, ladder: {levels: 9}}", "variants.heun.sample.ladder.levels", "found 9; pf_ode chooses its own steps between the ladder's ends"),
    "one pass of one scale": (A, "multi: {noise: {kind: single, sigma: 1}, sample: {sampler: ddim}}", "variants.multi.sample.ladder", "missing, and the noise is single; ddim passes down a ladder between two ends: give one, such as {kind: geometric"),
    "one pass of levels that the data sets": (A, "multi: {noise: {kind: ncsnv2, sigma_min: 1}, sample: {sampler: pf_ode}}", "variants.multi.sample.ladder", "missing, and the noise is ncsnv2; pf_ode passes down"),
    "one pass down one scale": (A, "multi: {sample: {sampler: ddim, ladder: {kind: single, sigma: 1}}}", "variants.multi.sample.ladder", "found {'kind': 'single', 'sigma': 1}; ddim passes down"),
    "too few evaluations for Heun": ("nfe: 19}}", "nfe: 2}}", "variants.heun.sample.nfe", "found 2; heun needs evaluations for two levels of its ladder: >= 3"),
    "too few evaluations for a corrector": (A, "multi: {sample: {sampler: predictor_corrector, corrector_steps: 3, nfe: 7}}", "variants.multi.sample.nfe", "found 7; predictor_corrector needs evaluations for two levels of its ladder: >= 8"),
    "too few evaluations to denoise": (A, "multi: {sample: {sampler: consistent_annealed, nfe: 2}}", "variants.multi.sample.nfe", "found 2; consistent_annealed needs evaluations for two levels of its ladder: >= 3"),
    "more levels than steps": (A, "multi: {noise: {kind: cosine, levels: 10, steps: 20}, sample: {sampler: ancestral}}", "variants.multi.sample.ladder.levels", "found 50; at most steps, which is 20"),
    "unfinished ladder": (A, "multi: {noise: {kind: cosine, levels: 9}, sample: {ladder: {kind: karras, sigma_max: 3, levels: 9}}}", "variants.multi.sample.ladder.sigma_min", "missing; a finite number > 0"),
    "ladder without a kind": ("nfe: 19}}", "nfe: 19, ladder: {sigma_max: 3}}}", "variants.heun.sample.ladder.kind", "missing; one of: single"),
    "end below that of the noise": ("nfe: 19}}", "nfe: 19, ladder: {kind: karras, sigma_max: 0.1}}}", "variants.heun.sample.ladder.sigma_max", "found 0.1; more than sigma_min, which is 0.2"),
    "step that leaves too much noise": (A, "multi: {sample: {sampler: consistent_annealed, nfe: 11, step_size: 0.3}}", "variants.multi.sample.step_size", "found 0.3; consistent_annealed with a ladder of 10 levels needs a step > 0.4005 and < 1.599"),
    "step that turns the noise around": (A, "multi: {sample: {sampler: consistent_annealed, nfe: 11, step_size: 1.6}}", "variants.multi.sample.step_size", "found 1.6; consistent_annealed"),
    "key of another sampler": ("nfe: 19}}", "nfe: 19, eta: 1}}", "variants.heun.sample.eta", "found 1; sampler heun has only: sampler, count, shards, nfe, churn, ladder"),
    "budget of the ODE": ("{sampler: heun, nfe: 19}", "{sampler: pf_ode, nfe: 19}", "variants.heun.sample.nfe", "found 19; sampler pf_ode has only: sampler, count, shards, rtol, ladder"),
    "more noise than fresh": (A, "multi: {sample: {sampler: ddim, eta: 1.5}}", "variants.multi.sample.eta", "found 1.5; a finite number >= 0 and <= 1"),
    "direct sampling of a score": ("{sampler: heun, nfe: 19}", "{sampler: direct}", "variants.heun.sample.sampler", "found 'direct'; only vae, gan and flow draw directly"),
    "another ladder from the data": (A, "multi: {sample: {ladder: {kind: ncsnv2, sigma_min: 1}}}", "variants.multi.sample.ladder", "found {'kind': 'ncsnv2', 'sigma_min': 1, 'c': 0.5}; a ladder that is derived from the training data is the training noise's"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_sample_block(tmp_path, old, new, key, says):
    expect_mistake(tmp_path, POINTS, old, new, key, says)
