"""How Sphinx makes docs/_build/html: `make docs`."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "docs" / "_ext"), str(ROOT / "workflow_scripts")]

project = "Score Ladder"
author = "The Score Ladder developers"
project_copyright = author
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "reference_results",
    "configuration_reference",
    "plain_docstrings",
]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

nitpicky = True
# other projects' names, and this one's aliases of types, which are spelt out where they are used
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(scoreladder\.rows\.Rows|torch|diffusers|np|numpy|nn|pathlib|collections|Tensor|Generator|Path"
        r"|Callable|Iterator|Sequence|Coefficients|Weighting|Denoise|Compute|Keep)\b.*",
    )
]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False
python_maximum_signature_line_length = 90

html_theme = "furo"
html_title = "Score Ladder"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
pygments_style = "tango"
pygments_dark_style = "monokai"
