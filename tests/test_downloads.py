"""A download may break off at any byte, and ends whole or not at all."""

import numpy as np
import pytest
from file_servers import serving

from scoreladder import downloads
from scoreladder.archives import Unusable

BYTES = np.random.RandomState(0).bytes(3_000_000)
LIMIT = 2 * len(BYTES)
# a whole number of pieces: of a broken connection's last piece nothing is kept
CUT = 20 * downloads.PIECE


@pytest.fixture
def server():
    with serving() as found:
        yield found


def test_an_interrupted_download_goes_on_where_it_was(server, tmp_path):
    server.files, server.cut = {"file": BYTES}, CUT
    downloads.download(f"{server.address}file", tmp_path / "file", LIMIT)
    assert (tmp_path / "file").read_bytes() == BYTES
    assert server.asked == [
        ("file", None),
        ("file", f"bytes={CUT}-"),
        ("file", f"bytes={2 * CUT}-"),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_an_earlier_process_left_is_not_fetched_again(server, tmp_path):
    server.files = {"file": BYTES}
    for left in (2_000_000, len(BYTES)):
        (tmp_path / "file.part").write_bytes(BYTES[:left])
        downloads.download(f"{server.address}file", tmp_path / "file", LIMIT)
        assert (tmp_path / "file").read_bytes() == BYTES
        assert server.asked[-1] == ("file", f"bytes={left}-")


@pytest.mark.parametrize("left", [100_000, len(BYTES) + 1])
def test_a_download_that_cannot_go_on_starts_anew(server, tmp_path, left):
    # a server without Range, and a left file that is longer than the whole one
    server.files, server.ranges = {"file": BYTES}, left > len(BYTES)
    (tmp_path / "file.part").write_bytes(bytes(left))
    downloads.download(f"{server.address}file", tmp_path / "file", LIMIT)
    assert (tmp_path / "file").read_bytes() == BYTES


def test_a_download_that_brings_nothing_more_ends_and_keeps_what_it_has(server, tmp_path):
    server.files, server.cut, server.ranges = {"file": BYTES}, CUT, False
    with pytest.raises(Unusable, match=r"no connection to 127.0.0.1 \(ChunkedEncodingError\)"):
        downloads.download(f"{server.address}file", tmp_path / "file", LIMIT)
    assert (tmp_path / "file.part").read_bytes() == BYTES[:CUT]
    assert not (tmp_path / "file").exists()


def test_a_download_without_end_is_given_up(server, tmp_path):
    server.files = {"file": BYTES}
    with pytest.raises(Unusable, match="more than 1000 bytes"):
        downloads.download(f"{server.address}file", tmp_path / "file", 1000)
    assert not list(tmp_path.iterdir())
