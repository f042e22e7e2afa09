"""LaTeX's own word on the tables: they compile, as wide as a page, with every character there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from needs import lacking
from test_formats import ARM, PUBLISHED, ROW, table

from scoreladder import formats

DOCUMENT = r"""\documentclass[twocolumn]{article}
\usepackage[letterpaper,textwidth=7in,textheight=9.5in]{geometry}
\usepackage{booktabs,tabularx}
\begin{document}
%s
\end{document}
"""
TROUBLE = "σ λ(σ) → – 1.5×10⁻³ 5 % & a_b ρ β ₀ ² ¹ † * ∞ − #{x} ~ ^ < > | \\ √(1−ᾱ) α ≤ ± · ∝"


def compiled(folder: Path, *tables: str) -> tuple[str, str]:
    """The text of a document that has the tables, and what pdflatex says of it."""
    for tool in ("pdflatex", "pdftotext"):
        if not shutil.which(tool):
            lacking(f"{tool} is missing: apt-get install texlive-latex-recommended poppler-utils")
    for number, each in enumerate(tables):
        (folder / f"table{number}.tex").write_text(each, encoding="ascii")
    inputs = "\n".join(rf"\input{{table{number}}}" for number in range(len(tables)))
    (folder / "paper.tex").write_text(DOCUMENT % inputs)
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    command = ["pdftotext", "-layout", "paper.pdf", "-"]
    text = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return text, (folder / "paper.log").read_text(errors="replace")


def complaints(log: str) -> list[str]:
    """What is too wide for the page, or is not there."""
    return re.findall(r"^(?:Overfull \\hbox|Missing character|LaTeX Warning).*", log, re.MULTILINE)


def test_a_table_of_troublesome_characters_compiles_and_shows_them(tmp_path):
    rows = [ROW, ARM, ARM | {"label": f"[1] {TROUBLE}"}, ARM | {"label": "*starred"}]
    text, log = compiled(tmp_path, formats.latex(table(*rows), TROUBLE, TROUBLE, PUBLISHED))
    assert complaints(log) == []
    # in this encoding of fonts an underscore is a line, which is no letter
    for symbol in "σλ→–×%&ρβ†*∞−#{}<>|√α≤±·∝":
        assert symbol in text, symbol
    assert "[1]" in text and "*starred" in text and "21.3 [19.8, 22.9]" in text


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


def test_the_tables_of_a_run_compile(finished, tmp_path):
    tables = sorted(finished.results.glob("*/tables/*.tex"))
    assert len(tables) == 2
    text, log = compiled(tmp_path, *(path.read_text() for path in tables))
    assert complaints(log) == []
    assert "Several" in text and text.count("sampler") == 2


@pytest.mark.parametrize("start", ["[", "*"])
def test_no_cell_is_taken_for_an_option_of_the_row_above(start):
    rows = formats.latex(table(ROW, ARM | {"label": f"{start}x"}), "Title", "Notes.").splitlines()
    assert not any(row.startswith(("[", "*")) for row in rows)
