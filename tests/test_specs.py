"""Job specs and questions to an experiment: each job depends on its own blocks and on no others."""

import copy

import pytest
from config_examples import POINTS, VALID, loaded

from scoreladder import config_queries, specs, specs_report
from scoreladder.variants import canonical

JOBS = {
    "train": lambda each: specs.train(each, "multi", 0),
    "train moons": lambda each: specs.train(each, "multi-moons", 0),
    "train flow": lambda each: specs.train(each, "flow", 0),
    "tune": lambda each: specs.tune(each, "multi"),
    "sample": lambda each: specs.sample(each, "heun", 0, 0, 0),
    "evaluate": lambda each: specs.evaluate(each, "multi", 0),
    "floor": lambda each: specs.floor(each, "main"),
    "likelihood": lambda each: specs.measure_likelihood(each, "multi", 0),
    "likelihood of a flow": lambda each: specs.measure_likelihood(each, "flow", 0),
    "sweep": lambda each: specs.sweep_nfe(each, 0),
    "mixing": lambda each: specs.mix_weights(each, 0),
    "exact mixing": specs.mix_exact,
    "exact filling": specs.fill_exact,
    "fields": specs_report.fields,
    "table": lambda each: specs_report.compare(each, "length"),
    "comparison": lambda each: specs_report.plot_comparison(each, "length"),
    "gallery": specs_report.plot_gallery,
    "sweep's figure": specs_report.plot_nfe_sweep,
    "mixing's figure": specs_report.plot_mixing,
}
ARMS = "arms: [single-0.1, single-1.0], metric: fid"
# a change of the experiment → the jobs that it concerns
CHANGES = {
    "a sampler's knob": (("variants", "heun", "sample", "churn", 7.0), {"sample"}),
    "the noise of multi": (
        ("variants", "multi", "noise", "sigma_max", 30.0),
        {"train"},
    ),
    "the batch of multi": (
        ("variants", "multi", "training", "batch_size", 50),
        {"train", "evaluate"},
    ),
    "a flow's width": (("variants", "flow", "network", "width", 9), {"train flow"}),
    "other data": (("datasets", "moons", "noise", 0.2), {"train moons", "gallery"}),
    "the objective of multi": (("variants", "multi", "objective", "sliced"), {"train"}),
    "the points of the likelihood": (
        ("likelihood", "points", 7),
        {"likelihood", "likelihood of a flow"},
    ),
    "how scores' divergence is found": (("likelihood", "divergence", "hutchinson"), {"likelihood"}),
    "who else has a likelihood": (("likelihood", "variants", ["flow"]), set()),
    # each of the sweep's blocks has its own
    "the sweep's count": (("nfe_sweep", "count", 40), {"floor", "sweep's figure"}),
    "the sweep's metric": (("nfe_sweep", "metric", "mmd"), {"sweep's figure"}),
    "the chains": (("mixing", "chains", 50), {"mixing"}),
    "tuning's count": (("tuning", "count", 11), {"tune", "sweep"}),
    "a shard more": (("variants", "multi", "sample", "shards", 2), set()),
    "the comparison's axis": (("comparisons", 0, "axis", None), {"comparison"}),
}


@pytest.fixture
def experiment(tmp_path):
    return loaded(tmp_path, POINTS)


@pytest.mark.parametrize(("change", "concerned"), CHANGES.values(), ids=CHANGES)
def test_a_change_concerns_only_the_jobs_that_use_it(experiment, change, concerned):
    *path, last, value = change
    changed = copy.deepcopy(experiment)
    block = changed
    for key in path:
        block = block[key]
    assert block[last] != value
    block[last] = value
    different = {
        name for name, job in JOBS.items() if canonical(job(experiment)) != canonical(job(changed))
    }
    assert different == concerned


def test_a_seed_is_in_the_spec_of_its_jobs(experiment):
    assert specs.train(experiment, "multi", 3)["seed"] == 3
    assert specs.sweep_nfe(experiment, 3)["seed"] == 3
    assert specs.mix_weights(experiment, 3) == {"chains": 100, "seed": 3}


def test_a_job_has_the_data_of_its_variant(experiment):
    assert specs.train(experiment, "multi-grid", 0)["dataset"]["name"] == "gaussian_grid"
    assert specs.evaluate(experiment, "multi-moons", 0)["dataset"]["name"] == "two_moons"
    assert specs.dataset(experiment, "moons") == {"dataset": experiment["datasets"]["moons"]}


KEYS = {
    "evaluate": {
        "dataset",
        "features",
        "weighting",
        "density",
        "batch_size",
        "micro_batch",
        "sample",
        "seed",
    },
    "tune": {"dataset", "features", "tuning", "sample", "seed"},
    "sweep": {"dataset", "features", "tuning", "samples", "seed"},
    "likelihood": {"dataset", "points", "divergence", "seed"},
}


@pytest.mark.parametrize("job", KEYS)
def test_a_measurement_has_what_it_reads(experiment, job):
    assert set(JOBS[job](experiment)) == KEYS[job]


def test_other_families_have_neither_weighting_nor_divergence(experiment):
    assert specs.evaluate(experiment, "flow", 0)["weighting"] is None
    assert specs.measure_likelihood(experiment, "flow", 0)["divergence"] is None
    assert specs.measure_likelihood(experiment, "multi", 0)["divergence"] == "exact"


def test_inpainting_depends_on_neither_its_data_nor_on_who_else_inpaints(tmp_path):
    block = "inpaint: {variants: [multi], masks: [half], images: 2, completions: 2}"
    experiment = loaded(tmp_path, VALID.replace("grids:", f"{block}\ngrids:"))
    spec = specs.inpaint(experiment, "multi", 0)
    assert set(spec) == {"features", "inpaint", "tuning", "sample", "seed"}
    left_out = {"drawn_masks", "operators", "methods"}
    assert set(spec["inpaint"]) == {"masks", "images", "completions", *left_out}
    assert spec["inpaint"]["methods"] == ["replacement"]
    drawn = specs_report.plot_inpainting(experiment)
    assert (drawn["shown"], drawn["problems"]) == (["multi"], ["half"])


@pytest.mark.parametrize(
    ("methods", "tuned"),
    [("replacement, ddrm", ["replacement"]), ("projection, repaint", ["projection"]), ("ddrm", [])],
)
def test_methods_with_a_step_size_have_it_tuned(tmp_path, methods, tuned):
    block = f"methods: [{methods}], masks: [half], images: 2, completions: 2"
    block = f"inpaint: {{variants: [multi, few], {block}}}"
    experiment = loaded(tmp_path, VALID.replace("grids:", f"{block}\ngrids:"))
    assert config_queries.is_tuned(experiment["variants"]["multi"])
    found = specs.inpaint(experiment, "multi", 0)["tuning"]
    sizes = experiment["tuning"]["relative_step_sizes"]
    assert found == ({"methods": tuned, "relative_step_sizes": sizes} if tuned else None)
    given = experiment["variants"]["multi"] | {
        "sample": experiment["variants"]["multi"]["sample"] | {"step_size": 0.1}
    }
    experiment = experiment | {"variants": {"multi": given}}
    asked = config_queries.tuned_methods(experiment, "multi")
    assert asked == [method for method in tuned if method == "projection"]


def test_the_figure_of_inpainting_shows_two_variants_and_the_animation_the_first_method(tmp_path):
    block = (
        "inpaint: {variants: [few, multi, single-1.0], methods: [projection, replacement], "
        "masks: [text, half], images: 2, completions: 2}"
    )
    experiment = loaded(tmp_path, VALID.replace("grids:", f"{block}\ngrids:"))
    drawn = specs_report.plot_inpainting(experiment)
    assert drawn["shown"] == ["few", "multi"] and drawn["methods"][0] == "projection"
    assert drawn["problems"] == ["text", "half"] and len(drawn["labels"]) == 4
    animated = specs_report.trace_inpainting(experiment)
    assert (animated["mask"], animated["method"], animated["seed"]) == ("text", "projection", 0)
    assert animated["sample"]["ladder"]["levels"] == 3 and "shards" not in animated["sample"]
    missing = {"missing": {"inpainted/few/seed0.json": "killed"}}
    assert specs_report.trace_inpainting(experiment | missing)["seed"] == 1


def test_samples_are_traced_of_what_is_shown_and_has_noise_levels(experiment):
    traced = specs_report.trace_samples(experiment)["traced"]
    shown = config_queries.shown_variants(experiment)
    assert "gan" in shown and "heun" in shown
    assert [each["variant"] for each in traced] == [
        name for name in shown if name not in ("gan", "flow")
    ]
    heun = next(each for each in traced if each["variant"] == "heun")
    assert heun["sample"]["sampler"] == "heun" and heun["seed"] == 0
    assert "shards" not in heun["sample"]
    missing = {"missing": {"metrics/heun/seed0/s0.json": "killed"}}
    later = {
        each["variant"]: each["seed"]
        for each in specs_report.trace_samples(experiment | missing)["traced"]
    }
    assert later["heun"] == 1 and later["multi"] == 0


def test_models_without_noise_levels_alone_have_no_trajectory(experiment):
    assert config_queries.has_trajectory(experiment)
    assert not config_queries.has_trajectory(experiment | {"showcase": ["gan", "flow"]})


def test_the_floor_is_measured_for_every_number_of_samples(experiment):
    assert specs.floor(experiment, "main")["counts"] == [20, 30]
    assert specs.floor(experiment, "moons")["counts"] == [20]


def test_a_sweep_is_a_list_of_complete_blocks_in_order(experiment):
    pairs = specs.sweep_nfe(experiment, 0)["samples"]
    assert [name for name, _ in pairs] == ["annealed_langevin"] * 2 + ["heun"] * 2 + ["pf_ode"] * 2
    assert [block.get("nfe", block.get("rtol")) for _, block in pairs] == [
        20, 50, 9, 19, 0.01, 0.001,
    ]  # fmt: skip
    assert all(block["count"] == 30 and "shards" not in block for _, block in pairs)
    assert [block["ladder"]["levels"] for _, block in pairs] == [10, 10, 5, 10, 2, 2]
    assert pairs[2][1]["churn"] == 2.0
    assert pairs[0][1]["step_size"] == "tuned"


def test_a_sweep_without_tuned_steps_does_not_depend_on_tuning(tmp_path):
    text = POINTS.replace("annealed_langevin: {nfe: [20, 50]}", "ddim: {nfe: [5], eta: 1.0}")
    experiment = loaded(tmp_path, text)
    spec = specs.sweep_nfe(experiment, 0)
    assert spec["tuning"] is None
    assert spec["samples"][0][1]["eta"] == 1.0


def test_a_comparison_along_an_axis_has_its_numbers(experiment):
    axis = specs_report.plot_comparison(experiment, "length")["axis"]
    values = [("multi", 10), ("levels-3", 3), ("levels-5", 5)]
    assert axis == {"label": "noise levels L", "values": values}
    assert specs_report.plot_comparison(experiment, "family")["axis"] is None
    assert config_queries.data_of_comparison(experiment, "length") == "main"


def test_a_baseline_without_the_number_is_left_out(tmp_path):
    text = VALID.replace("arms: [few, single-0.1], metric: fid", "axis: noise.sigma, " + ARMS)
    axis = specs_report.plot_comparison(loaded(tmp_path, text), "one")["axis"]
    assert axis["values"] == [("single-0.1", 0.1), ("single-1.0", 1.0)]


def test_an_axis_may_differ_between_baseline_and_arms_alone(tmp_path):
    text = POINTS.replace("arms: [levels-3, levels-5]", "arms: [levels-3]")
    axis = specs_report.plot_comparison(loaded(tmp_path, text), "length")["axis"]
    assert axis["values"] == [("multi", 10), ("levels-3", 3)]


def test_titles_of_a_gallery_tell_the_variants_of_a_data_set_apart(tmp_path):
    other = """
  one: {label: One, data: moons, weighting: sigma}
  two: {label: Two, data: grid, weighting: sigma}
  three: {label: Two, data: grid, weighting: one}
grids:"""
    shown = "gallery: [multi-moons, one, multi-grid, two, three]"
    text = POINTS.replace("\ngrids:", other).replace("gallery: [multi-moons, multi-grid]", shown)
    titles = [title for *_, title in specs_report.plot_gallery(loaded(tmp_path, text))["shown"]]
    # labels of moons are different; those of grid are not
    assert titles == ["multi-moons", "One", "multi-grid", "two", "three"]


def test_the_gallery_names_each_data_set_once(experiment):
    spec = specs_report.plot_gallery(experiment)
    assert [name for name, _ in spec["datasets"]] == ["moons", "grid"]
    assert [(name, data) for name, data, _ in spec["shown"]] == [
        ("multi-moons", "moons"),
        ("multi-grid", "grid"),
    ]
    assert len({title for _, _, title in spec["shown"]}) == 1


def test_scores_are_mapped_for_score_models_of_the_main_data(experiment):
    shown = [name for name, _ in specs_report.fields(experiment)["ladders"]]
    assert shown == ["multi", "single", "levels-3", "levels-5"]
    assert "gan" in config_queries.shown_variants(experiment)
    assert "multi-moons" not in config_queries.shown_variants(experiment)


def test_blocks_decide_which_figures_there_are(experiment, tmp_path):
    every = {"samples", "gallery", "score_fields", "error_by_density", "mixing_weights"}
    every |= {"nfe_sweep", "levels", "tuning", "learning_curves"}
    assert set(config_queries.figures(experiment)) == every
    digits = config_queries.figures(loaded(tmp_path, VALID))
    assert list(digits) == ["samples", "levels", "tuning", "learning_curves"]


def test_training_figures_show_the_main_data_alone(experiment):
    shown = specs_report.plot_training(experiment)["shown"]
    assert "multi" in shown and "multi-moons" not in shown
    assert "multi-moons" in dict(specs_report.plot_training(experiment)["labels"])


def test_data_without_a_known_density_has_no_fields(experiment):
    moons = experiment["datasets"]["moons"]
    found = config_queries.figures(experiment | {"dataset": moons})
    assert not {"score_fields", "error_by_density"} & set(found)


def test_a_value_is_found_at_its_dotted_key(experiment):
    multi = experiment["variants"]["multi"]
    assert config_queries.value_at(multi, "noise.levels") == 10
    assert config_queries.value_at(multi, "noise.sigma") is None
    assert config_queries.value_at(multi, "label.text") is None
    assert config_queries.value_at(experiment["variants"]["flow"], "noise.levels") is None


def test_methods_without_a_step_fill_holes_for_any_sampler_with_a_budget(tmp_path):
    block = "inpaint: {variants: [few], masks: [half], methods: [projection, repaint, ddrm], "
    text = VALID.replace("few: {", "few: {sample: {sampler: heun}, ")
    text = text.replace("grids:", f"{block}images: 2, completions: 2}}\ngrids:")
    spec = specs.inpaint(loaded(tmp_path, text), "few", 0)
    assert spec["sample"]["sampler"] == "heun" and spec["tuning"]["methods"] == ["projection"]
