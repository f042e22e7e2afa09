"""Public files from the first of several sources that has them, checked by SHA-256."""

import fcntl
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from scoreladder import archives
from scoreladder.archives import Member, Unusable
from scoreladder.errors import JobFailed
from scoreladder.files import atomic_path

DOWNLOADS = Path("downloads")

Found = Generator[tuple[Member, bytes], None, None]
# what a broken archive, a client or the network can raise
TROUBLE = (
    Unusable,
    OSError,
    EOFError,
    RuntimeError,
    zlib.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    subprocess.SubprocessError,
)


class Source(NamedTuple):
    """A place by its `name`; get(folder, wanted) gives members' bytes, which are not yet checked.

    `folder` is for what it downloads. It may give some members and then raise one of TROUBLE.
    """

    name: str
    get: Callable[[Path, Sequence[Member]], Found]


def local(path: Path) -> Source:
    """A folder, zip or tar of the user's, with the members as they are or as NAME.gz."""
    return Source(f"dataset.path: {path}", lambda _, wanted: archives.read(path, wanted))


def obtain(
    title: str,
    wanted: Sequence[Member],
    sources: Sequence[Source],
    path: str | None = None,
    downloads: Path = DOWNLOADS,
    setting: str | None = "dataset.path",
) -> dict[str, bytes]:
    """The bytes of the wanted members by name, from the first source that has the right ones.

    path: a folder or archive that is asked before all others; then come the files that were
    downloaded before, in `downloads`/title, and the sources in their order. Whatever differs from
    its pinned size or SHA-256 is refused, told on standard error, and asked of the next one; what
    is downloaded is kept. setting: where users write path; None where they cannot. Raises
    JobFailed, with a line for each source, where all fail.
    """
    found: dict[str, bytes] = {}
    reasons: list[str] = []
    folder = downloads / title
    if path is not None:
        _ask(local(Path(path).expanduser()), wanted, found, reasons, folder)
    if len(found) < len(wanted):
        with _locked(folder):
            found |= _kept(folder, wanted)
            for source in sources:
                if len(found) < len(wanted):
                    _ask(source, wanted, found, reasons, folder, keep=True)
    if len(found) < len(wanted):
        raise JobFailed(
            "\n".join([f"{title} cannot be had:", *reasons, _advice(wanted, folder, setting)])
        )
    return found


def _ask(
    source: Source,
    wanted: Sequence[Member],
    found: dict[str, bytes],
    reasons: list[str],
    folder: Path,
    keep: bool = False,
) -> None:
    """Add what a source has of the missing members to `found`, or its failure to `reasons`."""
    missing = [member for member in wanted if member.name not in found]
    if keep:
        print(f"{folder.name}: asking {source.name}", file=sys.stderr, flush=True)
    try:
        with closing(source.get(folder, missing)) as given:
            for member, data in given:
                archives.check(member, data, source.name)
                if keep:
                    with atomic_path(folder / member.base) as temporary:
                        temporary.write_bytes(data)
                found[member.name] = data
    except TROUBLE as error:
        reasons.append(f"- {source.name}: {' '.join(str(error).split())}")
        print(f"{folder.name}: refused {reasons[-1][2:]}", file=sys.stderr, flush=True)


def _kept(folder: Path, wanted: Sequence[Member]) -> dict[str, bytes]:
    """The members that were downloaded before; a damaged one is deleted."""
    found = {}
    for member in wanted:
        path = folder / member.base
        if path.exists():
            with open(path, "rb") as file:
                data = file.read(member.size + 1)
            try:
                archives.check(member, data, str(folder))
                found[member.name] = data
            except Unusable as error:
                path.unlink()
                print(f"deleted {error}", file=sys.stderr, flush=True)
    return found


def _advice(wanted: Sequence[Member], folder: Path, setting: str | None) -> str:
    names = ", ".join(member.name for member in wanted)
    place = f"set {setting} to the folder or archive with: {names} (each as it is or as .gz)"
    if setting is None:
        place = f"put into {folder}: {names}"
    return f"Try again where there is a network, or get the files otherwise and {place}."


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time: another one that wants the same files waits, and finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
