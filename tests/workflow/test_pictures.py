"""One's own pictures and real Inception features, from a folder to the report: the walkthrough."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
import pytest

from scoreladder import inception, metrics, variants

PAGE = "walkthrough.md"
CODE, EXPERIMENT, VARIANT = (block for block in pages.blocks(PAGE) if block.file)
(RUN,) = {line for line in pages.commands(PAGE) if line.startswith("snakemake -c2 --config")}
# what the page shows of the run and of the one after it, of its jobs, and of `status.py`
FIRST, SECOND = (text for text in pages.of_language(PAGE, "console") if f"$ {RUN}" in text)
JOB = re.compile(r"^([a-z_]+) +(\d+)$", re.MULTILINE)
IMAGE_METRICS = {"fid_clean", "kid", "precision", "recall", "nearest_train"}
IMAGE_METRICS |= {"knn_density", "knn_coverage"}


@pytest.fixture(scope="module")
def made(sources, inception_weights, tmp_path_factory):
    """The walkthrough's experiment before it runs, on its 60 pictures and a broken one."""
    workflow = sources.copy(tmp_path_factory.mktemp("pictures") / "workflow")
    subprocess.run([sys.executable, "-c", CODE.text], cwd=workflow.folder, check=True)
    (workflow.folder / "mine/broken.png").write_bytes(b"\x89PNG and no more")
    (workflow.folder / "network").mkdir()
    found = json.loads(inception_weights.with_name("facts.json").read_text())["weights"]
    (name,) = (each.name for each, _ in inception.EDITIONS if each.sha256 == found)
    (workflow.folder / "network" / name).symlink_to(inception_weights)
    (workflow.folder / EXPERIMENT.file).write_text(EXPERIMENT.text)
    workflow.replace(EXPERIMENT.file, "reference: test}", "reference: test, path: network}")
    # two runs take no longer than one of all images
    workflow.replace(EXPERIMENT.file, "images: 400", "images: 100")
    return workflow


@pytest.fixture(scope="module")
def said(made):
    """What the two runs of the page say: of one variant, and with a second one."""
    first = made.finish(*shlex.split(RUN)[1:])
    with (made.folder / EXPERIMENT.file).open("a") as file:
        file.write(VARIANT.text)
    return first, made.finish(*shlex.split(RUN)[1:])


@pytest.fixture(scope="module")
def pictures(made, said):
    """The walkthrough's experiment when both are done."""
    return made


def test_the_slip_is_answered_as_the_page_says(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text((EXPERIMENT.text + VARIANT.text).replace("sigma: 1.0}", "sigm: 1.0}"))
    with pytest.raises(variants.ConfigError) as error:
        variants.load_experiment(path)
    (said,) = pages.of_language(PAGE, "text")
    assert (
        " ".join(said.split()) == f"Error: {EXPERIMENT.file}: {str(error.value).split(': ', 1)[1]}"
    )


def test_the_runs_take_the_jobs_that_the_page_shows(said):
    steps = FIRST.splitlines()[-1]
    assert steps in said[0] and f"# {steps.split()[0]} jobs" in FIRST
    jobs = dict(JOB.findall(said[1]))
    shown = dict(JOB.findall(SECOND))
    assert shown["train"] == "1" and shown.items() <= jobs.items()
    # the second variant's alone
    assert not {"prepare_dataset", "make_reference", "fetch_inception"} & jobs.keys()


def test_the_status_is_what_the_page_shows(pictures):
    shown = SECOND.split("status.py mine\n")[1].splitlines()
    told = [line.rstrip() for line in pictures.status("mine").splitlines()]
    assert len(shown) == 5 and [line for line in told if line in shown] == shown


def test_pictures_are_cropped_resized_and_split(pictures):
    folder = pictures.results / "mine/data/main"
    parts = {name: np.load(folder / f"{name}.npy") for name in ("train", "tune", "test")}
    assert {name: part.shape for name, part in parts.items()} == {
        "train": (28, 3, 16, 16),
        "tune": (12, 3, 16, 16),
        "test": (20, 3, 16, 16),
    }
    assert all(part.dtype == np.uint8 for part in parts.values())
    log = (pictures.results / "mine/logs/prepare_dataset/main.log").read_text()
    assert "skipped" in log and "broken.png" in log


def test_samples_are_bytes_and_are_measured_in_inception_features(pictures):
    samples = np.load(pictures.results / "mine/samples/ladder/seed0/s0/shard0.npy")
    assert samples.shape == (24, 3, 16, 16) and samples.dtype == np.uint8
    found = json.loads((pictures.results / "mine/metrics/ladder/seed0/s0.json").read_text())
    assert set(found["metrics"]) >= IMAGE_METRICS
    # below 200 samples there is nothing to extrapolate from
    assert "fid_infinity" not in found["metrics"]
    assert found["metrics"]["fid_clean"] > 0 and 0 <= found["metrics"]["precision"] <= 1


def test_each_shard_has_its_features_and_they_are_what_is_measured(pictures):
    run = pictures.results / "mine/samples/ladder/seed0/s0/shard0"
    found = np.load(f"{run}.features.npy", allow_pickle=False)
    assert found.shape == (24, 2048) and found.dtype == np.float32
    assert (
        json.loads(Path(f"{run}.features.manifest.json").read_text())["rule"] == "extract_features"
    )
    real = np.load(pictures.results / "mine/reference/main/test.npy", allow_pickle=False)
    exact = metrics.frechet_distance(*metrics.moments(found), *metrics.moments(real))
    written = json.loads((pictures.results / "mine/metrics/ladder/seed0/s0.json").read_text())
    assert written["metrics"]["fid_clean"] == pytest.approx(exact, rel=1e-4)


def test_the_report_says_whose_fid_it_is(pictures):
    table = (pictures.results / "mine/tables/scales.md").read_text()
    assert "FID (Inception, clean-fid)" in table
    assert (pictures.results / "mine/report.html").exists()


def test_where_files_lie_is_no_part_of_what_results_are(pictures):
    manifest = pictures.results / "mine/models/ladder/seed0/manifest.json"
    assert "path" not in json.loads(manifest.read_text())["spec"]["dataset"]
    weights = json.loads((pictures.results / "mine/reference/inception.manifest.json").read_text())
    assert weights["weights"] in {each.sha256 for each, _ in inception.EDITIONS}
