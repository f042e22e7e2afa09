"""The job that writes an experiment's page: what it makes of its spec and its tables."""

import json

import page_examples

import write_report
from scoreladder import specs_report
from scoreladder.variants import canonical


def test_variants_keep_the_order_of_their_file(tmp_path):
    experiment = page_examples.experiment(tmp_path)
    spec = json.loads(canonical(specs_report.write_report(experiment)))
    assert list(spec["variants"]) != list(experiment["variants"])
    found = write_report.in_order(spec)
    assert found == experiment
    assert list(found["variants"]) == list(experiment["variants"])


def test_a_table_of_nothing_is_empty(tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("\n")
    assert write_report.table(path).empty
