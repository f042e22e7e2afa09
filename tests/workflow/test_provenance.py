"""What runs again after a change, and what does not: read off dry runs."""

import os

import pytest

MODELS = ["multi 0", "multi 1", "single 0", "single 1"]
DATA = {"prepare_dataset", "train_features", "make_reference"}
COSTLY = DATA | {"train", "tune", "sample", "inpaint"}


def reversed_keys(value):
    """The same value with every mapping's keys in reverse order."""
    if isinstance(value, list):
        return [reversed_keys(item) for item in value]
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return value


def test_nothing_runs_again_when_nothing_changed(copy):
    assert copy.plan("all") == {}


def test_touched_files_run_nothing_again(copy):
    for path in copy.folder.glob("workflow_scripts/**/*.py"):
        os.utime(path)
    os.utime(copy.experiment)
    assert copy.plan("all") == {}


def test_comments_and_docstrings_run_nothing_again(copy):
    training = "workflow_scripts/scoreladder/training.py"
    copy.replace(training, r'\A"""', '# a comment\n"""Also: ')
    copy.replace(training, r'^    """A run before its', '    """Changed:')
    assert copy.plan("all") == {}


def test_an_edit_of_an_imported_module_retrains_every_model(copy):
    copy.replace("workflow_scripts/scoreladder/networks.py", r"\Z", "\nEXTRA = 1\n")
    assert copy.plan()["train"] == MODELS


def test_another_sigma_retrains_only_its_own_variant(copy):
    copy.change(lambda settings: settings["variants"]["single"]["noise"].update(sigma=0.8))
    plan = copy.plan()
    assert plan["train"] == ["single 0", "single 1"]
    assert plan["tune"] == ["single"]
    assert plan["sample"] == ["single 0 0 0", "single 1 0 0"]
    assert plan["evaluate"] == ["single 0 0", "single 1 0"]
    assert "make_reference" not in plan


def test_a_sampler_setting_retrains_nothing(copy):
    copy.change(lambda settings: settings["variants"]["multi-plain"]["sample"].update(nfe=30))
    plan = copy.plan()
    assert "train" not in plan
    assert plan["tune"] == ["multi-plain"]
    assert plan["sample"] == ["multi-plain 0 0 0", "multi-plain 1 0 0"]
    assert plan["evaluate"] == ["multi-plain 0 0", "multi-plain 1 0"]


def test_one_more_seed_trains_only_that_seed_and_tunes_nothing(copy):
    copy.change(lambda settings: settings["replicates"].update(train_seeds=[0, 1, 2]))
    plan = copy.plan()
    assert plan["train"] == ["multi 2", "single 2"]
    assert "tune" not in plan
    assert plan["sample"] == ["multi 2 0 0", "multi-plain 2 0 0", "single 2 0 0"]


def test_the_order_of_keys_does_not_matter(copy):
    def reorder(settings):
        # the order of variants is that of rows and colours, so it stays
        variants = {name: reversed_keys(v) for name, v in settings["variants"].items()}
        changed = reversed_keys(settings) | {"variants": variants}
        settings.clear()
        settings.update(changed)

    copy.change(reorder)
    assert copy.plan() == {}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_another_device_runs_nothing_again(copy, device):
    copy.replace("config/config.yaml", "^device:.*$", f"device: {device}")
    assert copy.plan("all") == {}


def test_a_new_comparison_only_compares(copy):
    new = {"name": "more", "baseline": "single", "arms": ["multi"], "metric": "balance"}
    copy.change(lambda settings: settings["comparisons"].append(new))
    plan = copy.plan()
    assert plan["compare"] == ["more"]
    assert not (COSTLY | {"evaluate", "collect"}) & set(plan)


def test_another_label_measures_nothing_again(copy):
    copy.change(lambda settings: settings["variants"]["multi"].update(label="Many"))
    assert not (COSTLY | {"evaluate"}) & set(copy.plan())


def test_another_variant_leaves_the_others_as_they_are(copy):
    copy.change(lambda settings: settings["variants"].update(sigma={"weighting": "sigma"}))
    plan = copy.plan()
    assert plan["train"] == ["sigma 0", "sigma 1"]
    assert plan["sample"] == ["sigma 0 0 0", "sigma 1 0 0"]
    assert plan["evaluate"] == ["sigma 0 0", "sigma 1 0"]
