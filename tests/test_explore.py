"""What the explorer shows agrees with the library that tables and claims are made by."""

import numpy as np
import page_examples
import pandas as pd
import pytest

from scoreladder import ablation
from scoreladder.catalog import METRICS
from scoreladder.report.explore import OUTCOMES, explored
from scoreladder.report.numbers import interval
from scoreladder.statistics import mean_interval, outcome


@pytest.fixture(scope="module")
def variants(tmp_path_factory) -> dict:
    return page_examples.experiment(tmp_path_factory.mktemp("explore"))["variants"]


@pytest.fixture(scope="module")
def runs(variants):
    """The example's runs, one of them twice and one of them failed."""
    table = page_examples.runs(variants)
    again = table[(table["variant"] == "multi") & (table["seed"] == 1)]
    again = again.assign(sample_seed=1, sliced_w1=0.5)
    table = pd.concat([table, again], ignore_index=True)
    table.loc[(table["variant"] == "levels-5") & (table["seed"] == 2), "sliced_w1"] = np.nan
    return table


def test_every_pair_of_variants_has_the_difference_of_the_library(variants, runs):
    found = explored(variants, runs)
    names = [variant["name"] for variant in found["variants"]]
    assert names == list(variants)
    for metric in found["metrics"]:
        for base, row in zip(names, metric["differences"], strict=True):
            for arm, told in zip(names, row, strict=True):
                gap = ablation.difference(runs, arm, base, metric["name"])
                alike = variants[arm]["data"] == variants[base]["data"]
                if arm == base or not alike or not gap.n:
                    assert told is None
                    continue
                *ends, n, said, text = told
                assert ends == pytest.approx(gap[:3], rel=1e-4)
                assert (n, text) == (gap.n, interval(*gap[:3]))
                assert OUTCOMES[said] == outcome(gap, METRICS[metric["name"]].lower_is_better)


def test_every_variant_has_its_seeds_and_their_mean(variants, runs):
    (metric,) = (
        each for each in explored(variants, runs)["metrics"] if each["name"] == "sliced_w1"
    )
    for name, seeds, told in zip(variants, metric["seeds"], metric["means"], strict=True):
        values = ablation.by_seed(runs, name, "sliced_w1")
        assert seeds == pytest.approx(values, rel=1e-4)
        expected = mean_interval(values)
        assert told[:3] == pytest.approx(expected[:3], rel=1e-4)
        assert told[3:] == [expected.n, interval(*expected[:3])]


def test_a_single_seed_has_no_interval_and_says_nothing(variants, runs):
    found = explored(variants, runs[runs["seed"] == 0])
    (metric,) = (each for each in found["metrics"] if each["name"] == "balance")
    mean, low, high, n, text = metric["means"][0]
    assert (low, high, n, text) == (None, None, 1, f"{mean:.3f}")
    place = list(variants).index("levels-2")
    assert OUTCOMES[metric["differences"][0][place][4]] == "inconclusive"


def test_axes_are_the_numbers_that_variants_differ_in(variants, runs):
    axes = {axis["label"]: axis["values"] for axis in explored(variants, runs)["axes"]}
    assert set(axes) >= {"Noise levels L", "Training σ"}
    assert "Training images" not in axes and "Network evaluations per sample" not in axes
    levels = dict(zip(variants, axes["Noise levels L"], strict=True))
    assert (levels["multi"], levels["levels-5"], levels["single-0.3"]) == (3, 5, None)
    unlike = runs.assign(nfe=runs["seed"].add(runs["variant"].eq("multi") * 10))
    found = {axis["label"]: axis["values"] for axis in explored(variants, unlike)["axes"]}
    assert found["Network evaluations per sample"][list(variants).index("moons")] == 1
