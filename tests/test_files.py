"""Files appear whole or not at all; random numbers are a function of their names."""

import json
import math
import os
import stat

import pytest
import torch

from scoreladder import files, seeds


def test_a_finished_block_replaces_the_file_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "new" / "folder" / "result.txt"
    for text in ("first", "second"):
        with files.atomic_path(path) as temporary:
            assert temporary.parent == path.parent and temporary.suffix == ".txt"
            temporary.write_text(text)
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "old"])
def test_an_error_leaves_what_was_there_and_no_temporary_file(tmp_path, before):
    path = tmp_path / "result.txt"
    if before is not None:
        path.write_text(before)
    with pytest.raises(RuntimeError, match="half-way"), files.atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("half-way")
    assert [file.read_text() for file in tmp_path.iterdir()] == [before] * (before is not None)


def test_readers_see_the_old_file_until_the_block_ends(tmp_path):
    path = tmp_path / "result.txt"
    path.write_text("old")
    with files.atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        files.write_text(tmp_path / "atomic", "text")
        (tmp_path / "plain").write_text("text")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("atomic", "plain")]
    assert modes[0] == modes[1] == 0o666 & ~umask


def test_json_round_trips_readably_and_sorted(tmp_path):
    value = {"σ": 0.1, "a": [1, None, True], "b": {"c": "text"}}
    files.write_json(tmp_path / "value.json", value)
    assert files.read_json(tmp_path / "value.json") == value
    text = (tmp_path / "value.json").read_text(encoding="utf-8")
    assert "σ" in text and text.endswith("}\n")
    assert list(json.loads(text)) == ["a", "b", "σ"]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_json_that_is_not_json_is_refused_before_the_file_is_touched(tmp_path, bad):
    path = tmp_path / "value.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"a": bad})
    assert files.read_json(path) == {"a": 1}


def test_sha256_of_abc_is_that_of_the_standard():
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256(b"abc") == expected


def test_seeds_are_fixed_distinct_and_fit_in_63_bits():
    found = {seeds.seed_of("train", seed, images) for seed in range(10) for images in range(10)}
    assert len(found) == 100
    assert all(0 <= seed < 2**63 for seed in found)
    assert seeds.seed_of("train", 1) != seeds.seed_of("sample", 1)
    # the first eight bytes of SHA-256 of "weights/0", halved: the same on every machine
    assert seeds.seed_of("weights", 0) == 5077438951805123292


def test_generators_of_one_name_agree_and_ignore_the_global_one():
    first = torch.rand(3, generator=seeds.generator("a", 1))
    torch.manual_seed(0)
    assert torch.equal(first, torch.rand(3, generator=seeds.generator("a", 1)))
    assert not torch.equal(first, torch.rand(3, generator=seeds.generator("a", 2)))
