"""The code blocks of the documentation's pages, by the file that they belong to."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs"
BLOCK = re.compile(
    r"^```(?:\{code-block\} )?(\w+)\n(?::caption: ([^\n]+)\n)?\n?(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block: its language, the file that its caption names ("" for none), its text."""

    language: str
    file: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks of a page below docs/, in their order."""
    found = BLOCK.findall((PAGES / page).read_text(encoding="utf-8"))
    return [Block(*each) for each in found]


def of_language(page: str, language: str) -> list[str]:
    """The texts of a page's blocks of one language."""
    return [block.text for block in blocks(page) if block.language == language]


def commands(page: str) -> list[str]:
    """The commands of a page's console blocks, without prompts, outputs and comments."""
    lines = "\n".join(of_language(page, "console")).replace("\\\n", " ").splitlines()
    return [re.split(r"\s+#\s", line[2:])[0].strip() for line in lines if line.startswith("$ ")]
