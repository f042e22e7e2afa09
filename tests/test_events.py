"""TensorBoard's events are the learning curve."""

import struct

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event
from training_examples import plane, spec

import train
from scoreladder import datasets, events
from scoreladder.datasets import Splits
from scoreladder.deadlines import Deadline, DeadlineReached

CURVE = [
    {"images": 10 * k, "loss": 1 / k, "gradient_norm": 0.5, "learning_rate": 1e-3 * k}
    for k in range(1, 6)
]


def scalars(folder):
    """{name: [(step, value)]} of the one event file in a folder, in its order."""
    (path,) = folder.iterdir()
    data, found = path.read_bytes(), {}
    while data:
        # length, its checksum, the event, its checksum
        (length,) = struct.unpack("<Q", data[:8])
        event = Event.FromString(data[12 : 12 + length])
        data = data[16 + length :]
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def expected(curve):
    names = ("loss", "gradient_norm", "learning_rate")
    rows = {name: [(row["images"], np.float32(row[name])) for row in curve] for name in names}
    return {f"training/{name}": row for name, row in rows.items()}


def test_each_row_is_told_once_however_often_and_by_how_many_attempts(tmp_path):
    for _ in range(2):
        with events.following(tmp_path / "events") as follow:
            for rows in (0, 2, 2, 3, 5):
                follow(CURVE[:rows])
        assert scalars(tmp_path / "events") == expected(CURVE)


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with events.following(None) as follow:
        follow(CURVE)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def job(tmp_path):
    """All that a training is given up to its deadline, and its folder."""
    points, labels = plane(200).numpy(), np.zeros(200, dtype=np.int64)
    data = tmp_path / "data.json"
    datasets.write(Splits(points, points, points, labels, labels, labels), data)
    blocks = spec(images=2000) | {"seed": 0}
    paths = [tmp_path / name for name in ("model.safetensors", "curve.csv", "state.pt")]
    return data, blocks, "stamp", "cpu", *paths


def test_the_events_of_a_training_that_was_cut_are_its_whole_curve(tmp_path, monkeypatch, job):
    monkeypatch.setattr(train, "SAVE_SECONDS", 0.0)
    deadline, curve, folder = Deadline(), tmp_path / "curve.csv", tmp_path / "tensorboard"

    def stop(loss):
        deadline.reached = loss and "time limit"

    with pytest.raises(DeadlineReached):
        train.train(*job, deadline, stop, folder)
    assert len(scalars(folder)["training/loss"]) == 1
    train.train(*job, Deadline(), lambda loss: None, folder)
    names, *rows = (line.split(",") for line in curve.read_text().splitlines())
    told = [dict(zip(names, map(float, row), strict=True)) for row in rows]
    assert len(told) == 100
    assert scalars(folder) == expected(told)
