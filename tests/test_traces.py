"""Traces of sampling: where chains start, what each frame has cost, and where they end."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

import plot_trajectory
import trace_samples
from scoreladder import datasets, files, models, sampling, traces
from scoreladder.datasets import Splits
from scoreladder.errors import JobFailed
from scoreladder.plotting import animations, style, trajectories

LADDER = {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.2, "levels": 4}
SINGLE = {"kind": "single", "sigma": 1.0}
BLOCKS = {
    "noise": LADDER,
    "density": {"kind": "ladder"},
    "denoiser": "edm",
    "network": {"kind": "mlp", "width": 8, "blocks": 1},
}
STEPPING = {"nfe": 41, "step_size": 0.2, "denoise": True, "start_std": 2.0}
SAMPLES = {
    "annealed": {"sampler": "annealed_langevin", "ladder": LADDER, **STEPPING},
    "plain": {"sampler": "langevin", "ladder": SINGLE, **STEPPING, "step_size": "tuned"},
    "heun": {"sampler": "heun", "ladder": LADDER, "churn": 0.0, "start_std": 2.0},
    "adaptive": {"sampler": "pf_ode", "ladder": LADDER, "rtol": 0.1, "start_std": 2.0},
}


def built(folder, shape):
    """Splits of data of that shape, and a model of it that was not trained, as files."""
    random, labels = np.random.default_rng(0), np.zeros(20, dtype=np.int64)
    rows = random.uniform(-1, 1, (20, *shape)).astype(np.float32)
    data, model = folder / "splits.json", folder / "model.safetensors"
    datasets.write(Splits(rows, rows, rows, labels, labels, labels), data)
    description = models.describe(BLOCKS, torch.from_numpy(rows))
    models.save(models.build(description), description, model)
    return data, model


@pytest.fixture
def model(tmp_path):
    return models.load(built(tmp_path, (2,))[1])


@pytest.mark.parametrize("name", SAMPLES)
def test_each_frame_is_the_last_state_that_its_share_of_evaluations_pays_for(model, name):
    sample, rows, last = SAMPLES[name], 5, traces.FRAMES - 1
    ladder = sampling.ladder_of(sample, model)
    start = sampling.start_of(sample, model, float(ladder[0]))
    counted = sampling.CountCalls(model)
    key = ("trajectory", 3)
    visited = [
        (counted.calls, state.numpy())
        for state in sampling.block_states(counted, sample, ladder, 0.2, key, start, rows=rows)
    ]
    found = traces.trace(model, sample, 0.2, key, rows)
    assert found["states"].shape == (traces.FRAMES, rows, 2)
    assert found["evaluations"][0] == 0 and found["evaluations"][-1] == counted.calls
    for frame in range(1, traces.FRAMES):
        paid = [(0, found["states"][0])]
        paid += [each for each in visited if each[0] * last <= frame * counted.calls]
        spent, state = paid[-1]
        assert found["evaluations"][frame] == spent
        assert np.array_equal(found["states"][frame], state)


@pytest.mark.parametrize("name", SAMPLES)
def test_levels_go_down_the_ladder(model, name):
    found = traces.trace(model, SAMPLES[name], 0.2, (0,), 2)["sigmas"]
    first, last = sampling.ladder_of(SAMPLES[name], model)[[0, -1]].tolist()
    assert (np.diff(found) <= 0).all()
    assert found[0] == pytest.approx(first) and found[-1] == pytest.approx(last)


def test_chains_of_one_seed_start_alike_whatever_the_sampler(model):
    # it adds noise before the first evaluation
    churned = SAMPLES["heun"] | {"churn": 2.0}
    asked = [*SAMPLES.values(), churned]
    found = [traces.trace(model, each, 0.2, (0,), 4)["states"][0] for each in asked]
    for each in found[1:]:
        assert np.array_equal(each, found[0])
    assert 0.5 < found[0].std() < 4


def test_many_variants_of_large_images_have_fewer_of_each():
    assert traces.chains((2,), 30) == traces.POINTS
    assert traces.chains((1, 8, 8), 13) == traces.MOST_IMAGES
    assert 1 <= traces.chains((3, 32, 32), 13) < traces.MOST_IMAGES
    assert traces.chains((3, 64, 64), 50) == 1


def traced(tmp_path, shape):
    """The files that the two jobs make of four variants of one model."""
    data, model = built(tmp_path, shape)
    tuning = tmp_path / "tuning.json"
    files.write_json(tuning, {"relative_step_size": 0.3})
    asked = [{"variant": name, "sample": each, "seed": 0} for name, each in SAMPLES.items()]
    states = tmp_path / "states.npz"
    trace_samples.trace_samples(data, [model] * len(asked), [tuning], asked, "cpu", states)
    labels = {"other": "not shown", **{name: name.title() for name in SAMPLES}}
    made = []
    for name in ("first", "second"):
        paths = tmp_path / f"{name}.png", tmp_path / f"{name}.json"
        plot_trajectory.plot_trajectory(states, labels, *paths)
        made.append(tuple(path.read_bytes() for path in paths))
    assert made[0] == made[1]
    return states, paths


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8)])
def test_a_trajectory_has_a_frame_and_a_label_for_each_state(tmp_path, shape):
    states, (animation, told) = traced(tmp_path, shape)
    with np.load(states) as arrays:
        assert arrays["variants"].tolist() == list(SAMPLES)
        assert arrays["states"].shape[:2] == (len(SAMPLES), traces.FRAMES)
        real = datasets.read(tmp_path / "splits.json").values("test")
        assert np.array_equal(arrays["real"], real[: arrays["states"].shape[2]])
        assert arrays["evaluations"][:, -1].tolist()[:3] == [41, 41, 7]
    labels = [frame["label"] for frame in json.loads(told.read_text())["frames"]]
    assert labels[:2] == ["start", "10 % of the evaluations"]
    assert labels[-1] == "100 % of the evaluations"
    with Image.open(animation) as picture:
        assert picture.n_frames == len(labels) == traces.FRAMES
        assert picture.width == round(style.PAGE_WIDTH * trajectories.DPI)
        durations = []
        for frame in range(picture.n_frames):
            picture.seek(frame)
            durations.append(picture.info["duration"])
    assert set(durations[:-1]) == {trajectories.MILLISECONDS} and durations[-1] > durations[0]


def test_a_tuned_step_size_is_the_one_that_is_used(tmp_path):
    states, _ = traced(tmp_path, (2,))
    model = models.load(tmp_path / "model.safetensors")
    wanted = traces.trace(model, SAMPLES["plain"], 0.3, ("trajectory", 0), traces.POINTS)
    with np.load(states) as arrays:
        assert np.array_equal(arrays["states"][1], wanted["states"])


def test_samplers_of_one_budget_are_told_apart_by_their_evaluations():
    shares = np.array([[0, 100, 200], [0, 99, 200]])
    assert trajectories.labels(shares) == [
        "start",
        "evaluation 100 of 200",
        "evaluation 200 of 200",
    ]


def test_samplers_of_few_evaluations_are_told_apart_by_their_shares():
    told = trajectories.labels(np.array([[0, 1, 1, 3]]))
    assert told == ["start", "evaluation 1 of 3", "evaluation 2 of 3", "evaluation 3 of 3"]
    assert trajectories.labels(np.array([[0, 0, 0, 2]]))[1] == "33 % of the evaluations"


def test_a_step_size_that_suits_no_ladder_is_told_in_one_line(tmp_path):
    data, model = built(tmp_path, (2,))
    sample = {"sampler": "consistent_annealed", "ladder": LADDER, "step_size": 9.0}
    asked = [{"variant": "wild", "sample": sample | {"denoise": True}, "seed": 0}]
    with pytest.raises(JobFailed, match=r"^wild: sample\.step_size: "):
        trace_samples.trace_samples(data, [model], [], asked, "cpu", tmp_path / "states.npz")


def test_the_digits_of_thirteen_variants_are_a_small_file(tmp_path):
    names = [f"variant {number}" for number in range(13)]
    random = np.random.default_rng(0)
    states = {name: random.normal(0, 1, (traces.FRAMES, 12, 1, 8, 8)) for name in names}
    sigmas = {name: np.ones(traces.FRAMES) for name in names}
    labels = dict(zip(names, names, strict=True))
    notes = [str(frame) for frame in range(traces.FRAMES)]
    real = states[names[0]][0]
    drawn = trajectories.frames(real, states, sigmas, notes, labels, style.palette(names))
    animations.write(drawn, tmp_path / "trajectory.png")
    assert (tmp_path / "trajectory.png").stat().st_size < 1.5e6
