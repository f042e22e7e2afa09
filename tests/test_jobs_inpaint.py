"""What the inpainting job writes, on an untrained model, and what it keeps where it is stopped."""

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

import inpaint
from scoreladder import (
    datasets,
    features,
    files,
    filling,
    inpainting,
    metrics_features,
    models,
    operators,
    perceptual,
    reference,
    steps,
)
from scoreladder.catalog import MEAN_IMAGE, OF_INPAINTING, TRUTH
from scoreladder.datasets import Splits

LADDER = {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.2, "levels": 4}
NETWORK = {"kind": "mlp", "width": 8, "blocks": 1}
BLOCKS = {"noise": LADDER, "density": {"kind": "ladder"}, "denoiser": "edm", "network": NETWORK}
SAMPLE = {"sampler": "annealed_langevin", "ladder": LADDER, "nfe": 11, "start_std": 1.0}
SPEC = {
    "features": {"kind": "digit_classifier", "steps": 2},
    "inpaint": {
        "masks": ["half", "lines"],
        "drawn_masks": [],
        "operators": [],
        "methods": ["replacement", "projection"],
        "images": 5,
        "completions": 3,
    },
    "sample": SAMPLE | {"step_size": 0.2, "denoise": True},
    "tuning": None,
    "seed": 0,
}
# LPIPS is of pictures, not of digits
MEASURED = set(OF_INPAINTING) - {"completion_lpips"}
STEPS = ["half_replacement", "half_projection", "lines_replacement", "lines_projection"]


@pytest.fixture
def job(tmp_path):
    """The job as a function of how it keeps its steps; the paths of what it writes."""
    images = np.random.default_rng(0).uniform(-1, 1, (20, 1, 8, 8)).astype(np.float32)
    labels = np.zeros(20, dtype=np.int64)
    data, model = tmp_path / "splits.json", tmp_path / "model.safetensors"
    datasets.write(Splits(images, images, images[::-1].copy(), labels, labels, labels), data)
    description = models.describe(BLOCKS, torch.from_numpy(images))
    models.save(models.build(description), description, model)
    classifier, known = tmp_path / "classifier.safetensors", tmp_path / "real" / "reference.json"
    known.parent.mkdir()
    features.save_classifier(features.train_classifier(images, labels, 2), classifier)
    extract = features.extractor(SPEC["features"], classifier)
    for name in reference.SPLITS:
        np.save(reference.files(known)[name], extract(images))
    reference.complete(known, "test", neighbours=False)
    metrics, arrays = tmp_path / "inpainted.json", tmp_path / "inpainted.npz"

    def run(keep=steps.at_once, spec=SPEC, likeness=None):
        read = (data, known, classifier, likeness, model)
        facts = inpaint.inpaint(*read, spec, "cpu", metrics, arrays, keep)
        with np.load(arrays, allow_pickle=False) as drawn:
            return facts, files.read_json(metrics), dict(drawn)

    return run


def filled_rows(found):
    """The rows of completions, without those of the mean image and the truth."""
    return [row for row in found["rows"] if row["method"] not in (MEAN_IMAGE, TRUTH)]


def test_every_mask_and_method_has_its_completions_its_metrics_and_its_evaluations(job):
    facts, found, drawn = job()
    rows = filled_rows(found)
    assert [f"{row['mask']}_{row['method']}" for row in rows] == STEPS
    assert [row["nfe"] for row in rows] == [11, 8, 11, 8]
    of_masks = {f"{kind}_{mask}" for kind in ("known", "seen") for mask in ("half", "lines")}
    assert set(drawn) == {"truth", *of_masks, *STEPS}
    for row in rows:
        known, completions = drawn[f"known_{row['mask']}"], drawn[f"{row['mask']}_{row['method']}"]
        assert completions.shape == (3, 5, 1, 8, 8)
        similar = inpainting.hole_similarity(completions, drawn["truth"], known)
        assert set(row["metrics"]) == MEASURED
        assert {name: row["metrics"][name] for name in similar} == similar
        size = 0.2 if row["method"] == "replacement" else None
        assert (row["relative_step_size"], row["at_grid_edge"]) == (size, False)
    assert facts["relative_step_sizes"] == found["relative_step_sizes"] == {"replacement": 0.2}
    assert found["tuning"] == {}


def test_completed_images_are_held_against_the_data_by_their_fid(job, tmp_path):
    _, found, drawn = job()
    extract = features.extractor(SPEC["features"], tmp_path / "classifier.safetensors")
    moments = reference.read(tmp_path / "real" / "reference.json").moments
    for row in filled_rows(found):
        whole = drawn[f"{row['mask']}_{row['method']}"].reshape(15, 1, 8, 8)
        expected = metrics_features.fid(extract(whole), *moments)
        assert row["metrics"]["completion_fid"] == pytest.approx(expected)


def test_where_lpips_is_measured_all_completions_and_the_mean_image_have_it(job, tmp_path):
    network = perceptual.Lpips().requires_grad_(False)
    safetensors.torch.save_file(network.state_dict(), tmp_path / "perceptual.safetensors")
    _, found, drawn = job(likeness=tmp_path / "perceptual.safetensors")
    assert all(set(row["metrics"]) == set(OF_INPAINTING) for row in found["rows"])
    for row in filled_rows(found):
        completions = drawn[f"{row['mask']}_{row['method']}"]
        expected = perceptual.distance(completions, drawn["truth"], network)
        assert row["metrics"]["completion_lpips"] == pytest.approx(expected)
    own = [row["metrics"] for row in found["rows"] if row["method"] == "replacement"]
    mean = np.mean([metrics["completion_lpips"] for metrics in own])
    assert found["metrics"]["completion_lpips"] == pytest.approx(mean)


def test_a_mask_drawn_by_hand_and_an_operator_are_problems_too(job, tmp_path):
    """The PNG is a mask like any other; the operator's completions have its means, no pixels."""
    known = np.random.default_rng(1).random((8, 8)) < 0.5
    Image.fromarray(np.where(known, 255, 0).astype(np.uint8)).save(tmp_path / "own.png")
    further = {"drawn_masks": [str(tmp_path / "own.png")], "operators": ["super_resolution_2"]}
    _, found, drawn = job(spec=SPEC | {"inpaint": SPEC["inpaint"] | further})
    assert (drawn["known_own"] == known).all() and not drawn["known_super_resolution_2"].any()
    assert (drawn["own_projection"][..., known] == drawn["truth"][..., known]).all()
    forward = operators.super_resolution(2).forward
    truth = forward(torch.from_numpy(drawn["truth"]))
    for method in SPEC["inpaint"]["methods"]:
        filled = torch.from_numpy(drawn[f"super_resolution_2_{method}"])
        assert torch.allclose(forward(filled.flatten(0, 1)).unflatten(0, (3, 5)), truth, atol=1e-5)
    of_masks = [
        row["metrics"]["hole_rmse"]
        for row in found["rows"]
        if row["method"] == "replacement" and row["mask"] in ("half", "lines", "own")
    ]
    assert found["metrics"]["hole_rmse"] == pytest.approx(np.mean(of_masks))


def test_each_mask_begins_with_the_training_images_mean_and_the_truth(job):
    """Their FIDs are of whole images: the mean image's known part is that of the truth."""
    _, found, _ = job()
    blind, real = found["rows"][::4], found["rows"][1::4]
    for rows, name in ((blind, MEAN_IMAGE), (real, TRUTH)):
        told = [(row["mask"], row["method"], row["nfe"]) for row in rows]
        assert told == [("half", name, 0), ("lines", name, 0)]
    of_mean = [row["metrics"]["completion_fid"] for row in blind]
    of_truth = [row["metrics"]["completion_fid"] for row in real]
    assert of_truth[0] == of_truth[1] and of_mean[0] != of_mean[1]
    for row in real:
        assert row["metrics"]["hole_rmse"] == 0 and row["metrics"]["hole_energy"] == 0
    for row in blind:
        metrics = row["metrics"]
        assert set(metrics) == MEASURED
        assert metrics["hole_gain"] == pytest.approx(1) and metrics["hole_spread"] == 0
        # all energy is the error that no spread takes off
        assert 0.9 * metrics["hole_rmse"] < metrics["hole_energy"] <= metrics["hole_rmse"]


@pytest.mark.parametrize("method", ["replacement", "projection"])
def test_a_step_size_is_tuned_on_other_images_by_their_energy_score(job, method):
    """The largest makes no chain finite; what is chosen fills the holes as if it had been given."""
    sizes = [0.02, 0.2, 1e30]
    spec = SPEC | {"inpaint": SPEC["inpaint"] | {"methods": [method]}}
    _, found, drawn = job(
        spec=spec | {"tuning": {"methods": [method], "relative_step_sizes": sizes}}
    )
    tuned, (size,) = found["tuning"][method], found["relative_step_sizes"].values()
    curve = tuned["curve"]
    assert [trial["relative_step_size"] for trial in curve] == sizes
    assert curve[2]["value"] is None and curve[0]["value"] != curve[1]["value"]
    best = min(curve[:2], key=lambda trial: trial["value"])
    assert tuned["relative_step_size"] == size == best["relative_step_size"]
    assert tuned["metric"] == "hole_energy" and tuned["at_grid_edge"] == (size == 0.02)
    steps = [(row["relative_step_size"], row["at_grid_edge"]) for row in found["rows"]]
    assert steps == [*[(None, False)] * 2, (size, size == 0.02)] * 2
    _, _, again = job(spec=spec | {"tuning": {"methods": [method], "relative_step_sizes": [size]}})
    assert all((again[name] == drawn[name]).all() for name in drawn)


def test_projection_without_correctors_has_no_step_to_tune(job):
    inpainted = SPEC["inpaint"] | {"methods": ["projection"]}
    given = {"tuning": {"methods": ["projection"], "relative_step_sizes": [0.1, 0.2]}}
    _, found, _ = job(
        spec=SPEC | given | {"inpaint": inpainted, "sample": SPEC["sample"] | {"nfe": 7}}
    )
    assert found["tuning"] == found["relative_step_sizes"] == {}


def test_the_metrics_of_the_run_are_means_over_the_masks_and_the_least_gain_for_the_first_method(
    job,
):
    spec = SPEC | {"inpaint": SPEC["inpaint"] | {"methods": ["projection", "replacement"]}}
    facts, found, _ = job(spec=spec)
    own = [row["metrics"] for row in found["rows"] if row["method"] == "projection"]
    assert len(own) == 2
    for name, value in found["metrics"].items():
        over = min if name == "hole_gain" else np.mean
        assert value == pytest.approx(over([metrics[name] for metrics in own]))
    alone = SPEC | {"inpaint": SPEC["inpaint"] | {"methods": ["projection"]}}
    facts, again, _ = job(spec=alone)
    assert again["metrics"] == found["metrics"] and facts["relative_step_sizes"] == {}


def test_a_stopped_job_goes_on_with_the_fillings_that_are_left(job, tmp_path, monkeypatch):
    _, whole, drawn = job()
    keep, fill, calls = steps.keeper(tmp_path / "resume"), filling.fill, []

    def stopped_at_the_third(*arguments, **options):
        calls.append(arguments[3])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fill(*arguments, **options)

    (tmp_path / "resume").mkdir()
    monkeypatch.setattr(filling, "fill", stopped_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        job(keep)
    assert sorted(path.stem for path in (tmp_path / "resume").iterdir()) == sorted(
        f"{step}_block0" for step in STEPS[:2]
    )
    _, found, again = job(keep)
    assert calls == [
        *["replacement", "projection", "replacement"],
        *["replacement", "projection"] * 2,
    ]
    assert found == whole
    assert all(again[name].tobytes() == drawn[name].tobytes() for name in drawn)


def test_what_is_infinite_is_null_in_the_file(job, monkeypatch):
    def perfect(network, images, known, method, sigmas, nfe, completions, *_):
        return np.stack([images.numpy()] * completions), nfe

    monkeypatch.setattr(filling, "fill", perfect)
    _, found, _ = job()
    filled = [row["metrics"] for row in filled_rows(found)]
    for metrics in (found["metrics"], *filled):
        assert metrics["hole_psnr"] is None
        assert metrics["hole_ssim"] == pytest.approx(1)
