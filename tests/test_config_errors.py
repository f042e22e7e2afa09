"""Every mistake in a configuration file gives one line that says where, what and what instead."""

# a row of the table of mistakes is one line
# ruff: noqa: E501

import re

import pytest

from scoreladder.config_errors import dotted, nearest, shown
from scoreladder.variants import ConfigError, load_config, load_experiment, read_yaml

VALID = """\
title: A title
dataset: {name: digits}
features: {kind: digit_classifier, steps: 10}
replicates: {train_seeds: [0, 1], sample_seeds: [0]}
tuning: {metric: fid, relative_step_sizes: [0.1, 0.2], count: 10}
defaults:
  noise: {kind: geometric, sigma_max: 5.0, sigma_min: 0.05, levels: 10}
  weighting: sigma2
  density: ladder
  denoiser: edm
  network: {kind: mlp, width: 8, blocks: 1}
  training:
    images: 1000
    batch_size: 100
    learning_rate: 0.01
    schedule: cosine
    warmup_images: 0
    ema_halflife: 0
    gradient_clip: 1.0
  sample:
    {sampler: annealed_langevin, nfe: 50, step_size: tuned, denoise: true,
     count: 20, start_std: 5.0}
variants:
  multi: {}
  few: {noise: {levels: 3}}
grids:
  single:
    over: {noise.sigma: [0.1, 1.0]}
    name: "single-{noise.sigma}"
    noise: {kind: single}
    sample: {sampler: langevin}
comparisons:
  - {name: one, baseline: multi, arms: [few, single-0.1], metric: fid}
claims:
  - {id: first, says: So it is., better: multi, than: [few], metric: fid}
"""
MIXTURE = (
    "{name: gaussian_mixture, means: [[0, 1], [1, 0]], stds: [1, 1], weights: [0.5, 0.5], "
    "train_size: 9, tune_size: 9, test_size: 9}"
)
EMPTY = "multi: {}"
GRID_OVER = "{noise.sigma: [0.1, 1.0]}"
GRID_NAME = '"single-{noise.sigma}"'
CLAIM = "better: multi, than: [few], metric: fid}"

# name: (text in VALID, what replaces it, key path, what else the line says)
MISTAKES = {
    # inpainting and tuning
    "a model's metric for tuning": ("metric: fid, relative", "metric: balance, relative", "tuning.metric", "found 'balance'; a metric of samples: fid"),
    "unknown variant to inpaint": ("grids:", "inpaint: {variants: [mulit], masks: [half], images: 2, completions: 2}\ngrids:", "inpaint.variants[0]", "did you mean 'multi'?"),
    "unknown mask": ("grids:", "inpaint: {variants: [multi], masks: [halves], images: 2, completions: 2}\ngrids:", "inpaint.masks[0]", "did you mean 'half'?"),
    "hole metric without inpainting": (CLAIM, "better: multi, than: [few], metric: hole_rmse}", "claims[0].metric", "found 'hole_rmse' for few, which inpaints nothing"),
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
    "list for a block": ("network: {kind: mlp, width: 8, blocks: 1}", "network: [mlp]", "defaults.network", "found ['mlp']; a mapping with the keys kind, width, blocks"),
    "exponent without a dot": ("learning_rate: 0.01", "learning_rate: 1e-4", "defaults.training.learning_rate", "found the string '1e-4'; YAML reads a number with an exponent only when it has a dot: write 1.0e-4"),
    "exponent without a sign": ("learning_rate: 0.01", "learning_rate: 1.5e1", "defaults.training.learning_rate", "a sign before the exponent: write 1.5e+1"),
    "exponent in a whole number": ("images: 1000", "images: 1e3", "defaults.training.images", "found the string '1e3'; a whole number is written out: write 1000"),
    "exponent in a step size": ("step_size: tuned", "step_size: 5e-2", "defaults.sample.step_size", "write 5.0e-2"),
    "diverging step": ("step_size: tuned", "step_size: 2", "defaults.sample.step_size", "found 2; the word tuned or a number > 0 and < 2 (a step is step_size * sigma^2, and Langevin dynamics on a Gaussian diverge from 2 on)"),
    "misspelt tuned": ("step_size: tuned", "step_size: auto", "defaults.sample.step_size", "found 'auto'; the word tuned or"),
    "long value": ("title: A title", f"title: {[0] * 90}", "title", "…; text that is not empty"),
    # names and typos
    "unknown top-level key": ("claims:", "claim:", "claim", "unknown key; allowed: title, description, dataset, features, replicates, tuning, defaults, variants, grids, inpaint, showcase, comparisons, claims; did you mean 'claims'?"),
    "unknown key in a block": ("{noise: {levels: 3}}", "{noise: {levles: 3}}", "variants.few.noise.levles", "unknown key; allowed: kind, sigma, sigma_max, sigma_min, levels; did you mean 'levels'?"),
    "unknown key of a variant": ("{noise: {levels: 3}}", "{niose: {levels: 3}}", "variants.few.niose", "did you mean 'noise'?"),
    "unknown kind of noise": ("kind: geometric", "kind: geometrical", "defaults.noise.kind", "found 'geometrical'; one of: single, geometric, linear; did you mean 'geometric'?"),
    "unknown weighting": ("weighting: sigma2", "weighting: sgima2", "defaults.weighting", "found 'sgima2'; one of: one, sigma, sigma2, sigma_power; did you mean 'sigma2'?"),
    "number for a weighting": ("weighting: sigma2", "weighting: 2", "defaults.weighting", "found 2; one of: one, sigma, sigma2, sigma_power"),
    "unknown density": ("density: ladder", "density: lader", "defaults.density", "did you mean 'ladder'?"),
    "unknown denoiser": ("denoiser: edm", "denoiser: EDM", "defaults.denoiser", "found 'EDM'; one of: edm, score_over_sigma; did you mean 'edm'?"),
    "unknown sampler": ("sampler: annealed_langevin", "sampler: annealed_langevine", "defaults.sample.sampler", "found 'annealed_langevine'; one of: langevin, annealed_langevin; did you mean 'annealed_langevin'?"),
    "unknown dataset": ("dataset: {name: digits}", "dataset: {name: digit}", "dataset.name", "found 'digit'; one of: digits, gaussian_mixture; did you mean 'digits'?"),
    "unknown metric": ("than: [few], metric: fid", "than: [few], metric: FIDs", "claims[0].metric", "found 'FIDs'; metrics on digits: fid, balance, hole_rmse, hole_gain, hole_spread; did you mean 'fid'?"),
    "unknown metric of tuning": ("tuning: {metric: fid", "tuning: {metric: ffid", "tuning.metric", "found 'ffid'; metrics on digits: fid, balance, hole_rmse, hole_gain, hole_spread; did you mean 'fid'?"),
    "metric of other data": ("single-0.1], metric: fid", "single-0.1], metric: blur", "comparisons[0].metric", "found 'blur', which is measured on gaussian_mixture; metrics on digits: fid, balance"),
    "bad variant name": (EMPTY, "a b: {}", "variants.'a b'", "found the name 'a b'; a name becomes a folder name"),
    "path as a variant name": (EMPTY, "../up: {}", "variants.'../up'", "found the name '../up'; a name becomes a folder name"),
    # kinds and completeness
    "missing key": ("    images: 1000\n", "", "variants.multi.training.images", "missing; a whole number >= 1"),
    "missing block": ("  network: {kind: mlp, width: 8, blocks: 1}\n", "", "variants.multi.network", "missing; a mapping with the keys kind, width, blocks"),
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
    "ladder for langevin": (EMPTY, "multi: {sample: {sampler: langevin, sigma: 1, ladder: {levels: 3}}}", "variants.multi.sample.ladder", "found {'levels': 3} with sampler langevin; only annealed_langevin has ladder; langevin has sigma"),
    "sigma for annealing": (EMPTY, "multi: {sample: {sigma: 1}}", "variants.multi.sample.sigma", "found 1 with sampler annealed_langevin; only langevin has sigma; annealed_langevin has ladder"),
    # inheritance
    "unknown parent": ("few: {", "few: {extends: mutli, ", "variants.few.extends", "found 'mutli'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'multi'?"),
    "unknown model": (EMPTY, "multi: {reuses: fwe}", "variants.multi.reuses", "found 'fwe'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'few'?"),
    "cycle": (EMPTY, "multi: {extends: b}\n  b: {extends: c}\n  c: {extends: b}", "variants.c.extends", "found the cycle b -> c -> b; a variant cannot inherit from itself"),
    "cycle of one": (EMPTY, "multi: {reuses: multi}", "variants.multi.reuses", "found the cycle multi -> multi"),
    "both ways of inheriting": (EMPTY, "multi: {extends: few, reuses: few}", "variants.multi.reuses", "found 'few' beside extends; a variant extends or reuses, not both"),
    "changed reuse": (EMPTY, "multi: {reuses: few, training: {images: 9}}", "variants.multi.training", "found {'images': 9} beside reuses: few; a variant that reuses a trained model may give only label and sample"),
    "extended reuse": (EMPTY, "multi: {extends: raw}\n  raw: {reuses: few}", "variants.multi.extends", "found 'raw', which itself reuses another variant's model; to share that model, use reuses"),
    # grids
    "unknown key of over": (GRID_OVER, "{noise.sgima: [0.1, 1.0]}", "grids.single.over.noise.sgima", "unknown key; allowed: kind, sigma, sigma_max, sigma_min, levels; did you mean 'sigma'?"),
    "inheritance in over": (GRID_OVER, "{extends: [multi]}", "grids.single.over.extends", "unknown key; allowed: noise, weighting, density, denoiser, network, training, sample"),
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
    # experiment blocks
    "no seeds": ("train_seeds: [0, 1]", "train_seeds: []", "replicates.train_seeds", "found []; a list that is not empty"),
    "seed twice": ("train_seeds: [0, 1]", "train_seeds: [0, 0]", "replicates.train_seeds", "found 0 twice; an item may appear once"),
    "negative seed": ("train_seeds: [0, 1]", "train_seeds: [0, -1]", "replicates.train_seeds[1]", "found -1; a whole number >= 0"),
    "no tuning": ("tuning: {metric: fid, relative_step_sizes: [0.1, 0.2], count: 10}\n", "", "variants.multi.sample.step_size", "found 'tuned' but no tuning block; needed because the step_size is tuned"),
    "descending step sizes": ("[0.1, 0.2]", "[0.2, 0.1]", "tuning.relative_step_sizes", "found [0.2, 0.1]; step sizes in ascending order"),
    "diverging step size": ("[0.1, 0.2]", "[0.1, 2.5]", "tuning.relative_step_sizes[1]", "found 2.5; a number > 0 and < 2"),
    "key of another dataset": ("dataset: {name: digits}", "dataset: {name: digits, train_size: 5}", "dataset.train_size", "found 5; name digits has only: name"),
    "incomplete mixture": ("dataset: {name: digits}", "dataset: {name: gaussian_mixture}", "dataset.means", "missing; a list that is not empty (and 5 more)"),
    "uneven means": ("{name: digits}", MIXTURE.replace("[1, 0]", "[1]"), "dataset.means[1]", "found [1]; every mean has 2 coordinates, as the first has"),
    "too few stds": ("{name: digits}", MIXTURE.replace("stds: [1, 1]", "stds: [1]"), "dataset.stds", "found 1 values; one for each of the 2 means"),
    "weights above one": ("{name: digits}", MIXTURE.replace("[0.5, 0.5]", "[0.5, 0.6]"), "dataset.weights", "found [0.5, 0.6], which adds up to 1.1; weights add up to 1"),
    "features of a mixture": ("{name: digits}", MIXTURE, "features.kind", "found 'digit_classifier'; only image data has features, and this dataset is gaussian_mixture"),
    # comparisons and claims
    "unknown baseline": ("baseline: multi", "baseline: mlti", "comparisons[0].baseline", "found 'mlti'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'multi'?"),
    "unknown arm": ("arms: [few, single-0.1]", "arms: [few, single-0.3]", "comparisons[0].arms[1]", "found 'single-0.3'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'single-"),
    "unknown variant of the showcase": ("claims:", "showcase: [multi, fewer]\nclaims:", "showcase[1]", "found 'fewer'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'few'?"),
    "baseline as an arm": ("arms: [few, single-0.1]", "arms: [few, multi]", "comparisons[0].arms[1]", "found 'multi', the baseline; other variants"),
    "arm twice": ("arms: [few, single-0.1]", "arms: [few, few]", "comparisons[0].arms", "found 'few' twice; an item may appear once"),
    "comparison twice": ("claims:", "  - {name: one, baseline: multi, arms: [few], metric: fid}\nclaims:", "comparisons[1].name", "found 'one' again; each name may appear once, and comparisons[0] has it"),
    "claim twice": ("claims:", f"claims:\n  - {{id: first, says: So, {CLAIM}", "claims[1].id", "found 'first' again; each id may appear once"),
    "claim without a check": (f", {CLAIM}", "}", "claims[0]", "found no check; a check has better, than, metric; or variant, metric and one of above and below"),
    "claim above and below": (CLAIM, "variant: few, metric: fid, above: 1, below: 2}", "claims[0]", "found the keys variant, metric, above, below; a check has better, than, metric; or"),
    "claim both inline and listed": (CLAIM, "metric: fid, checks: [{better: multi, than: [few], metric: fid}]}", "claims[0].metric", "found 'fid' beside checks; a check is inline or in checks, not both"),
    "unknown variant of a claim": (CLAIM, "checks: [{variant: fewer, metric: fid, below: 2}]}", "claims[0].checks[0].variant", "found 'fewer'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'few'?"),
    "variant better than itself": ("than: [few]", "than: [few, multi]", "claims[0].than[1]", "found 'multi'; variants other than better"),
    "text for a bound": (CLAIM, "variant: few, metric: fid, below: low}", "claims[0].below", "found 'low'; a finite number"),
    "no variants": (VALID[VALID.index("variants:") :], "", "variants", "missing; at least one variant, here or from grids"),
}  # fmt: skip


@pytest.fixture
def message(tmp_path, monkeypatch):
    """A function from the content of experiment.yaml to the message that loading it gives."""
    monkeypatch.chdir(tmp_path)

    def load(content: str | bytes) -> str:
        path = tmp_path / "experiment.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(ConfigError) as caught:
            load_experiment(path)
        return str(caught.value)

    return load


def test_the_text_that_the_mistakes_are_made_in_is_valid(tmp_path):
    path = tmp_path / "valid.yaml"
    path.write_text(VALID, encoding="utf-8")
    assert list(load_experiment(path)["variants"]) == ["multi", "few", "single-0.1", "single-1.0"]


@pytest.mark.parametrize(("old", "new", "key", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gives_one_telling_line(message, old, new, key, says):
    assert VALID.count(old) >= 1
    line = message(VALID.replace(old, new, 1))
    assert line.startswith(f"experiment.yaml: {key}: ")
    assert says in line
    assert "\n" not in line
    assert len(line) < 400
    assert "schema" not in line


def test_further_mistakes_are_counted(message):
    text = VALID.replace("levels: 10", "levels: 1").replace("images: 1000", "images: 0")
    assert message(text).endswith(
        "defaults.noise.levels: found 1; a whole number >= 2 (and 1 more)"
    )


def test_a_typo_comes_before_what_is_missing_because_of_it(message):
    line = message(VALID.replace("replicates:", "replicate:"))
    assert line.startswith("experiment.yaml: replicate: unknown key; ")
    assert line.endswith("did you mean 'replicates'? (and 1 more)")


UNREADABLE = {
    "empty": ("", "experiment.yaml: the file is empty; a mapping of keys to values"),
    "comment only": ("# nothing\n", "experiment.yaml: the file is empty; a mapping"),
    "list": ("- a\n", "experiment.yaml: found ['a']; a mapping of keys to values"),
    "text": ("hello\n", "experiment.yaml: found 'hello'; a mapping of keys to values"),
    "not utf-8": (b"title: \xff\n", "experiment.yaml: byte 8 is not UTF-8; a text file in UTF-8"),
    "control character": (b"title: \x00\n", "experiment.yaml: unacceptable character"),
    "duplicate key": (
        "title: a\ndefaults:\n  noise: {}\n  noise: {}\n",
        "experiment.yaml: line 4: found the key 'noise' again; a key may appear once, and this "
        "one is in line 3",
    ),
    "number as a key": (
        "title: a\nvariants:\n  3: {}\n",
        "experiment.yaml: line 3: found the key 3, which YAML does not read as text; "
        "keys are text: put it in quotes",
    ),
    "boolean as a key": ("no: 1\n", "experiment.yaml: line 1: found the key no, which YAML"),
    "open bracket": ("title: a\nvariants: [1, 2\n", "experiment.yaml: line 3, column 1: expected"),
    "bad indentation": ("title: a\n  dataset: b\n", "experiment.yaml: line 2, column 10: mapping"),
    "tab": ("title:\n\tname: b\n", "experiment.yaml: line 2, column 1: found character"),
    "two documents": ("a: 1\n---\nb: 1\n", "experiment.yaml: line 2, column 1: but found another"),
    "python object": ("a: !!python/name:os.system\n", "experiment.yaml: line 1, column 4: could"),
    "impossible date": ("title: 2020-13-45\n", "experiment.yaml: month must be in 1..12"),
    "deep nesting": ("a: " + "[" * 5000, "experiment.yaml: found a too deeply nested value"),
}


@pytest.mark.parametrize(("content", "says"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_experiment_gives_one_line(message, content, says):
    line = message(content)
    assert line.startswith(says)
    assert "\n" not in line


def test_a_missing_file_and_a_folder_give_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path, says in (("none.yaml", "No such file or directory"), (".", "Is a directory")):
        with pytest.raises(ConfigError) as caught:
            read_yaml(path)
        assert str(caught.value) == f"{path}: cannot be read: {says}; a YAML file"


def test_a_file_outside_the_working_directory_is_named_in_full(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(tmp_path))}/none.yaml: cannot"):
        read_yaml(tmp_path / "none.yaml")


GOOD_CONFIG = {"experiments": ["digits"], "results": "results", "device": "auto"}
BAD_CONFIGS = {
    "unknown experiment": (
        {"experiments": ["digits", "digit"]},
        "experiments[1]: found 'digit'; files in config/experiments: digits, toy; "
        "did you mean 'digits'?",
    ),
    "one unknown experiment": ({"experiments": "tyo"}, "experiments[0]: found 'tyo'; files in"),
    "no experiment": ({"experiments": []}, "experiments: found []; a list that is not empty"),
    "experiment twice": ({"experiments": ["toy", "toy"]}, "experiments: found 'toy' twice; an item"),
    "number": ({"experiments": 3}, "experiments: found 3; a list that is not empty"),
    "path": ({"experiments": ["../digits"]}, "experiments[0]: found '../digits'; a name becomes"),
    "device": (
        {"device": "gpu"},
        "device: found 'gpu'; one of: auto, cpu, cuda",
    ),
    "results": ({"results": ""}, "results: found ''; text that is not empty"),
    "unknown key": (
        {"experiment": 1},
        "experiment: unknown key; allowed: experiments, results, device; did you mean "
        "'experiments'?",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), BAD_CONFIGS.values(), ids=BAD_CONFIGS)
def test_a_mistake_in_the_workflow_configuration_gives_one_line(tmp_path, change, says):
    folder = tmp_path / "config" / "experiments"
    folder.mkdir(parents=True)
    for name in ("digits", "toy"):
        (folder / f"{name}.yaml").touch()
    with pytest.raises(ConfigError) as caught:
        load_config(GOOD_CONFIG | change, tmp_path)
    assert str(caught.value).startswith(f"config/config.yaml: {says}")


def test_a_missing_key_of_the_workflow_configuration(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_config({"experiments": ["a"], "results": "r"}, tmp_path)
    assert str(caught.value) == "config/config.yaml: device: missing; one of: auto, cpu, cuda"


def test_the_parts_of_a_message():
    assert dotted(("a", 0, "b.c", "d e")) == "a[0].b.c.'d e'"
    assert shown("x" * 100) == "'" + "x" * 58 + "…"
    assert nearest("FID", ["blur", "fid"]) == "fid"
    assert nearest("zzz", ["blur", "fid"]) is None
