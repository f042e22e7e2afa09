"""One's own pictures and real Inception features, from a folder to the report."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from workflows import DEFAULTS

from scoreladder import inception, metrics

SAMPLE = "{sampler: annealed_langevin, count: 300, nfe: 20, step_size: 0.2, denoise: true"
EXPERIMENT = f"""
title: Pictures
dataset:
  {{name: folder, path: mine, side: 16, channels: 3, broken: skip, tune_size: 12, test_size: 20}}
features: {{kind: inception, reference: test, path: network}}
replicates: {{train_seeds: [0], sample_seeds: [0]}}
{DEFAULTS.replace(SAMPLE, SAMPLE.replace("300", "24").replace("20,", "4,"))}
variants:
  multi: {{network: {{kind: unet, size: tiny}}, training: {{images: 200, batch_size: 10}}}}
  mlp: {{}}
comparisons:
  - {{name: networks, baseline: multi, arms: [mlp], metric: fid_clean}}
"""
IMAGE_METRICS = {"fid_clean", "kid", "precision", "recall", "nearest_train"}
IMAGE_METRICS |= {"knn_density", "knn_coverage"}


@pytest.fixture(scope="module")
def pictures(sources, inception_weights, tmp_path_factory):
    """A finished experiment on 60 pictures of several sizes, one more of them broken."""
    workflow = sources.copy(tmp_path_factory.mktemp("pictures") / "workflow")
    (workflow.folder / "mine").mkdir()
    random = np.random.default_rng(0)
    for number in range(60):
        height, width = random.integers(16, 40, 2)
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(workflow.folder / f"mine/{number:02}.png")
    (workflow.folder / "mine/broken.png").write_bytes(b"\x89PNG and no more")
    (workflow.folder / "network").mkdir()
    found = json.loads(inception_weights.with_name("facts.json").read_text())["weights"]
    (name,) = (each.name for each, _ in inception.EDITIONS if each.sha256 == found)
    (workflow.folder / "network" / name).symlink_to(inception_weights)
    workflow.experiment.write_text(EXPERIMENT)
    workflow.finish("--cores=2", "--config", "experiments=[tiny]")
    return workflow


def test_pictures_are_cropped_resized_and_split(pictures):
    folder = pictures.results / "tiny/data/main"
    parts = {name: np.load(folder / f"{name}.npy") for name in ("train", "tune", "test")}
    assert {name: part.shape for name, part in parts.items()} == {
        "train": (28, 3, 16, 16),
        "tune": (12, 3, 16, 16),
        "test": (20, 3, 16, 16),
    }
    assert all(part.dtype == np.uint8 for part in parts.values())
    log = (pictures.results / "tiny/logs/prepare_dataset/main.log").read_text()
    assert "skipped" in log and "broken.png" in log


def test_samples_are_bytes_and_are_measured_in_inception_features(pictures):
    samples = np.load(pictures.results / "tiny/samples/multi/seed0/s0/shard0.npy")
    assert samples.shape == (24, 3, 16, 16) and samples.dtype == np.uint8
    found = json.loads((pictures.results / "tiny/metrics/multi/seed0/s0.json").read_text())
    assert set(found["metrics"]) >= IMAGE_METRICS
    # below 200 samples there is nothing to extrapolate from
    assert "fid_infinity" not in found["metrics"]
    assert found["metrics"]["fid_clean"] > 0 and 0 <= found["metrics"]["precision"] <= 1


def test_each_shard_has_its_features_and_they_are_what_is_measured(pictures):
    run = pictures.results / "tiny/samples/multi/seed0/s0/shard0"
    found = np.load(f"{run}.features.npy", allow_pickle=False)
    assert found.shape == (24, 2048) and found.dtype == np.float32
    assert (
        json.loads(Path(f"{run}.features.manifest.json").read_text())["rule"] == "extract_features"
    )
    real = np.load(pictures.results / "tiny/reference/main/test.npy", allow_pickle=False)
    exact = metrics.frechet_distance(*metrics.moments(found), *metrics.moments(real))
    written = json.loads((pictures.results / "tiny/metrics/multi/seed0/s0.json").read_text())
    assert written["metrics"]["fid_clean"] == pytest.approx(exact, rel=1e-4)


def test_the_report_says_whose_fid_it_is(pictures):
    table = (pictures.results / "tiny/tables/networks.md").read_text()
    assert "FID (Inception, clean-fid)" in table
    assert (pictures.results / "tiny/report.html").exists()


def test_where_files_lie_is_no_part_of_what_results_are(pictures):
    manifest = pictures.results / "tiny/models/multi/seed0/manifest.json"
    assert "path" not in json.loads(manifest.read_text())["spec"]["dataset"]
    weights = json.loads((pictures.results / "tiny/reference/inception.manifest.json").read_text())
    assert weights["weights"] in {each.sha256 for each, _ in inception.EDITIONS}
