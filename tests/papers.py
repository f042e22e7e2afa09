"""Tables in a document that pdflatex compiles."""

import re
import shutil
import subprocess
from pathlib import Path

from needs import lacking

DOCUMENT = r"""\documentclass[twocolumn]{article}
\usepackage[letterpaper,textwidth=7in,textheight=9.5in]{geometry}
\usepackage{booktabs,tabularx,amssymb}
\begin{document}
%s
\end{document}
"""


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
