"""Intervals as drawings."""

import pytest

from scoreladder.report.glyphs import glyph, references


def test_an_interval_and_its_reference_lie_in_order_within_the_drawing():
    found = glyph({"mean": -98.0, "low": -120.0, "high": -76.0}, 0.0)
    assert found == {
        "low": 6.0,
        "mean": pytest.approx(22.1, abs=0.1),
        "high": 38.3,
        "reference": 94,
    }


@pytest.mark.parametrize("gap", [None, float("inf"), float("nan")])
def test_what_has_no_interval_is_not_drawn(gap):
    assert glyph({"mean": 1.0, "low": gap, "high": gap}, 0.0) is None


def test_equal_ends_are_drawn_at_one_place():
    assert len(set(glyph({"mean": 0.0, "low": 0.0, "high": 0.0}, 0.0).values())) == 1


def test_a_difference_is_held_against_none_and_a_value_against_its_limit():
    checks = [{"better": "a", "than": ["b", "c"]}, {"variant": "a", "above": 0.5}]
    checks.append({"variant": "a", "below": 2})
    assert references({"checks": checks}) == [0.0, 0.0, 0.5, 2]
