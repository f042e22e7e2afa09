"""LaTeX's own word on the tables: they compile, as wide as a page, with every character there."""

import re
import unicodedata

import pytest
from papers import compiled, complaints
from test_formats import ARM, PUBLISHED, ROW, table

from scoreladder import formats, latex_text

TROUBLE = "σ λ(σ) → – 1.5×10⁻³ 5 % & a_b ρ β ₀ ² ¹ † * ∞ − #{x} ~ ^ < > | \\ √(1−ᾱ) α ≤ ± · ∝ x̂₀"
TROUBLE += " Größe Ω μ Δ θ é ≠ ℝ 日 Ж „ ę “"


def test_a_table_of_troublesome_characters_compiles_and_shows_them(tmp_path):
    rows = [ROW, ARM, ARM | {"label": f"[1] {TROUBLE}"}, ARM | {"label": "*starred"}]
    text, log = compiled(tmp_path, formats.latex(table(*rows), TROUBLE, TROUBLE, PUBLISHED))
    assert complaints(log) == []
    # Ω and μ come as the signs of ohm and micro
    text = unicodedata.normalize("NFKC", text)
    # in this encoding of fonts an underscore is a line, which is no letter
    for symbol in "σλ→–×%&ρβ†*∞−#{}<>|√α≤±·∝ΩμθßR":
        assert symbol in text, symbol
    assert "[1]" in text and "*starred" in text and "21.3 [19.8, 22.9]" in text
    # by their numbers, what LaTeX has no command for
    assert "U+65E5" in text and "U+0416" in text


def test_every_character_that_is_taken_to_be_known_compiles(tmp_path):
    letters = re.findall(rf"[{latex_text.KNOWN}]", "".join(map(chr, range(0x20, 0x2300))))
    known = [each for each in letters if unicodedata.category(each)[0] in "LNPS"]
    title = " ".join(latex_text.encode(each) for each in known)
    assert len(known) > 800 and title.isascii()
    text, log = compiled(tmp_path, title)
    assert complaints(log) == [] and all(symbol in text for symbol in "ß±θ")


def test_words_as_long_as_samplers_and_objectives_have_them_fit(tmp_path):
    words = {
        "label": "10 scales, no final denoise",
        "network": "normalising flow 104 × 2, 2 transforms, rational-quadratic splines",
        "sampler": "predictor–corrector",
        "objective": "sliced score matching, variance-reduced",
        "density": "log-normal, mean −1.2, sd 1.2",
        "weighting": "truncated SNR",
        "mean": 123456,
        "low": -123456,
        "high": 1234567,
        "difference": -123456,
        "difference_low": -1234567,
        "difference_high": 123456,
        "outcome": "inconclusive",
        "metric": "nearest_train",
    }
    solver = {"sampler": "DPM-Solver++(2M)", "sd_sample": 1.5e-7, "se_within": -1e9}
    rows = [ARM | words, ARM | words | solver]
    _, log = compiled(tmp_path, formats.latex(table(*rows), "Words", "Notes."))
    assert complaints(log) == []


@pytest.mark.parametrize("start", ["[", "*"])
def test_no_cell_is_taken_for_an_option_of_the_row_above(start):
    rows = formats.latex(table(ROW, ARM | {"label": f"{start}x"}), "Title", "Notes.").splitlines()
    assert not any(row.startswith(("[", "*")) for row in rows)
