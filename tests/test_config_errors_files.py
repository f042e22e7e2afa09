"""Files that cannot be read, and mistakes in config/config.yaml, give one line."""

# a row of a table of mistakes is one line
# ruff: noqa: E501

import re

import pytest
from config_examples import message

from scoreladder.config_errors import dotted, nearest, shown
from scoreladder.variants import ConfigError, load_config, read_yaml

UNREADABLE = {
    "empty": ("", "the file is empty; a mapping of keys to values"),
    "comment only": ("# nothing\n", "the file is empty; a mapping"),
    "list": ("- a\n", "found ['a']; a mapping of keys to values"),
    "text": ("hello\n", "found 'hello'; a mapping of keys to values"),
    "not utf-8": (b"title: \xff\n", "byte 8 is not UTF-8; a text file in UTF-8"),
    "control character": (b"title: \x00\n", "unacceptable character"),
    "duplicate key": (
        "title: a\ndefaults:\n  noise: {}\n  noise: {}\n",
        "line 4: found the key 'noise' again; a key may appear once, and this one is in line 3",
    ),
    "number as a key": (
        "title: a\nvariants:\n  3: {}\n",
        "line 3: found the key 3, which YAML does not read as text; "
        "keys are text: put it in quotes",
    ),
    "boolean as a key": ("no: 1\n", "line 1: found the key no, which YAML"),
    "open bracket": ("title: a\nvariants: [1, 2\n", "line 3, column 1: expected"),
    "bad indentation": ("title: a\n  dataset: b\n", "line 2, column 10: mapping"),
    "tab": ("title:\n\tname: b\n", "line 2, column 1: found character"),
    "two documents": ("a: 1\n---\nb: 1\n", "line 2, column 1: but found another"),
    "python object": ("a: !!python/name:os.system\n", "line 1, column 4: could"),
    "impossible date": ("title: 2020-13-45\n", "month must be in 1..12"),
    "deep nesting": ("a: " + "[" * 5000, "found a too deeply nested value"),
}


@pytest.mark.parametrize(("content", "says"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_experiment_gives_one_line(tmp_path, content, says):
    line = message(tmp_path, content)
    assert line.startswith(says)
    assert "\n" not in line


def test_a_missing_file_and_a_folder_give_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path, says in (("none.yaml", "No such file or directory"), (".", "Is a directory")):
        with pytest.raises(ConfigError) as caught:
            read_yaml(path)
        assert str(caught.value) == f"{path}: cannot be read: {says}; a YAML file"


def test_a_file_outside_the_working_directory_is_named_in_full(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(tmp_path))}/none.yaml: cannot"):
        read_yaml(tmp_path / "none.yaml")


GOOD_CONFIG = {
    "experiments": ["digits"],
    "results": "results",
    "device": "auto",
    "orphans": "wait",
}
BAD_CONFIGS = {
    "unknown experiment": (
        {"experiments": ["digits", "digit"]},
        "experiments[1]: found 'digit'; files in config/experiments: digits, toy; "
        "did you mean 'digits'?",
    ),
    "one unknown experiment": ({"experiments": "tyo"}, "experiments[0]: found 'tyo'; files in"),
    "no experiment": ({"experiments": []}, "experiments: found []; a list that is not empty"),
    "experiment twice": ({"experiments": ["toy", "toy"]}, "experiments: found 'toy' twice; an item"),
    "number": ({"experiments": 3}, "experiments: found 3; a list that is not empty"),
    "path": ({"experiments": ["../digits"]}, "experiments[0]: found '../digits'; a name becomes"),
    "device": (
        {"device": "gpu"},
        "device: found 'gpu'; one of: auto, cpu, cuda",
    ),
    "orphans": ({"orphans": "kill"}, "orphans: found 'kill'; one of: wait, cancel, ignore"),
    "results": ({"results": ""}, "results: found ''; text that is not empty"),
    "unknown key": (
        {"experiment": 1},
        "experiment: unknown key; allowed: experiments, results, device, orphans; did you "
        "mean 'experiments'?",
    ),
}  # fmt: skip


# a script's rule, what gathers others, and those that loops name
RULES = ["train", "all", "figures", "plot_levels", "plot_tuning", "plot_learning_curves"]
RULES += ["plot_score_fields", "plot_error_by_density"]


@pytest.mark.parametrize("name", RULES)
def test_no_experiment_has_the_name_of_a_rule(tmp_path, name):
    scripts, folder = tmp_path / "workflow_scripts", tmp_path / "config" / "experiments"
    for path in (scripts / "train.py", folder / f"{name}.yaml"):
        path.parent.mkdir(parents=True)
        path.touch()
    with pytest.raises(ConfigError, match=f"found '{name}', the name of a rule"):
        load_config(GOOD_CONFIG | {"experiments": [name]}, tmp_path)


@pytest.mark.parametrize(("change", "says"), BAD_CONFIGS.values(), ids=BAD_CONFIGS)
def test_a_mistake_in_the_workflow_configuration_gives_one_line(tmp_path, change, says):
    folder = tmp_path / "config" / "experiments"
    folder.mkdir(parents=True)
    for name in ("digits", "toy"):
        (folder / f"{name}.yaml").touch()
    with pytest.raises(ConfigError) as caught:
        load_config(GOOD_CONFIG | change, tmp_path)
    assert str(caught.value).startswith(f"config/config.yaml: {says}")


def test_a_missing_key_of_the_workflow_configuration(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_config({"experiments": ["a"], "results": "r", "orphans": "wait"}, tmp_path)
    assert str(caught.value) == "config/config.yaml: device: missing; one of: auto, cpu, cuda"


def test_the_parts_of_a_message():
    assert dotted(("a", 0, "b.c", "d e")) == "a[0].b.c.'d e'"
    assert shown("x" * 100) == "'" + "x" * 58 + "…"
    assert nearest("FID", ["blur", "fid"]) == "fid"
    assert nearest("zzz", ["blur", "fid"]) is None
