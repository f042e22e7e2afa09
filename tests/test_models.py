"""Model files and the one door to every family."""

import json
import math

import pytest
import safetensors.torch
import torch

from scoreladder import denoiser, models, storage
from scoreladder.generative import GAN, VAE, Flow

NOISE = {
    "noise": {"kind": "geometric", "sigma_max": 5.0, "sigma_min": 0.05, "levels": 3},
    "density": {"kind": "ladder"},
    "denoiser": "edm",
}
DIRECT = {"noise": None, "density": None, "denoiser": None}
NETWORKS = {
    "score": {"kind": "mlp", "width": 8, "blocks": 1, "conditioning": "index"},
    "vae": {"kind": "vae", "width": 8, "blocks": 1, "latent": 2},
    "gan": {"kind": "gan", "width": 8, "blocks": 1, "latent": 2},
    "flow": {"kind": "flow", "width": 8, "transforms": 2, "blocks": 1},
}
DATA = torch.randn(40, 1, 2, 2, generator=torch.Generator().manual_seed(0))


def described(family):
    blocks = NOISE if family == "score" else DIRECT
    return models.describe(blocks | {"network": NETWORKS[family]}, DATA)


def trained(family):
    """A model with no weight left at zero."""
    model = models.build(described(family))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model


def answers(model):
    """All that a model can be asked, as tensors."""
    if isinstance(model, denoiser.Denoiser):
        return [model(DATA, sigma) for sigma in (0.01, 0.3, 20.0)]
    found = [model.sample(5, torch.Generator().manual_seed(2))]
    if hasattr(model, "log_prob"):
        found.append(model.log_prob(DATA, torch.Generator().manual_seed(3)))
    return found


def test_every_network_belongs_to_its_family():
    kinds = {"score": denoiser.Denoiser, "vae": VAE, "gan": GAN, "flow": Flow}
    assert sorted(kinds) == sorted(models.FAMILIES)
    for family, kind in kinds.items():
        assert described(family)["family"] == family
        assert type(trained(family)) is kind


@pytest.mark.parametrize("family", NETWORKS)
def test_save_and_load_are_bit_exact(tmp_path, family):
    model, description = trained(family), described(family)
    models.save(model, description, tmp_path / "model.safetensors")
    loaded = models.load(tmp_path / "model.safetensors")
    for mine, theirs in zip(answers(loaded), answers(model), strict=True):
        assert torch.equal(mine, theirs)
    assert loaded.shape == (1, 2, 2)
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    with safetensors.safe_open(str(tmp_path / "model.safetensors"), framework="pt") as file:
        assert json.loads(file.metadata()["description"]) == description


@pytest.mark.parametrize("family", NETWORKS)
def test_weights_depend_on_the_seed_alone_and_leave_the_global_generator_be(family):
    torch.manual_seed(0)
    first = models.build(described(family), seed=7).state_dict()
    after = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(after, torch.rand(1))
    second, other = (models.build(described(family), seed=seed).state_dict() for seed in (7, 8))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_a_denoiser_survives_its_file_with_its_ladder(tmp_path):
    description = described("score") | {"sigma_range": [0.0, None]}
    models.save(models.build(description), description, tmp_path / "model.safetensors")
    loaded = denoiser.load(tmp_path / "model.safetensors")
    assert loaded.sigma_range == (0.0, math.inf)
    assert loaded.sigmas.tolist() == description["sigmas"]
    assert loaded.conditioning == "index"
    mean, std = loaded.prior(0.0)
    assert mean.shape == (1, 2, 2)
    assert [mean.flatten().tolist(), std] == [pytest.approx(m) for m in description["moments"]]


@pytest.mark.parametrize("family", NETWORKS)
def test_a_model_is_found_in_its_folder(tmp_path, family):
    models.save(trained(family), described(family), tmp_path / "model.safetensors")
    load = denoiser.load if family == "score" else models.load
    for mine, theirs in zip(answers(load(tmp_path)), answers(trained(family)), strict=True):
        assert torch.equal(mine, theirs)
    with pytest.raises(FileNotFoundError):
        load(tmp_path.parent)


@pytest.mark.parametrize("family", ["vae", "gan", "flow"])
def test_a_direct_model_is_no_denoiser(tmp_path, family):
    path = tmp_path / "model.safetensors"
    models.save(trained(family), described(family), path)
    with pytest.raises(ValueError, match=f"model.safetensors: a model of family {family} has no"):
        denoiser.load(path)


@pytest.mark.parametrize("load", [models.load, denoiser.load])
def test_load_refuses_a_description_that_lacks_something(tmp_path, load):
    path, description = tmp_path / "model.safetensors", described("score")
    model = models.build(description)
    del description["moments"]
    models.save(model, description, path)
    with pytest.raises(ValueError, match=r"model\.safetensors: not a model written by scoreladder"):
        load(path)


@pytest.mark.parametrize("load", [storage.read, models.load, denoiser.load])
def test_load_refuses_what_it_did_not_write(tmp_path, load):
    foreign, garbage = tmp_path / "foreign.safetensors", tmp_path / "garbage.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(2)}, foreign)
    garbage.write_bytes(b"not a model" * 9)
    for path in (foreign, garbage):
        with pytest.raises(ValueError, match=f"{path.name}: not a model written by scoreladder"):
            load(path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing.safetensors")


def test_models_of_any_family_may_move_to_double_precision():
    for family in NETWORKS:
        model = trained(family).double()
        x = DATA.double()
        found = model(x, 0.3) if family == "score" else model.sample(3)
        assert found.dtype == torch.float64 and found.isfinite().all()
