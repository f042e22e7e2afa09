"""Experiment files resolve to full settings: merging, inheritance, shorthands, grids, defaults."""

import re
from pathlib import Path

import pytest
import yaml
from config_examples import HEAD, POINTS, load_below, loaded

from scoreladder import variants
from scoreladder.variant_merging import merge

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = sorted((ROOT / "config" / "experiments").glob("*.yaml"))

LADDER = {"kind": "geometric", "sigma_max": 5.0, "sigma_min": 0.05, "levels": 10}


@pytest.fixture
def resolve(tmp_path):
    """A function from the text below `defaults` to the loaded experiment."""
    return lambda text: load_below(tmp_path, text)


def test_a_variant_without_changes_has_every_setting(resolve):
    experiment = resolve("variants: {multi: {}}")
    assert experiment["variants"]["multi"] == {
        "label": "multi",
        "model": "multi",
        "data": "main",
        "noise": LADDER,
        "weighting": {"kind": "sigma2"},
        "density": {"kind": "ladder", "power": 0.0},
        "objective": "dsm",
        "denoiser": "edm",
        "network": {"kind": "mlp", "width": 8, "blocks": 1, "conditioning": "log_sigma"}
        | {"octaves": 0},
        "training": {
            "images": 1000,
            "batch_size": 100,
            "learning_rate": 0.01,
            "schedule": "cosine",
            "warmup_images": 0,
            "ema_halflife": 0,
            "gradient_clip": 1.0,
            "micro_batch": 100,
            "precision": "float32",
            "compile": False,
        },
        "sample": {
            "sampler": "annealed_langevin",
            "count": 20,
            "nfe": 50,
            "step_size": "tuned",
            "denoise": True,
            "start_std": 5.0,
            "shards": 1,
            "ladder": LADDER,
        },
    }


def test_the_experiment_around_the_variants_has_every_key(resolve):
    experiment = resolve("variants: {multi: {}}")
    del experiment["variants"]
    assert experiment == {
        "name": "small",
        "title": "A title",
        "description": "",
        "dataset": {"name": "digits"},
        "datasets": {"main": {"name": "digits"}},
        "features": {"kind": "digit_classifier", "steps": 10},
        "replicates": {"train_seeds": [0, 1], "sample_seeds": [0]},
        "tuning": {"metric": "fid", "relative_step_sizes": [0.1, 0.2], "count": 10},
        "inpaint": None,
        "likelihood": None,
        "nfe_sweep": None,
        "mixing": None,
        "gallery": [],
        "showcase": [],
        "comparisons": [],
        "claims": [],
        "missing": {},
        "unjudged": [],
    }


def test_a_file_without_defaults_needs_none(tmp_path):
    whole = yaml.safe_load(HEAD)
    whole["variants"] = {"multi": whole.pop("defaults")}
    path = tmp_path / "whole.yaml"
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")
    assert variants.load_experiment(path)["variants"]["multi"]["noise"] == LADDER


def test_blocks_merge_key_by_key(resolve):
    found = resolve("variants: {a: {noise: {levels: 3}, training: {images: 500}}}")["variants"]["a"]
    assert found["noise"] == {**LADDER, "levels": 3}
    assert (found["training"]["images"], found["training"]["batch_size"]) == (500, 100)
    assert found["sample"]["ladder"]["levels"] == 3


def test_merging_leaves_its_arguments_alone():
    below, above = {"noise": {"sigma": 1.0}}, {"noise": {"sigma": 2.0}}
    merged = merge(below, above)
    merged["noise"]["sigma"] = 3.0
    assert (below, above) == ({"noise": {"sigma": 1.0}}, {"noise": {"sigma": 2.0}})


def test_a_block_of_another_kind_replaces_the_inherited_one(resolve):
    found = resolve("variants: {a: {noise: {kind: single, sigma: 0.3}}}")["variants"]["a"]
    assert found["noise"] == {"kind": "single", "sigma": 0.3}


def test_a_block_of_the_same_kind_merges(resolve):
    found = resolve("variants: {a: {noise: {kind: geometric, levels: 4}}}")["variants"]["a"]
    assert found["noise"] == {**LADDER, "levels": 4}


def test_a_shorthand_replaces_a_block_of_another_kind(resolve):
    found = resolve(
        "variants:\n"
        "  cubed: {weighting: {kind: sigma_power, power: 3}}\n"
        "  plain: {extends: cubed, weighting: one}\n"
    )["variants"]
    assert found["cubed"]["weighting"] == {"kind": "sigma_power", "power": 3}
    assert found["plain"]["weighting"] == {"kind": "one"}


def test_a_log_uniform_density_spans_the_ladder_by_default(resolve):
    found = resolve(
        "variants:\n"
        "  whole: {density: log_uniform}\n"
        "  part: {density: {kind: log_uniform, sigma_max: 1.0}}\n"
    )["variants"]
    assert found["whole"]["density"] == {"kind": "log_uniform", "sigma_min": 0.05, "sigma_max": 5.0}
    assert found["part"]["density"] == {"kind": "log_uniform", "sigma_min": 0.05, "sigma_max": 1.0}


def test_extends_merges_over_the_other_variant_except_its_label(resolve):
    found = resolve(
        "variants:\n"
        "  last: {extends: middle, sample: {nfe: 30}}\n"
        "  middle: {extends: first, training: {images: 700}, label: Middle}\n"
        "  first: {noise: {levels: 7}, training: {images: 600, batch_size: 50}}\n"
    )["variants"]
    assert found["last"]["noise"]["levels"] == 7
    assert found["last"]["training"]["images"] == 700
    assert found["last"]["training"]["batch_size"] == 50
    assert found["last"]["sample"]["nfe"] == 30
    assert [found[name]["label"] for name in ("last", "middle")] == ["last", "Middle"]
    assert {name: found[name]["model"] for name in found} == {n: n for n in found}


def test_extends_inherits_what_is_written_not_what_is_derived(resolve):
    found = resolve(
        "variants:\n"
        "  one: {noise: {kind: single, sigma: 0.3}, sample: {sampler: langevin}}\n"
        "  two: {extends: one, noise: {sigma: 0.6}}\n"
    )["variants"]
    assert found["two"]["sample"]["ladder"] == {"kind": "single", "sigma": 0.6}


def test_reuses_takes_the_first_model_of_the_chain(resolve):
    found = resolve(
        "variants:\n"
        "  raw: {sample: {denoise: false}, reuses: multi}\n"
        "  raw-short: {reuses: raw, label: Short, sample: {nfe: 20}}\n"
        "  multi: {noise: {levels: 8}}\n"
    )["variants"]
    assert [found[name]["model"] for name in ("multi", "raw", "raw-short")] == ["multi"] * 3
    assert found["raw-short"]["noise"]["levels"] == 8
    assert found["raw-short"]["sample"]["denoise"] is False
    assert found["raw-short"]["sample"]["nfe"] == 20
    assert found["raw-short"]["label"] == "Short"


def test_switching_the_sampler_keeps_the_common_keys_only(resolve):
    found = resolve(
        "variants:\n"
        "  ladder: {sample: {ladder: {kind: linear, sigma_max: 2.0, sigma_min: 0.1, levels: 5}}}\n"
        "  plain: {extends: ladder, sample: {sampler: langevin, sigma: 0.2, nfe: 30}}\n"
        "  back: {extends: plain, sample: {sampler: annealed_langevin, count: 25}}\n"
    )["variants"]
    assert found["ladder"]["sample"]["ladder"]["kind"] == "linear"
    assert found["plain"]["sample"]["ladder"] == {"kind": "single", "sigma": 0.2}
    assert "sigma" not in found["plain"]["sample"]
    assert found["plain"]["sample"]["start_std"] == 5.0
    assert found["back"]["sample"]["ladder"] == LADDER
    assert (found["back"]["sample"]["nfe"], found["back"]["sample"]["count"]) == (30, 25)


def test_a_ladder_of_one_level_for_annealing_a_single_scale(resolve):
    found = resolve("variants: {a: {noise: {kind: single, sigma: 0.3}}}")["variants"]["a"]
    assert found["sample"]["ladder"] == {"kind": "single", "sigma": 0.3}


def test_the_budget_may_just_cover_the_ladder(resolve):
    found = resolve("variants: {a: {sample: {nfe: 11}}, b: {sample: {nfe: 10, denoise: false}}}")
    assert found["variants"]["a"]["sample"]["nfe"] == 11
    assert found["variants"]["b"]["sample"]["nfe"] == 10


def test_equal_values_resolve_alike(tmp_path):
    text = POINTS.replace("metric: mode_coverage", "metric: mmd").replace(
        "better: multi, than: [heun]", "variant: heun, below: 1.0"
    )
    other = text
    for written in ("20.0", "8.0", "2.0", "1.0"):
        assert f": {written}" in text
        other = other.replace(f": {written}", f": {written.removesuffix('.0')}")
    for written in ("[5, 5], [-5, -5]", "[1, 1]", "spacing: 2"):
        assert written in text
        other = other.replace(written, re.sub(r"\d", r"\g<0>.0", written))
    one, two = loaded(tmp_path, text), loaded(tmp_path, other)
    assert variants.canonical(one) == variants.canonical(two)


def test_titles_and_inline_checks_are_filled_in(resolve):
    experiment = resolve(
        "variants: {a: {}, b: {}}\n"
        "comparisons: [{name: c, baseline: a, arms: [b], metric: fid}]\n"
        "claims:\n"
        "  - {id: inline, says: It is so., better: a, than: [b], metric: balance}\n"
        "  - {id: listed, says: It is, checks: [{variant: a, metric: fid, below: 3}]}\n"
    )
    assert experiment["comparisons"][0]["title"] == "c"
    assert experiment["claims"] == [
        {
            "id": "inline",
            "says": "It is so.",
            "checks": [{"better": "a", "than": ["b"], "metric": "balance"}],
        },
        {
            "id": "listed",
            "says": "It is",
            "checks": [{"variant": "a", "metric": "fid", "below": 3}],
        },
    ]


def test_yaml_merge_keys_may_be_overridden(resolve):
    found = resolve(
        "variants:\n"
        "  a: {noise: &n {kind: linear, sigma_max: 2.0, sigma_min: 0.1, levels: 3}}\n"
        "  b: {noise: {<<: *n, levels: 4}}\n"
    )["variants"]
    assert found["b"]["noise"] == {
        "kind": "linear",
        "sigma_max": 2.0,
        "sigma_min": 0.1,
        "levels": 4,
    }


def test_canonical_ignores_the_order_of_keys():
    one = variants.canonical({"b": [1, {"d": "σ", "c": None}], "a": 0.1})
    assert one == variants.canonical({"a": 0.1, "b": [1, {"c": None, "d": "σ"}]})
    assert one == '{"a":0.1,"b":[1,{"c":null,"d":"σ"}]}'


def test_canonical_keeps_the_order_of_lists_and_refuses_nan():
    assert variants.canonical([1, 2]) != variants.canonical([2, 1])
    with pytest.raises(ValueError, match="Out of range"):
        variants.canonical({"a": float("nan")})


def test_resolving_does_not_depend_on_the_order_of_keys(resolve):
    one = resolve("variants: {a: {noise: {levels: 3, kind: linear, sigma_max: 3, sigma_min: 1}}}")
    two = resolve("variants: {a: {noise: {sigma_min: 1, sigma_max: 3, kind: linear, levels: 3}}}")
    assert variants.canonical(one) == variants.canonical(two)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_the_experiments_of_the_repository_load(path):
    experiment = variants.load_experiment(path)
    assert experiment["name"] == path.stem
    assert experiment["comparisons"] and experiment["variants"]
    models = {settings["model"] for settings in experiment["variants"].values()}
    assert models <= set(experiment["variants"])


def test_load_config_accepts_one_name_and_leaves_its_argument_alone(tmp_path):
    folder = tmp_path / "config" / "experiments"
    folder.mkdir(parents=True)
    (folder / "tiny.yaml").touch()
    given = {"experiments": "tiny", "results": "out", "device": "cpu", "orphans": "wait"}
    loaded = variants.load_config(given, tmp_path)
    assert loaded == given | {"experiments": ["tiny"]}
    assert given["experiments"] == "tiny"
