"""Folders and zips of pictures: how they are read, split and refused; memory does not grow."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scoreladder import datasets
from scoreladder.datasets import folders
from scoreladder.datasets.pictures import Broken, square
from scoreladder.errors import JobFailed

RANDOM = np.random.RandomState(0)
PIXELS = RANDOM.randint(256, size=(6, 6, 3)).astype(np.uint8)
RED, HALF = (255, 0, 0), (255, 0, 0, 128)


def file_of(picture, form="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def png(pixels=PIXELS):
    return file_of(Image.fromarray(pixels))


def flat(mode, colour):
    return Image.new(mode, (4, 4), colour)


def loaded(part):
    return part.source[part.index]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder of ten pictures, the third broken off, and their pixels in the order of names."""
    monkeypatch.chdir(tmp_path)
    every = RANDOM.randint(256, size=(10, 6, 6, 3)).astype(np.uint8)
    for number, pixels in enumerate(every):
        path = tmp_path / "mine" / f"{'ab'[number // 5]}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(pixels))
    return tmp_path / "mine", every.transpose(0, 3, 1, 2)


def spec(path, **others):
    told = {"side": 6, "channels": 3, "tune_size": 2, "test_size": 3}
    return {"name": "folder", "path": str(path)} | told | others


def test_a_picture_of_the_wanted_side_keeps_its_pixels():
    assert np.array_equal(square(png(), 6, 3), PIXELS.transpose(2, 0, 1))
    grey = np.asarray(Image.fromarray(PIXELS).convert("L"))
    assert np.array_equal(square(png(), 6, 1), grey[None])
    assert np.array_equal(square(png(grey), 6, 3), np.repeat(grey[None], 3, axis=0))


def test_the_centre_is_cropped_and_shrunk_without_aliasing():
    # one-pixel stripes average to grey; picking pixels would give black or white
    stripes = np.zeros((64, 96), dtype=np.uint8)
    stripes[:, ::2] = 255
    shrunk = square(png(stripes), 16, 1)
    assert np.abs(shrunk[:, :, 1:-1].astype(int) - 127).max() <= 3
    wide = np.zeros((4, 10), dtype=np.uint8)
    wide[:, 3:7] = 200
    assert (square(png(wide), 4, 1) == 200).all()
    assert (square(png(wide.T.copy()), 2, 1, crop=2) == 200).all()
    assert square(png(), 12, 3).shape == (3, 12, 12)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(orientation):
    turns = {1: 0, 8: 1, 3: 2, 6: 3}
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = square(file_of(Image.fromarray(PIXELS), exif=exif), 6, 3).transpose(1, 2, 0)
    mirrored = {2: np.fliplr, 4: np.flipud, 5: lambda p: p.transpose(1, 0, 2)}
    mirrored[7] = lambda p: np.rot90(p, 2).transpose(1, 0, 2)
    upright = mirrored.get(orientation, lambda p: np.rot90(p, turns.get(orientation, 0)))
    assert np.array_equal(found, upright(PIXELS))


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (file_of(flat("RGBA", HALF)), (255, 127, 127)),
        (file_of(flat("RGBA", (9, 9, 9, 0))), (255, 255, 255)),
        (file_of(flat("LA", (100, 255))), (100, 100, 100)),
        (file_of(flat("RGB", RED).convert("P")), RED),
        (file_of(flat("P", 0), transparency=0), (255, 255, 255)),
        (file_of(flat("RGB", RED), "GIF"), RED),
        (file_of(flat("1", 1)), (255, 255, 255)),
        (file_of(Image.fromarray(np.full((4, 4), 32896, np.uint16))), (128, 128, 128)),
        (file_of(Image.fromarray(np.full((4, 4), 257, np.uint16)), "TIFF"), (1, 1, 1)),
        (file_of(flat("CMYK", (0, 255, 255, 0)), "TIFF"), RED),
        (file_of(flat("RGB", RED), "WEBP", lossless=True), RED),
        (file_of(flat("RGB", RED), "BMP"), RED),
    ],
    ids=["half", "clear", "LA", "P", "P+clear", "gif", "1", "I;16", "tiff", "cmyk", "webp", "bmp"],
)
def test_every_kind_of_picture_becomes_eight_bits_over_white(data, wanted):
    found = square(data, 4, 3)
    assert found.dtype == np.uint8
    assert np.abs(found.reshape(3, -1).T.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"not a picture", "no picture"),
        (png()[:-30], "truncated"),
        (file_of(Image.fromarray(np.float32(PIXELS[..., 0])), "TIFF"), "floating point"),
        (file_of(Image.fromarray(np.int32(PIXELS[..., 0]) - 256), "TIFF"), "beyond 16 bits"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
    ],
    ids=["text", "cut", "float", "negative", "program"],
)
def test_what_cannot_be_read_is_broken(data, said):
    with pytest.raises(Broken, match=said):
        square(data, 4, 3)


@pytest.mark.parametrize("limit", [20, 10], ids=["a warning", "an error"])
def test_more_pixels_than_pillow_s_limit_are_a_broken_picture(monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(Broken, match="decompression bomb"):
        square(png(), 4, 3)


def test_a_crop_larger_than_the_picture_is_refused():
    with pytest.raises(Broken, match=r"found \(6, 6\) pixels, but the crop has 140"):
        square(png(), 64, 3, crop=140)


def test_pictures_are_split_by_a_fixed_permutation_of_their_names(pictures):
    path, pixels = pictures
    splits = datasets.load(spec(path))
    order = np.random.RandomState(0).permutation(10)
    assert np.array_equal(loaded(splits.train), pixels[order[:5]])
    assert np.array_equal(loaded(splits.tune), pixels[order[5:7]])
    assert np.array_equal(loaded(splits.test), pixels[order[7:]])
    assert [len(part) for part in splits[3:6]] == [5, 2, 3]
    datasets.write(splits, Path("splits.json"))
    assert np.array_equal(datasets.read(Path("splits.json")).train, pixels[order[:5]])
    # the file that they were decoded into is gone
    assert {each.suffix for each in Path().iterdir()} == {".npy", ".json", ""}


def test_a_zip_gives_what_its_folder_gives_and_nothing_of_it_is_written(pictures):
    path, _ = pictures
    with zipfile.ZipFile("mine.zip", "w") as archive:
        for file in path.rglob("*.png"):
            archive.write(file, file.relative_to(path))
        archive.writestr("__MACOSX/a/._0.png", b"shadow")
        archive.writestr("notes.txt", b"text")
        archive.writestr("../out.png", b"passed over, as all names that begin with a dot")
    before = sorted(Path("..").rglob("*"))
    assert datasets.load(spec("mine.zip")).summary() == datasets.load(spec(path)).summary()
    assert sorted(Path("..").rglob("*")) == before


def test_a_broken_picture_is_named_and_refused_or_skipped(pictures, capsys):
    path, pixels = pictures
    (path / "a" / "2.png").write_bytes(png()[:-30])
    with pytest.raises(JobFailed, match=r"mine: a/2.png: broken: .*or set dataset.broken: skip"):
        datasets.load(spec(path))
    splits = datasets.load(spec(path, broken="skip"))
    told = capsys.readouterr().err
    assert "skipped" in told and "a/2.png" in told and "skipped 1 of 10 pictures" in told
    left = np.delete(pixels, 2, axis=0)
    order = np.random.RandomState(0).permutation(9)
    assert np.array_equal(loaded(splits.test), left[order[6:]])


def test_a_member_of_a_zip_that_is_damaged_or_a_bomb_is_a_broken_picture(pictures, monkeypatch):
    with zipfile.ZipFile("mine.zip", "w") as archive:
        archive.writestr("0.png", png())
    damaged = bytearray(Path("mine.zip").read_bytes())
    damaged[60] ^= 255
    Path("damaged.zip").write_bytes(damaged)
    with pytest.raises(JobFailed, match=r"0\.png: broken: Bad CRC-32"):
        datasets.load(spec("damaged.zip"))
    monkeypatch.setattr(folders, "LARGEST", 50)
    with pytest.raises(JobFailed, match=r"0\.png: broken: more than 50 bytes"):
        datasets.load(spec("mine.zip"))


def test_a_path_without_enough_pictures_is_said_in_a_line(pictures):
    path, _ = pictures
    Path("text.txt").write_text("no zip")
    Path("empty").mkdir()
    for wrong, said in (
        ("nowhere", "nowhere: found nothing there"),
        ("text.txt", "text.txt: found a file that is no zip"),
        ("empty", "empty: no pictures; they end in .png"),
    ):
        with pytest.raises(JobFailed, match=f"dataset.path: {said}"):
            datasets.load(spec(wrong))
    with pytest.raises(JobFailed, match="has 10 pictures, but tune_size and test_size take 2 and"):
        datasets.load(spec(path, test_size=8))
    for file in path.rglob("*.png"):
        file.write_bytes(b"")
    with pytest.raises(JobFailed, match="all of its 10 pictures are broken"):
        datasets.load(spec(path, broken="skip"))


@pytest.fixture
def faces(tmp_path, monkeypatch):
    """Aligned faces in CelebA's form, numbered around the ends of its training and validation."""
    monkeypatch.chdir(tmp_path)
    numbers = [1, 2, 162_770, 162_771, 182_637, 182_638, 202_599]
    (tmp_path / "celeba" / "img_align_celeba").mkdir(parents=True)
    for position, number in enumerate(numbers):
        picture = np.full((218, 178, 3), 255, dtype=np.uint8)
        picture[39:179, 19:159] = 30 * position
        name = f"celeba/img_align_celeba/{number:06}.jpg"
        Image.fromarray(picture).save(tmp_path / name, quality=100, subsampling=0)
    return tmp_path / "celeba"


def levels(part):
    """The grey level of each picture's middle, in steps of 30."""
    return (loaded(part)[:, 0, 32, 32] / 30).round().astype(int).tolist()


def test_faces_are_cropped_to_140_pixels_and_split_as_published(faces):
    splits = datasets.load({"name": "celeba64", "path": str(faces)})
    assert [levels(part) for part in splits[:3]] == [[0, 1, 2], [3, 4], [5, 6]]
    assert splits.train.source.shape[1:] == (3, 64, 64)
    # nothing of the white margin is inside
    assert loaded(splits.train)[1, :, 2:-2, 2:-2].max() < 40
    fewer = {"train_size": 2, "tune_size": 1, "test_size": 1}
    some = datasets.load({"name": "celeba64", "path": str(faces)} | fewer)
    assert [levels(part) for part in some[:3]] == [[0, 1], [3], [5]]
    (faces / "img_align_celeba" / "000001.jpg").write_bytes(b"")
    skipped = datasets.load({"name": "celeba64", "path": str(faces), "broken": "skip"})
    assert [levels(part) for part in skipped[:3]] == [[1, 2], [3, 4], [5, 6]]


def test_a_partition_file_has_the_last_word(faces):
    text = "".join(f"{number:06}.jpg {part}\n" for number, part in ((1, 2), (2, 0), (162_770, 1)))
    for place in (faces, faces / "img_align_celeba"):
        (faces / "list_eval_partition.txt").write_text(text)
        splits = datasets.load({"name": "celeba64", "path": str(place)})
        assert [levels(part) for part in splits[:3]] == [[1], [2, 3, 4], [0, 5, 6]]


def test_faces_that_are_not_there_are_asked_for(faces):
    with pytest.raises(JobFailed, match=r"cannot be fetched automatically: get img_align_celeba"):
        datasets.load({"name": "celeba64"})
    with pytest.raises(JobFailed, match=r"dataset.tune_size: found 3, but .* has 2 images"):
        datasets.load({"name": "celeba64", "path": str(faces), "tune_size": 3})


def test_memory_does_not_grow_with_the_pictures(pictures):
    with zipfile.ZipFile("many.zip", "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number:05}.png", png())
    tracemalloc.start()
    splits = datasets.load(spec("many.zip", side=64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert splits.train.source.nbytes == 3000 * 3 * 64**2
    # most of it is the zip's list of names
    assert peak < splits.train.source.nbytes / 8
