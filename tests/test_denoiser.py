"""Preconditioning, the behaviour outside the trained levels, and model files."""

import json
import math

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scoreladder import denoiser
from scoreladder.denoiser import Denoiser

SIGMA_DATA = 0.6
DESCRIPTION = {
    "network": {"kind": "mlp", "width": 16, "blocks": 2},
    "parameterization": "edm",
    "shape": [1, 2, 3],
    "sigma_data": SIGMA_DATA,
    "sigma_range": [0.05, 5.0],
}


class Spy(nn.Module):
    """A network that answers with given values and remembers what it was asked."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x, c_noise):
        self.x, self.c_noise = x, c_noise
        return self.answer(x) if callable(self.answer) else self.answer


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def trained(description=DESCRIPTION, seed=1):
    """A model whose zero-initialised layers have been filled, as training would."""
    model = denoiser.build(description)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return model


def test_edm_denoises_by_its_definition():
    x, answer, sigma = randn(5, 3), randn(5, 3, seed=1), torch.linspace(0.1, 4, 5).double()
    network = Spy(answer)
    found = Denoiser(network, "edm", SIGMA_DATA)(x, sigma)
    s, total = sigma[:, None], sigma[:, None] ** 2 + SIGMA_DATA**2
    c_skip, c_out, c_in = SIGMA_DATA**2 / total, s * SIGMA_DATA / total**0.5, total**-0.5
    assert torch.allclose(found, c_skip * x + c_out * answer)
    assert torch.allclose(network.x, c_in * x)
    assert torch.allclose(network.c_noise, sigma.log() / 4)


def test_score_over_sigma_has_the_score_that_technique_3_names():
    x, answer, sigma = randn(5, 3), randn(5, 3, seed=1), torch.linspace(0.1, 4, 5).double()
    network = Spy(answer)
    model = Denoiser(network, "score_over_sigma", SIGMA_DATA)
    assert torch.allclose(model.score(x, sigma), answer / sigma[:, None])
    assert torch.equal(network.x, x)


@given(
    st.sampled_from(["edm", "score_over_sigma"]),
    st.floats(0.01, 50),
    st.floats(0.05, 5),
    st.integers(0, 1000),
)
def test_parameterizations_round_trip(kind, sigma, sigma_data, seed):
    """A network that answers with the inverse of a parameterisation gives x̂₀ back."""
    x, wanted = randn(4, 2, seed=seed), randn(4, 2, seed=seed + 1)
    c_skip, c_out, _ = denoiser.PARAMETERIZATIONS[kind](
        torch.tensor(sigma, dtype=torch.float64), sigma_data
    )
    model = Denoiser(Spy((wanted - c_skip * x) / c_out), kind, sigma_data)
    assert torch.allclose(model(x, sigma), wanted, rtol=1e-9, atol=1e-9)
    expected = (wanted - x) / sigma**2
    assert torch.allclose(model.score(x, sigma), expected, rtol=1e-6, atol=1e-6)


@given(st.floats(0.01, 100), st.floats(0.05, 5))
def test_edm_gives_unit_variance_in_and_out(sigma, sigma_data):
    c_skip, c_out, c_in = denoiser.edm(torch.tensor(sigma, dtype=torch.float64), sigma_data)
    signal, noise = sigma_data**2, sigma**2
    assert c_in.item() ** 2 * (signal + noise) == pytest.approx(1)
    # the network's target is (x₀ − c_skip (x₀ + σz)) / c_out
    target = ((1 - c_skip) ** 2 * signal + c_skip**2 * noise) / c_out**2
    assert target.item() == pytest.approx(1)


def test_sigma_may_be_a_number_or_one_per_sample():
    model, x = trained(), randn(3, 1, 2, 3).float()
    together = model(x, torch.tensor([0.1, 1.0, 4.0]))
    alone = [model(x[i : i + 1], sigma) for i, sigma in enumerate([0.1, 1.0, 4.0])]
    assert together.shape == x.shape
    assert torch.allclose(together, torch.cat(alone), atol=1e-6)


def test_outside_its_range_a_model_keeps_the_score_of_the_nearest_level():
    low, high = DESCRIPTION["sigma_range"]
    model, x = trained().double(), randn(4, 1, 2, 3)
    assert torch.allclose(model.score(x, 20.0), model.score(x, high))
    assert torch.allclose(model.score(x, 0.001), model.score(x, low))
    assert not torch.allclose(model.score(x, 1.0), model.score(x, high))
    mixed = model.score(x, torch.tensor([0.001, 0.3, 20.0, high], dtype=torch.float64))
    each = [model.score(x[i : i + 1], s) for i, s in enumerate([low, 0.3, high, high])]
    assert torch.allclose(mixed, torch.cat(each))


def test_a_model_of_one_scale_has_one_score_field():
    model = Denoiser(Spy(lambda x: torch.sin(x)), "edm", SIGMA_DATA, (0.5, 0.5))
    x = randn(4, 2)
    for sigma in (0.01, 0.5, 10.0):
        assert torch.allclose(model.score(x, sigma), model.score(x, 0.5))


def test_untrained_denoisers_start_from_their_skip_connection():
    x = randn(4, 1, 2, 3).float()
    edm = denoiser.build(DESCRIPTION)(x, 0.3)
    assert torch.allclose(edm, SIGMA_DATA**2 / (SIGMA_DATA**2 + 0.3**2) * x)
    plain = denoiser.build(DESCRIPTION | {"parameterization": "score_over_sigma"})(x, 0.3)
    assert torch.equal(plain, x)


def test_weights_depend_on_the_seed_alone_and_leave_the_global_generator_be():
    torch.manual_seed(0)
    first = denoiser.build(DESCRIPTION, seed=7).state_dict()
    after = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(after, torch.rand(1))
    second, other = (denoiser.build(DESCRIPTION, seed=seed).state_dict() for seed in (7, 8))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_save_and_load_are_bit_exact(tmp_path):
    model, x = trained(), randn(4, 1, 2, 3).float()
    denoiser.save(model, DESCRIPTION, tmp_path / "model.safetensors")
    loaded = denoiser.load(tmp_path / "model.safetensors")
    for sigma in (0.01, 0.3, 20.0):
        assert torch.equal(loaded(x, sigma), model(x, sigma))
    assert (loaded.shape, loaded.sigma_range) == ((1, 2, 3), (0.05, 5.0))
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_a_range_without_an_end_survives_the_file(tmp_path):
    description = DESCRIPTION | {"sigma_range": [0.0, None]}
    denoiser.save(trained(description), description, tmp_path / "model.safetensors")
    assert denoiser.load(tmp_path / "model.safetensors").sigma_range == (0.0, math.inf)
    with safetensors.safe_open(str(tmp_path / "model.safetensors"), framework="pt") as file:
        assert json.loads(file.metadata()["denoiser"]) == description


def test_load_refuses_what_it_did_not_write(tmp_path):
    foreign, garbage = tmp_path / "foreign.safetensors", tmp_path / "garbage.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(2)}, foreign)
    garbage.write_bytes(b"not a model" * 9)
    for path in (foreign, garbage):
        with pytest.raises(ValueError, match=f"{path.name}: not a model written by scoreladder"):
            denoiser.load(path)
    with pytest.raises(FileNotFoundError):
        denoiser.load(tmp_path / "missing.safetensors")
