"""Exports of the finished run: they load, say what they are, and sample to the same values."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

import export_model
import scoreladder
from scoreladder import denoiser, exporting, files, models, seeds, sharing

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

DOCS = Path(__file__).parents[2] / "docs" / "sharing.md"
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
# folder → whose model it is: experiment, variant, seed
EXPORTS = {
    "digits-multi": ("tinydigits", "multi", 0),
    "digits-heun": ("tinydigits", "multi-heun", 0),
    "digits-vae": ("tinydigits", "vae", 0),
    "points": ("tiny", "single", 1),
}
PIPELINES = [name for name in EXPORTS if name != "digits-vae"]


def run(workflow, *arguments):
    """Run the command in this process, on the workflow's files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_model, "ROOT", workflow.folder)
        patch.chdir(workflow.folder)
        export_model.main([str(each) for each in arguments])


def refused(capsys, workflow, *arguments):
    """The one line that the command ends with."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run(workflow, *arguments)
    said = capsys.readouterr()
    assert end.value.code == 2 and said.out == "" and said.err.count("\n") == 1
    return said.err.removeprefix("Error: ").rstrip("\n")


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    """The folder of EXPORTS."""
    folder = tmp_path_factory.mktemp("exported")
    for name, (experiment, variant, seed) in EXPORTS.items():
        options = ["--diffusers"] if name in PIPELINES else []
        run(finished, f"{experiment}:{variant}", folder / name, "--seed", seed, *options)
    return folder


def shard(workflow, name):
    experiment, variant, seed = EXPORTS[name]
    return np.load(workflow.results / f"{experiment}/samples/{variant}/seed{seed}/s0/shard0.npy")


@pytest.mark.parametrize("name", EXPORTS)
def test_plain_torch_samples_what_the_workflow_sampled(finished, exported, name):
    expected = shard(finished, name)
    assert np.allclose(sharing.sample(exported / name, len(expected)), expected, **CLOSE)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_pipeline_samples_what_the_workflow_sampled(finished, exported, name):
    from scoreladder.diffusers_pipeline import ScorePipeline

    pipeline = ScorePipeline.from_pretrained(exported / name / "diffusers")
    pipeline.set_progress_bar_config(disable=True)
    expected = shard(finished, name)
    generator = seeds.generator("sample", EXPORTS[name][2], 0, 0)
    found = pipeline(len(expected), generator=generator, output_type="latent").images
    assert np.allclose(found.numpy(), expected, **CLOSE)


def test_the_files_are_those_of_the_run(finished, exported):
    for name, (experiment, variant, seed) in EXPORTS.items():
        trained = variant.removesuffix("-heun")
        run_of = finished.results / f"{experiment}/models/{trained}/seed{seed}"
        weights = exported / name / "model.safetensors"
        assert weights.read_bytes() == (run_of / "model.safetensors").read_bytes()
        expected = {"model.safetensors", "config.json", "README.md"}
        assert {path.name for path in (exported / name).iterdir()} - {"diffusers"} == expected
    assert [path for path in exported.iterdir() if path.name not in EXPORTS] == []


def test_the_config_says_all_that_made_the_model(finished, exported):
    told = sharing.settings(exported / "points")
    assert (told["experiment"], told["variant"], told["seed"]) == ("tiny", "single", 1)
    results = finished.results / "tiny"
    manifest = files.read_json(results / "models/single/seed1/manifest.json")
    for key in ("code", "versions", "device"):
        assert told["trained"][key] == manifest[key]
    assert told["settings"].items() <= manifest["spec"].items()
    assert told["sigmas"] == told["sampling"]["sigmas"] == [1.0]
    tuned = files.read_json(results / "tuning/single.json")["relative_step_size"]
    assert told["sampling"]["relative_step_size"] == tuned
    train = np.load(results / "data/main/train.npy")
    assert told["data"]["shape"] == [2]
    assert told["data"]["range"] == [train.min(), train.max()]
    digits = sharing.settings(exported / "digits-multi")
    assert digits["data"]["shape"] == [1, 8, 8] and digits["data"]["range"] == [-1, 1]
    assert denoiser.load(exported / "digits-multi").sigmas.tolist() == digits["sigmas"]
    assert sharing.settings(exported / "digits-vae")["sigmas"] is None


def test_the_numbers_are_those_of_the_table_of_runs(finished, exported):
    (metric,) = [
        each
        for each in sharing.settings(exported / "points")["metrics"]
        if each["metric"] == "sliced_w1"
    ]
    table = pd.read_csv(finished.results / "tiny/summary/runs.csv")
    values = table[table["variant"] == "single"].set_index("seed")["sliced_w1"]
    assert metric["value"] == values[1] and metric["n"] == 2
    # Student's t of one degree of freedom
    half = 12.706205 * values.std() / 2**0.5
    assert metric["low"] == pytest.approx(values.mean() - half)
    assert metric["high"] == pytest.approx(values.mean() + half)
    floor = files.read_json(finished.results / "tiny/reference/main/floor.json")
    assert metric["floor"] == floor["300"]["sliced_w1"]["mean"]


@pytest.mark.parametrize("name", EXPORTS)
def test_the_card_has_front_matter_and_code_that_runs(exported, name, monkeypatch):
    _, front, text = (exported / name / "README.md").read_text().split("---\n", 2)
    told = yaml.safe_load(front)
    assert told["license"] == "mit" and told["library_name"] == "scoreladder"
    assert ("pipeline_tag" in told) == (name != "points")
    assert ("diffusers" in told["tags"]) == (name in PIPELINES)
    blocks = PYTHON.findall(text)
    assert len(blocks) == 2 + (name in PIPELINES)
    monkeypatch.chdir(exported)
    shape = sharing.settings(name)["data"]["shape"]
    names = {"x": torch.randn(3, *shape), "sigma": 1.0}
    exec("\n".join(blocks), names)
    assert len(names["samples"]) == 300
    assert len(names["x"]) == 16 if name == "digits-vae" else names["x0"].shape == (3, *shape)


def test_the_page_on_sharing_runs_from_top_to_bottom(finished, exported, monkeypatch):
    page = DOCS.read_text()
    (command,) = re.findall(r"export_model\.py ([^`]*)`", page)
    first, folder, *rest = command.split()
    assert (first, folder) == ("digits:multi", "digits-multi")
    run(finished, f"tiny{first}", exported / folder, *rest)
    monkeypatch.chdir(exported)
    names = {}
    exec("\n".join(PYTHON.findall(page)), names)
    assert names["samples"].shape == (300, 1, 8, 8) and names["arrays"].shape == (4, 8, 8, 1)
    assert (exported / "digit.png").stat().st_size
    (exported / "digit.png").unlink()


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("tiny", [], "model: found 'tiny'; EXPERIMENT:VARIANT, such as digits:multi"),
        ("tinny:multi", [], "did you mean 'tiny'?"),
        ("tiny:mult", [], "variant: found 'mult'; variants of tiny: multi, single, multi-plain;"),
        ("tiny:multi", ["--seed", "7"], "seed: found '7'; training seeds of tiny: 0, 1"),
        ("digits:multi", [], "found no file there; it is made by: snakemake -c2 digits"),
        ("tinydigits:vae", ["--diffusers"], "only score models have a pipeline of diffusers"),
    ],
)
def test_what_cannot_be_exported_is_told_in_one_line(
    finished, tmp_path, capsys, model, options, said
):
    assert said in refused(capsys, finished, model, tmp_path / "new", *options)
    assert os.listdir(tmp_path) == []


def test_without_diffusers_one_line_says_so(finished, tmp_path, capsys, monkeypatch):
    for name in ("diffusers_pipeline", "diffusers_schedulers"):
        monkeypatch.delitem(sys.modules, f"scoreladder.{name}", raising=False)
        monkeypatch.delattr(scoreladder, name, raising=False)
    monkeypatch.setitem(sys.modules, "diffusers", None)
    said = refused(capsys, finished, "tiny:multi", tmp_path / "new", "--diffusers")
    assert said.startswith("--diffusers: found no package diffusers; pip install diffusers")
    assert os.listdir(tmp_path) == []


def test_only_an_export_is_replaced(finished, tmp_path, capsys):
    to = tmp_path / "model"
    run(finished, "tiny:multi", to)
    run(finished, "tiny:single", to)
    assert sharing.settings(to)["variant"] == "single"
    (to / "notes.txt").write_text("mine")
    assert "found notes.txt there, which no export wrote" in refused(
        capsys, finished, "tiny:multi", to
    )
    (to / "notes.txt").unlink()
    (to / sharing.CONFIG).write_text("{}")
    assert "found a folder that no export wrote" in refused(capsys, finished, "tiny:multi", to)
    assert "found the folder that this runs in" in refused(capsys, finished, "tiny:multi", ".")
    assert "found a file there" in refused(capsys, finished, "tiny:multi", to / "README.md")
    assert os.listdir(tmp_path) == ["model"]


def test_results_of_other_settings_are_not_exported(copy, tmp_path, capsys):
    copy.change(lambda experiment: experiment["defaults"]["sample"].update(nfe=30))
    said = refused(capsys, copy, "tiny:multi", tmp_path / "new")
    assert "shard0.manifest.json: found sample.nfe 20, where the experiment has 30 now" in said


def edit(path, **changes):
    files.write_json(path, files.read_json(path) | changes)


def test_numbers_of_an_earlier_model_are_not_exported(copy, tmp_path, capsys):
    results = copy.results / "tiny"
    trained = results / "models/multi/seed0/manifest.json"
    code = files.read_json(trained)["code"]
    edit(trained, code="other")
    earlier = "runs.csv: found numbers of an earlier model of multi; snakemake -c2 tiny"
    assert refused(capsys, copy, "tiny:multi", tmp_path / "new").endswith(earlier)
    edit(trained, code=code, started="2999-01-01T00:00:00+0000")
    assert refused(capsys, copy, "tiny:multi", tmp_path / "new").endswith(earlier)
    # as a run does that was stopped after sampling
    copy.change(lambda experiment: experiment["defaults"]["sample"].update(nfe=30))
    sampled = results / "samples/multi/seed0/s0/shard0.manifest.json"
    spec = files.read_json(sampled)["spec"]
    edit(sampled, spec=spec | {"sample": spec["sample"] | {"nfe": 30}})
    said = refused(capsys, copy, "tiny:multi", tmp_path / "new")
    assert "runs.manifest.json: found sample.nfe 20, where the experiment has 30 now" in said


def test_a_failure_half_way_leaves_the_earlier_export(finished, tmp_path, monkeypatch):
    run(finished, "tiny:multi", tmp_path / "model")
    before = (tmp_path / "model/README.md").read_text()

    def fail(*_):
        raise RuntimeError("half way")

    monkeypatch.setattr(exporting.model_card, "card", fail)
    with pytest.raises(RuntimeError, match="half way"):
        run(finished, "tiny:single", tmp_path / "model")
    assert (tmp_path / "model/README.md").read_text() == before
    assert models.load(tmp_path / "model") and os.listdir(tmp_path) == ["model"]


def test_an_export_that_cannot_be_put_in_place_leaves_the_earlier_one(
    finished, tmp_path, monkeypatch, capsys
):
    run(finished, "tiny:multi", tmp_path / "model")
    rename = Path.rename

    def refuse(path, target):
        if path.name == "new":
            raise OSError("no room")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    assert refused(capsys, finished, "tiny:single", tmp_path / "model") == "no room"
    assert sharing.settings(tmp_path / "model")["variant"] == "multi"
    assert os.listdir(tmp_path) == ["model"]
