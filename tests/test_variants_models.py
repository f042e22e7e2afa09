"""Noise, weightings, densities and networks of every kind; other families; other data."""

# a row of the table of mistakes is one line
# ruff: noqa: E501

import pytest
import torch
from config_examples import POINTS, VALID, expect_mistake, load_below, loaded

from scoreladder import generative, networks, noise, objectives
from scoreladder.config_queries import DIRECT
from scoreladder.densities import DENSITIES, density
from scoreladder.parameterizations import PARAMETERIZATIONS
from scoreladder.weighting import X0_WEIGHTS, weighting

# what is written → what the kind adds to it
NOISES = {
    "{kind: single, sigma: 0.5}": {},
    "{kind: geometric, sigma_max: 3, sigma_min: 0.1, levels: 4}": {},
    "{kind: linear, sigma_max: 3, sigma_min: 0.1, levels: 4}": {},
    "{kind: karras, sigma_max: 3, sigma_min: 0.1, levels: 4}": {"rho": 7.0},
    "{kind: ddpm_linear, levels: 4}": {"beta_start": 1e-4, "beta_end": 0.02, "steps": 1000},
    "{kind: cosine, levels: 4, steps: 50}": {},
    "{kind: vp, levels: 4, beta_min: 0.2}": {"beta_max": 20.0, "t_min": 0.001},
    "{kind: sub_vp, levels: 4}": {"beta_min": 0.1, "beta_max": 20.0, "t_min": 0.001},
    "{kind: ncsnv2, sigma_min: 0.1}": {"c": 0.5},
}
WEIGHTS = {
    "one": {},
    "sigma": {},
    "sigma2": {},
    "{kind: sigma_power, power: 3}": {},
    "{kind: likelihood, sde: vp}": {},
    "truncated_snr": {},
    "min_snr": {"gamma": 5.0},
    "{kind: p2, gamma: 0.5}": {"k": 1.0},
    "edm": {},
    "x0": {},
    "v": {},
}
SPREADS = {
    "ladder": {"power": 0.0},
    "{kind: ladder, power: -1}": {},
    "importance": {},
    "log_uniform": {"sigma_min": 0.05, "sigma_max": 5.0},
    "{kind: log_normal, mean: -1.2, std: 1.2}": {},
    "vp": {"beta_min": 0.1, "beta_max": 20.0, "t_min": 0.001},
    "{kind: sub_vp, t_min: 0.01}": {"beta_min": 0.1, "beta_max": 20.0},
}
GEOMETRIC = {"kind": "geometric", "sigma_max": 5.0, "sigma_min": 0.05, "levels": 10}


@pytest.fixture
def resolve(tmp_path):
    """A function from the text below `defaults` to the resolved variants."""
    return lambda text: load_below(tmp_path, text)["variants"]


@pytest.mark.parametrize(("written", "added"), NOISES.items())
def test_every_ladder_is_filled_in_and_can_be_built(resolve, written, added):
    found = resolve(f"variants: {{a: {{noise: {written}, sample: {{nfe: 200}}}}}}")["a"]
    assert added.items() <= found["noise"].items()
    assert found["sample"]["ladder"] == found["noise"]
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    sigmas = noise.ladder(found["noise"], x)
    assert (sigmas.diff() < 0).all()
    assert len(sigmas) == found["noise"].get("levels", len(sigmas))


@pytest.mark.parametrize(("written", "added"), WEIGHTS.items())
def test_every_weighting_is_filled_in_and_can_be_built(resolve, written, added):
    found = resolve(f"variants: {{a: {{weighting: {written}}}}}")["a"]["weighting"]
    assert added.items() <= found.items()
    assert (weighting(found)(torch.tensor([0.1, 1.0, 10.0])) > 0).all()


@pytest.mark.parametrize(("written", "added"), SPREADS.items())
def test_every_density_is_filled_in_and_can_be_built(resolve, written, added):
    found = resolve(f"variants: {{a: {{density: {written}}}}}")["a"]["density"]
    assert added.items() <= found.items()
    drawn = density(found, noise.ladder(GEOMETRIC)).sample(5, torch.Generator().manual_seed(0))
    assert (drawn > 0).all()


def test_a_density_takes_from_the_noise_what_it_leaves_out(resolve):
    found = resolve("variants: {a: {noise: {kind: vp, levels: 10, beta_max: 9.0}, density: vp}}")
    assert found["a"]["density"]["beta_max"] == 9.0


def names(table: dict, written: dict) -> None:
    kinds = {text.split("kind: ")[-1].split(",")[0].strip("{}") for text in written}
    assert kinds == set(table)


def test_every_kind_of_the_library_can_be_configured():
    names(noise.LADDERS, NOISES)
    names(DENSITIES, SPREADS)
    assert set(X0_WEIGHTS) == {text.split("kind: ")[-1].split(",")[0] for text in WEIGHTS}


@pytest.mark.parametrize("name", PARAMETERIZATIONS)
def test_every_parameterisation_can_be_configured(resolve, name):
    assert resolve(f"variants: {{a: {{denoiser: {name}}}}}")["a"]["denoiser"] == name


@pytest.mark.parametrize("name", objectives.OBJECTIVES)
def test_every_objective_can_be_configured(resolve, name):
    assert resolve(f"variants: {{a: {{objective: {name}}}}}")["a"]["objective"] == name


def test_other_families_have_neither_levels_nor_steps(tmp_path):
    flow = loaded(tmp_path, POINTS)["variants"]["flow"]
    for block in ("noise", "weighting", "density", "objective", "denoiser"):
        assert flow[block] is None
    assert flow["sample"] == {"sampler": "direct", "count": 20, "shards": 1, "nfe": 1}
    assert flow["network"] == {"kind": "flow", "width": 8, "blocks": 2, "transforms": 3}
    assert flow["training"]["images"] == 1000


def test_octaves_widen_the_input_of_an_mlp(resolve):
    found = resolve("variants: {a: {network: {octaves: 3}}, b: {}}")
    assert [found[name]["network"]["octaves"] for name in "ab"] == [3, 0]
    wide, plain = (networks.build(found[name]["network"], (2,), 0) for name in "ab")
    assert (wide.enter.in_features, plain.enter.in_features) == (14, 2)


def test_an_index_of_levels_that_are_all_visited(resolve):
    found = resolve("variants: {a: {network: {conditioning: index}, sample: {nfe: 30}}}")["a"]
    assert found["sample"]["ladder"] == found["noise"]
    passed = "{network: {conditioning: index}, sample: {sampler: heun, nfe: 19}}"
    assert resolve(f"variants: {{a: {passed}}}")["a"]["sample"]["ladder"] == GEOMETRIC


def test_every_family_of_the_library_can_be_configured():
    assert set(generative.KINDS) == set(DIRECT)


def test_a_child_of_another_family_may_be_a_score_again(resolve):
    found = resolve(
        "variants:\n"
        "  vae: {network: {kind: vae, width: 8, blocks: 1, latent: 2}, sample: {count: 30}}\n"
        "  again: {reuses: vae, sample: {count: 40}}\n"
        "  score: {extends: vae, network: {kind: mlp, width: 8, blocks: 1}, noise: {levels: 5}}\n"
    )
    assert found["again"]["sample"] == {"sampler": "direct", "count": 40, "shards": 1, "nfe": 1}
    assert found["score"]["noise"] == GEOMETRIC | {"levels": 5}
    assert found["score"]["sample"]["sampler"] == "annealed_langevin"


def test_variants_may_be_trained_on_other_data(tmp_path):
    experiment = loaded(tmp_path, POINTS)
    assert list(experiment["datasets"]) == ["main", "moons", "grid", "masses"]
    assert experiment["datasets"]["main"] == experiment["dataset"]
    data = {name: variant["data"] for name, variant in experiment["variants"].items()}
    assert data["multi"] == data["flow"] == "main"
    assert data["multi-moons"] == "moons" and data["multi-grid"] == "grid"


MULTI = "multi: {}"
MISTAKES = {
    "importance of one scale told by index": (MULTI, "multi: {network: {conditioning: index}, noise: {kind: single, sigma: 1}, density: importance}", "variants.multi.network.conditioning", "found 'index' where the noise is single; an index needs a ladder of levels"),
    "index between the levels": (MULTI, "multi: {network: {conditioning: index}, density: log_uniform}", "variants.multi.network.conditioning", "found 'index' where the density is log_uniform"),
    "unknown conditioning": (MULTI, "multi: {network: {conditioning: film}}", "variants.multi.network.conditioning", "found 'film'; one of: log_sigma, index, none"),
    "index on another ladder": (MULTI, "multi: {network: {conditioning: index}, sample: {ladder: {kind: linear, levels: 10}}}", "variants.multi.sample.ladder", "found the ladder linear 5 → 0.05, 10 levels with the conditioning index; such a network knows only its training ladder, geometric 5 → 0.05, 10 levels"),
    "index at one of the levels": (MULTI, "multi: {network: {conditioning: index}, sample: {sampler: langevin, sigma: 5.0}}", "variants.multi.sample.ladder", "found the ladder σ = 5 with the conditioning index"),
    "index on a ladder of another length": (MULTI, "multi: {reuses: told, sample: {sampler: heun, nfe: 9}}\n  told: {network: {conditioning: index}}", "variants.multi.sample.ladder", "found the ladder geometric 5 → 0.05, 5 levels with"),
    "half an octave": (MULTI, "multi: {network: {octaves: 0.5}}", "variants.multi.network.octaves", "found 0.5; a whole number >= 0"),
    "octaves of a VAE": (MULTI, "multi: {network: {kind: vae, width: 8, blocks: 1, latent: 2, octaves: 1}}", "variants.multi.network.octaves", "found 1; kind vae has only: kind, width, blocks, latent"),
    "unknown objective": (MULTI, "multi: {objective: dms}", "variants.multi.objective", "found 'dms'; one of: dsm, sliced, sliced_vr, implicit; did you mean 'dsm'?"),
    "ends of a schedule": (MULTI, "multi: {noise: {kind: cosine, levels: 4, sigma_max: 3}}", "variants.multi.noise.sigma_max", "found 3; kind cosine has only: kind, levels, steps"),
    "reversed rates": (MULTI, "multi: {noise: {kind: vp, levels: 4, beta_min: 30}}", "variants.multi.noise.beta_max", "found 20.0; more than beta_min, which is 30"),
    "reversed betas": (MULTI, "multi: {noise: {kind: ddpm_linear, levels: 4, beta_end: 0.00001}}", "variants.multi.noise.beta_end", "found 1e-05; more than beta_start, which is 0.0001"),
    "more levels than steps": (MULTI, "multi: {noise: {kind: ddpm_linear, levels: 40, steps: 20}}", "variants.multi.noise.levels", "found 40; at most steps, which is 20"),
    "log-uniform over a schedule": (MULTI, "multi: {noise: {kind: cosine, levels: 4}, density: log_uniform}", "variants.multi.density.sigma_min", "missing; needed because the noise is cosine, which has no sigma_min"),
    "weight of no SDE": (MULTI, "multi: {weighting: likelihood}", "variants.multi.weighting.sde", "missing; one of: ve, vp, sub_vp"),
    "offset of min-SNR": (MULTI, "multi: {weighting: {kind: min_snr, k: 1}}", "variants.multi.weighting.k", "found 1; kind min_snr has only: kind, gamma"),
    "vae without a latent space": (MULTI, "multi: {network: {kind: vae, width: 8, blocks: 1}}", "variants.multi.network.latent", "missing; a whole number >= 1"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_what_is_trained(tmp_path, old, new, key, says):
    expect_mistake(tmp_path, VALID, old, new, key, says)
