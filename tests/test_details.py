"""Where the page's numbers come from."""

import itertools

import page_examples
import pytest

from scoreladder.config_diff import bearing, differences
from scoreladder.report.details import details, shared


@pytest.fixture(scope="module")
def variants(tmp_path_factory) -> dict:
    return page_examples.experiment(tmp_path_factory.mktemp("details"))["variants"]


def test_two_variants_texts_differ_just_where_their_settings_do(variants):
    keys, settings = shared(variants)
    for one, other in itertools.permutations(variants, 2):
        sides = (bearing(name, variants[name]) for name in (one, other))
        apart = {each.key for each in differences(*sides)}
        pairs = zip(keys, settings[one], settings[other], strict=True)
        assert {key for key, ours, theirs in pairs if ours != theirs} == apart


def test_numbers_of_holes_and_likelihoods_are_not_told_of_by_the_samples(variants):
    found = details(variants, page_examples.runs(variants))
    assert {"hole_energy", "nll"} <= set(found["elsewhere"]) and "fid" not in found["elsewhere"]
    about_samples = ["Step size", "Relative step size", "Sampling, s"]
    assert found["columns"][-found["sampled"] :] == about_samples
    own = found["runs"]["multi"]
    assert ["Code of the sampling", "fedcba9876543210"] in own["sampling"]
    assert ["Versions", "python 3.11, torch 2.13"] in own["facts"]


def test_every_run_has_its_value_and_what_it_cost(variants):
    found = details(variants, page_examples.runs(variants))
    own = found["runs"]["multi"]
    assert len(own["rows"]) == len(own["values"]["sliced_w1"]) == 3
    assert dict(zip(found["columns"], own["rows"][1], strict=True)) == {
        "Training seed": "1",
        "Sample seed": "0",
        "Training, s": "31.4",
        "Peak memory, MiB": "251",
        "Step size": "0.00540",
        "Relative step size": "0.06",
        "Sampling, s": "1.50",
    }
    assert own["values"]["balance"] == ["0.900", "0.910", "0.920"]
    assert "balance" not in found["runs"]["single-0.3"]["values"]
    assert ["Code of the training", "0123456789abcdef"] in own["facts"]


def test_variants_without_runs_are_left_out(variants):
    runs = page_examples.runs(variants)
    found = details(variants, runs[runs["variant"] != "multi"])
    assert "multi" not in found["runs"] and "multi" not in found["settings"]
