"""Model files: what is refused, always in one line that names the file."""

import json

import pytest
import safetensors.torch
import torch

from scoreladder import models, storage

BLOCKS = {
    "noise": {"kind": "geometric", "sigma_max": 5.0, "sigma_min": 0.05, "levels": 3},
    "density": {"kind": "ladder"},
    "denoiser": "edm",
}
NETWORKS = {
    "score": {"kind": "mlp", "width": 8, "blocks": 1},
    "vae": {"kind": "vae", "width": 8, "blocks": 1, "latent": 2},
}
DATA = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))


def described(family):
    return models.describe(BLOCKS | {"network": NETWORKS[family]}, DATA)


def refused(path, words):
    with pytest.raises(ValueError, match=f"{path.name}: not a model written by scoreladder: ") as e:
        models.load(path)
    assert words in str(e.value) and "\n" not in str(e.value)


@pytest.mark.parametrize("metadata", [None, "[]", "3", "{}", '{"shape": [3]}', "not JSON"])
def test_a_file_without_a_description_is_no_model(tmp_path, metadata):
    path = tmp_path / "model.safetensors"
    found = None if metadata is None else {"description": metadata}
    safetensors.torch.save_file({"weight": torch.zeros(2)}, path, found)
    for read in (storage.read, models.load):
        with pytest.raises(ValueError, match="safetensors: not a model written by scoreladder: "):
            read(path)


@pytest.mark.parametrize("family", NETWORKS)
def test_a_description_of_nothing_known_is_no_model(tmp_path, family):
    path, whole = tmp_path / "model.safetensors", described(family)
    model = models.build(whole)
    storage.write(model, whole | {"family": "bayes"}, path)
    refused(path, "unknown family 'bayes'; one of: score, vae, gan, flow")
    for key in whole.keys() - {"family"}:
        storage.write(model, {name: value for name, value in whole.items() if name != key}, path)
        refused(path, f"'{key}'")
    storage.write(model, whole | {"network": {"kind": "cnn"}}, path)
    refused(path, "unknown kind 'cnn'; one of: ")
    storage.write(model, whole | {"network": whole["network"] | {"depth": 3}}, path)
    refused(path, "unexpected keyword argument 'depth'")


def test_weights_of_another_model_are_not_those_described(tmp_path):
    path = tmp_path / "model.safetensors"
    storage.write(models.build(described("vae")), described("score"), path)
    refused(path, "Missing key(s) in state_dict")
    wider = described("score")
    wider["network"] = wider["network"] | {"width": 9}
    storage.write(models.build(described("score")), wider, path)
    refused(path, "size mismatch")


def test_what_was_written_is_read_back(tmp_path):
    path, description = tmp_path / "model.safetensors", described("score")
    model = models.build(description)
    storage.write(model, description, path)
    found, tensors = storage.read(path)
    assert found == json.loads(json.dumps(description))
    assert all(torch.equal(tensors[name], value) for name, value in model.state_dict().items())
    loaded = storage.load(path, models.build)
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
