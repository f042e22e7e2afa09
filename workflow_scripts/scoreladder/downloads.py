"""Downloading a file that may be interrupted at any byte."""

import hashlib
import os
from pathlib import Path
from urllib.parse import urlsplit

from scoreladder import progress
from scoreladder.archives import Unusable

# seconds to connect, and between two pieces
TIMEOUT = (10, 60)
PIECE = 1 << 16


def download(url: str, path: Path, limit: int) -> None:
    """Fetch url into `path`, which appears whole; until then its bytes are in `path`.part.

    What an earlier call left in `path`.part is gone on from where the server can do that, and
    fetched anew where it cannot; a connection that breaks is made again as long as that brings
    more. The bytes are not checked. Raises Unusable, and keeps what is there, where there is no
    connection or the server refuses; or, keeping nothing, where there are more than `limit` bytes.
    """
    # here, because every job imports this module and few need it
    import requests

    part = path.with_name(f"{path.name}.part")
    broken = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    while True:
        before = _size(part)
        try:
            _go_on(url, part, limit)
            break
        except broken as error:
            if _size(part) <= before:
                host = urlsplit(url).hostname
                raise Unusable(f"no connection to {host} ({type(error).__name__})") from error
        except requests.HTTPError as error:
            raise Unusable(str(error)) from error
    os.replace(part, path)


def check_file(path: Path, sha256: str) -> None:
    """Raise Unusable, and delete the file, unless it has this SHA-256."""
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        path.unlink()
        raise Unusable(
            f"{path.name}: expected SHA-256 {sha256}, found {found}: the download was damaged or "
            "swapped, and has been deleted unopened"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _go_on(url: str, part: Path, limit: int) -> None:
    """Append what is missing, or write everything where the server answers with everything."""
    import requests

    done = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if done and answer.status_code == requests.codes.requested_range_not_satisfiable:
            if answer.headers.get("Content-Range") != f"bytes */{done}":
                part.unlink()
                _go_on(url, part, limit)
            return
        answer.raise_for_status()
        if answer.status_code != requests.codes.partial_content:
            done = 0
        total = done + int(answer.headers.get("Content-Length", 0))
        with (
            open(part, "ab" if done else "wb") as file,
            progress.bar(total, part.stem, "B", done) as reach,
        ):
            for piece in answer.iter_content(PIECE):
                done += len(piece)
                if max(done, total) > limit:
                    part.unlink()
                    raise Unusable(f"{url}: more than {limit} bytes, which it cannot have")
                file.write(piece)
                reach(done)
