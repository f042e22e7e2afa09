"""A training that is told to stop saves itself, and the next attempt ends with the same bits."""

import math
import os
import signal

import numpy as np
import pytest
from training_examples import spec

import train
from scoreladder import datasets
from scoreladder.datasets import Splits
from scoreladder.deadlines import Deadline, DeadlineReached

SPEC = spec(images=4000, batch_size=50) | {"dataset": {"name": "two_moons"}, "seed": 0}


@pytest.fixture
def deadline():
    """An armed deadline; afterwards the process has its own handlers again."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    yield Deadline()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def data(tmp_path):
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    labels = np.zeros(200, dtype=np.int64)
    datasets.write(Splits(points, points, points, labels, labels, labels), tmp_path / "data.json")
    return tmp_path / "data.json"


def attempt(data, folder, deadline, note=lambda **facts: None):
    """One attempt at the training, in a folder: the facts and the model's bytes."""
    folder.mkdir(exist_ok=True)
    paths = [folder / name for name in ("model.safetensors", "curve.csv", "state.pt")]
    facts = train.train(data, SPEC, "stamp", "cpu", *paths, deadline, note)
    return facts, paths[0].read_bytes(), paths[1].read_text()


def test_a_training_that_is_told_to_stop_goes_on_later(
    tmp_path, data, deadline, monkeypatch, capsys
):
    facts, model, curve = attempt(data, tmp_path / "whole", Deadline())
    assert facts["resumed_at"] == 0
    monkeypatch.setattr(train, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(train, "SAVE_SHARE", math.inf)
    saves = []

    def stop(**facts):
        saves.append(facts)
        if len(saves) == 30:
            os.kill(os.getpid(), signal.SIGTERM)

    deadline.arm(None)
    with pytest.raises(DeadlineReached):
        attempt(data, tmp_path / "cut", deadline, stop)
    assert not (tmp_path / "cut" / "model.safetensors").exists()
    assert "saved at image 1500 of 4000" in capsys.readouterr().out
    assert saves[-1]["loss"] > 0
    again, *files = attempt(data, tmp_path / "cut", Deadline())
    assert again["resumed_at"] == 1500 and again["images"] == 4000
    assert files == [model, curve]


def test_a_finished_training_that_is_asked_for_again_has_nothing_left_to_do(tmp_path, data):
    first = attempt(data, tmp_path / "model", Deadline())
    again = attempt(data, tmp_path / "model", Deadline())
    assert again[1:] == first[1:]
    assert again[0]["resumed_at"] == 4000
    assert again[0]["train_seconds"] == first[0]["train_seconds"]
