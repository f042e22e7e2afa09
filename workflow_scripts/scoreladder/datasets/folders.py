"""Folders and zips of pictures, of any number: CelebA, and the user's own."""

import re
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np

from scoreladder import progress
from scoreladder.datasets.pictures import SUFFIXES, Broken, square
from scoreladder.datasets.splits import DATASETS, Splits
from scoreladder.errors import JobFailed
from scoreladder.kinds import register
from scoreladder.rows import Picked

GREY_STEP = 2 / 255
# bytes of one picture file, more than which is taken for a bomb
LARGEST = 1 << 28

# CelebA's published partition: the last image number of its training and of its validation set
CELEBA_TRAIN, CELEBA_VALID = 162_770, 182_637
CELEBA_CROP, CELEBA_SIDE = 140, 64
PARTITION = "list_eval_partition.txt"

Read = Callable[[str], bytes]


@register(DATASETS)
def folder(
    path: str,
    side: int,
    channels: int,
    tune_size: int,
    test_size: int,
    broken: str = "refuse",
) -> Splits:
    """Pictures of any size below a folder or in a zip; images (n, channels, side, side), labels 0.

    `square` says how they are cropped and resized. Sorted by their names, they are split by a fixed
    permutation, which hangs on their number alone; train is what tune_size and test_size leave.
    broken: refuse, or skip, with a line on standard error for each. Memory does not grow with their
    number: they are decoded into an unnamed file in the working directory. Raises JobFailed where
    there are too few, and where one is broken and they are not to be skipped.
    """
    with _opened(path) as (names, read):
        array, kept = _decode(path, names, read, side, channels, broken)
    if len(kept) <= tune_size + test_size:
        raise JobFailed(
            f"dataset.path: {path} has {len(kept)} pictures, but tune_size and test_size take "
            f"{tune_size} and {test_size}, which leaves none to train on"
        )
    order = np.random.RandomState(0).permutation(len(kept))
    train = len(kept) - tune_size - test_size
    return _splits(array, np.split(order, [train, train + tune_size]))


@register(DATASETS)
def celeba64(
    path: str | None = None,
    train_size: int | None = None,
    tune_size: int | None = None,
    test_size: int | None = None,
    broken: str = "refuse",
) -> Splits:
    """Aligned CelebA faces (arXiv 1411.7766), images (n, 3, 64, 64), labels 0.

    path: img_align_celeba.zip or the folder that it unpacks to, of jpgs of 178×218; it has to be
    got by hand. The central 140×140 pixels are resized to 64×64, the crop of NCSNv2 (arXiv
    2006.09011), by the antialiased filter of `square`. The published partition of 162,770 training,
    19,867 validation (tune) and 19,962 test images is by image number; a list_eval_partition.txt in
    the folder or beside what `path` names says otherwise. Sizes keep a split's first images, None
    all. broken is as in `folder`. Raises JobFailed without path, where a split has no or fewer
    images, and as `folder` does.
    """
    if path is None:
        raise JobFailed(
            "CelebA cannot be fetched automatically: get img_align_celeba.zip (Align&Cropped "
            "Images) from its authors' page, https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, "
            "and set dataset.path to it"
        )
    sizes = {"train_size": train_size, "tune_size": tune_size, "test_size": test_size}
    with _opened(path) as (names, read):
        parts = _partition(path, names)
        for number, (key, size) in enumerate(sizes.items()):
            if len(parts[number]) < (size or 1):
                raise JobFailed(
                    f"dataset.{key}: found {size or 'all'}, but that split of {path} has "
                    f"{len(parts[number])} images"
                )
            parts[number] = parts[number][:size]
        wanted = [name for part in parts for name in part]
        array, kept = _decode(path, wanted, read, CELEBA_SIDE, 3, broken, CELEBA_CROP)
    cuts = np.cumsum([len(part) for part in parts])[:-1]
    return _splits(array, np.split(np.arange(len(kept)), np.searchsorted(kept, cuts)))


def _partition(path: str, names: Sequence[str]) -> list[list[str]]:
    """The names of CelebA's training, validation and test images, each in order."""
    places = [Path(path).expanduser() / PARTITION, Path(path).expanduser().parent / PARTITION]
    told = next((place for place in places if place.is_file()), None)
    lines = told.read_text(encoding="utf-8").split("\n") if told else []
    listed = dict(line.split() for line in lines if re.fullmatch(r"\d{6}\.jpg +[012]\s*", line))
    parts: list[list[str]] = [[], [], []]
    for name in names:
        base = PurePosixPath(name).name
        if re.fullmatch(r"\d{6}\.jpg", base):
            number = int(base[:6])
            default = (number > CELEBA_TRAIN) + (number > CELEBA_VALID)
            parts[int(listed.get(base, default))].append(name)
    return parts


def _splits(array: np.ndarray, parts: Sequence[np.ndarray]) -> Splits:
    labels = (np.zeros(len(part), dtype=np.int64) for part in parts)
    return Splits(*(Picked(array, part) for part in parts), *labels, GREY_STEP)


@contextmanager
def _opened(path: str) -> Iterator[tuple[list[str], Read]]:
    """The sorted names of a folder's or a zip's pictures, and what reads one of them."""
    place = Path(path).expanduser()
    if place.is_dir():
        found = (file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file())
        yield _pictures(path, found), lambda name: _bounded((place / name).open, "rb")
    elif place.is_file() and zipfile.is_zipfile(place):
        try:
            archive = zipfile.ZipFile(place)
        except zipfile.BadZipFile as error:
            raise JobFailed(f"dataset.path: {path}: a damaged zip: {error}") from error
        with archive:
            names = _pictures(path, archive.namelist())
            yield names, lambda name: _bounded(archive.open, name)
    else:
        found = "a file that is no zip" if place.exists() else "nothing there"
        raise JobFailed(f"dataset.path: {path}: found {found}; it is a folder or zip of pictures")


def _pictures(path: str, names: Iterable[str]) -> list[str]:
    """The sorted names that end like pictures; hidden ones and macOS's shadows are none."""
    found = sorted(
        name
        for name in names
        if name.lower().endswith(SUFFIXES)
        and not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    )
    if not found:
        raise JobFailed(f"dataset.path: {path}: no pictures; they end in {', '.join(SUFFIXES)}")
    return found


def _bounded(opener: Callable[[str], BinaryIO], argument: str) -> bytes:
    """All bytes of what opener(argument) opens. Raises Broken where it cannot be read."""
    try:
        with opener(argument) as file:
            data = file.read(LARGEST + 1)
    except (OSError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise Broken(str(error)) from error
    if len(data) > LARGEST:
        raise Broken(f"more than {LARGEST} bytes")
    return data


def _decode(
    path: str,
    names: Sequence[str],
    read: Read,
    side: int,
    channels: int,
    broken: str,
    crop: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Images in an unnamed file, memory-mapped, and which of the names they are, ascending."""
    kept = []
    # gone from the disk when nothing maps it any more, whatever happens; /tmp may be memory
    with tempfile.TemporaryFile(dir=".") as file:
        steps = progress.track(enumerate(names), len(names), "decoding", "image")
        for number, name in steps:
            try:
                file.write(square(read(name), side, channels, crop).tobytes())
                kept.append(number)
            except Broken as error:
                _refuse(f"{path}: {name}: broken: {error}", broken)
        file.flush()
        if len(kept) < len(names):
            print(f"skipped {len(names) - len(kept)} of {len(names)} pictures", file=sys.stderr)
        if not kept:
            raise JobFailed(f"dataset.path: {path}: all of its {len(names)} pictures are broken")
        array = np.memmap(file, np.uint8, "r", shape=(len(kept), channels, side, side))
    return array, np.array(kept)


def _refuse(said: str, broken: str) -> None:
    if broken != "skip":
        raise JobFailed(f"{said}; repair or remove it, or set dataset.broken: skip")
    print(f"skipped {said}", file=sys.stderr)
