"""What two configurations differ in, key by key."""

from scoreladder.config_diff import ABSENT, AS_TRAINED, bearing, differences, told


def test_equal_configurations_differ_in_nothing():
    block = {"noise": {"kind": "single", "sigma": 1.0}, "weighting": None, "seeds": [0, 1]}
    assert differences(block, block) == []
    assert differences({"sigma": 1}, {"sigma": 1.0}) == []


def test_each_difference_has_its_dotted_key_and_both_values():
    ours = {"noise": {"kind": "geometric", "levels": 10}, "seeds": [0, 1], "density": None}
    theirs = {
        "noise": {"kind": "geometric", "levels": 5},
        "seeds": [1, 0],
        "density": {"kind": "vp"},
    }
    assert differences(ours, theirs) == [
        ("noise.levels", 10, 5),
        ("seeds", [0, 1], [1, 0]),
        ("density", None, ABSENT),
        ("density.kind", ABSENT, "vp"),
    ]


def test_a_missing_block_is_told_key_by_key():
    assert differences({"a": {"b": {"c": 1}}}, {}) == [("a.b.c", 1, ABSENT)]
    assert differences({}, {"a": {}}) == [("a", ABSENT, {})]


def test_what_bears_on_numbers_is_told_once():
    noise = {"kind": "single", "sigma": 1.0}
    variant = {"label": "a", "model": "one", "noise": noise, "sample": {"ladder": dict(noise)}}
    own = {"reuses": ABSENT, "noise": noise, "sample": {"ladder": AS_TRAINED}}
    assert bearing("one", variant) == own
    assert bearing("two", variant) == own | {"reuses": "one"}
    other = variant | {"sample": {"ladder": {"kind": "single", "sigma": 0.5}}}
    assert bearing("one", other)["sample"] == other["sample"]
    direct = variant | {"noise": None, "sample": {"sampler": "direct"}}
    assert bearing("one", direct)["sample"] == {"sampler": "direct"}


def test_settings_are_told_as_they_are_written():
    settings = (None, True, False, 5.0, 0.5, 10, "sigma2", [0, 1])
    said = ["null", "true", "false", "5", "0.5", "10", "sigma2", "[0, 1]"]
    assert [told(setting) for setting in settings] == said
