"""Comparison tables as Markdown and LaTeX, and the numbers in them."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from scoreladder import describe, formats
from scoreladder.catalog import METRICS
from scoreladder.report.numbers import count, interval, number, setting

EXPERIMENTS = sorted((Path(__file__).parents[1] / "config" / "experiments").glob("*.yaml"))
ROW = {
    "label": "10 scales",
    "role": "baseline",
    "metric": "fid",
    "mean": 21.34,
    "low": 19.81,
    "high": 22.87,
    "n": 3,
    "sd_train": 0.616,
    "sd_sample": math.nan,
    "se_within": math.nan,
    "floor": 1.5,
    "floor_samples": 500,
    "difference": math.nan,
    "difference_low": math.nan,
    "difference_high": math.nan,
    "outcome": math.nan,
    "network": "MLP 256 × 2, EDM, log σ",
    "ladder": "geometric 5 → 0.05, 10 levels",
    "weighting": "σ²",
    "density": "uniform over levels",
    "objective": "denoising score matching",
    "learning_rate": 0.0025,
    "sampler": "annealed Langevin",
    "relative_step_size": 0.1,
    "at_grid_edge": False,
    "nfe": 200,
    "images": 384000,
    "parameters": 99,
    "train_seconds": 12.345,
}
ARM = ROW | {
    "label": "5 % & λ_1 #{σ^3}",
    "role": "arm",
    "difference": 3.0,
    "difference_low": 2.5,
    "difference_high": 3.5,
    "outcome": "worse",
    "weighting": "σ^3",
    "at_grid_edge": True,
}


def table(*rows):
    return pd.DataFrame(rows or (ROW, ARM))


@pytest.mark.parametrize(
    "value, text",
    [
        (21.34, "21.3"),
        (0.5, "0.500"),
        (0.012345, "0.0123"),
        (9.999, "10.0"),
        (0, "0.00"),
        (-3.14159, "−3.14"),
        (12345.6, "12,300"),
        (1.5e-7, "1.50×10⁻⁷"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert number(value) == text


def test_chosen_numbers_and_counts_are_written_as_people_do():
    assert [setting(value) for value in (0.06, 1.0, 0.25, 30)] == ["0.06", "1", "0.25", "30"]
    assert [count(value) for value in (512000, 3.0, math.nan)] == ["512,000", "3", "–"]


def test_an_interval_is_rounded_like_its_mean_and_absent_where_there_is_none():
    assert interval(21.34, 19.81, 22.87) == "21.3 [19.8, 22.9]"
    assert interval(0.5, math.nan, math.nan) == "0.500"


def test_a_table_has_a_row_for_each_variant_and_the_floor_last():
    shown = formats.printed(table())
    assert shown["variant"].tolist()[:2] == [ROW["label"], ARM["label"]]
    last = shown.iloc[-1]
    assert last["variant"] == "floor: 500 real samples"
    assert last["FID in digit-classifier features"] == "1.50"
    assert set(last.iloc[2:]) == {""}
    assert all(isinstance(cell, str) for cell in shown.to_numpy().flatten())


def test_a_table_without_a_floor_has_no_row_for_it():
    shown = formats.printed(table(ROW | {"floor": math.nan}))
    assert shown["variant"].tolist() == ["10 scales"]


PUBLISHED = [
    {
        "label": "NCSN",
        "value": 25.32,
        "source": "arXiv 1907.05600, table 1",
        "protocol": "50k & ALD",
    },
    {"label": "DDPM", "value": 3.17, "source": "arXiv 2006.11239", "protocol": "1000 evaluations"},
]


def test_published_values_stand_below_the_floor_and_say_how_they_were_measured():
    shown = formats.printed(table(), PUBLISHED)
    assert shown["variant"].tolist()[-2:] == ["published: NCSN [1]", "published: DDPM [2]"]
    assert shown.iloc[-2, 1] == "25.32" and set(shown.iloc[-1, 2:]) == {""}
    said = formats.markdown(table(), "Title", "Notes.", PUBLISHED).splitlines()[-1]
    assert said == (
        "Notes. [1]: arXiv 1907.05600, table 1; 50k & ALD. [2]: arXiv 2006.11239; 1000 evaluations."
    )
    assert r"50k \& ALD" in formats.latex(table(), "Title", "Notes.", PUBLISHED)


def test_cells_hold_the_numbers_of_their_rows():
    baseline, arm = formats.printed(table()).to_dict("records")[:2]
    assert baseline["FID in digit-classifier features"] == "21.3 [19.8, 22.9]"
    assert (baseline["outcome"], arm["outcome"]) == ("baseline", "worse")
    assert baseline["difference"] == baseline["se (within)"] == "–"
    assert arm["difference"] == "3.00 [2.50, 3.50]"
    assert (baseline["step α/σ²"], arm["step α/σ²"]) == ("0.1", "0.1*")
    assert (baseline["images"], baseline["NFE"], baseline["n"]) == ("384,000", "200", "3")


def test_cells_say_what_a_variant_is():
    cells = formats.printed(table()).iloc[0]
    assert cells["model"] == "MLP 256 × 2, EDM, log σ"
    assert cells["objective"] == "denoising score matching"
    assert cells["learning rate"] == "0.0025"
    assert (cells["ladder"], cells["λ(σ)"]) == ("geometric 5 → 0.05, 10 levels", "σ²")


def test_a_model_without_a_ladder_has_dashes_in_every_form_of_the_table(tmp_path):
    dashes = dict.fromkeys(("ladder", "weighting", "density", "objective"), describe.MISSING)
    flow = ARM | dashes | {"network": "flow 8 × 2, 3 transforms", "sampler": "normalising flow"}
    flow |= {"relative_step_size": math.nan, "at_grid_edge": False}
    # as the report reads it
    table(ROW, flow).to_csv(tmp_path / "table.csv", index=False)
    for rows in (table(ROW, flow), pd.read_csv(tmp_path / "table.csv")):
        cells = formats.printed(rows).iloc[1]
        gaps = ["ladder", "λ(σ)", "p(σ)", "objective", "step α/σ²"]
        assert cells[gaps].tolist() == ["–"] * 5
        assert (cells["model"], cells["sampler"]) == (flow["network"], flow["sampler"])
        assert cells["learning rate"] == "0.0025"
    lines = [line for line in formats.latex(rows, "T", "N").splitlines() if " & " in line]
    row = next(line for line in lines if "flow 8" in line)
    assert row.count(" -- ") == 4 and "& -- & 200 &" in lines[-1]


def test_markdown_is_a_pipe_table_of_all_cells():
    text = formats.markdown(table(), "Scales", "Some notes.")
    lines = text.splitlines()
    assert lines[0] == "### Scales" and lines[-1] == "Some notes." and text.endswith("\n")
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + 3
    assert len({row.count("|") for row in rows}) == 1
    cells = [cell.strip() for cell in rows[2].strip("|").split("|")]
    assert cells == formats.printed(table()).iloc[0].tolist()


def test_latex_is_booktabs_tables_with_as_many_cells_in_every_row():
    text = formats.latex(table(), "Scales", "Some notes.")
    assert text.splitlines()[0].startswith("% needs \\usepackage{booktabs,tabularx,amssymb}")
    assert "\\caption{Scales. Some notes.}\n" in text and "21.3 [19.8,~22.9]" in text
    names = []
    # the floor was measured, but is no variant
    for part, variants in zip(text.split("\\toprule\n")[1:], (3, 2, 2), strict=True):
        body = part.split("\\bottomrule")[0].replace("\\midrule\n", "")
        rows = [line.removesuffix(" \\\\").split(" & ") for line in body.strip().splitlines()]
        assert len(rows) == 1 + variants
        assert {len(row) for row in rows} == {len(rows[0])}
        assert rows[0][0] == "variant" and rows[1][0] == "10 scales"
        names += rows[0][1:]
    assert len(names) + 1 == formats.printed(table()).shape[1]
    assert names[0] == "FID in digit-classifier features"


def test_latex_escapes_what_it_would_take_for_commands():
    text = formats.latex(table(), "100 % of A_B", "p < 5 % & more")
    assert "\\caption{100 \\% of A\\_B. p \\ensuremath{<} 5 \\% \\& more}" in text
    assert "5 \\% \\& \\ensuremath{\\lambda}\\_1 \\#\\{" in text
    outside = re.sub(r"\\ensuremath\{[_^]\{\S*?\}\}", "", text.split("\n", 1)[1])
    for command in "_^%#":
        position = outside.find(command)
        while position >= 0:
            assert outside[position - 1] == "\\"
            position = outside.find(command, position + 1)


def words():
    """Every text that can reach a table: labels of metrics and variants, and descriptions."""
    texts = {metric.label for metric in METRICS.values()}
    texts |= {describe.weighting({"kind": kind}) for kind in ("one", "sigma", "sigma2")}
    texts |= {describe.weighting({"kind": "sigma_power", "power": p}) for p in (3, 2.5, -1)}
    texts.add(describe.density({"kind": "log_normal", "mean": -1.2, "std": 1.2}))
    texts.add(describe.density({"kind": "log_uniform", "sigma_min": 0.1, "sigma_max": 2}))
    texts |= {number(1.5e-7), number(-1e9), interval(1.0, -math.inf, math.inf)}
    for path in EXPERIMENTS:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        texts |= {variant.get("label", "") for variant in config["variants"].values()}
        texts |= {grid["label"] for grid in config.get("grids", {}).values()}
        texts |= {comparison["title"] for comparison in config["comparisons"]}
    return sorted(texts)


@pytest.mark.parametrize("text", words())
def test_latex_is_ascii_whatever_the_words(text):
    row = ROW | {"label": text, "ladder": text}
    assert formats.latex(table(row, ARM), text, text).isascii()


def test_latex_of_every_metric_is_ascii():
    for name in METRICS:
        assert formats.latex(table(ROW | {"metric": name}), "Title", "Notes.").isascii()
