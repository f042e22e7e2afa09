"""Other programs' Inception networks, with the weights that this project fetched.

Their own files of weights are of the same TensorFlow network; here its convolutions are copied in
the order in which all of these programs list them, so that nothing else has to be downloaded.
"""

from pathlib import Path
from unittest import mock

import torch
from torch import Tensor, nn

# what a convolution with its normalisation has in TorchScript, and in the others
NAMES = {
    "weight": "conv.weight",
    "beta": "bn.bias",
    "mean": "bn.running_mean",
    "var": "bn.running_var",
}


def torch_fidelity(weights: Path) -> nn.Module:
    """torch-fidelity's feature extractor of 2048 features. Raises ImportError without it."""
    from torch_fidelity import feature_extractor_inceptionv3 as module

    return _filled(
        lambda: module.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"]), module, weights
    )


def pytorch_fid(weights: Path) -> nn.Module:
    """pytorch-fid's network of 2048 features. Raises ImportError without it."""
    from pytorch_fid import inception as module

    block = module.InceptionV3.BLOCK_INDEX_BY_DIM[2048]
    return _filled(lambda: module.InceptionV3([block]), module, weights).eval()


def _filled(build, module, weights: Path) -> nn.Module:
    """What build() makes with `module` downloading nothing, its convolutions filled in order.

    Raises ValueError where the two networks do not list the same convolutions.
    """
    with (
        mock.patch.object(module, "load_state_dict_from_url", return_value={}),
        mock.patch.object(nn.Module, "load_state_dict"),
    ):
        network = build()
    theirs = [each for each in network.modules() if type(each).__name__ == "BasicConv2d"]
    ours = _convolutions(torch.jit.load(weights).state_dict())
    with torch.no_grad():
        for their, own in zip(theirs, ours, strict=True):
            places = their.state_dict()
            places["bn.weight"].fill_(1)
            for name, value in own.items():
                if places[NAMES[name]].shape != value.shape:
                    raise ValueError(f"{places[NAMES[name]].shape} is not {value.shape}")
                places[NAMES[name]].copy_(value)
    return network


def _convolutions(state: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """The tensors of each convolution by NAMES, in the order in which they are listed."""
    found: dict[str, dict[str, Tensor]] = {}
    for path, value in state.items():
        layer, _, name = path.rpartition(".")
        found.setdefault(layer, {})[name] = value
    return [each for each in found.values() if set(each) == set(NAMES)]
