"""The tiny experiments from nothing to a report."""

import json
import re

import pandas as pd
import pytest
import yaml

FACTS = {"spec", "code", "versions", "platform", "seconds", "peak_memory_mib", "rule"}


@pytest.fixture(scope="module")
def jobs(finished):
    """All jobs that the finished run consists of."""
    return finished.jobs("--forceall")


def manifests(jobs, rule: str) -> list[dict]:
    """The manifests that the jobs of a rule left."""
    outputs = [path for job in jobs if job.rule == rule for path in job.outputs]
    return [json.loads(path.read_text()) for path in outputs if path.name.endswith("manifest.json")]


def test_every_declared_output_is_there(jobs):
    assert {"train", "tune", "sample", "evaluate", "collect"} <= {job.rule for job in jobs}
    outputs = [path for job in jobs for path in job.outputs]
    assert [path for path in outputs if not (path.is_file() and path.stat().st_size)] == []


def test_neither_training_states_nor_temporary_files_are_left(finished):
    left = [*finished.results.rglob("*.resume"), *finished.results.rglob(".*")]
    assert left == []


def test_every_job_leaves_one_manifest_with_its_facts(jobs):
    for job in jobs:
        (path,) = (path for path in job.outputs if path.name.endswith("manifest.json"))
        manifest = json.loads(path.read_text())
        assert set(manifest) >= FACTS
        assert manifest["rule"] == job.rule
        assert {"python", "torch", "numpy"} <= set(manifest["versions"])
        assert len(manifest["code"]) == 16
        assert manifest["seconds"] >= 0
        assert manifest["peak_memory_mib"] > 10


def test_models_say_what_they_were_trained_on_and_with(jobs):
    models = manifests(jobs, "train")
    assert sorted(manifest["spec"]["seed"] for manifest in models) == [0, 0, 0, 0, 1, 1]
    for manifest in models:
        assert manifest["resumed_at"] == 0
        assert manifest["images"] == manifest["spec"]["training"]["images"]


def test_samples_say_their_seeds_and_evaluations(jobs):
    for manifest in manifests(jobs, "sample"):
        assert {"seed", "sample_seed", "shard"} <= set(manifest["spec"])
        kind = manifest["spec"]["sample"]["sampler"]
        assert manifest["nfe"] == {"direct": 1, "heun": 5}.get(kind, 20)


@pytest.mark.parametrize("rule", ["train", "tune", "sample", "inpaint"])
def test_what_a_model_computes_says_its_device_and_type(jobs, rule):
    found = manifests(jobs, rule)
    assert found
    assert {manifest["dtype"] for manifest in found} == {"float32"}
    assert all(manifest["device"] for manifest in found)


def test_the_blocks_leave_their_tables(finished):
    summary = finished.results / "tinydigits" / "summary"
    runs = pd.read_csv(summary / "runs.csv").set_index("variant")
    assert runs["nll"].notna().to_dict() == {"multi": True, "multi-heun": False, "vae": True}
    sweep = pd.read_csv(summary / "sweeps.csv")
    assert sweep["sampler"].tolist() == ["annealed_langevin"] * 2 + ["heun", "pf_ode"]
    assert sweep["nfe"].tolist()[:3] == [4, 8, 5]
    # experiments without the blocks have the tables too, empty
    tiny = finished.results / "tiny" / "summary"
    assert [len(pd.read_csv(tiny / name)) for name in ("sweeps.csv", "mixing.csv")] == [0, 0]


def test_a_run_keeps_its_configuration_beside_its_numbers(finished):
    folder = finished.results / "tiny" / "summary"
    kept = yaml.safe_load((folder / "experiment.yaml").read_text())
    assert set(kept["variants"]) == set(pd.read_csv(folder / "runs.csv")["variant"])
    collected = json.loads((folder / "runs.manifest.json").read_text())["spec"]
    assert kept == {key: value for key, value in collected.items() if key != "missing"}


def test_finished_variants_and_runs_can_be_compared(finished):
    told = finished.compare("tiny:multi", "results/tiny:multi-plain")
    assert re.search(r"^reuses +– +multi *$", told, re.MULTILINE)
    assert re.search(r"^sliced_w1 ↓ .* (worse|better|inconclusive) *$", told, re.MULTILINE)
    whole = finished.compare("tiny", "results/tiny")
    assert "The settings are the same." in whole
    (counted,) = re.findall(r"^(\d+) means of 3 variants in A and B: (\d+) equal to", whole, re.M)
    assert counted[0] == counted[1] != "0"


def test_a_second_run_does_nothing(copy):
    assert "Nothing to be done" in copy.finish("--cores=2")


def test_snakemakes_own_report_holds_every_figure_with_its_caption(copy):
    copy.finish("--report", "provenance.html")
    html = (copy.folder / "provenance.html").read_text()
    assert all(caption in html for caption in ("score_fields", "learning_curves", "scales"))


def test_one_experiment_can_be_named_as_a_target(finished):
    assert "Nothing to be done" in finished.finish("--cores=2", "--dry-run", "tiny")


def test_one_experiment_can_be_chosen_in_the_config(copy):
    plan = copy.jobs("--config", "experiments=[tiny]")
    assert {job.rule for job in plan} <= {"write_index"}
    copy.finish("--cores=2", "--config", "experiments=[tiny]")
    assert "tinydigits" not in (copy.results / "report.html").read_text()
