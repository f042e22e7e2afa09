"""Numbers as a reader expects them: three digits, intervals in brackets, dashes for gaps."""

import math

MISSING = "–"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 3) -> str:
    """A number with `digits` significant digits; a dash where it is None or NaN."""
    if _missing(value):
        return MISSING
    return (
        _fixed(value, digits - 1 - _order(value, digits))
        if _plain(value)
        else _power(value, digits)
    )


def setting(value: float | None) -> str:
    """A number that someone chose, as one would write it: "0.06", not "0.0600"."""
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text and "×" not in text else text


def interval(mean: float | None, low: float | None, high: float | None) -> str:
    """A mean with its interval, "21.3 [19.8, 22.9]", all rounded alike; the mean alone without one.

    The digits suit whichever is larger, the mean or half the interval.
    """
    if _missing(mean) or _missing(low) or _missing(high):
        return number(mean)
    scale = max(abs(mean), (high - low) / 2)
    if not _plain(scale):
        return f"{number(mean)} [{number(low)}, {number(high)}]"
    decimals = 2 - _order(scale)
    mean, low, high = (_fixed(value, decimals) for value in (mean, low, high))
    return f"{mean} [{low}, {high}]"


def count(value: float | None) -> str:
    """A whole number, written out: "512,000"."""
    return MISSING if _missing(value) else f"{round(value):,}"


# what templates call these
FILTERS = {"number": number, "setting": setting, "count": count}


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _order(value: float, digits: int = 3) -> int:
    """The power of ten of the first digit, once rounded to `digits`; 0 for 0 and infinities."""
    return 0 if math.isinf(value) else int(f"{value:.{digits - 1}e}".split("e")[1])


def _plain(value: float) -> bool:
    return value == 0 or math.isinf(value) or 1e-4 <= abs(value) < 1e6


def _fixed(value: float, decimals: int) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    # a negative number that rounds to zero has lost its sign
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def _power(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.replace("-", "−")
    return f"{mantissa}×10{str(int(exponent)).translate(SUPERSCRIPTS)}"
