"""The pages on adding to the workflow, applied as they stand to a copy, and run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
import pandas as pd
import pytest
import yaml
from workflows import TINY

ADDED = ["add/schedule.md", "add/weighting.md", "add/sampler.md", "add/dataset.md"]
# run in the copy, where the added functions are
FACTS = """
import json, torch
from scoreladder import analytic, datasets, noise, sampling, weighting
from scoreladder.samplers import ode

normal = analytic.GaussianMixture(torch.zeros(1, 2), 1.0, [1.0])
x = 5 * torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
sigmas = noise.geometric(5.0, 0.5, 10)
# the flow of N(0, I), down to the last level and then to its denoised mean
exact = x * ((1 + 0.5**2) / (1 + 5.0**2)) ** 0.5 / (1 + 0.5**2)
counted = sampling.CountCalls(normal)
errors = [float((f(counted, x, sigmas) - exact).abs().max())
          for f in (ode.adams_bashforth, sampling.ddim)]
eight = datasets.load({"name": "lemniscate", "noise": 0.0} | dict.fromkeys(
    ("train_size", "tune_size", "test_size"), 50)).train
x2, y2 = (eight**2).T
print(json.dumps({
    "ladder": noise.LADDERS["even_variance"](5.0, 0.5, 3).tolist(),
    "lambda": weighting.weighting({"kind": "soft_min_snr", "gamma": 4.0})(torch.ones(1)).tolist(),
    "errors": errors,
    "calls": counted.calls,
    "off the curve": float(abs((x2 + y2) ** 2 - 16 * (x2 - y2)).max()),
}))
"""


def merged(below: dict, above: dict) -> dict:
    return below | {
        key: merged(below.get(key, {}), value) if isinstance(value, dict) else value
        for key, value in above.items()
    }


def apply(block: pages.Block, folder: Path) -> None:
    """Python goes to the end of its file, a diff replaces one place, YAML is merged."""
    path = folder / block.file
    if block.language == "python":
        path.write_text(f"{path.read_text()}\n\n{block.text}")
    elif block.language == "diff":
        old, new = (
            "".join(f"{line[1:]}\n" for line in block.text.splitlines() if line[0] == sign)
            for sign in "-+"
        )
        assert path.read_text().count(old) == 1
        path.write_text(path.read_text().replace(old, new))
    else:
        path.write_text(
            yaml.safe_dump(merged(yaml.safe_load(path.read_text()), yaml.safe_load(block.text)))
        )


@pytest.fixture(scope="module")
def extended(sources, tmp_path_factory):
    """A copy to which each page has added its function, its schema line and its variant, run."""
    workflow = sources.copy(tmp_path_factory.mktemp("extended") / "workflow")
    experiment = workflow.folder / "config/experiments/mine.yaml"
    settings = yaml.safe_load(TINY)
    kept = ("title", "dataset", "defaults")
    settings = {key: settings[key] for key in kept} | {
        "replicates": {"train_seeds": [0], "sample_seeds": [0]},
        "variants": {"multi": {}},
        "comparisons": [
            {"name": "added", "baseline": "multi", "arms": ["even", "soft", "adams"]}
            | {"metric": "sliced_w1"}
        ],
    }
    experiment.write_text(yaml.safe_dump(settings))
    for page in ADDED:
        found = pages.blocks(page)
        assert [block.language for block in found] == ["python", "diff", "yaml"]
        for block in found:
            apply(block, workflow.folder)
    workflow.finish(
        "--cores=2", "--config", "experiments=[mine]", "--", "results/mine/tables/added.csv"
    )
    return workflow


@pytest.fixture(scope="module")
def facts(extended):
    """What the added functions compute."""
    command = [sys.executable, "-c", FACTS]
    environment = {"PYTHONPATH": str(extended.folder / "workflow_scripts")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_page_adds_one_function_and_one_schema_line():
    for page in ADDED:
        code, diff, variant = (block.text for block in pages.blocks(page))
        assert code.count("\ndef ") == 1 and code.startswith("@")
        assert [line[0] for line in diff.splitlines()] == ["-", "+"]
        assert len(yaml.safe_load(variant)["variants"]) == 1


def test_the_added_schedule(facts):
    assert facts["ladder"] == pytest.approx([5, (25.25 / 2) ** 0.5, 0.5])


def test_the_added_weighting(facts):
    assert facts["lambda"] == pytest.approx([4 / 5])


def test_the_added_sampler_is_of_second_order(facts):
    ours, euler = facts["errors"]
    assert ours < euler / 2
    assert facts["calls"] == 2 * 10


def test_the_added_data(extended, facts):
    assert facts["off the curve"] < 1e-4
    data = np.load(extended.results / "mine/data/eight/train.npy")
    assert data.shape == (400, 2) and data.dtype == np.float32
    samples = np.load(extended.results / "mine/samples/eight-ladder/seed0/s0/shard0.npy")
    assert samples.shape == (300, 2) and np.isfinite(samples).all()


def test_the_tables_name_what_was_added(extended):
    table = pd.read_csv(extended.results / "mine/tables/added.csv").set_index("variant")
    assert table.loc["even", "ladder"] == "even variance 5 → 0.5, 3 levels"
    assert table.loc["soft", "weighting"] == "soft min snr (gamma = 4)"
    assert table.loc["adams", "sampler"] == "adams bashforth, geometric 5 → 0.5, 10 levels"
    assert table.loc["adams", "nfe"] == 10
    assert table["mean"].notna().all()
    manifest = extended.results / "mine/models/even/seed0/manifest.json"
    assert json.loads(manifest.read_text())["spec"]["noise"]["kind"] == "even_variance"
