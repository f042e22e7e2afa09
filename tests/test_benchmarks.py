"""The benchmark's own arithmetic and files; nothing is timed."""

import csv
import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks import __main__ as command  # noqa: E402
from benchmarks import figure, growth, pairs, rows  # noqa: E402

FASTER = rows.Aim("a step", "a peer", rows.SPEED, 1.3, packages=("numpy", "no-such-package"))
BOUND = rows.Aim("a plan", "the bound", "seconds", 10.0, at_least=False)
POWER = rows.Aim("a step", "levels", rows.EXPONENT, 1.0, at_least=False)
FOUND = [
    rows.timed("one", FASTER, [1.0, 2.0, 1.0], [1.5, 2.8, 1.2], "a note"),
    rows.Row("two", BOUND, pairs.spread([20.0])),
    rows.Row("two", POWER, pairs.Spread(0.5, 0.0, 1.0)),
    rows.missing("three", FASTER, "not\ninstalled"),
]


def test_calls_are_made_in_turns_and_every_other_round_backwards():
    made, told = [], iter(range(1, 100))
    calls = {name: lambda name=name: made.append(name) for name in "abc"}

    def clock(call):
        call()
        return next(told)

    found = pairs.in_turns(calls, 2, clock=clock)
    assert "".join(made) == "abc" + "abc" + "cba"
    assert found == {"a": [1, 6], "b": [2, 5], "c": [3, 4]}


def test_a_ratio_is_the_median_of_pairs_not_of_times():
    assert pairs.ratios([1.0, 2.0], [3.0, 2.0]) == [3.0, 1.0]
    # of medians it would be 1.5
    assert FOUND[0].found == (pytest.approx(1.4), pytest.approx(1.2), pytest.approx(1.5))
    assert FOUND[0].seconds == (1.0, 1.5)


def test_what_is_reached_follows_the_direction_of_the_goal():
    assert [row.reached for row in FOUND] == ["yes", "no", "yes", ""]
    assert rows.margin(FOUND[0]).median == pytest.approx(1.4 / 1.3)
    assert rows.margin(FOUND[1]) == (0.5, 0.5, 0.5)
    assert rows.margin(FOUND[2]) == pytest.approx((10**0.5, 1.0, 10.0))
    assert rows.margin(FOUND[3]) is None


def test_an_exponent_is_the_slope_of_logarithms():
    found = growth.exponent([1, 10, 1000], [2.0, 200.0, 2e6])
    assert found == pytest.approx((2.0, 2.0, 2.0))


def test_the_table_and_the_figure_of_what_was_found(tmp_path):
    command.write(tmp_path / "bench", FOUND)
    with open(tmp_path / "bench.csv", newline="") as file:
        first, second, _, last = csv.DictReader(file)
    assert first["value"] == "1.4" and first["to_reach"] == ">= 1.3" and first["reached"] == "yes"
    assert "numpy 2" in first["versions"] and "no-such-package not installed" in first["versions"]
    assert second["ours_seconds"] == "" and second["to_reach"] == "<= 10"
    assert last["value"] == "" and last["note"] == "missing: not installed"
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".svg", ".png"}
    (axes,) = figure.margins(FOUND).axes
    assert len(axes.get_yticks()) == 3


@pytest.mark.parametrize("name", [*command.NAMES, command.GPU])
def test_every_bench_lists_its_rows(name):
    aims = importlib.import_module(f"benchmarks.{name}").AIMS
    assert aims and len(set(aims)) == len(aims)
    assert all(isinstance(aim, rows.Aim) for aim in aims)


def test_an_unknown_bench_is_one_line():
    with pytest.raises(SystemExit, match="ONLY: found 'fast'; one of: training, sampling"):
        command.main(["fast"])


def test_without_a_gpu_its_rows_say_so(monkeypatch):
    gpu = importlib.import_module("benchmarks.gpu")
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    assert {row.note for row in gpu.measure()} == {"missing: no CUDA GPU is visible"}
