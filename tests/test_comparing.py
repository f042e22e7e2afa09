"""Two variants and two runs side by side, on hand-made tables whose every number is known."""

import math
from pathlib import Path

import pandas as pd
import pytest
from config_examples import VALID, loaded
from rich.console import Console
from scipy import stats

from collect import write_settings
from compare_runs import compare_runs
from compare_runs import main as compare_main
from scoreladder import comparing, kept_runs, specs_report
from scoreladder.config_errors import ConfigError

FID = {"multi": [2.0, 2.2, 2.4], "few": [5.0, 5.3, 5.3], "single-0.1": [9.0, 9.1, 9.5]}
SEEDS = (0, 1, 2)


def runs(values=None, seeds=SEEDS, **columns):
    rows = [
        {"variant": name, "label": name, "seed": seed, "sample_seed": 0, "fid": fid, "fid_se": 0.1}
        for name, column in (values or FID).items()
        for seed, fid in zip(seeds, column, strict=True)
    ]
    facts = {"balance": 0.5, "nfe": 50, "images": 1000, "train_seconds": 3.0, "device": "cpu"}
    return pd.DataFrame(rows).assign(**facts | columns)


@pytest.fixture
def experiment(tmp_path):
    return specs_report.collect(loaded(tmp_path, VALID))


def kept(table, experiment, folder="a"):
    return kept_runs.Kept(folder, Path(folder), table, experiment)


def by_metric(ours, theirs, names=("multi", "few")):
    paired, _ = comparing.pairing(ours, theirs, names)
    return {gap.metric: gap for gap in comparing.metric_gaps(ours, theirs, names, paired)}


def test_variants_of_one_run_are_paired_by_seed(experiment):
    run = kept(runs(), experiment)
    assert comparing.pairing(run, run, ("multi", "few")) == (
        True,
        "paired by seed (variants of one run)",
    )
    gap = by_metric(run, run)["fid"]
    low, high = stats.ttest_rel(FID["few"], FID["multi"]).confidence_interval()
    assert gap.difference == pytest.approx((3.0, low, high, 3))
    assert (gap.said, gap.state) == ("worse", comparing.DIFFERS)
    assert gap.spreads == pytest.approx(3.0 / 0.2)


def test_standard_errors_and_facts_are_no_metrics_and_equal_ones_are_called_so(experiment):
    run = kept(runs(), experiment)
    found = by_metric(run, run)
    assert list(found) == ["fid", "balance"]
    assert (found["balance"].said, found["balance"].state) == ("equal", "equal")


def test_runs_with_the_same_seeds_and_data_are_paired_and_others_are_not(experiment):
    ours, names = kept(runs(), experiment), ("multi", "multi")
    same = kept(runs(), experiment | {"features": {"kind": "other"}}, "b")
    assert comparing.pairing(ours, same, names)[0]
    later = kept(runs(seeds=(3, 4, 5)), experiment, "b")
    assert comparing.pairing(ours, later, names) == (False, "not paired (other seeds)")
    elsewhere = experiment | {"datasets": {"main": {"name": "mnist"}}}
    other = kept(runs(), elsewhere, "b")
    assert comparing.pairing(ours, other, names) == (False, "not paired (other data)")
    unknown = kept(runs(), None, "b")
    assert "no configuration" in comparing.pairing(ours, unknown, names)[1]


def test_what_is_not_paired_has_welchs_interval(experiment):
    ours = kept(runs(), experiment)
    theirs = kept(runs(seeds=(3, 4, 5)), experiment, "b")
    gap = by_metric(ours, theirs)["fid"]
    known = stats.ttest_ind(FID["few"], FID["multi"], equal_var=False).confidence_interval()
    assert gap.difference[1:3] == pytest.approx(tuple(known))


def test_settings_of_variants_differ_where_their_files_do(experiment):
    run = kept(runs(), experiment)
    found = comparing.settings_gap(run, run, ("multi", "few"))
    assert ("noise.levels", 10, 3) in found
    assert {each.key.partition(".")[0] for each in found} == {"noise"}
    assert comparing.settings_gap(run, kept(runs(), None), ("multi", "few")) is None


def test_a_difference_of_many_variants_is_told_once(experiment, tmp_path):
    changed = VALID.replace("batch_size: 100", "batch_size: 50")
    theirs = kept(runs(), specs_report.collect(loaded(tmp_path, changed)), "b")
    found = comparing.variants_gap(kept(runs(), experiment), theirs)
    batch = next(each for each in found if each.key == "training.batch_size")
    assert batch == ("training.batch_size", 100, 50, ("multi", "few", "single-0.1"))


def test_common_settings_leave_variants_out(experiment, tmp_path):
    changed = VALID.replace("count: 10}", "count: 20}").replace("levels: 3", "levels: 4")
    theirs = kept(runs(), specs_report.collect(loaded(tmp_path, changed)), "b")
    found = comparing.common_gap(kept(runs(), experiment), theirs)
    assert found == [("tuning.count", 10, 20)]
    assert comparing.common_gap(kept(runs(), None), theirs) is None


def test_metrics_of_two_runs_are_equal_near_within_their_interval_or_differ(experiment):
    values = FID | {"few": [5.0, 5.3, 5.4], "single-0.1": [9.5, 9.6, 10.0]}
    balance = [0.5] * 6 + [0.5004, 0.5, 0.5]
    theirs = kept(runs(values, balance=balance), experiment, "b")
    found = comparing.run_gaps(kept(runs(), experiment), theirs)
    states = {(gap.variant, gap.metric): gap.state for gap in found}
    assert states == {
        ("multi", "fid"): "equal",
        ("few", "fid"): "within",
        ("single-0.1", "fid"): "differs",
        ("multi", "balance"): "equal",
        ("few", "balance"): "equal",
        ("single-0.1", "balance"): "near",
    }


def test_a_single_seed_gives_no_interval(experiment):
    ours = kept(runs({"multi": [2.0]}, seeds=[0]), experiment)
    theirs = kept(runs({"multi": [2.5]}, seeds=[0]), experiment, "b")
    fid, balance = comparing.run_gaps(ours, theirs)
    assert (fid.state, balance.state) == ("no interval", "equal")
    assert math.isnan(fid.spreads)


# what is printed


def written(folder, table, experiment=None):
    folder.mkdir(parents=True)
    table.to_csv(folder / "runs.csv", index=False)
    if experiment:
        write_settings(experiment, folder / "experiment.yaml")
    return str(folder)


def printed(*addresses, width=120):
    console = Console(width=width, record=True, markup=False, highlight=False)
    compare_runs(*addresses, Path("results"), console)
    return console.export_text()


@pytest.mark.parametrize("width", [80, 120])
def test_two_variants_are_printed_with_settings_intervals_and_costs(tmp_path, experiment, width):
    run = written(tmp_path / "a", runs(), experiment)
    text = printed(f"{run}:multi", f"{run}:few", width=width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.split() == ["noise.levels", "10", "3"] for line in lines)
    assert "2.20" in text and "[1.70, 2.70]" in text and "worse" in text
    assert "paired by seed (variants of one run)" in " ".join(text.split())
    assert any(line.split() == ["train_seconds", "3.00", "3.00"] for line in lines)


def test_two_runs_are_printed_with_what_is_equal_and_the_largest_difference(tmp_path, experiment):
    a = written(tmp_path / "a", runs(), experiment)
    values = FID | {"few": [5.0, 5.3, 5.4], "new": [1.0, 1.0, 1.0]}
    b = written(tmp_path / "b", runs(values), experiment)
    text = printed(a, b)
    assert "The settings are the same." in text
    assert "Only in B: new" in text
    counted = "5 equal to the last digit, 1 different within the 95 % interval."
    assert f"6 means of 3 variants in A and B: {counted}" in " ".join(text.split())
    assert (
        "The largest difference: fid of few, 5.20 in A, 5.23 in B, 0.19 sd over A's seeds." in text
    )
    assert "6 equal to the last digit." in printed(a, a)


def test_a_run_without_its_configuration_is_compared_all_the_same(tmp_path, experiment):
    a = written(tmp_path / "a", runs(), experiment)
    b = written(tmp_path / "b", runs())
    text = printed(a, b)
    assert f"no configuration kept: {b}; settings cannot be compared" in " ".join(text.split())
    assert "6 means of 3 variants" in text


def test_a_variant_is_not_compared_with_a_run(tmp_path):
    run = written(tmp_path / "a", runs())
    with pytest.raises(ConfigError) as caught:
        printed(run, f"{run}:few")
    assert str(caught.value) == (
        f"{run}: names no variant, and {run}:few does; two variants or two runs can be compared; "
        f"did you mean '{run}:few'?"
    )


@pytest.mark.parametrize("arguments", [["nowhere", "nowhere"], ["one"]])
def test_what_cannot_be_compared_ends_with_the_status_of_a_wrong_command(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        compare_main(arguments)
    assert end.value.code == 2 and capsys.readouterr().out == ""
