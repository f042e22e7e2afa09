"""Micro-batches, and several processes that share them: one training all the same."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from together import BLOCKS
from training_examples import everything, plane, spec, train

import train as job
from scoreladder import datasets, files, gradients, parallel, seeds, training
from scoreladder.datasets import Splits
from scoreladder.deadlines import Deadline, DeadlineReached
from scoreladder.errors import JobFailed

HERE = Path(__file__).parent


def flat(state):
    """Every number in what `everything` returned of a run's tensors."""
    return np.concatenate([np.ravel(each) for each in state[:-3]])


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What two processes under torchrun found, each."""
    folder = tmp_path_factory.mktemp("pair")
    with pytest.MonkeyPatch.context() as patch, open(folder / "log", "w") as log:
        patch.setenv("PYTHONPATH", str(HERE.parent / "workflow_scripts"))
        status = parallel.launch(2, HERE / "together.py", [str(folder)], log, lambda: False)
    assert status == 0, (folder / "log").read_text()
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


def test_two_processes_train_as_one_does(pair):
    alone = everything(train(training.start(BLOCKS, plane(), 0)))
    assert [each["world"] for each in pair] == [2, 2]
    assert pair[0]["whole"] == pair[1]["whole"]
    assert flat(pair[0]["whole"]) == pytest.approx(flat(alone), abs=1e-6)
    images, curve = alone[-3:-1]
    assert pair[0]["whole"][-3] == images == 143
    for mine, theirs in zip(pair[0]["whole"][-2], curve, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-5)


def test_a_cut_changes_nothing_in_what_two_processes_do(pair):
    assert pair[0]["resumed"] == pair[0]["whole"] == pair[1]["resumed"]


def test_a_vote_of_one_is_heard_by_all(pair):
    assert [each["votes"] for each in pair] == [[True, False]] * 2
    assert parallel.any_of(True) and not parallel.any_of(False)


def test_several_processes_cannot_sample_levels_by_their_losses(pair):
    for each in pair:
        assert each["refusal"].startswith("density: found 'importance' in a training by several")
    assert training.start(BLOCKS | {"density": {"kind": "importance"}}, plane(), 0)


def test_micro_batches_are_weighted_by_their_images():
    """25 images in micro-batches of 10, 10 and 5: gradients are those of all their losses' mean."""
    run = training.start(BLOCKS, plane(), 0)
    with torch.no_grad():
        for parameter in run.model.parameters():
            parameter += 0.1
    run.images = 50
    loss = gradients.accumulate(run, 25)
    found = [parameter.grad.clone() for parameter in run.model.parameters()]
    each = []
    for start, size in ((50, 10), (60, 10), (70, 5)):
        drawn = seeds.generator("train", 0, start)
        x0 = run.data[torch.randint(len(run.data), (size,), generator=drawn)]
        each.append(run.task.losses(x0, drawn))
    expected = torch.cat(each).mean() / run.loss_scale
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    wanted = torch.autograd.grad(expected, list(run.model.parameters()))
    for mine, theirs in zip(found, wanted, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_one_micro_batch_is_the_batch_bit_for_bit():
    first, second = (
        everything(train(training.start(spec(images=200, **changes), plane(), 0)))
        for changes in ({}, {"micro_batch": 20})
    )
    assert first == second


# --- the job


@pytest.fixture
def data(tmp_path):
    points = plane(200).numpy()
    labels = np.zeros(200, dtype=np.int64)
    datasets.write(Splits(points, points, points, labels, labels, labels), tmp_path / "data.json")
    return tmp_path / "data.json"


def given(data, folder, changes):
    """The arguments of a training job up to its deadline, and the model's path."""
    blocks = spec(**{"images": 5_000, "batch_size": 25, "micro_batch": 10} | changes)
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in ("model.safetensors", "curve.csv", "state.pt")]
    return (data, blocks | {"seed": 0}, "stamp", "cpu", *paths), paths[0]


def test_a_job_of_two_processes_that_is_told_to_stop_goes_on_later(tmp_path, data):
    arguments, model = given(data, tmp_path / "two", {})
    deadline, heard = Deadline(), []

    def stop(**facts):
        heard.append(facts)
        deadline.reached = "time limit"

    with pytest.raises(DeadlineReached, match="time limit"):
        job.train_together(2, *arguments, deadline, stop)
    assert heard and not model.exists()
    facts = job.train_together(2, *arguments, Deadline(), lambda **facts: None)
    assert facts["processes"] == 2 and facts["resumed_at"] > 0 and facts["images"] == 5_000
    arguments, alone = given(data, tmp_path / "one", {})
    job.train(*arguments, Deadline(), lambda **facts: None)
    found, expected = (safetensors.torch.load_file(path) for path in (model, alone))
    for name, value in expected.items():
        assert torch.allclose(found[name], value, atol=1e-4), name
    assert (tmp_path / "two" / "curve.csv").read_text().count("\n") == 101


def test_a_failure_of_several_processes_is_the_one_line_that_one_gives(tmp_path, data):
    arguments, model = given(data, tmp_path / "two", {"learning_rate": 1e6})
    with pytest.raises(training.TrainingFailed, match="training diverged: at image"):
        job.train_together(2, *arguments, Deadline(), lambda **facts: None)
    assert not model.exists()


def test_a_process_that_dies_fails_the_job(tmp_path, data):
    arguments, _ = given(tmp_path / "missing.json", tmp_path / "two", {})
    with pytest.raises(JobFailed, match="a process of 2 that train together ended with status 1"):
        job.train_together(2, *arguments, Deadline(), lambda **facts: None)


def test_a_process_whose_job_was_killed_writes_nothing_once_another_attempt_is_at_work(
    tmp_path, data, monkeypatch
):
    (folder := tmp_path / "together").mkdir()
    (_, blocks, stamp, device, *_), _ = given(data, tmp_path, {})
    task = {"data": str(data), "spec": blocks, "stamp": stamp, "device": device, "events": None}
    task |= {"state": str(tmp_path / "state.pt"), "attempt": "first"}
    advance = training.advance

    def overtaken(run):
        for each in advance(run):
            (folder / "task.json").write_text(json.dumps(task | {"attempt": "second"}))
            yield each

    files.write_json(folder / "task.json", task)
    monkeypatch.setattr(training, "advance", overtaken)
    with pytest.raises(SystemExit, match="another attempt is at work"):
        job.be_one_of_several(folder)
    assert {path.name for path in folder.iterdir()} == {"task.json"}
    assert not (tmp_path / "state.pt").exists()


def test_processes_are_as_many_as_have_a_gpu_and_work(monkeypatch):
    training = {"batch_size": 100, "micro_batch": 25}
    assert job.processes(training, 4, "cpu") == 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for visible, granted, expected in ((8, 8, 4), (2, 8, 2), (8, 1, 1), (8, 3, 3)):
        monkeypatch.setattr(torch.cuda, "device_count", lambda visible=visible: visible)
        assert job.processes(training, granted, "auto") == expected
