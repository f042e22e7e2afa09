"""Published image sets: their formats, their splits, and nothing but the published bytes."""

import io
import json
import struct
import tarfile

import numpy as np
import pytest
from PIL import Image

from scoreladder import datasets, files
from scoreladder.archives import Member
from scoreladder.datasets import images
from scoreladder.datasets.splits import digest
from scoreladder.errors import JobFailed

RANDOM = np.random.RandomState(0)
TRAIN, TEST = 20, 5


def idx(array):
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


def batch(pixels, labels):
    return b"".join(
        bytes([label]) + image.tobytes() for image, label in zip(pixels, labels, strict=True)
    )


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Tiny sets in the published formats: of each its folder, its pixels and its labels."""
    monkeypatch.setattr(images, "TUNE", 4)
    monkeypatch.chdir(tmp_path)
    labels = RANDOM.randint(10, size=TRAIN + TEST).astype(np.uint8)
    grey = RANDOM.randint(256, size=(TRAIN + TEST, 1, 3, 4)).astype(np.uint8)
    colours = RANDOM.randint(256, size=(TRAIN + TEST, 3, 32, 32)).astype(np.uint8)
    parts = [grey[:TRAIN, 0], labels[:TRAIN], grey[TRAIN:, 0], labels[TRAIN:]]
    contents = {
        "MNIST": dict(zip(images.IDX, map(idx, parts), strict=True)),
        "CIFAR10": {
            member.name: batch(
                colours[start : start + TRAIN // 4], labels[start : start + TRAIN // 4]
            )
            for member, start in zip(images.CIFAR10.members, [0, 5, 10, 15, 20, 20], strict=True)
            if member.base != "data_batch_5.bin"
        },
    }
    found = {}
    for name, pixels in (("MNIST", grey), ("CIFAR10", colours)):
        folder = tmp_path / name
        for place, data in contents[name].items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(data)
        published = getattr(images, name)._replace(
            members=[
                Member(place, len(data), files.sha256(data))
                for place, data in contents[name].items()
            ],
            sources=[],
            images=digest(pixels),
            labels=digest(labels.astype(np.int64)),
        )
        monkeypatch.setattr(images, name, published)
        found[name.lower()] = (folder, pixels, labels)
    return found


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_published_set_s_end_is_tuned_on_and_its_test_set_is_test(small, name):
    folder, pixels, labels = small[name]
    splits = datasets.load({"name": name, "path": str(folder)})
    assert np.array_equal(splits.train, pixels[:16])
    assert np.array_equal(splits.tune, pixels[16:TRAIN])
    assert np.array_equal(splits.test, pixels[TRAIN:])
    kept = np.concatenate([splits.train_labels, splits.tune_labels, splits.test_labels])
    assert np.array_equal(kept, labels) and kept.dtype == np.int64
    assert splits.values("train").min() >= -1 and splits.bin_width == 2 / 255
    sizes = {"train_size": 6, "tune_size": 2, "test_size": 3}
    fewer = datasets.load({"name": name, "path": str(folder)} | sizes)
    assert np.array_equal(fewer.train, pixels[:6])
    assert np.array_equal(fewer.tune, pixels[16:18])
    assert np.array_equal(fewer.test_labels, labels[TRAIN : TRAIN + 3])


def test_more_images_than_there_are_cannot_be_asked_for(small):
    with pytest.raises(JobFailed, match=r"dataset.tune_size: found 5, but that split has 4 images"):
        datasets.load({"name": "mnist", "path": str(small["mnist"][0]), "tune_size": 5})


def test_one_other_byte_is_refused_by_file_and_by_pixels(small, monkeypatch):
    folder = small["mnist"][0]
    file = folder / images.IDX[0]
    data = bytearray(file.read_bytes())
    data[20] ^= 1
    file.write_bytes(data)
    with pytest.raises(JobFailed, match=r"train-images-idx3-ubyte of dataset.path.*SHA-256"):
        datasets.load({"name": "mnist", "path": str(folder)})
    members = list(images.MNIST.members)
    members[0] = members[0]._replace(sha256=files.sha256(bytes(data)))
    monkeypatch.setattr(images, "MNIST", images.MNIST._replace(members=members))
    with pytest.raises(JobFailed, match="mnist: its images are not the published ones: SHA-256"):
        datasets.load({"name": "mnist", "path": str(folder)})


def test_a_package_of_sprites_gives_the_published_batches(small, tmp_path):
    folder, pixels, labels = small["cifar10"]
    contents = {
        "train_lables.json": json.dumps(labels[:TRAIN].tolist()).encode(),
        "test_lables.json": json.dumps(labels[TRAIN:].tolist()).encode(),
    }
    for number, start in enumerate(range(0, TRAIN + TEST, 5), start=1):
        rows = pixels[start : start + 5].transpose(0, 2, 3, 1).reshape(5, 1024, 3)
        buffer = io.BytesIO()
        Image.fromarray(rows).save(buffer, "PNG")
        name = f"data_batch_{number}.png" if start < TRAIN else "test_batch.png"
        contents[name] = buffer.getvalue()
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    found = dict(images.from_sprites(path, images.CIFAR10.members))
    assert {member.name: data for member, data in found.items()} == {
        member.name: (folder / member.name).read_bytes() for member in images.CIFAR10.members
    }


@pytest.mark.parametrize("published", [images.MNIST, images.FASHION_MNIST, images.CIFAR10])
def test_every_published_set_has_an_address_and_a_package(published):
    first, second = published.sources
    assert first.name.startswith("http") and "package" in second.name
    assert all(len(member.sha256) == 64 for member in published.members)
