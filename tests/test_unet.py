"""The UNet: sizes, what it sees of image and noise, and training it by the objectives."""

import pytest
import torch
from network_examples import LEVELS, filled, told
from torch import nn
from training_examples import spec, train

from scoreladder import networks, objectives, training, unet
from scoreladder.unet import Attention, ConvolutionalBlock, UNet
from scoreladder.weighting import one

# weights of deep networks multiply
SCALE = 0.1


def doubled(c_noise):
    """Levels in float64; the index of a level stays a whole number."""
    return c_noise.double() if c_noise.is_floating_point() else c_noise


def parameters(size, shape):
    """The number of parameters, without making any."""
    with torch.device("meta"):
        return sum(each.numel() for each in UNet(shape, size).parameters())


@pytest.mark.parametrize(
    ("size", "least", "most"), [("tiny", 0.5e6, 1.2e6), ("small", 6e6, 10e6), ("base", 35e6, 60e6)]
)
def test_sizes_have_the_parameters_they_are_named_for(size, least, most):
    for shape in ((1, 28, 28), (3, 32, 32), (3, 64, 64)):
        assert least < parameters(size, shape) < most


@pytest.mark.parametrize("conditioning", ["log_sigma", "index", "none"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64)])
def test_images_keep_their_shape_whatever_the_side(shape, conditioning):
    network = filled(UNet(shape, "tiny", conditioning, LEVELS), SCALE)
    x = torch.randn(2, *shape)
    for count in (2, 1):
        assert network(x, told(conditioning, count)).shape == x.shape
    if shape[-1] == 28:
        assert (
            network.double()(x.double(), doubled(told(conditioning, 2))).dtype == x.double().dtype
        )


def test_grids_are_halved_down_to_7_or_8():
    assert {side: unet.sides(side) for side in unet.UNET_SIDES} == {
        8: [8],
        16: [16, 8],
        28: [28, 14, 7],
        32: [32, 16, 8],
        64: [64, 32, 16, 8],
    }


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        ((1, 30, 30), {}, "side 8, 16, 28, 32, 64; found 30"),
        ((1, 28, 32), {}, r"square images \(C, H, H\), found data of shape \(1, 28, 32\)"),
        ((2,), {}, r"square images \(C, H, H\), found data of shape \(2,\)"),
        ((1, 8, 8), {"size": "huge"}, "unknown size 'huge'; one of: tiny, small, base"),
        ((1, 8, 8), {"dropout": 1.0}, "0 <= dropout < 1, found 1.0"),
        ((1, 8, 8), {"conditioning": "sigma"}, "unknown conditioning 'sigma'; one of: log_sigma"),
        ((1, 8, 8), {"width": 8}, "unet: got an unexpected keyword argument 'width'"),
    ],
)
def test_what_cannot_be_is_one_line(shape, changes, says):
    with pytest.raises(ValueError, match=says):
        networks.build({"kind": "unet", "size": "tiny"} | changes, shape, 0)


def test_a_fresh_network_answers_zero_and_fresh_parts_change_nothing():
    x, c = torch.randn(2, 8, 8, 8), torch.randn(2, 5)
    assert torch.equal(UNet((8, 8, 8), "tiny")(x, torch.zeros(1)), torch.zeros_like(x))
    assert torch.equal(Attention(8)(x), x)
    assert torch.equal(ConvolutionalBlock(8, 8, 5, 0.0)(x, c), x)


def test_attention_is_torchs_own():
    attention = filled(Attention(8), SCALE).double()
    h = torch.randn(3, 8, 4, 4, dtype=torch.float64)
    normed = nn.functional.group_norm(h, 2, attention.norm.weight, attention.norm.bias)
    query, key, value = (part.flatten(2).mT for part in attention.ask(normed).chunk(3, dim=1))
    found = nn.functional.scaled_dot_product_attention(query, key, value)
    expected = h + attention.answer(found.mT.reshape(h.shape))
    assert torch.allclose(attention(h), expected)


@pytest.mark.parametrize("conditioning", ["log_sigma", "index", "none"])
def test_only_the_conditioned_see_the_noise(conditioning):
    network = filled(UNet((1, 16, 16), "tiny", conditioning, LEVELS), SCALE)
    x = torch.randn(1, 1, 16, 16)
    first, last = (network(x, told(conditioning, 3)[[place]]) for place in (0, 2))
    assert torch.equal(first, last) == (conditioning == "none")


def test_every_pixel_of_an_answer_sees_its_whole_image_and_no_other():
    network = filled(UNet((1, 28, 28), "tiny"), SCALE)
    x = torch.randn(2, 1, 28, 28, requires_grad=True)
    network(x, torch.zeros(2))[0, 0, 0, 0].backward()
    assert (x.grad[0] != 0).all() and (x.grad[1] == 0).all()


def test_dropout_drops_in_training_alone():
    x, c = torch.randn(2, 1, 8, 8), torch.zeros(1)
    plain, dropping = (
        filled(UNet((1, 8, 8), "tiny", dropout=share), SCALE) for share in (0.0, 0.5)
    )
    dropping.load_state_dict(plain.state_dict())
    assert torch.equal(plain(x, c), plain(x, c))
    assert not torch.equal(dropping(x, c), dropping(x, c))
    assert torch.equal(dropping.eval()(x, c), plain(x, c))


def test_weights_depend_on_the_seed_alone():
    block = {"kind": "unet", "size": "tiny", "dropout": 0.1}
    first, second, other = (
        networks.build(block, (1, 8, 8), seed).state_dict() for seed in (7, 7, 8)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("name", ["dsm", "sliced", "sliced_vr"])
def test_every_objective_for_images_has_a_gradient(name):
    run = training.start(
        spec() | {"objective": name, "network": {"kind": "unet", "size": "tiny"}},
        torch.randn(20, 1, 8, 8),
        0,
    )
    filled(run.model, SCALE)
    x0, z = torch.randn(2, 2, 1, 8, 8)
    found = objectives.objective(name)(
        run.model, x0, torch.tensor([0.5, 1.0]), z, one, torch.Generator()
    )
    found.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in run.model.parameters())


def test_a_unet_learns_to_denoise():
    """Images of one grey level each: the best denoiser keeps (σ²/64)/(σ²/64 + 0.25) of 1/64 σ²."""
    grey = 0.5 * torch.randn(500, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    blocks = spec(images=4000, batch_size=50, learning_rate=0.003, ema_halflife=200)
    blocks |= {"network": {"kind": "unet", "size": "tiny"}, "denoiser": "edm"}
    run = train(training.start(blocks, grey.expand(-1, 1, 8, 8).contiguous(), 0))
    x0 = grey[:200].expand(-1, 1, 8, 8)
    noisy = x0 + 1.0 * torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        error = (run.ema.eval()(noisy, 1.0) - x0).square().mean().item()
    # of σ² = 1, a denoiser that looks at one pixel leaves 0.2
    assert error < 0.04
