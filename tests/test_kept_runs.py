"""Addresses of runs and variants, and the line that a wrong one gets."""

from pathlib import Path

import pytest

from scoreladder import kept_runs
from scoreladder.config_errors import ConfigError

ROOT = Path(__file__).parents[1]
TABLE = "variant,label,seed,fid\nmulti,10 scales,0,1.5\nvae,VAE,0,2.5\n"
SETTINGS = """\
{datasets: {}, features: null, replicates: {}, tuning: null,
 variants: {multi: {data: main, model: multi, sample: {nfe: 9}}}}
"""
REFERENCES = sorted(path.parent for path in ROOT.glob("results/reference/*/runs.csv"))


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Results of digits with their configuration, and a copy of its tables elsewhere without."""
    monkeypatch.chdir(tmp_path)
    for folder in ("results/digits/summary", "kept/digits"):
        Path(folder).mkdir(parents=True)
        Path(folder, "runs.csv").write_text(TABLE)
    Path("results/digits/summary/experiment.yaml").write_text(SETTINGS)
    return Path("results")


def refused(address, results):
    with pytest.raises(ConfigError) as caught:
        kept_runs.find(address, results)
    line = str(caught.value)
    assert "\n" not in line and line.startswith(address)
    return line


@pytest.mark.parametrize("place", ["digits", "results/digits", "results/digits/summary"])
def test_an_experiment_and_its_folder_are_the_same_run(results, place):
    found, variant = kept_runs.find(place, results)
    assert variant is None and found.name == place
    assert found.folder == results / "digits/summary"
    assert found.runs["fid"].tolist() == [1.5, 2.5]
    assert found.settings("multi")["sample"] == {"nfe": 9} and found.settings("vae") is None


def test_a_folder_of_tables_needs_no_configuration(results):
    found, variant = kept_runs.find("kept/digits:vae", results)
    assert (found.name, variant, found.experiment) == ("kept/digits", "vae", None)
    assert found.settings("vae") is None


def test_a_folder_may_have_a_colon_in_its_name(results):
    Path("kept/digits").rename("kept/of:today")
    assert kept_runs.find("kept/of:today", results)[1] is None
    assert kept_runs.find("kept/of:today:vae", results)[1] == "vae"


def test_a_mistyped_variant_or_run_is_answered_with_what_there_is(results):
    assert refused("digits:mutli", results) == (
        "digits:mutli: found 'mutli'; variants of digits: multi, vae; did you mean 'multi'?"
    )
    assert refused("digts:multi", results) == (
        "digts:multi: found no results of 'digts'; an experiment with results (digits) or a folder "
        "with runs.csv, such as results/reference/digits; did you mean 'digits'?"
    )
    assert "found no results of ''" in refused(":multi", results)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ("variant,label\nmulti,a\n", "has no column seed"),
        ("variant,label,seed\n", "has no rows"),
    ],
)
def test_a_file_that_is_no_table_of_runs_is_named(results, text, says):
    Path("kept/digits/runs.csv").write_text(text)
    assert f"kept/digits/runs.csv {says}" in refused("kept/digits", results)


@pytest.mark.parametrize("key", ["tuning", "variants", "model"])
def test_a_file_that_is_no_configuration_is_named(results, key):
    path = results / "digits/summary/experiment.yaml"
    path.write_text(SETTINGS.replace(f"{key}:", "other:"))
    expected = f"digits: {path} is no configuration; the one that a run left there, or none"
    assert refused("digits", results) == expected


@pytest.mark.parametrize("folder", REFERENCES, ids=lambda path: path.name)
def test_reference_results_are_kept_with_the_configuration_of_their_variants(folder):
    found, _ = kept_runs.find(str(folder), ROOT / "results")
    assert found.experiment["name"] == folder.name
    assert sorted(found.experiment["variants"]) == sorted(found.runs["variant"].unique())
    assert sorted(found.experiment["replicates"]["train_seeds"]) == sorted(
        found.runs["seed"].unique()
    )
