"""Inception features: clean-fid's resize and numbers, and a file that is checked unopened."""

import numpy as np
import pytest
import torch
from PIL import Image

from scoreladder import features, inception, sources
from scoreladder.errors import JobFailed
from scoreladder.metrics import frechet_distance, moments

cleanfid = features.import_cleanfid()

SHAPES = [(3, 32, 32), (3, 64, 48), (3, 299, 299), (3, 400, 350)]


def pictures(n, *shape, seed=0):
    """Blurred noise, uint8 (n, *shape)."""
    x = np.random.default_rng(seed).integers(0, 256, (n, *shape)).astype(float)
    for axis in (2, 3):
        x = (x + np.roll(x, 1, axis) + np.roll(x, 2, axis)) / 3
    return x.astype(np.uint8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_clean_resizing_is_that_of_clean_fid(shape):
    import cleanfid.resize

    images = pictures(2, *shape)
    resizer = cleanfid.resize.build_resizer("clean")
    expected = [resizer(image.transpose(1, 2, 0)).transpose(2, 0, 1) for image in images]
    found = inception.resize(torch.from_numpy(images), "clean")
    assert found.numpy() == pytest.approx(np.stack(expected), abs=1e-3)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_legacy_resizing_is_that_of_tensorflow_1(shape):
    from torch_fidelity.interpolate_compat_tensorflow import (
        interpolate_bilinear_2d_like_tensorflow1x,
    )

    images = torch.from_numpy(pictures(2, *shape))
    expected = interpolate_bilinear_2d_like_tensorflow1x(
        images.float(), size=(299, 299), align_corners=False
    )
    found = inception.resize(images, "legacy_tensorflow")
    assert found.numpy() == pytest.approx(expected.numpy(), abs=5e-3)


def test_grey_images_become_colours_and_nothing_leaves_the_range():
    step = np.zeros((1, 1, 28, 28), dtype=np.uint8)
    step[..., 14:] = 255
    found = inception.resize(torch.from_numpy(step), "clean")
    assert found.shape == (1, 3, 299, 299) and found.dtype == torch.float32
    assert float(found.min()) == 0 and float(found.max()) == 255
    assert torch.equal(found[:, 0], found[:, 2])


def test_another_mode_is_refused():
    with pytest.raises(ValueError, match="'legacy_pytorch'; one of: clean, legacy_tensorflow"):
        inception.resize_matrix(32, "legacy_pytorch")


def test_a_file_that_is_not_the_network_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.jit, "load", lambda *_, **__: pytest.fail("opened"))
    (tmp_path / "inception.pt").write_bytes(b"something else")
    with pytest.raises(JobFailed, match="not the Inception network: SHA-256"):
        inception.load(tmp_path / "inception.pt")


def test_a_swapped_file_of_the_users_is_refused_and_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nowhere = sources.Source("nowhere", lambda *_: (each for each in ()))
    editions = [(wanted, nowhere) for wanted, _ in inception.EDITIONS]
    monkeypatch.setattr(inception, "EDITIONS", editions)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / inception.OFFICIAL.name).write_bytes(b"something else")
    with pytest.raises(JobFailed, match=f"expected SHA-256 {inception.OFFICIAL.sha256}"):
        inception.fetch(tmp_path / "inception.pt", "mine")
    assert not (tmp_path / "inception.pt").exists()


def test_features_and_fid_are_those_of_clean_fids_own_folder_loop(inception_weights, tmp_path):
    import cleanfid.fid

    network, found, theirs = inception.load(inception_weights), [], []
    for seed in (0, 1):
        images, folder = pictures(16, 3, 32, 32, seed=seed), tmp_path / str(seed)
        folder.mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{number:03}.png")
        found.append(inception.features(images, network, "clean"))
        theirs.append(
            cleanfid.fid.get_folder_features(
                str(folder), network, num_workers=0, device="cpu", mode="clean", verbose=False
            )
        )
        assert found[-1].shape == (16, inception.FEATURES)
        assert found[-1] == pytest.approx(theirs[-1], abs=2e-4)
    ours = frechet_distance(*moments(found[0]), *moments(found[1]))
    expected = frechet_distance(*moments(theirs[0]), *moments(theirs[1]))
    assert ours == pytest.approx(expected, abs=1e-3)


def test_features_do_not_depend_on_the_batch(inception_weights, monkeypatch):
    network, images = inception.load(inception_weights), pictures(6, 1, 28, 28)
    whole = inception.features(images, network, "legacy_tensorflow")
    monkeypatch.setattr(inception, "BATCH", 4)
    parts = inception.features(images, network, "legacy_tensorflow")
    assert parts == pytest.approx(whole, abs=1e-4)
