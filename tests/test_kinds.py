"""Names looked up in tables: what is found, and what is said where nothing is."""

import pytest
import torch

from scoreladder import densities, generative, models, networks, noise, weighting
from scoreladder.kinds import entry, from_block

TABLE = {"line": lambda x, slope, offset=0.0: slope * x + offset, "none": lambda x: x}


def test_a_block_is_a_call_of_its_kind():
    assert from_block(TABLE, {"kind": "line", "slope": 2}, 3) == 6
    assert from_block(TABLE, {"kind": "line", "slope": 2, "offset": 1}, 3) == 7
    assert entry(TABLE, "none") is TABLE["none"]


@pytest.mark.parametrize(
    "block, words",
    [
        ({"kind": "curve"}, "unknown kind 'curve'; one of: line, none"),
        ({"slope": 2}, "unknown kind None; one of: line, none"),
        ({"kind": "line"}, "line: missing a required argument: 'slope'"),
        ({"kind": "line", "slope": 2, "ofset": 1}, "line: got an unexpected keyword argument 'ofs"),
        ({"kind": "line", "slope": 2, "x": 1}, "line: multiple values for argument 'x'"),
    ],
)
def test_a_block_that_is_no_call_is_one_line(block, words):
    with pytest.raises(ValueError, match=words) as error:
        from_block(TABLE, block, 3)
    assert "\n" not in str(error.value)


def test_an_error_of_the_kind_itself_stays_what_it_is():
    with pytest.raises(TypeError, match="can't multiply"):
        from_block(TABLE, {"kind": "line", "slope": 2.0}, "x")


SIGMAS = noise.geometric(2.0, 0.5, 3)
MOMENTS = {"family": "vae", "shape": [2], "mean": [0.0, 0.0], "std": [1.0, 1.0]}


def with_network(network):
    return generative.build(MOMENTS | {"network": network})


@pytest.mark.parametrize(
    "make, block",
    [
        (noise.ladder, {"kind": "geometric", "sigma_max": 2.0, "sigma_min": 0.5, "levels": 3}),
        (lambda block: noise.ladder(block, torch.eye(9)), {"kind": "ncsnv2", "sigma_min": 0.1}),
        (weighting.weighting, {"kind": "sigma_power", "power": 1}),
        (weighting.weighting, {"kind": "likelihood", "sde": "vp"}),
        (
            lambda block: densities.density(block, SIGMAS),
            {"kind": "log_uniform", "sigma_min": 0.5, "sigma_max": 2.0},
        ),
        (lambda block: networks.build(block, (2,), 0), {"kind": "mlp", "width": 4, "blocks": 1}),
        (with_network, {"kind": "vae", "width": 4, "blocks": 1, "latent": 1}),
        (with_network, {"kind": "flow", "width": 4, "blocks": 1, "transforms": 1}),
    ],
)
def test_every_block_says_what_it_lacks_or_has_too_much(make, block):
    make(block)
    for key in block.keys() - {"kind"}:
        less = {name: value for name, value in block.items() if name != key}
        with pytest.raises(ValueError, match=f"missing a required argument: '{key}'"):
            make(less)
    with pytest.raises(ValueError, match="unexpected keyword argument 'sigma_mid'"):
        make(block | {"sigma_mid": 1.0})
    with pytest.raises(ValueError, match="unknown kind 'cubic'; one of: "):
        make(block | {"kind": "cubic"})


def test_every_density_of_an_sde_and_edms_weighting_take_their_own_keys_alone():
    for block in (
        {"kind": "vp", "beta": 1.0},
        {"kind": "sub_vp", "sde": "vp"},
        {"kind": "ladder", "p": 1},
    ):
        with pytest.raises(ValueError, match="unexpected keyword argument"):
            densities.density(block, SIGMAS)
    with pytest.raises(ValueError, match="edm: multiple values for argument 'sigma_data'"):
        weighting.weighting({"kind": "edm", "sigma_data": 2.0})


def test_a_family_that_is_none_is_one_line():
    for description in ({"family": "bayes"}, {}):
        with pytest.raises(ValueError, match=r"unknown family .*; one of: score, vae, gan, flow"):
            models.build(description)
