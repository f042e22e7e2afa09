"""A report can be planned without any one variant of an experiment, whatever refers to it."""

import json
import os

import pytest
from config_examples import POINTS

VARIANTS = ("multi", "heun", "flow", "single", "toy", "levels-3", "multi-moons")


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_variant_can_be_left_out(fresh, variant):
    fresh.experiment.write_text(POINTS)
    missing = {f"results/tiny/metrics/{variant}/seed{seed}/s0.json": "diverged" for seed in (0, 1)}
    file = fresh.folder / "missing.json"
    file.write_text(json.dumps(missing))
    environment = os.environ | {"SCORELADDER_MISSING": str(file)}
    done = fresh.run("-n", "--cores=2", "tiny", env=environment)
    assert done.returncode == 0, done.stdout[-2000:]
    assert f"metrics/{variant}/" not in done.stdout
    assert "rule write_report" in done.stdout
