"""Reading the wanted files of a folder or archive, bounded in size; nothing is extracted."""

import gzip
import tarfile
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from scoreladder.files import sha256


class Unusable(Exception):
    """A source does not have what is wanted; the message names the file and says why."""


class Member(NamedTuple):
    """A file that is wanted: its name, with / between folders, its size in bytes, its SHA-256."""

    name: str
    size: int
    sha256: str

    @property
    def base(self) -> str:
        """The name without folders."""
        return self.name.rpartition("/")[2]


def entries(path: Path, names: Collection[str]) -> Iterator[tuple[str, BinaryIO]]:
    """Open the regular files of these exact names in a folder, a zip or a tar, one after another.

    Names that are not there are passed over; links inside a tar are never followed.
    """
    if path.is_dir():
        for name in names:
            if (path / name).is_file():
                with open(path / name, "rb") as file:
                    yield name, file
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in set(archive.namelist()).intersection(names):
                with archive.open(name) as file:
                    yield name, file
    else:
        # as a stream: going back in a compressed tar starts it anew
        with tarfile.open(path, "r|*") as archive:
            for info in archive:
                if info.name in names and info.isreg():
                    yield info.name, archive.extractfile(info)


def read(path: Path, wanted: Sequence[Member], folder: str = "") -> Iterator[tuple[Member, bytes]]:
    """The bytes of the wanted files, gunzipped where they are NAME.gz, in the order they are found.

    path: a folder, zip or tar in which they lie below `folder`, with or without their own folders.
    No more than one byte beyond a file's size is read; they are not checked. Raises Unusable where
    one is missing.
    """
    places = {
        f"{folder}{name}{suffix}": member
        for member in wanted
        for name in (member.name, member.base)
        for suffix in ("", ".gz")
    }
    missing = list(wanted)
    for place, file in entries(path, places):
        member = places[place]
        if member in missing:
            missing.remove(member)
            plain = gzip.GzipFile(fileobj=file) if place.endswith(".gz") else file
            yield member, plain.read(member.size + 1)
    if missing:
        raise Unusable(f"{path}: no {', no '.join(member.name for member in missing)}")


def check(member: Member, data: bytes, where: str) -> None:
    """Raise Unusable, naming `where` the bytes are from, unless they are the wanted ones."""
    size = len(data) if len(data) <= member.size else f"more than {member.size}"
    found = sha256(data)
    if len(data) != member.size or found != member.sha256:
        raise Unusable(
            f"{member.name} of {where}: expected SHA-256 {member.sha256} ({member.size} bytes), "
            f"found {found} ({size} bytes): it is damaged or another file"
        )
