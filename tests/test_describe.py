"""Variants in words."""

import pytest
from config_examples import POINTS, VALID, loaded

from scoreladder import describe, sampling

LADDERS = {
    "σ = 0.5": {"kind": "single", "sigma": 0.5},
    "linear 5 → 0.1, 4 levels": {"kind": "linear", "sigma_max": 5, "sigma_min": 0.1, "levels": 4},
    "Karras (ρ = 7) 80 → 0.002, 18 levels": {"kind": "karras", "sigma_max": 80, "sigma_min": 0.002}
    | {"levels": 18, "rho": 7.0},
    "cosine of 1000 steps, 50 levels": {"kind": "cosine", "steps": 1000, "levels": 50},
    "DDPM linear β 0.0001 → 0.02 in 1000 steps, 50 levels": {"kind": "ddpm_linear", "levels": 50}
    | {"steps": 1000, "beta_start": 1e-4, "beta_end": 0.02},
    "sub-VP β 0.1 → 20, 50 levels": {"kind": "sub_vp", "beta_min": 0.1, "beta_max": 20.0}
    | {"t_min": 0.001, "levels": 50},
    "NCSNv2 from the data → 0.01, C = 0.5": {"kind": "ncsnv2", "sigma_min": 0.01, "c": 0.5},
    "–": None,
}
WEIGHTINGS = {
    "σ²": {"kind": "sigma2"},
    "σ³": {"kind": "sigma_power", "power": 3},
    "σ⁻¹": {"kind": "sigma_power", "power": -1.0},
    "σ^2.5": {"kind": "sigma_power", "power": 2.5},
    "σ": {"kind": "sigma_power", "power": 1},
    "1": {"kind": "sigma_power", "power": 0},
    "min-SNR-5": {"kind": "min_snr", "gamma": 5.0},
    "P2, k = 1, γ = 0.5": {"kind": "p2", "k": 1.0, "gamma": 0.5},
    "g² of sub-VP": {"kind": "likelihood", "sde": "sub_vp"},
    "x₀": {"kind": "x0"},
    "–": None,
}
DENSITIES = {
    "uniform over levels": {"kind": "ladder", "power": 0.0},
    "levels by σ⁻²": {"kind": "ladder", "power": -2},
    "levels by their loss": {"kind": "importance"},
    "log-uniform 0.1 to 5": {"kind": "log_uniform", "sigma_min": 0.1, "sigma_max": 5},
    "log-normal(-1.2, 1.2²)": {"kind": "log_normal", "mean": -1.2, "std": 1.2},
    "VP, uniform time": {"kind": "vp", "beta_min": 0.1, "beta_max": 20, "t_min": 0.001},
    "–": None,
}


@pytest.mark.parametrize(("words", "block"), LADDERS.items())
def test_a_ladder(words, block):
    assert describe.ladder(block) == words


@pytest.mark.parametrize(("words", "block"), WEIGHTINGS.items())
def test_a_weighting(words, block):
    assert describe.weighting(block) == words


@pytest.mark.parametrize(("words", "block"), DENSITIES.items())
def test_a_density(words, block):
    assert describe.density(block) == words


SAMPLERS = {
    "multi": "annealed Langevin, geometric 20 → 0.2, 10 levels",
    "single": "Langevin, σ = 1",
    "heun": "Heun, geometric 20 → 0.2, 10 levels",
    "flow": "normalising flow",
    "gan": "GAN generator",
}
MODELS = {
    "multi": "MLP 8 × 1, EDM, log σ",
    "flow": "flow 8 × 2, 3 transforms",
    "gan": "GAN 8 × 2, 2 latent",
}


def test_samplers_and_models(tmp_path):
    variants = loaded(tmp_path, POINTS)["variants"]
    assert {name: describe.sampler(variants[name]) for name in SAMPLERS} == SAMPLERS
    assert describe.loss(variants["flow"]) == "negative log-likelihood"
    assert describe.loss(variants["multi"]) == "denoising score matching"
    assert {name: describe.model(variants[name]) for name in MODELS} == MODELS


@pytest.mark.parametrize(("octaves", "words"), [(0, ""), (1, ", 1 octave"), (6, ", 6 octaves")])
def test_octaves_of_the_input(tmp_path, octaves, words):
    multi = loaded(tmp_path, POINTS)["variants"]["multi"]
    multi["network"]["octaves"] = octaves
    assert describe.model(multi) == f"MLP 8 × 1, EDM, log σ{words}"


@pytest.mark.parametrize(("dropout", "words"), [(0, ""), (0.1, ", dropout 0.1")])
def test_a_unet(tmp_path, dropout, words):
    network = f"{{kind: unet, size: small, dropout: {dropout}}}"
    text = VALID.replace("multi: {}", f"multi: {{network: {network}}}")
    multi = loaded(tmp_path, text)["variants"]["multi"]
    assert describe.model(multi) == f"UNet small, EDM, log σ{words}"


LADDER = {"kind": "geometric", "sigma_max": 5, "sigma_min": 0.1, "levels": 2}
KNOBS = {
    "probability-flow ODE (rtol 0.001), 5 → 0.1": {"sampler": "pf_ode", "rtol": 0.001},
    "DDIM (η = 0.5), geometric 5 → 0.1, 2 levels": {"sampler": "ddim", "eta": 0.5},
    "DDIM, geometric 5 → 0.1, 2 levels": {"sampler": "ddim", "eta": 0.0},
    "Heun (churn 2), geometric 5 → 0.1, 2 levels": {"sampler": "heun", "churn": 2},
    "predictor–corrector (SNR 0.16), geometric 5 → 0.1, 2 levels": {
        "sampler": "predictor_corrector",
        "snr": 0.16,
    },
    "consistent annealed, geometric 5 → 0.1, 2 levels, no final denoise": {
        "sampler": "consistent_annealed",
        "denoise": False,
    },
}


@pytest.mark.parametrize(("words", "sample"), KNOBS.items())
def test_a_samplers_knobs(words, sample):
    assert describe.sampler({"sample": sample | {"ladder": LADDER}}) == words


def test_every_sampler_of_the_library_has_a_name():
    assert set(describe.SAMPLERS) == set(sampling.SAMPLERS)


def test_what_has_no_words_of_its_own_is_told_by_its_name_and_keys():
    noise = {"kind": "power_law", "sigma_max": 5.0, "sigma_min": 0.1, "levels": 2, "bend": 3.0}
    assert describe.ladder(noise) == "power law (bend = 3) 5 → 0.1, 2 levels"
    assert describe.ladder({"kind": "sigmoid", "levels": 9, "end": "flat"}) == (
        "sigmoid (end = flat), 9 levels"
    )
    assert describe.weighting({"kind": "soft_min_snr", "gamma": 5.0}) == "soft min snr (gamma = 5)"
    assert describe.weighting({"kind": "flat"}) == "flat"
    sample = {"sampler": "two_step", "count": 9, "nfe": 2, "theta": 0.5, "ladder": LADDER}
    assert describe.sampler({"sample": sample}) == (
        "two step (theta = 0.5), geometric 5 → 0.1, 2 levels"
    )


def test_an_axis_without_a_name_is_its_key():
    assert describe.axis("noise.sigma") == "training σ"
    assert describe.axis("noise.rho") == "noise.rho"


def test_an_objective():
    assert describe.objective("sliced_vr").startswith("sliced score matching")
    assert describe.objective(None) == "–"
