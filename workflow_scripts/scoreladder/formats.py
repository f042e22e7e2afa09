"""Comparison tables as Markdown and LaTeX."""

import math

import pandas as pd

from scoreladder.catalog import METRICS

MATHS = {
    "λ": r"$\lambda$",
    "σ²": r"$\sigma^2$",
    "σ³": r"$\sigma^3$",
    "σ^3": r"$\sigma^3$",
    "σ": r"$\sigma$",
    "→": r"$\to$",
    "₂": r"$_2$",
    "–": "--",
    "±": r"$\pm$",
}


def significant(value: float, digits: int = 3) -> str:
    """A number to some significant digits, without needless zeros or exponents; "–" for none."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
        return f"{value:.{decimals}f}"
    return f"{value:.{digits - 1}e}"


def interval(mean: float, low: float, high: float) -> str:
    """E.g. "21.3 [19.8, 22.9]"; without the brackets where there is no interval."""
    if math.isnan(low):
        return significant(mean)
    return f"{significant(mean)} [{significant(low)}, {significant(high)}]"


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """A comparison table as people read it, text in every cell, the floor as the last row."""
    metric = METRICS[table["metric"].iloc[0]].label
    rows = []
    for row in table.to_dict("records"):
        gap = interval(row["difference"], row["difference_low"], row["difference_high"])
        edge = "*" if row["at_grid_edge"] else ""
        rows.append(
            {
                "variant": row["label"],
                metric: interval(row["mean"], row["low"], row["high"]),
                "n": str(row["n"]),
                "sd (train)": significant(row["sd_train"], 2),
                "se (within)": significant(row["se_within"], 2),
                "difference": gap,
                "outcome": "baseline" if row["role"] == "baseline" else row["outcome"],
                "ladder": row["ladder"],
                "λ(σ)": row["weighting"],
                "p(σ)": row["density"],
                "sampler": row["sampler"],
                "step α/σ²": f"{row['relative_step_size']:g}{edge}",
                "NFE": str(row["nfe"]),
                "images": str(row["images"]),
                "parameters": str(row["parameters"]),
                "train s": significant(row["train_seconds"]),
            }
        )
    for floor, samples in sorted(set(zip(table["floor"], table["samples"], strict=True))):
        if not math.isnan(floor):
            label = f"floor: real data, two sets of {samples}"
            rows.append({"variant": label, metric: significant(floor)})
    return pd.DataFrame(rows).fillna("")


def markdown(table: pd.DataFrame, title: str, notes: str) -> str:
    """The table in Markdown under its title, with its notes."""
    body = printed(table).to_markdown(index=False, disable_numparse=True)
    return f"### {title}\n\n{body}\n\n{notes}\n"


def latex(table: pd.DataFrame, title: str, notes: str) -> str:
    """The table as a LaTeX table environment for booktabs; plain ASCII."""
    shown = printed(table)
    alignment = "l" + "r" * 5 + "l" * (shown.shape[1] - 6)
    header = " & ".join(_tex(name) for name in shown.columns)
    lines = [" & ".join(_tex(cell) for cell in row) for row in shown.to_numpy()]
    rows = " \\\\\n".join(lines)
    return (
        f"\\begin{{table}}\n\\caption{{{_tex(title)}. {_tex(notes)}}}\n"
        f"\\begin{{tabular}}{{{alignment}}}\n\\toprule\n{header} \\\\\n\\midrule\n"
        f"{rows} \\\\\n\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def _tex(text: str) -> str:
    for plain in "&%$#_{}":
        text = text.replace(plain, "\\" + plain)
    text = text.replace("^", r"\textasciicircum{}") if "σ^" not in text else text
    for symbol, maths in MATHS.items():
        text = text.replace(symbol, maths)
    return text
