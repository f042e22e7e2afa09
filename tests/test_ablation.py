"""Comparisons and verdicts on hand-made tables of runs, where every number can be checked."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scoreladder import ablation

LABELS = {"multi": "10 scales", "single": "one scale", "near": "nearly the same"}
VALUES = {
    "multi": [2.0, 2.2, 2.4],
    "single": [5.0, 5.3, 5.3],
    "near": [2.1, 2.0, 2.5],
}


def table(values=None, metric="fid", **columns):
    """Runs of variants, one per training seed (the position; NaN stands for a missing run)."""
    rows = [
        {"variant": name, "label": LABELS[name], "seed": seed, "sample_seed": 0, metric: value}
        for name, column in (values or VALUES).items()
        for seed, value in enumerate(column)
        if not math.isnan(value)
    ]
    facts = {
        "samples": 500,
        "nfe": 200,
        "images": 1000,
        "parameters": 10,
        "learning_rate": 0.002,
        "network": "MLP 8 × 1",
        "ladder": "σ = 1",
        "weighting": "σ²",
        "density": "uniform",
        "objective": "denoising score matching",
        "sampler": "Langevin",
        "step_size": 0.1,
        "relative_step_size": 0.2,
        "at_grid_edge": False,
        "train_seconds": 3.0,
    }
    return pd.DataFrame(rows).assign(**facts | columns)


def judge(check, values=None, metric="fid"):
    claim = {"id": "c", "says": "It is so.", "checks": [{"metric": metric, **check}]}
    return ablation.judge(table(values, metric), [claim], LABELS)[0]


def compare(runs, floors=None, arms=("single", "near")):
    comparison = {"baseline": "multi", "arms": list(arms), "metric": "fid"}
    return ablation.compare(runs, comparison, floors or {}).set_index("variant")


def test_rows_are_the_baseline_and_then_its_arms():
    found = compare(table())
    assert found.index.tolist() == ["multi", "single", "near"]
    assert found["role"].tolist() == ["baseline", "arm", "arm"]
    assert found["label"].tolist() == list(LABELS.values())


def test_a_row_holds_mean_interval_and_deviation_over_seeds():
    row = compare(table()).loc["single"]
    low, high = stats.ttest_1samp(VALUES["single"], 0).confidence_interval()
    expected = [np.mean(VALUES["single"]), low, high, 3]
    assert row[["mean", "low", "high", "n"]].tolist() == pytest.approx(expected)
    assert row["sd_train"] == pytest.approx(np.std(VALUES["single"], ddof=1))


def test_differences_are_paired_by_seed_and_named():
    found = compare(table())
    low, high = stats.ttest_rel(VALUES["single"], VALUES["multi"]).confidence_interval()
    row = found.loc["single", ["difference", "difference_low", "difference_high"]]
    assert row.tolist() == pytest.approx([3.0, low, high])
    assert found.loc[["single", "near"], "outcome"].tolist() == ["worse", "inconclusive"]
    assert pd.isna(found.loc["multi", "outcome"]) and pd.isna(found.loc["multi", "difference"])


def test_only_seeds_that_both_arms_have_are_paired():
    nan = math.nan
    runs = table({"multi": [nan, 2.2, 2.4, 9.0], "single": [5.0, 5.3, 5.3, nan]})
    gap = ablation.difference(runs, "single", "multi", "fid")
    low, high = stats.ttest_rel([5.3, 5.3], [2.2, 2.4]).confidence_interval()
    assert gap == pytest.approx((3.0, low, high, 2))


def test_variants_that_are_not_paired_have_welchs_interval_over_all_their_seeds():
    runs = table({"multi": [2.0, 2.2, 2.4, 9.0], "single": [5.0, 5.3, math.nan, math.nan]})
    arm, baseline = (ablation.by_seed(runs, name, "fid") for name in ("single", "multi"))
    known = stats.ttest_ind([5.0, 5.3], [2.0, 2.2, 2.4, 9.0], equal_var=False)
    expected = (5.15 - 3.9, *known.confidence_interval(), 2)
    assert ablation.between(arm, baseline, paired=False) == pytest.approx(expected)
    assert math.isnan(ablation.between(arm[:0], baseline, paired=False).mean)


def test_pairing_does_not_depend_on_the_order_of_rows():
    runs = table()
    shuffled = runs.sample(frac=1, random_state=0)
    expected = ablation.difference(runs, "single", "multi", "fid")
    assert ablation.difference(shuffled, "single", "multi", "fid") == expected


def test_arms_without_a_common_seed_are_inconclusive():
    nan = math.nan
    runs = {"multi": [2.0, 2.2, nan, nan], "single": [nan, nan, 5.0, 5.3]}
    assert compare(table(runs), arms=["single"]).loc["single", "outcome"] == "inconclusive"


def test_sample_seeds_are_averaged_within_a_training_seed_and_not_counted_as_runs():
    runs = table()
    second = runs.assign(sample_seed=1, fid=runs["fid"] + 1)
    row = compare(pd.concat([runs, second])).loc["multi"]
    assert (row["n"], row["mean"]) == (3, pytest.approx(2.7))
    assert row["sd_train"] == pytest.approx(0.2)
    assert row["sd_sample"] == pytest.approx(np.std([0, 1], ddof=1))
    assert math.isnan(compare(runs).loc["multi", "sd_sample"])


def test_within_run_errors_and_the_floor_of_the_same_size_are_shown():
    runs = table(fid_se=0.3)
    floors = {"500": {"fid": {"mean": 1.5, "count": 500}}, "100": {"fid": {"mean": 7.0}}}
    found = compare(runs, floors)
    assert found["se_within"].tolist() == pytest.approx([0.3] * 3)
    assert found["floor"].tolist() == [1.5] * 3
    assert found["floor_samples"].tolist() == [500] * 3
    assert compare(table()).loc[:, ["se_within", "floor"]].isna().all(axis=None)


def test_a_row_carries_what_its_variant_is_and_the_mean_of_what_it_took():
    runs = table(
        network=["MLP"] * 3 + ["flow"] * 3 + ["GAN"] * 3, train_seconds=[1.0, 2.0, 6.0] * 3
    )
    found = compare(runs)
    assert found["network"].to_dict() == {"multi": "MLP", "single": "flow", "near": "GAN"}
    assert found["objective"].unique().tolist() == ["denoising score matching"]
    assert found["learning_rate"].unique().tolist() == [0.002]
    assert found["train_seconds"].tolist() == [3.0] * 3


def test_a_model_without_a_ladder_keeps_its_dashes():
    dashes = dict.fromkeys(("ladder", "weighting", "density", "objective"), "–")
    runs = table(step_size=math.nan, relative_step_size=None)
    runs.loc[runs["variant"] == "single", list(dashes)] = "–"
    found = compare(runs)
    assert found.loc["single", list(dashes)].to_dict() == dashes
    assert found.loc["multi", "ladder"] == "σ = 1"
    assert found[["step_size", "relative_step_size"]].isna().all(axis=None)


def test_one_seed_is_inconclusive():
    found = compare(table({"multi": [2.0], "single": [5.0], "near": [2.1]}))
    assert found["outcome"].tolist()[1:] == ["inconclusive"] * 2
    assert found["low"].isna().all()


@pytest.mark.parametrize(
    "better, than, verdict",
    [
        ("multi", ["single"], "reproduced"),
        ("single", ["multi"], "not reproduced"),
        ("multi", ["near"], "inconclusive"),
        ("multi", ["single", "near"], "inconclusive"),
        ("near", ["multi", "single"], "inconclusive"),
        ("single", ["multi", "near"], "not reproduced"),
    ],
)
def test_a_claim_is_as_strong_as_its_checks(better, than, verdict):
    found = judge({"better": better, "than": than})
    assert (found["id"], found["says"], found["verdict"]) == ("c", "It is so.", verdict)
    assert len(found["checks"]) == len(than)


def test_one_opposite_check_refutes_what_others_support():
    found = judge(
        {"better": "near", "than": ["single", "multi"]}, {**VALUES, "near": [3, 3.1, 3.4]}
    )
    assert [check["outcome"] for check in found["checks"]] == ["reproduced", "not reproduced"]
    assert found["verdict"] == "not reproduced"


def test_a_metric_where_higher_is_better_turns_the_verdict():
    assert (
        judge({"better": "single", "than": ["multi"]}, metric="balance")["verdict"] == "reproduced"
    )
    found = judge({"better": "multi", "than": ["single"]}, metric="balance")
    assert found["verdict"] == "not reproduced"


@pytest.mark.parametrize(
    "check, verdict",
    [
        ({"above": 4.0}, "reproduced"),
        ({"above": 7.0}, "not reproduced"),
        ({"above": 5.2}, "inconclusive"),
        ({"below": 7.0}, "reproduced"),
        ({"below": 4.0}, "not reproduced"),
        ({"below": 5.2}, "inconclusive"),
    ],
)
def test_a_threshold_is_held_against_the_interval(check, verdict):
    found = judge({"variant": "single", **check})
    assert found["verdict"] == verdict
    low, high = stats.ttest_1samp(VALUES["single"], 0).confidence_interval()
    (numbers,) = found["checks"]
    assert [numbers["low"], numbers["high"], numbers["n"]] == pytest.approx([low, high, 3])
    side, limit = next(iter(check.items()))
    assert numbers["text"] == f"one scale: FID in digit-classifier features is {side} {limit:g}"


def test_a_check_carries_its_effect_size_and_no_nan():
    (check,) = judge({"better": "multi", "than": ["single"]})["checks"]
    assert check["mean"] == pytest.approx(3.0)
    assert check["text"].startswith("10 scales is better than one scale: FID")
    single_seed = {"multi": [2.0], "single": [5.0]}
    (check,) = judge({"better": "multi", "than": ["single"]}, single_seed)["checks"]
    assert (check["low"], check["high"], check["outcome"]) == (None, None, "inconclusive")


def test_beside_holes_no_step_of_samples_is_told():
    runs = table(metric="hole_energy", at_grid_edge=True)
    comparison = {"baseline": "multi", "arms": ["single"], "metric": "hole_energy"}
    found = ablation.compare(runs, comparison, {})
    assert found[["step_size", "relative_step_size"]].isna().all(axis=None)
    assert not found["at_grid_edge"].any() and (found["nfe"] == 200).all()
