"""Any text as LaTeX in ASCII."""

import re
import unicodedata

from pylatexenc.latexencode import (
    RULE_REGEX,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

# of letters in maths
ACCENTS = {
    "\u0300": "grave",
    "\u0301": "acute",
    "\u0302": "hat",
    "\u0303": "tilde",
    "\u0304": "bar",
    "\u0306": "breve",
    "\u0307": "dot",
    "\u0308": "ddot",
}
# as text they would come from fonts that are often there as bitmaps only, where no word is found
SIGNS = {
    "×": "times",
    "÷": "div",
    "·": "cdot",
    "±": "pm",
    "¬": "lnot",
    "µ": "mu",
    "†": "dagger",
    "‡": "ddagger",
    "←": "leftarrow",
    "↑": "uparrow",
    "→": "rightarrow",
    "↓": "downarrow",
}
# marked letters that Unicode has as one character and pylatexenc does not have
MARKED = [
    chr(code)
    for code in range(0x1F00, 0x2000)
    if unicodedata.normalize("NFD", chr(code))[1:] in ACCENTS
]
RAISED, LOWERED = "²³¹⁰ⁱ⁴-⁾ⁿ", "₀-₎ₐ-ₓₕ-ₜ"
# what is left to pylatexenc: Latin, Greek, punctuation, letter-like signs, arrows, operators
KNOWN = r"\x00-\u017f\u0370-\u03ff\u2000-\u22ff"
# and what of these it writes in commands that LaTeX with amssymb lacks
UNKNOWN = "«»ÐÞðþĄąĐđĘęĮįŉŊŋŲųΐϒ‑‚„‹›ₔℋℐℒℛℬℰℱℳ⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞↜↝⇅⇵∟∬∭∯∰∱∻∾≆≋≌≙≛≸≹⊧⊨⊫⊶⊷⊹⊾⋘⋙⋨⋰"


def encode(text: str) -> str:
    r"""The text as LaTeX with amssymb shows it, in ASCII: λ_1 is \ensuremath{\lambda}\_1.

    A character that there is no command for is shown by its number: ⟨U+65E5⟩.
    """
    return ENCODER.unicode_to_latex(text)


def _maths(command: str) -> str:
    return rf"\ensuremath{{{command}}}"


def _number(character: str) -> str:
    left, right = map(_maths, (r"\langle", r"\rangle"))
    return f"{left}U+{ord(character):04X}{right}"


def _level(found: re.Match) -> str:
    """Superscripts or subscripts in a row."""
    sign = "^" if found["raised"] else "_"
    plain = unicodedata.normalize("NFKC", found[0]).replace("−", "-")
    return _maths(f"{sign}{{{plain}}}")


def _accented(found: re.Match) -> str:
    """A letter with a mark of maths."""
    *letter, mark = unicodedata.normalize("NFD", found[0])
    return _maths(rf"\{ACCENTS[mark]}{{{encode(''.join(letter))}}}")


RULES = [
    (r"√\(([^()]*)\)", lambda found: _maths(rf"\sqrt{{{encode(found[1])}}}")),
    (rf"\w[{''.join(ACCENTS)}]|[{''.join(MARKED)}]", _accented),
    (rf"(?P<raised>[{RAISED}]+)|[{LOWERED}]+", _level),
    (f"[{''.join(SIGNS)}]", lambda found: _maths(rf"\{SIGNS[found[0]]}")),
    # where a line may end, unlike after \textendash
    ("–", lambda found: "--"),
    # a dash in LaTeX's first encoding of fonts
    (r"\|", lambda found: r"{\textbar}"),
    (rf"[^{KNOWN}]|[{UNKNOWN}]", lambda found: _number(found[0])),
]
ENCODER = UnicodeToLatexEncoder(
    conversion_rules=[
        UnicodeToLatexConversionRule(
            RULE_REGEX, [(re.compile(pattern), latex) for pattern, latex in RULES]
        ),
        "defaults",
    ],
    unknown_char_policy=_number,
    unknown_char_warning=False,
)
