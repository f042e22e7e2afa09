"""Comparison tables as Markdown and LaTeX."""

import math
import re
from collections.abc import Sequence

import pandas as pd

from scoreladder import latex_text
from scoreladder.catalog import METRICS
from scoreladder.report.numbers import MISSING, count, interval, number, setting

# all columns side by side would be half a metre wide; those with words share the width of a page
LATEX_BLOCKS = (
    ("variant", "n", "sd (train)", "sd (sample)", "se (within)", "difference", "outcome"),
    ("variant", "model", "ladder", "λ(σ)", "p(σ)", "objective", "sampler"),
    ("variant", "step α/σ²", "NFE", "images", "learning rate", "parameters", "train s"),
)
NARROW = ("n", "sd (train)", "sd (sample)", "se (within)", *LATEX_BLOCKS[2][1:])
WORDS = ("outcome", *LATEX_BLOCKS[1])


def printed(table: pd.DataFrame, published: Sequence[dict] = ()) -> pd.DataFrame:
    """A comparison table as people read it, text in every cell.

    The floor is below the variants, and below it are the published values, each with its number in
    `protocols`.
    """
    metric = METRICS[table["metric"].iloc[0]].label
    rows = [{"variant": row["label"], **_cells(row, metric)} for row in table.to_dict("records")]
    for floor, samples in sorted(set(zip(table["floor"], table["floor_samples"], strict=True))):
        if not math.isnan(floor):
            label = f"floor: {samples:.0f} real samples"
            rows.append({"variant": label, metric: number(floor)})
    for place, each in enumerate(published, 1):
        rows.append(
            {"variant": f"published: {each['label']} [{place}]", metric: f"{each['value']:g}"}
        )
    return pd.DataFrame(rows).fillna("")


def _cells(row: dict, metric: str) -> dict[str, str]:
    baseline = row["role"] == "baseline"
    gap = interval(row["difference"], row["difference_low"], row["difference_high"])
    return {
        metric: interval(row["mean"], row["low"], row["high"]),
        "n": count(row["n"]),
        "sd (train)": number(row["sd_train"], 2),
        "sd (sample)": number(row["sd_sample"], 2),
        "se (within)": number(row["se_within"], 2),
        "difference": MISSING if baseline else gap,
        "outcome": "baseline" if baseline else row["outcome"],
        "model": row["network"],
        "ladder": row["ladder"],
        "λ(σ)": row["weighting"],
        "p(σ)": row["density"],
        "objective": row["objective"],
        "sampler": row["sampler"],
        "step α/σ²": setting(row["relative_step_size"]) + ("*" if row["at_grid_edge"] else ""),
        "NFE": count(row["nfe"]),
        "images": count(row["images"]),
        "learning rate": setting(row["learning_rate"]),
        "parameters": count(row["parameters"]),
        "train s": number(row["train_seconds"]),
    }


def protocols(published: Sequence[dict]) -> str:
    """How the published values were measured and where they stand, as a sentence for each."""
    return "".join(
        f" [{place}]: {each['source']}; {each['protocol']}."
        for place, each in enumerate(published, 1)
    )


def markdown(table: pd.DataFrame, title: str, notes: str, published: Sequence[dict] = ()) -> str:
    """The table in Markdown under its title, with its notes."""
    notes += protocols(published)
    body = printed(table, published).to_markdown(index=False, disable_numparse=True)
    return f"### {title}\n\n{body}\n\n{notes}\n"


def latex(table: pd.DataFrame, title: str, notes: str, published: Sequence[dict] = ()) -> str:
    """The table as a LaTeX table environment for booktabs, tabularx and amssymb, in ASCII.

    Three parts stand one above another, each with the variants: what was measured, what they are,
    and what they cost.
    """
    shown = printed(table, published)
    measured, *settings = (list(block) for block in LATEX_BLOCKS)
    measured.insert(1, shown.columns[1])
    parts = [shown[measured], *(shown.loc[shown["model"] != "", names] for names in settings)]
    lines = [
        "% needs \\usepackage{booktabs,tabularx,amssymb}, and text as wide as a page: 7 in",
        r"\begin{table*}",
        r"\setlength{\belowcaptionskip}{6pt}",
        f"\\caption{{{_tex(title)}. {_tex(notes + protocols(published))}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        r"\renewcommand{\arraystretch}{1.15}",
        "\n\n\\medskip\n".join(map(_tabularx, parts)),
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _tabularx(table: pd.DataFrame) -> str:
    """A part of a table, as wide as the text."""
    rows = [" & ".join(map(_tex, row)) + r" \\" for row in [table.columns, *table.to_numpy()]]
    lines = [
        f"\\begin{{tabularx}}{{\\textwidth}}{{{''.join(map(_column, table.columns))}}}",
        r"\toprule",
        rows[0],
        r"\midrule",
        *rows[1:],
        r"\bottomrule",
        r"\end{tabularx}",
    ]
    return "\n".join(lines)


def _column(name: str) -> str:
    """How the column of that name is set."""
    if name in NARROW:
        return "r"
    side = "raggedright" if name in WORDS else "raggedleft"
    return f">{{\\{side}\\arraybackslash}}X"


def _tex(text: str) -> str:
    # an interval stays on one line
    text = re.sub(r"(\[\S+,) (\S+\])", r"\1~\2", latex_text.encode(text))
    # which the end of the row above would take for its own
    return "{}" + text if text.startswith(("[", "*")) else text
