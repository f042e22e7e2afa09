"""Numbers, verdicts, tables and excerpts of configuration, read when the pages are built.

Nothing in the pages states a result by itself: the role `result` and the directives `claim` and
`comparison` read results/reference/, `config` reads config/experiments/.
"""

import csv
import json
from pathlib import Path
from statistics import mean

import pandas as pd
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.directives.code import LiteralInclude
from sphinx.util.docutils import SphinxDirective, SphinxRole

from scoreladder.catalog import METRICS
from scoreladder.formats import printed
from scoreladder.report.numbers import interval, number

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results" / "reference"
EXPERIMENTS = ROOT / "config" / "experiments"
# what a comparison's table shows of all that it holds, beside each variant's metric
SHOWN = "n", "difference", "outcome"


def value(path: str) -> str:
    """The number at "FILE | KEY or COLUMN=VALUE | … | KEY", over several rows their mean.

    FILE is below results/reference/, a CSV or JSON file. "a,b,c" as the last key is a mean with its
    interval, "a:5" has five digits. Raises KeyError where there is no such row or key.
    """
    file, *steps, last = [part.strip() for part in path.split("|")]
    found = _read(REFERENCE / file)
    for step in steps:
        found = _step(found, step, path)
    rows = found if isinstance(found, list) else [found]
    keys, _, digits = last.partition(":")
    numbers = [mean(float(row[key]) for row in rows) for key in keys.split(",")]
    return interval(*numbers) if len(numbers) == 3 else number(numbers[0], int(digits or 3))


def _read(file: Path) -> list | dict:
    text = file.read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines())) if file.suffix == ".csv" else json.loads(text)


def _step(found: list | dict, step: str, path: str) -> list | dict:
    if "=" not in step:
        return found[step]
    key, wanted = step.split("=", 1)
    rows = [row for row in found if str(row[key]) == wanted]
    if not rows:
        raise KeyError(f"{path}: no row has {step}")
    return rows


class Result(SphinxRole):
    """A number of the reference results, as `value` has it."""

    def run(self):
        self.env.note_dependency(str(REFERENCE / self.text.partition("|")[0].strip()))
        return [nodes.inline(text=value(self.text), classes=["result"])], []


class FromResults(SphinxDirective):
    """A directive whose arguments, EXPERIMENT and NAME, say which Markdown to show."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        file, text = self.markdown(*self.arguments)
        self.env.note_dependency(str(file))
        box = nodes.container(classes=[self.name])
        lines = StringList(text.splitlines(), source=str(file))
        self.state.nested_parse(lines, self.content_offset, box)
        return [box]


class Claim(FromResults):
    """A claim of an experiment, its verdict, and what it was judged by."""

    def markdown(self, experiment: str, name: str) -> tuple[Path, str]:
        file = REFERENCE / experiment / "claims.json"
        (claim,) = (each for each in _read(file)["claims"] if each["id"] == name)
        rows = [
            f"- {each['text']}: {interval(each['mean'], each['low'], each['high'])}, "
            f"n = {each['n']} – {each['outcome']}"
            for each in claim["checks"]
        ]
        said = f"**{claim['says']}** Verdict of this run on `{experiment}`: *{claim['verdict']}*."
        return file, "\n".join([said, "", *rows])


class Comparison(FromResults):
    """The table of a comparison: means with intervals, differences, outcomes."""

    def markdown(self, experiment: str, name: str) -> tuple[Path, str]:
        file = REFERENCE / experiment / f"{name}.csv"
        table = pd.read_csv(file)
        metric = METRICS[table["metric"].iloc[0]].label
        kept = printed(table)[["variant", metric, *SHOWN]]
        return file, kept.to_markdown(index=False, disable_numparse=True)


class Excerpt(LiteralInclude):
    """The lines of an experiment file that hold one key, such as variants.multi-plain."""

    required_arguments = 2
    optional_arguments = 0
    final_argument_whitespace = False

    def run(self) -> list[nodes.Node]:
        experiment, dotted = self.arguments
        file = EXPERIMENTS / f"{experiment}.yaml"
        first, last = lines_of(file.read_text(encoding="utf-8"), dotted.split("."))
        link = f"[config/experiments/{file.name}](#{experiment}-yaml)"
        caption = f"{link}, from line {first}"
        self.options |= {"lines": f"{first}-{last}", "language": "yaml", "caption": caption}
        self.options |= {"dedent": None}
        self.arguments = [f"/../config/experiments/{file.name}"]
        return super().run()


def lines_of(text: str, keys: list[str]) -> tuple[int, int]:
    """The first and the last line, from 1, of what stands at nested keys of a YAML file.

    An entry of a list is named by its id or name. Raises KeyError where nothing stands there.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    start = node
    for key in keys:
        start, node = _child(node, key)
    # a block ends where the next one starts, after blank lines and comments
    last = node.end_mark.line + (isinstance(node, yaml.ScalarNode) or bool(node.flow_style))
    lines = text.splitlines()
    while lines[last - 1].strip().startswith("#") or not lines[last - 1].strip():
        last -= 1
    return start.start_mark.line + 1, last


def _child(node: yaml.Node, key: str) -> tuple[yaml.Node, yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for name, inner in node.value:
            if name.value == key:
                return name, inner
    for inner in node.value if isinstance(node, yaml.SequenceNode) else []:
        if any(name.value in ("id", "name") and each.value == key for name, each in inner.value):
            return inner, inner
    raise KeyError(key)


def setup(app) -> dict:
    app.add_role("result", Result())
    app.add_directive("claim", Claim)
    app.add_directive("comparison", Comparison)
    app.add_directive("config", Excerpt)
    return {"parallel_read_safe": True}
