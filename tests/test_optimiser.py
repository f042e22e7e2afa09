"""The optimiser is Adam."""

import copy

import pytest
import torch

from scoreladder import networks, optimiser


@pytest.mark.parametrize("dtype, rel", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_ten_steps_give_the_weights_that_torchs_own_adam_gives(dtype, rel):
    model = networks.build({"kind": "mlp", "width": 16, "blocks": 1}, (1,), 0).to(dtype)
    other = copy.deepcopy(model)
    moments = optimiser.fresh_moments(model)
    reference = torch.optim.Adam(other.parameters(), lr=0.01)
    for seed in range(10):
        x = torch.randn(16, 1, generator=torch.Generator().manual_seed(seed)).to(dtype)
        for each in (model, other):
            each.zero_grad()
            (each(x, torch.zeros(1, dtype=dtype)) - 1).square().sum().backward()
        optimiser.adam_step(model, moments, 0.01)
        reference.step()
    assert all(step == 10 for step in moments["steps"].values())
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(mine, theirs, rtol=rel, atol=rel / 100)


def test_fresh_moments_are_zero_and_follow_the_models_parameters():
    model = networks.build({"kind": "mlp", "width": 4, "blocks": 1}, (2,), 0).double()
    moments = optimiser.fresh_moments(model)
    for name, parameter in model.named_parameters():
        for kind in ("first", "second"):
            assert moments[kind][name].dtype == torch.float64
            assert torch.equal(moments[kind][name], torch.zeros_like(parameter))
        assert moments["steps"][name] == 0
