"""Mistakes in the settings of variants give one line that says where, what and what instead."""

# a row of the table of mistakes is one line
# ruff: noqa: E501

import pytest
from config_examples import VALID, expect_mistake, loaded, message

EMPTY = "multi: {}"
GRID_OVER = "{noise.sigma: [0.1, 1.0]}"
GRID_NAME = '"single-{noise.sigma}"'

# name: (text in VALID, what replaces it, key path, what else the line says)
MISTAKES = {
    # kinds of value
    "images without features": ("features: {kind: digit_classifier, steps: 10}\n", "", "features", "missing; the network of the FID"),
    "zero sigma": ("sigma_max: 5.0", "sigma_max: 0", "defaults.noise.sigma_max", "found 0; a finite number > 0"),
    "text for a number": ("sigma_max: 5.0", "sigma_max: big", "defaults.noise.sigma_max", "found 'big'; a finite number > 0"),
    "boolean for a number": ("sigma_max: 5.0", "sigma_max: true", "defaults.noise.sigma_max", "found True; a finite number > 0"),
    "not a number": ("sigma_max: 5.0", "sigma_max: .nan", "defaults.noise.sigma_max", "found nan; a finite number > 0"),
    "infinity": ("gradient_clip: 1.0", "gradient_clip: .inf", "defaults.training.gradient_clip", "found inf; a finite number > 0"),
    "number too large": ("gradient_clip: 1.0", "gradient_clip: 1" + "0" * 400, "defaults.training.gradient_clip", "…; a finite number > 0"),
    "fraction for a whole number": ("levels: 10", "levels: 10.0", "defaults.noise.levels", "found 10.0; a whole number >= 2"),
    "one level": ("levels: 10", "levels: 1", "defaults.noise.levels", "found 1; a whole number >= 2"),
    "number for a boolean": ("denoise: true", "denoise: 1", "defaults.sample.denoise", "found 1; true or false"),
    "empty block": (EMPTY, "multi:", "variants.multi", "found nothing; a mapping"),
    "empty title": ("title: A title", 'title: ""', "title", "found ''; text that is not empty"),
    "list for a block": ("network: {kind: mlp, width: 8, blocks: 1}", "network: [mlp]", "defaults.network", "found ['mlp']; a mapping with the keys kind"),
    "exponent without a dot": ("learning_rate: 0.01", "learning_rate: 1e-4", "defaults.training.learning_rate", "found the string '1e-4'; YAML reads a number with an exponent only when it has a dot: write 1.0e-4"),
    "exponent without a sign": ("learning_rate: 0.01", "learning_rate: 1.5e1", "defaults.training.learning_rate", "a sign before the exponent: write 1.5e+1"),
    "exponent in a whole number": ("images: 1000", "images: 1e3", "defaults.training.images", "found the string '1e3'; a whole number is written out: write 1000"),
    "exponent in a step size": ("step_size: tuned", "step_size: 5e-2", "defaults.sample.step_size", "write 5.0e-2"),
    "diverging step": ("step_size: tuned", "step_size: 2", "defaults.sample.step_size", "found 2; the word tuned or a number > 0 and < 2 (a step is step_size * sigma^2, and Langevin dynamics on a Gaussian diverge from 2 on)"),
    "misspelt tuned": ("step_size: tuned", "step_size: auto", "defaults.sample.step_size", "found 'auto'; the word tuned or"),
    "long value": ("title: A title", f"title: {[0] * 90}", "title", "…; text that is not empty"),
    # names and typos
    "unknown top-level key": ("claims:", "claim:", "claim", "unknown key; allowed: title, description, dataset, datasets, features, replicates, tuning, defaults, variants, grids, inpaint, likelihood, nfe_sweep, mixing, gallery, showcase, comparisons, claims; did you mean 'claims'?"),
    "unknown key in a block": ("{noise: {levels: 3}}", "{noise: {levles: 3}}", "variants.few.noise.levles", "unknown key; allowed: kind, sigma, sigma_max, sigma_min, levels, rho, steps, beta_start, beta_end, beta_min, beta_max, t_min, c; did you mean 'levels'?"),
    "unknown key of a variant": ("{noise: {levels: 3}}", "{niose: {levels: 3}}", "variants.few.niose", "did you mean 'noise'?"),
    "unknown kind of noise": ("kind: geometric", "kind: geometrical", "defaults.noise.kind", "found 'geometrical'; one of: single, geometric, linear, karras, ddpm_linear, cosine, vp, sub_vp, ncsnv2; did you mean 'geometric'?"),
    "unknown weighting": ("weighting: sigma2", "weighting: sgima2", "defaults.weighting", "found 'sgima2'; one of: one, sigma, sigma2, truncated_snr, edm, x0, v, sigma_power, likelihood, min_snr, p2; did you mean 'sigma2'?"),
    "number for a weighting": ("weighting: sigma2", "weighting: 2", "defaults.weighting", "found 2; one of: one, sigma, sigma2, truncated_snr"),
    "unknown density": ("density: ladder", "density: lader", "defaults.density", "did you mean 'ladder'?"),
    "unknown denoiser": ("denoiser: edm", "denoiser: EDM", "defaults.denoiser", "found 'EDM'; one of: edm, score, score_over_sigma, epsilon, x0, v; did you mean 'edm'?"),
    "unknown sampler": ("sampler: annealed_langevin", "sampler: annealed_langevine", "defaults.sample.sampler", "found 'annealed_langevine'; one of: langevin, annealed_langevin, consistent_annealed, reverse_diffusion, ancestral, dpmpp_2m, ddim, predictor_corrector, heun, pf_ode, direct; did you mean 'annealed_langevin'?"),
    "unknown dataset": ("dataset: {name: digits}", "dataset: {name: digit}", "dataset.name", "found 'digit'; one of: digits, mnist, fashion_mnist, cifar10, celeba64, folder, gaussian_mixture, gaussian_grid, two_moons, swiss_roll, rings, checkerboard; did you mean 'digits'?"),
    "unknown metric": ("than: [few], metric: fid", "than: [few], metric: FIDs", "claims[0].metric", "found 'FIDs'; metrics on digits: fid, balance, gradient_noise, nll, hole_rmse, hole_gain, hole_spread, hole_energy, hole_psnr, hole_ssim, completion_fid; did you mean 'fid'?"),
    "unknown metric of tuning": ("tuning: {metric: fid", "tuning: {metric: ffid", "tuning.metric", "found 'ffid'; a metric of samples that is better when lower: fid; did you mean 'fid'?"),
    "metric of other data": ("single-0.1], metric: fid", "single-0.1], metric: blur", "comparisons[0].metric", "found 'blur', which is measured on gaussian_mixture, gaussian_grid; metrics on digits: fid, balance"),
    "bad variant name": (EMPTY, "a b: {}", "variants.'a b'", "found the name 'a b'; a name becomes a folder name"),
    "path as a variant name": (EMPTY, "../up: {}", "variants.'../up'", "found the name '../up'; a name becomes a folder name"),
    # kinds and completeness
    "missing key": ("    images: 1000\n", "", "variants.multi.training.images", "missing; a whole number >= 1"),
    "missing block": ("  network: {kind: mlp, width: 8, blocks: 1}\n", "", "variants.multi.network", "missing; a mapping with the keys kind"),
    "missing noise": ("  noise: {kind: geometric, sigma_max: 5.0, sigma_min: 0.05, levels: 10}\n", "", "variants.multi.noise", "missing; a mapping with the keys kind, sigma"),
    "missing sampler": ("sampler: annealed_langevin, ", "", "variants.multi.sample.sampler", "missing; one of: langevin, annealed_langevin"),
    "missing title": ("title: A title\n", "", "title", "missing; text that is not empty"),
    "missing kind": ("kind: geometric, ", "", "variants.multi.noise.kind", "missing; one of: single, geometric, linear"),
    "missing power": ("weighting: sigma2", "weighting: sigma_power", "variants.multi.weighting.power", "missing; a finite number"),
    "power without its kind": ("weighting: sigma2", "weighting: {kind: sigma2, power: 3}", "variants.multi.weighting.power", "found 3; kind sigma2 has only: kind"),
    "key of another kind": ("{noise: {levels: 3}}", "{noise: {sigma: 0.5}}", "variants.few.noise.sigma", "found 0.5; kind geometric has only: kind, sigma_max, sigma_min, levels"),
    "missing density mean": ("density: ladder", "density: {kind: log_normal, std: 1}", "variants.multi.density.mean", "missing; a finite number"),
    "log-uniform without a ladder": (EMPTY, "multi: {noise: {kind: single, sigma: 1}, density: log_uniform}", "variants.multi.density.sigma_min", "missing; needed because the noise is single"),
    "mistake of a grid's variant": ("{sampler: langevin}", "{sampler: langevin, nfe: 1}", "grids.single.sample.nfe", "found 1 in its variant single-0.1; one evaluation for each level of the ladder (1) and one to denoise: >= 2"),
    # numbers that do not fit together
    "reversed ladder": ("{noise: {levels: 3}}", "{noise: {sigma_max: 0.01}}", "variants.few.noise.sigma_max", "found 0.01; more than sigma_min, which is 0.05"),
    "reversed sampling ladder": (EMPTY, "multi: {sample: {ladder: {kind: linear, sigma_max: 1, sigma_min: 1, levels: 2}}}", "variants.multi.sample.ladder.sigma_max", "found 1; more than sigma_min, which is 1"),
    "batch above budget": ("batch_size: 100", "batch_size: 1001", "variants.multi.training.batch_size", "found 1001; at most images, which is 1000"),
    "shards above blocks": (EMPTY, "multi: {sample: {shards: 2}}", "variants.multi.sample.shards", "found 2; at most one for each 500 samples, which is 1"),
    "budget below ladder": ("nfe: 50", "nfe: 10", "variants.multi.sample.nfe", "found 10; one evaluation for each level of the ladder (10) and one to denoise: >= 11"),
    "ladder above langevin": (EMPTY, "multi: {sample: {sampler: langevin}}", "variants.multi.sample.sigma", "missing; langevin samples at one noise scale and the noise is geometric: give sigma"),
    "ladder for langevin": (EMPTY, "multi: {sample: {sampler: langevin, sigma: 1, ladder: {levels: 3}}}", "variants.multi.sample.ladder", "found {'levels': 3}; sampler langevin has only: sampler, count, shards, nfe, step_size, denoise, start_std, sigma"),
    "sigma for annealing": (EMPTY, "multi: {sample: {sigma: 1}}", "variants.multi.sample.sigma", "found 1; sampler annealed_langevin has only: sampler, count, shards, nfe, step_size, denoise, start_std, ladder"),
    # inheritance
    "unknown parent": ("few: {", "few: {extends: mutli, ", "variants.few.extends", "found 'mutli'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'multi'?"),
    "unknown model": (EMPTY, "multi: {reuses: fwe}", "variants.multi.reuses", "found 'fwe'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'few'?"),
    "cycle": (EMPTY, "multi: {extends: b}\n  b: {extends: c}\n  c: {extends: b}", "variants.c.extends", "found the cycle b -> c -> b; a variant cannot inherit from itself"),
    "cycle of one": (EMPTY, "multi: {reuses: multi}", "variants.multi.reuses", "found the cycle multi -> multi"),
    "both ways of inheriting": (EMPTY, "multi: {extends: few, reuses: few}", "variants.multi.reuses", "found 'few' beside extends; a variant extends or reuses, not both"),
    "changed reuse": (EMPTY, "multi: {reuses: few, training: {images: 9}}", "variants.multi.training", "found {'images': 9} beside reuses: few; a variant that reuses a trained model may give only label and sample"),
    "extended reuse": (EMPTY, "multi: {extends: raw}\n  raw: {reuses: few}", "variants.multi.extends", "found 'raw', which itself reuses another variant's model; to share that model, use reuses"),
    # grids
    "unknown key of over": (GRID_OVER, "{noise.sgima: [0.1, 1.0]}", "grids.single.over.noise.sgima", "unknown key; allowed: kind, sigma, sigma_max, sigma_min, levels, rho, steps, beta_start, beta_end, beta_min, beta_max, t_min, c; did you mean 'sigma'?"),
    "inheritance in over": (GRID_OVER, "{extends: [multi]}", "grids.single.over.extends", "unknown key; allowed: data, noise, weighting, density, objective, denoiser, network, training, sample"),
    "bad value of over": (GRID_OVER, "{noise.sigma: [0.1, -1.0]}", "grids.single.over.noise.sigma[1]", "found -1.0; a finite number > 0"),
    "empty over": (GRID_OVER, "{noise.sigma: []}", "grids.single.over.noise.sigma", "found []; a list that is not empty"),
    "value of over twice": (GRID_OVER, "{noise.sigma: [0.1, 0.1]}", "grids.single.over.noise.sigma", "found 0.1 twice; an item may appear once"),
    "keys of over that overlap": (GRID_OVER, "{weighting: [one], weighting.power: [1, 2]}", "grids.single.over.weighting", "found next to weighting.power; no key of over may lie inside another"),
    "grid names that collide": (GRID_OVER, "{noise.sigma: [0.1, 1.0], sample.nfe: [5, 6]}", "grids.single.name", "found 'single-{noise.sigma}'; the name must hold every key of over, else variants share a name: {sample.nfe}"),
    "unknown placeholder": (GRID_NAME, '"single-{noise.sgima}"', "grids.single.name", "found '{noise.sgima}'; in braces go keys of over: noise.sigma; did you mean 'noise.sigma'?"),
    "unknown placeholder of a label": (GRID_NAME, GRID_NAME + '\n    label: "{sigma}"', "grids.single.label", "found '{sigma}'; in braces go keys of over: noise.sigma"),
    "clash with a variant": (EMPTY, "multi: {}\n  single-0.1: {}", "grids.single.name", "found a second variant named 'single-0.1'; names of variants are unique"),
    "bad name of a grid's variant": (GRID_NAME, '"σ {noise.sigma}"', "grids.single.name", "found 'σ 0.1'; a name becomes a folder name"),
    "grid without a name": (f"    name: {GRID_NAME}\n", "", "grids.single.name", "missing; text that is not empty"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gives_one_telling_line(tmp_path, old, new, key, says):
    expect_mistake(tmp_path, VALID, old, new, key, says)


def test_further_mistakes_are_counted(tmp_path):
    text = VALID.replace("levels: 10", "levels: 1").replace("images: 1000", "images: 0")
    assert message(tmp_path, text).endswith(
        "defaults.noise.levels: found 1; a whole number >= 2 (and 1 more)"
    )


def test_a_typo_comes_before_what_is_missing_because_of_it(tmp_path):
    line = message(tmp_path, VALID.replace("replicates:", "replicate:"))
    assert line.startswith("replicate: unknown key; ")
    assert line.endswith("did you mean 'replicates'? (and 1 more)")


def test_the_text_that_the_mistakes_are_made_in_is_valid(tmp_path):
    names = ["multi", "few", "single-0.1", "single-1.0"]
    assert list(loaded(tmp_path, VALID)["variants"]) == names
