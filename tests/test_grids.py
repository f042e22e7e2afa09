"""Grids: a variant for each combination of values."""

import pytest
from config_examples import load_below


@pytest.fixture
def resolve(tmp_path):
    """A function from the text below `defaults` to the loaded experiment."""
    return lambda text: load_below(tmp_path, text)


GRID = """
variants:
  multi: {}
  wide: {extends: "grid-3-0.1", network: {width: 16}}
  raw: {reuses: "grid-3-0.1", sample: {denoise: false}}
grids:
  family:
    over: {noise.levels: [3, 4], sample.step_size: [0.1, 1.0]}
    name: "grid-{noise.levels}-{sample.step_size}"
    label: "L = {noise.levels}"
    training: {images: 400}
showcase: ["grid-4-1.0", multi]
comparisons: [{name: c, baseline: multi, arms: ["grid-4-1.0"], metric: fid}]
"""


def test_a_grid_makes_the_product_of_its_values(resolve):
    found = resolve(GRID)["variants"]
    made = ["grid-3-0.1", "grid-3-1.0", "grid-4-0.1", "grid-4-1.0"]
    assert list(found) == ["multi", "wide", "raw", *made]
    assert [found[n]["noise"]["levels"] for n in made] == [3, 3, 4, 4]
    assert [found[n]["sample"]["step_size"] for n in made] == [0.1, 1.0, 0.1, 1.0]
    assert [found[n]["label"] for n in made] == ["L = 3", "L = 3", "L = 4", "L = 4"]
    assert [found[n]["training"]["images"] for n in made] == [400] * 4


def test_grid_variants_can_be_extended_reused_and_named(resolve):
    experiment = resolve(GRID)
    assert experiment["variants"]["wide"]["noise"]["levels"] == 3
    assert experiment["variants"]["wide"]["model"] == "wide"
    assert experiment["variants"]["raw"]["model"] == "grid-3-0.1"
    assert experiment["comparisons"][0]["arms"] == ["grid-4-1.0"]
    assert experiment["showcase"] == ["grid-4-1.0", "multi"]


def test_a_grid_may_reuse_a_model(resolve):
    found = resolve(
        "variants: {multi: {}}\n"
        'grids: {budget: {over: {sample.nfe: [20, 40]}, name: "nfe-{sample.nfe}", reuses: multi}}\n'
    )["variants"]
    assert {name: found[name]["model"] for name in found} == {n: "multi" for n in found}
    assert [found[n]["sample"]["nfe"] for n in ("nfe-20", "nfe-40")] == [20, 40]


def test_names_and_labels_hold_values_as_they_are_written(resolve):
    grid = (
        "grids:\n"
        "  s: {over: {noise.sigma: [1, 2.0]}, noise: {kind: single}, sample: {sampler: langevin},\n"
        '      name: "s-{noise.sigma}", label: "σ = {noise.sigma}"}\n'
    )
    found = resolve(grid)["variants"]
    assert [variant["label"] for variant in found.values()] == ["σ = 1", "σ = 2.0"]
    assert list(found) == ["s-1", "s-2.0"]
    assert [repr(each["noise"]["sigma"]) for each in found.values()] == ["1.0", "2.0"]


def test_grid_values_may_be_shorthands(resolve):
    found = resolve('grids: {w: {over: {weighting: [one, sigma]}, name: "w-{weighting}"}}')
    assert found["variants"]["w-sigma"]["weighting"] == {"kind": "sigma"}
    assert found["variants"]["w-one"]["label"] == "w-one"


def test_a_grid_may_run_over_samplers(resolve):
    found = resolve(
        "variants: {multi: {}}\n"
        "grids:\n"
        "  s: {over: {sample.sampler: [heun, ancestral], sample.nfe: [9, 19]}, reuses: multi,\n"
        '      name: "{sample.sampler}-{sample.nfe}"}\n'
    )["variants"]
    assert [found[name]["sample"]["ladder"]["levels"] for name in list(found)[1:]] == [5, 10, 9, 19]
