"""An experiment on points with every block: which jobs it makes, read off a dry run."""

import pytest
from config_examples import POINTS


@pytest.fixture
def points(fresh):
    """A workflow whose tiny experiment has every block; nothing has run."""
    fresh.experiment.write_text(POINTS)
    return fresh


def test_every_block_has_its_jobs(points):
    plan = points.plan()
    data = ["grid", "main", "masses", "moons"]
    assert [plan[rule] for rule in ("prepare_dataset", "make_reference")] == [data, data]
    # only comparisons need a floor, and the sweep
    assert plan["measure_floor"] == ["main"]
    assert {"multi-moons 0", "flow 1", "gan 0", "multi 0"} < set(plan["train"])
    assert "heun 0" not in plan["train"] and "heun 0 0 0" in plan["sample"]
    assert not {"heun", "flow", "gan"} & set(plan["tune"])
    measured = [f"{name} {seed}" for name in ("flow", "multi", "multi-moons") for seed in (0, 1)]
    assert plan["measure_likelihood"] == measured
    assert plan["sweep_nfe"] == plan["mix_weights"] == ["0", "1"]
    assert plan["mix_exact"] == [""]
    for figure in ("nfe_sweep", "mixing", "gallery", "score_fields", "samples"):
        assert plan[f"plot_{figure}"] == [""]


def test_what_a_job_reads_is_of_its_variants_data(points):
    moons = "results/tiny/metrics/multi-moons/seed0/s0.json"
    plan = {}
    for job in points.jobs(moons):
        plan.setdefault(job.rule, []).append(job.name)
    assert plan["prepare_dataset"] == plan["make_reference"] == ["moons"]
