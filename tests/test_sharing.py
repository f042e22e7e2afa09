"""Exported folders as they are read."""

import json

import pandas as pd
import pytest
import torch
from export_examples import LADDER, export

from scoreladder import export_facts, sampling, seeds, sharing


def test_samples_are_keyed_by_training_and_sample_seed(tmp_path):
    sample = {"sampler": "annealed_langevin", "ladder": LADDER, "nfe": 11, "denoise": True}
    model = export(tmp_path, sample | {"start_std": 2.0}, 0.1)
    sigmas = sampling.ladder_of(sample, model)
    draws = seeds.generator("sample", 3, 7, 0)
    start = 2.0 * torch.randn(4, 1, 8, 8, generator=draws)
    step = 0.1 * float(sigmas[-1]) ** 2
    expected = sampling.annealed_langevin(model, start, sigmas, 2, step, generator=draws)
    found = torch.from_numpy(sharing.sample(tmp_path, 4, seed=7))
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("text", ["{}", "[]", "half", json.dumps({sharing.MARK: 99})])
def test_a_config_of_another_program_is_refused(tmp_path, text):
    (tmp_path / sharing.CONFIG).write_text(text)
    with pytest.raises(ValueError, match=r"config\.json: "):
        sharing.settings(tmp_path)
    with pytest.raises(FileNotFoundError):
        sharing.settings(tmp_path / "missing")


def test_what_was_not_measured_is_none():
    table = pd.DataFrame({"variant": ["a", "b"], "seed": [0, 0], "fid": [3.0, None]})
    (found,) = export_facts.measured(table, "a", 0, {"fid": {"mean": 1.5}})
    assert (found["value"], found["mean"], found["floor"], found["n"]) == (3.0, 3.0, 1.5, 1)
    assert found["se"] is found["low"] is found["high"] is None
    assert export_facts.measured(table, "b", 0, {}) == []
