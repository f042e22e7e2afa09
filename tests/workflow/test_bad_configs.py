"""A mistake in a config file stops the real command with one line, before any job."""

import subprocess

import pytest

CONFIG = "config/config.yaml"
TINY = "config/experiments/tiny.yaml"
MISTAKES = {
    "unknown experiment": (CONFIG, r"^experiments:.*$", "experiments: [tinny]", "tinny"),
    "wrong device": (CONFIG, r"^device:.*$", "device: gpu", "device"),
    "broken config.yaml": (CONFIG, r"^device:.*$", "device: [auto", "line"),
    "misspelt key": (TINY, "weighting: one", "weigthing: one", "did you mean 'weighting'?"),
    "upside-down ladder": (TINY, "sigma_min: 0.5", "sigma_min: 50.0", "sigma_max"),
    "broken experiment": (TINY, r"^variants:$", "variants: [", "line"),
    "number read as text": (TINY, "learning_rate: 0.002", "learning_rate: 1e-4", "1.0e-4"),
    "cycle": (TINY, "label: Several,", "extends: multi,", "cycle"),
    "empty file": (TINY, r"\A[\s\S]*\Z", "", "empty"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_one_line_and_starts_nothing(fresh, mistake):
    file, pattern, new, says = MISTAKES[mistake]
    fresh.replace(file, pattern, new)
    done = fresh.run("--cores=2", stderr=subprocess.PIPE)
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode == 1
    assert len(errors) == 1
    assert file in errors[0] and says in errors[0]
    assert "Traceback" not in done.stdout + done.stderr
    assert not fresh.results.exists()


def test_an_experiment_named_on_the_command_line_must_exist(fresh):
    done = fresh.run("--cores=2", "--config", "experiments=[nothing]", stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert "Error: " in done.stderr and "Traceback" not in done.stderr


# a file that only experiments with a block have → the block
OF_BLOCKS = {
    "sweeps/nfe/seed0.json": "nfe_sweep",
    "sweeps/mixing/exact.json": "mixing",
    "likelihood/multi/seed0.json": "likelihood",
}


@pytest.mark.parametrize(("file", "block"), OF_BLOCKS.items())
def test_what_only_another_experiment_has_gives_one_line(fresh, file, block):
    done = fresh.run("--cores=2", f"results/tiny/{file}", stderr=subprocess.PIPE)
    errors = [line for line in done.stderr.splitlines() if "Error" in line]
    assert done.returncode == 1
    allowed = "only experiments with that block have what was asked for"
    assert errors == [f"Error: {TINY}: {block}: missing; {allowed}"]
    assert "Traceback" not in done.stdout + done.stderr
    assert not fresh.results.exists()
