"""The schemas: valid, closed, every property described, every kind with a clause and a function."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from scoreladder import (
    blocks,
    config_errors,
    config_lookups,
    config_schemas,
    datasets,
    densities,
    generative,
    masks,
    networks,
    noise,
    sampling,
    weighting,
)

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["config", "experiment", "variant"])
def test_the_schemas_are_valid_and_describe_every_property(name):
    path = ROOT / "config" / "schemas" / f"{name}.schema.yaml"
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    mappings = [schema, *schema.get("$defs", {}).values()]
    for mapping in mappings:
        for key, value in mapping.get("properties", {}).items():
            assert "description" in value or "$ref" in value, (path.name, key)


def test_schemas_allow_no_unknown_key():
    schemas = [yaml.safe_load(p.read_text("utf-8")) for p in (ROOT / "config/schemas").iterdir()]
    mappings = [s for one in schemas for s in [one, *one.get("$defs", {}).values()]]
    mappings = [s for s in mappings if s.get("type") == "object"]
    assert len(mappings) >= 15
    for mapping in mappings:
        assert mapping["additionalProperties"] is False, json.dumps(mapping)[:80]


CHOICES = {
    "variant.schema.yaml#/$defs/complete_noise": ("noise/properties/kind", noise.LADDERS),
    "variant.schema.yaml#/$defs/complete_weighting": ("weighting_kind", weighting.X0_WEIGHTS),
    "variant.schema.yaml#/$defs/complete_density": ("density_kind", densities.DENSITIES),
    "variant.schema.yaml#/$defs/complete_network": (
        "network/properties/kind",
        [*networks.NETWORKS, *generative.KINDS],
    ),
    "variant.schema.yaml#/$defs/written_sample": (
        "sample/properties/sampler",
        [*sampling.SAMPLERS, "direct"],
    ),
    "experiment.schema.yaml#/$defs/dataset": ("dataset/properties/name", datasets.DATASETS),
    "experiment.schema.yaml#/$defs/features": ("features/properties/kind", None),
}


@pytest.mark.parametrize(("block", "place", "table"), [(k, *v) for k, v in CHOICES.items()])
def test_what_can_be_chosen_is_what_has_a_clause_and_a_function(block, place, table):
    named = config_lookups.choices(block)
    assert len(named) == len(set(named))
    assert table is None or set(named) == set(table)
    with pytest.raises(config_errors.ConfigError) as found:
        config_schemas.check("no such", f"{block.partition('#')[0]}#/$defs/{place}")
    assert f"one of: {', '.join(named)}" in str(found.value)


def test_every_mask_and_method_of_inpainting_can_be_asked_for():
    schema = yaml.safe_load((ROOT / "config/schemas/experiment.schema.yaml").read_text("utf-8"))
    asked = schema["$defs"]["inpaint"]["properties"]
    assert asked["masks"]["items"]["enum"] == list(masks.MASKS)
    assert asked["methods"]["items"]["enum"] == list(blocks.INPAINTING)


def test_whole_numbers_are_floats_where_any_number_may_stand():
    noise = {"kind": "vp", "levels": 10, "beta_max": 20}
    sample = {"nfe": 9, "step_size": 1, "denoise": True, "ladder": noise, "sampler": "heun"}
    found = config_schemas.with_floats(
        {"noise": noise, "sample": sample, "label": "1", "weighting": None},
        "variant.schema.yaml",
    )
    kinds = {key: type(value) for key, value in (found["noise"] | found["sample"]).items()}
    assert kinds == {"kind": str, "levels": int, "beta_max": float, "nfe": int} | {
        "step_size": float, "denoise": bool, "ladder": dict, "sampler": str
    }  # fmt: skip
    assert found["sample"]["ladder"] == noise and found["weighting"] is None
    assert type(found["sample"]["ladder"]["beta_max"]) is float
    assert type(noise["beta_max"]) is int


def test_whole_numbers_in_lists_are_floats():
    dataset = {"means": [[5, 0], [1, 2]], "weights": [1], "train_size": 9}
    found = config_schemas.with_floats(dataset, "experiment.schema.yaml#/$defs/dataset")
    assert repr(found["means"]) == "[[5.0, 0.0], [1.0, 2.0]]"
    assert repr(found["train_size"]) == "9"


def test_defaults_fill_only_what_is_left_out():
    schema = "variant.schema.yaml#/$defs/complete_weighting"
    assert config_lookups.with_defaults({"kind": "p2", "k": 3.0}, schema) == {
        "kind": "p2",
        "k": 3.0,
        "gamma": 1.0,
    }
    assert config_lookups.with_defaults({"kind": "min_snr"}, schema)["gamma"] == 5.0
    assert config_lookups.with_defaults({"kind": "one"}, schema) == {"kind": "one"}
    assert config_lookups.clause(schema, None) == {}
