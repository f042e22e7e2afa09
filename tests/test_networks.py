"""Backbones: shapes, what they see of the noise, and weights that hang on the seed alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scoreladder import networks
from scoreladder.networks import Perceptron, ResidualBlock, ResidualMLP

LEVELS = 5


def told(conditioning, n):
    """What a denoiser tells a network of n noise levels."""
    return torch.arange(n) % LEVELS if conditioning == "index" else torch.linspace(-1, 1, n)


def filled(module, seed=0):
    """The module with no weight left at zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
    return module


@given(
    st.sampled_from(["log_sigma", "index", "none"]),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_a_residual_mlp_keeps_the_shape_of_its_input(conditioning, shape, n, blocks):
    network = filled(ResidualMLP(tuple(shape), 8, blocks, conditioning, LEVELS))
    x = torch.randn(n, *shape)
    assert network(x, told(conditioning, n)).shape == x.shape
    assert network(x, told(conditioning, 1)).shape == x.shape


@pytest.mark.parametrize("conditioning", ["log_sigma", "index", "none"])
def test_only_the_conditioned_see_the_noise(conditioning):
    network = filled(ResidualMLP((3,), 8, 2, conditioning, LEVELS))
    x = torch.randn(1, 3)
    first, last = (network(x, told(conditioning, 3)[[place]]) for place in (0, 2))
    assert torch.equal(first, last) == (conditioning == "none")


def test_conditioning_by_index_is_a_table_row_per_level():
    network = ResidualMLP((3,), 8, 1, "index", LEVELS)
    assert network.embed.weight.shape == (LEVELS, networks.CHANNELS)
    assert torch.equal(network.embed(torch.tensor([3])), network.embed.weight[[3]])


@pytest.mark.parametrize("conditioning, levels", [("index", None), ("index", 0), ("sigma", 5)])
def test_conditioning_that_cannot_be_is_one_line(conditioning, levels):
    with pytest.raises(ValueError, match=f"no conditioning '{conditioning}' on a ladder of"):
        ResidualMLP((3,), 8, 1, conditioning, levels)


def test_a_fresh_network_answers_zero_and_a_fresh_block_changes_nothing():
    x = torch.randn(4, 3)
    assert torch.equal(ResidualMLP((3,), 8, 2)(x, torch.zeros(1)), torch.zeros(4, 3))
    assert torch.equal(ResidualBlock(3)(x), x)
    assert torch.equal(ResidualBlock(3, 2)(x, torch.randn(4, 2)), x)


def test_a_residual_block_is_its_formula():
    block = filled(ResidualBlock(6, 4)).double()
    h, e = torch.randn(5, 6).double(), torch.randn(5, 4).double()
    normed = block.norm.weight * nn.functional.layer_norm(h, (6,)) + block.norm.bias
    inner = normed @ block.expand.weight.T + block.expand.bias
    inner = inner + e @ block.condition.weight.T + block.condition.bias
    expected = h + (inner * inner.sigmoid()) @ block.contract.weight.T + block.contract.bias
    assert torch.allclose(block(h, e), expected)


def test_a_perceptron_maps_between_the_sizes_it_is_given():
    network = filled(Perceptron(3, 7, 8, 2))
    assert network(torch.randn(4, 3)).shape == (4, 7)


@pytest.mark.parametrize("conditioning", ["log_sigma", "index", "none"])
def test_weights_depend_on_the_seed_alone_and_leave_the_global_generator_be(conditioning):
    spec = {"kind": "mlp", "width": 8, "blocks": 1, "conditioning": conditioning}
    torch.manual_seed(0)
    first = networks.build(spec, (3,), 7, LEVELS).state_dict()
    after = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(after, torch.rand(1))
    second, other = (networks.build(spec, (3,), seed, LEVELS).state_dict() for seed in (7, 8))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_log_sigma_is_the_default_conditioning_bit_for_bit():
    spec = {"kind": "mlp", "width": 8, "blocks": 1}
    plain = networks.build(spec, (3,), 7)
    named = networks.build(spec | {"conditioning": "log_sigma"}, (3,), 7, LEVELS)
    for mine, theirs in zip(plain.parameters(), named.parameters(), strict=True):
        assert torch.equal(mine, theirs)
