"""Numbers as the report prints them."""

import pytest

from scoreladder.report import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (21.34, "21.3"),
        (-0.01234, "−0.0123"),
        (0.0, "0.00"),
        (12345.6, "12,300"),
        (9.999, "10.0"),
        (1.234e-7, "1.23×10⁻⁷"),
        (float("nan"), "–"),
        (None, "–"),
        (float("inf"), "∞"),
    ],
)
def test_number(value, text):
    assert numbers.number(value) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((21.3, 19.8, 22.9), "21.3 [19.8, 22.9]"),
        ((98.4, 90.2, 106.6), "98.4 [90.2, 106.6]"),
        ((-0.0001, -5.1, 5.1), "0.00 [−5.10, 5.10]"),
        ((21.3, float("nan"), float("nan")), "21.3"),
        ((float("nan"),) * 3, "–"),
        ((None,) * 3, "–"),
    ],
)
def test_interval(values, text):
    assert numbers.interval(*values) == text


def test_settings_and_counts():
    assert [numbers.setting(value) for value in (0.06, 1.0, 200.0, float("nan"))] == [
        "0.06",
        "1",
        "200",
        "–",
    ]
    assert [numbers.count(value) for value in (512000.0, None)] == ["512,000", "–"]
