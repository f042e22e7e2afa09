"""Intervals as small drawings beside their numbers."""

import math

# of a drawing's width, kept free at either end
MARGIN = 0.06


def glyph(check: dict, reference: float) -> dict | None:
    """Where a check's mean, the ends of its interval and its reference lie, in % of the width.

    check: mean, low and high, in the unit of `reference`, the value that the claim lies on one side
    of. None where there is no interval to draw.
    """
    ends = [check[name] for name in ("mean", "low", "high")]
    if any(end is None or not math.isfinite(end) for end in ends):
        return None
    least, most = min(*ends, reference), max(*ends, reference)
    width = most - least or 1.0
    names = ("mean", "low", "high", "reference")
    places = [MARGIN + (1 - 2 * MARGIN) * (value - least) / width for value in (*ends, reference)]
    return {name: round(100 * place, 1) for name, place in zip(names, places, strict=True)}


def references(claim: dict) -> list[float]:
    """Per judged check of a claim's settings, what its interval is held against: 0 or a limit."""
    found = []
    for check in claim["checks"]:
        if "better" in check:
            found += [0.0] * len(check["than"])
        else:
            found.append(check.get("above", check.get("below")))
    return found
