"""Steps of a job are computed once, whatever ends its attempts."""

import math

import numpy as np
import pytest
import torch

from scoreladder import denoiser, models, resume, sampling, steps, tuning

STAMP = "settings, code and seed"


@pytest.fixture
def folder(tmp_path):
    folder = resume.folder_of(tmp_path / "run" / "shard0.npy")
    resume.prepare(folder, STAMP)
    return folder


def refuse():
    raise AssertionError("computed again")


@pytest.mark.parametrize(
    "value",
    [
        {"fid": 0.1 + 0.2, "none": None, "text": "σ", "rows": [1, 2.5]},
        [1, 2],
        math.pi,
        {"x": np.array([0.1, -0.0, np.nan, np.inf], dtype=np.float32), "nfe": np.array(7.5)},
    ],
)
def test_a_kept_value_comes_back_bit_for_bit(folder, value):
    first = steps.keeper(folder)("step", lambda: value)
    again = steps.keeper(folder)("step", refuse)
    assert first is value
    if isinstance(value, dict) and isinstance(next(iter(value.values())), np.ndarray):
        assert {key: each.tobytes() for key, each in again.items()} == {
            key: each.tobytes() for key, each in value.items()
        }
        assert [each.dtype for each in again.values()] == [each.dtype for each in value.values()]
    else:
        assert again == value


def test_steps_of_other_settings_are_removed(folder):
    steps.keeper(folder)("step", lambda: 1)
    resume.prepare(folder, STAMP)
    assert steps.keeper(folder)("step", refuse) == 1
    resume.prepare(folder, "other settings")
    assert steps.keeper(folder)("step", lambda: 2) == 2


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_step_that_cannot_be_read_is_computed_again(folder, suffix):
    (folder / f"step{suffix}").write_bytes(b"PK\x03\x04" if suffix == ".npz" else b"{")
    assert steps.keeper(folder)("step", lambda: 3) == 3


def test_a_step_that_fails_leaves_nothing(folder):
    with pytest.raises(ZeroDivisionError):
        steps.keeper(folder)("step", lambda: 1 / 0)
    assert [path.name for path in folder.iterdir()] == ["stamp"]


def test_finished_work_is_forgotten_and_only_that(tmp_path, folder):
    result = tmp_path / "run" / "shard0.npy"
    result.write_bytes(b"")
    resume.forget(result)
    assert list(result.parent.iterdir()) == [result]
    resume.forget(result)


MODEL = {
    "noise": {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.2, "levels": 4},
    "density": {"kind": "ladder"},
    "denoiser": "edm",
    "network": {"kind": "mlp", "width": 4, "blocks": 1},
}
SAMPLERS = {
    "annealed_langevin": {"nfe": 9, "denoise": True, "step_size": 0.2, "start_std": 3.0},
    "heun": {"churn": 0.0},
    "pf_ode": {"rtol": 0.1},
}


@pytest.fixture
def model():
    data = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    return models.build(models.describe(MODEL, data)).eval()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_interrupted_shard_draws_only_the_blocks_that_are_left(folder, model, sampler):
    sample = {"sampler": sampler, "ladder": MODEL["noise"], **SAMPLERS[sampler]}
    count = 2 * sampling.BLOCK + 10

    def draw(keep):
        size = sample.get("step_size")
        return sampling.draw(model, sample, size, (0,), count, label="sampling", keep=keep)

    whole, nfe = draw(steps.at_once)
    kept, left = steps.keeper(folder), 2

    def interrupted(name, compute):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return kept(name, compute)

    with pytest.raises(KeyboardInterrupt):
        draw(interrupted)
    drawn = []

    def again(name, compute):
        return kept(name, lambda: drawn.append(name) or compute())

    x, evaluations = draw(again)
    assert drawn == ["block2"]
    assert x.tobytes() == whole.tobytes() and evaluations == nfe
    assert isinstance(model, denoiser.Denoiser)


def test_an_interrupted_tuning_tries_only_the_step_sizes_that_are_left(folder, model):
    sample = {"sampler": "annealed_langevin", "ladder": MODEL["noise"]}
    sample |= SAMPLERS["annealed_langevin"]
    sizes, measured = (0.1, 0.2, 0.4), []

    def measure(samples):
        measured.append(float(samples.std()))
        return measured[-1]

    def trials():
        return tuning.trials(
            model, sample, sizes, 50, measure, ("tune", 0), keep=steps.keeper(folder)
        )

    first = [next(trials())]
    every = list(trials())
    assert len(measured) == 3
    assert every[:1] == first and [each["value"] for each in every] == measured


def test_names_with_dots_are_names_of_their_own(folder):
    keep = steps.keeper(folder)
    assert [
        keep(name, lambda name=name: {"x": np.array(len(name))})["x"] for name in ("a.b", "a.cd")
    ]
    found = [keep(name, refuse)["x"] for name in ("a.b", "a.cd")]
    assert found == [3, 4]
