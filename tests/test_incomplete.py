"""What can still be reported of an experiment when results are missing."""

import pytest
from config_examples import POINTS, VALID, loaded

from scoreladder import config_queries, incomplete, layout


def metrics(variant: str, *seeds: int) -> dict[str, str]:
    """The metrics of a variant's runs as missing."""
    return {f"metrics/{variant}/seed{seed}/s0.json": f"{variant} failed" for seed in seeds}


@pytest.fixture
def digits(tmp_path):
    return loaded(tmp_path, VALID)


@pytest.fixture
def points(tmp_path):
    return loaded(tmp_path, POINTS)


def test_with_nothing_missing_nothing_changes(points):
    assert incomplete.without(points, {}) is points
    assert points["missing"] == {} and points["unjudged"] == []


def test_a_variant_with_one_seed_left_stays(digits):
    found = incomplete.without(digits, metrics("few", 0))
    assert found["missing"] == {"metrics/few/seed0/s0.json": "few failed"}
    for block in ("variants", "comparisons", "claims"):
        assert found[block] == digits[block]
    assert config_queries.first_seed(found, layout.METRICS, "few") == 1
    assert config_queries.first_seed(found, layout.METRICS, "multi") == 0


def test_a_variant_without_runs_goes_with_all_that_is_said_of_it(digits):
    found = incomplete.without(digits, metrics("few", 0, 1))
    assert "few" not in found["variants"] and "multi" in found["variants"]
    assert [each["arms"] for each in found["comparisons"]] == [["single-0.1"]]
    assert found["claims"] == [] and found["unjudged"] == ["So it is."]
    assert list(found["missing"]) == [f"metrics/few/seed{seed}/s0.json" for seed in (0, 1)]


def test_a_comparison_needs_its_baseline_and_an_arm(digits):
    assert incomplete.without(digits, metrics("multi", 0, 1))["comparisons"] == []
    arms = metrics("few", 0, 1) | metrics("single-0.1", 0, 1)
    assert incomplete.without(digits, arms)["comparisons"] == []


def test_a_comparison_needs_its_floor(points):
    found = incomplete.without(points, {"reference/main/floor.json": "killed"})
    assert found["comparisons"] == []
    assert found["claims"] == points["claims"]
    # a report tells of runs that are missing; what follows from that it shows by itself
    assert found["missing"] == {}


def test_an_axis_needs_two_numbers(points):
    found = incomplete.without(points, metrics("levels-3", 0, 1) | metrics("multi", 0))
    assert found["comparisons"][0]["axis"] == "noise.levels"
    points["comparisons"][0]["arms"] = ["levels-3", "levels-5", "single"]
    gone = metrics("levels-3", 0, 1) | metrics("levels-5", 0, 1)
    points["variants"]["single"]["noise"] = {"kind": "single", "sigma": 1.0}
    (length, _) = incomplete.without(points, gone)["comparisons"]
    assert length["arms"] == ["single"] and length["axis"] is None


def test_metrics_that_only_a_block_has_go_with_the_block(points):
    missing = {f"likelihood/flow/seed{seed}.json": "diverged" for seed in (0, 1)}
    found = incomplete.without(points, missing)
    assert found["likelihood"]["variants"] == ["multi", "multi-moons"]
    assert [each["name"] for each in found["comparisons"]] == ["length"]
    assert "flow" in found["variants"]
    assert found["missing"] == missing


def test_sweeps_and_mixing_go_when_nothing_is_left_of_them(points):
    sweeps = {f"sweeps/nfe/seed{seed}.json": "killed" for seed in (0, 1)}
    assert incomplete.without(points, dict(list(sweeps.items())[:1]))["nfe_sweep"]
    assert incomplete.without(points, sweeps)["nfe_sweep"] is None
    assert incomplete.without(points, {"sweeps/mixing/seed0.json": "killed"})["mixing"]
    assert incomplete.without(points, {"sweeps/mixing/exact.json": "killed"})["mixing"] is None


def test_what_is_shown_is_what_is_there(points):
    points["showcase"] = ["multi", "single"]
    found = incomplete.without(points, metrics("multi-moons", 0, 1) | metrics("single", 0, 1))
    assert found["gallery"] == ["multi-grid"]
    assert found["showcase"] == ["multi"]


def test_figures_of_scores_go_only_if_it_is_their_own_job_that_failed(points):
    alone = {"summary/fields.npz": "map_scores: killed"}
    found = incomplete.without(points, alone)
    assert found["missing"] == alone
    assert "score_fields" in config_queries.figures(points)
    assert not {"score_fields", "error_by_density"} & set(config_queries.figures(found))
    # of the models that are left it can be made
    found = incomplete.without(points, alone | {"models/multi/seed0/model.safetensors": "train"})
    assert found["missing"] == {} and "score_fields" in config_queries.figures(found)


def test_paths_are_those_below_the_experiments_folder():
    missing = {"results/a/x.json": "1", "results/ab/x.json": "2", "results/report.html": "3"}
    assert incomplete.below("results/a/", missing) == {"x.json": "1"}


def test_a_failed_animation_is_told_of_and_the_report_does_without(tmp_path):
    block = "inpaint: {variants: [multi], masks: [half], images: 2, completions: 2}"
    experiment = loaded(tmp_path, VALID.replace("grids:", f"{block}\ngrids:"))
    assert config_queries.is_animated(experiment)
    alone = {"traces/inpainting.npz": "trace_inpainting: killed"}
    found = incomplete.without(experiment, alone)
    assert found["missing"] == alone and not config_queries.is_animated(found)
    # one that only lacks what it reads is made anew from what is there
    found = incomplete.without(experiment, alone | {"inpainted/multi/seed0.json": "killed"})
    assert list(found["missing"]) == ["inpainted/multi/seed0.json"]
    assert config_queries.is_animated(found)


def test_a_failed_trace_of_samples_is_told_of_and_the_report_does_without(points):
    alone = {"traces/samples.npz": "trace_samples: killed"}
    found = incomplete.without(points, alone)
    assert found["missing"] == alone and not config_queries.has_trajectory(found)
    # of what is left it can be made
    for read in ("models/multi/seed0/model.safetensors", "tuning/multi.json"):
        found = incomplete.without(points, alone | {read: "killed"})
        assert found["missing"] == {} and config_queries.has_trajectory(found)
    found = incomplete.without(points, alone | metrics("heun", 0, 1))
    assert "heun" not in config_queries.traced_variants(found)
    assert config_queries.has_trajectory(found)
