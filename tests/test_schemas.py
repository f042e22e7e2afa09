"""The schemas: valid, closed, every property described, every kind with one clause."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from scoreladder import blocks, config_schemas, masks

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


@pytest.mark.parametrize("block", ["noise", "weighting", "density", "network"])
def test_every_kind_has_one_clause(block):
    schema = yaml.safe_load((ROOT / "config/schemas/variant.schema.yaml").read_text("utf-8"))
    part = schema["$defs"][block]["properties"]["kind"]
    kinds = (schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part)["enum"]
    choices = [
        clause["if"]["properties"]["kind"]
        for clause in schema["$defs"][f"complete_{block}"]["allOf"]
    ]
    named = [kind for choice in choices for kind in choice.get("enum", [choice.get("const")])]
    assert sorted(named) == sorted(kinds)


def test_every_sampler_has_one_clause():
    schema = yaml.safe_load((ROOT / "config/schemas/variant.schema.yaml").read_text("utf-8"))
    defs = schema["$defs"]
    choices = [clause["if"]["properties"]["sampler"] for clause in defs["written_sample"]["allOf"]]
    named = [name for choice in choices for name in choice.get("enum", [choice.get("const")])]
    assert sorted(named) == sorted(defs["sample"]["properties"]["sampler"]["enum"])


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
    assert config_schemas.with_defaults({"kind": "p2", "k": 3.0}, schema) == {
        "kind": "p2",
        "k": 3.0,
        "gamma": 1.0,
    }
    assert config_schemas.with_defaults({"kind": "min_snr"}, schema)["gamma"] == 5.0
    assert config_schemas.with_defaults({"kind": "one"}, schema) == {"kind": "one"}
    assert config_schemas.clause(schema, None) == {}
