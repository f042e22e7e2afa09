"""Backbones: shapes, what they see of the noise, and weights that hang on the seed alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from network_examples import LEVELS, filled, told
from torch import nn

from scoreladder import embeddings, networks
from scoreladder.networks import Perceptron, ResidualBlock, ResidualMLP, waves


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("conditioning", ["log_sigma", "index", "none"])
@settings(max_examples=10)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(0, 3),
)
def test_a_residual_mlp_keeps_shape_and_dtype(conditioning, dtype, shape, n, blocks, octaves):
    network = filled(ResidualMLP(tuple(shape), 8, blocks, conditioning, LEVELS, octaves)).to(dtype)
    x = torch.randn(n, *shape, dtype=dtype)
    for count in (n, 1):
        c_noise = told(conditioning, count)
        answer = network(x, c_noise if conditioning == "index" else c_noise.to(dtype))
        assert answer.shape == x.shape and answer.dtype == dtype


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_waves_stand_beside_what_they_are_of(dtype):
    x = torch.randn(5, 3, dtype=dtype)
    found = waves(x, 4)
    assert found.shape == (5, 3 * 9) and found.dtype == dtype
    assert torch.equal(found[:, :3], x)
    for row in range(5):
        for i in range(3):
            for k in range(4):
                place = 3 + 4 * i + k
                assert found[row, place] == torch.sin(2**k * x[row, i])
                assert found[row, place + 12] == torch.cos(2**k * x[row, i])
    assert torch.equal(waves(x, 0), x)


def test_without_octaves_a_network_is_what_it_was():
    """The same weights from a seed, and the first layer sees x alone: bit for bit."""
    spec = {"kind": "mlp", "width": 8, "blocks": 1}
    plain, none, two = (
        filled(networks.build(spec | more, (3,), 7))
        for more in ({}, {"octaves": 0}, {"octaves": 2})
    )
    assert none.enter.weight.shape == (8, 3) and two.enter.weight.shape == (8, 3 * 5)
    for mine, theirs in zip(plain.parameters(), none.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    x, c_noise = torch.randn(4, 3), torch.linspace(-1, 1, 4)
    h = plain.enter(x)
    for block in plain.blocks:
        h = block(h, plain.embed(c_noise))
    assert torch.equal(none(x, c_noise), plain.leave(nn.functional.silu(h)))


def test_octaves_let_the_first_layer_see_structure_finer_than_x():
    network = ResidualMLP((1,), 4, 0, "none", octaves=3)
    with torch.no_grad():
        network.enter.weight.zero_()
        network.enter.bias.zero_()
        network.enter.weight[0, 3] = 1.0  # sin 4x
        network.leave.weight[0, 0] = 1.0
    x = torch.tensor([[0.3], [0.3 + 2 * torch.pi / 4], [0.3 + torch.pi / 4]])
    answer = network(x, torch.zeros(1))
    assert answer[1].item() == pytest.approx(answer[0].item(), abs=1e-6)
    assert abs(answer[2] - answer[0]).item() > 0.3


@pytest.mark.parametrize("conditioning", ["log_sigma", "index", "none"])
def test_only_the_conditioned_see_the_noise(conditioning):
    network = filled(ResidualMLP((3,), 8, 2, conditioning, LEVELS))
    x = torch.randn(1, 3)
    first, last = (network(x, told(conditioning, 3)[[place]]) for place in (0, 2))
    assert torch.equal(first, last) == (conditioning == "none")


def test_conditioning_by_index_is_a_table_row_per_level():
    network = ResidualMLP((3,), 8, 1, "index", LEVELS)
    assert network.embed.weight.shape == (LEVELS, embeddings.CHANNELS)
    assert torch.equal(network.embed(torch.tensor([3])), network.embed.weight[[3]])


def test_conditioning_that_cannot_be_is_one_line():
    with pytest.raises(ValueError, match="unknown conditioning 'sigma'; one of: log_sigma, index"):
        ResidualMLP((3,), 8, 1, "sigma", 5)
    for levels in (None, 0):
        with pytest.raises(ValueError, match="by index needs a ladder of levels"):
            ResidualMLP((3,), 8, 1, "index", levels)


def test_a_network_that_is_none_is_one_line():
    with pytest.raises(ValueError, match="unknown kind 'cnn'; one of: mlp, unet"):
        networks.build({"kind": "cnn"}, (3,), 0)


def test_the_embedding_is_its_formula():
    embed = filled(embeddings.NoiseEmbedding()).double()
    c = torch.linspace(-1, 1, 5, dtype=torch.float64)
    angles = c[:, None] * 30 ** (torch.arange(16, dtype=torch.float64) / 15)
    inner = torch.cat([angles.sin(), angles.cos()], dim=1) @ embed.layer.weight.T
    expected = nn.functional.silu(inner + embed.layer.bias)
    assert torch.allclose(embed(c), expected, rtol=1e-5, atol=1e-5)


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
