"""Reports: whole in one file, safe against any text, with the numbers as measured."""

import copy
import json
import re
from html.parser import HTMLParser

import numpy as np
import page_examples
import pandas as pd
import pytest
from page_examples import FIGURE

from scoreladder.report import page, vega

CLAIMS = [
    {
        "id": "ladder-wins",
        "says": "Several scales beat one.",
        "verdict": "reproduced",
        "checks": [
            {
                "text": "10 scales better than σ = 0.3",
                "metric": "fid",
                "mean": -98.41,
                "low": -120.2,
                "high": -76.6,
                "n": 3,
                "outcome": "better",
            }
        ],
    },
    {
        "id": "one-seed",
        "says": "Unknown.",
        "verdict": "inconclusive",
        "checks": [
            {
                "text": "10 scales",
                "metric": "balance",
                "mean": None,
                "low": None,
                "high": None,
                "n": 1,
                "outcome": "inconclusive",
            }
        ],
    },
    {"id": "no", "says": "No.", "verdict": "not reproduced", "checks": []},
]
# what those claims ask for
LIMITS = {
    "ladder-wins": [{"better": "multi", "than": ["single-0.3"], "metric": "fid"}],
    "one-seed": [{"variant": "multi", "metric": "balance", "above": 0.5}],
    "no": [],
}


class _Tags(HTMLParser):
    """Collects tags with their attributes, and refuses tags that do not nest."""

    VOID = ("meta", "link", "img", "input")

    def __init__(self, text: str):
        super().__init__()
        self.seen, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _table(edge: bool = True) -> pd.DataFrame:
    same = {
        "metric": "fid",
        "n": 3,
        "sd_train": 1.03,
        "sd_sample": float("nan"),
        "se_within": np.nan,
        "floor": 8.25,
        "floor_samples": 500,
        "nfe": 200,
        "images": 512000,
        "parameters": 288832,
        "learning_rate": 0.0025,
        "network": "MLP 256 × 2, EDM, log σ",
        "ladder": "geometric 5 → 0.05, 10 levels",
        "weighting": "σ²",
        "density": "uniform over levels",
        "objective": "denoising score matching",
        "sampler": "annealed Langevin",
        "step_size": 0.0054,
        "relative_step_size": 0.06,
        "train_seconds": 31.4,
    }
    arm = {
        "variant": "single",
        "label": "σ = 0.3",
        "role": "arm",
        "mean": 121.3,
        "low": 110.2,
        "high": 132.4,
        "difference": 100.0,
        "difference_low": 91.0,
        "difference_high": 109.0,
        "outcome": "worse",
        "at_grid_edge": edge,
    }
    baseline = {
        "variant": "multi",
        "label": "10 scales",
        "role": "baseline",
        "mean": 21.3,
        "low": 19.8,
        "high": 22.9,
        "difference": np.nan,
        "difference_low": np.nan,
        "difference_high": np.nan,
        "outcome": np.nan,
        "at_grid_edge": False,
    }
    return pd.DataFrame([{**same, **arm}, {**same, **baseline}])


@pytest.fixture(scope="module")
def example(tmp_path_factory) -> dict:
    """The content of a page, its experiment called by something that must not run."""
    content = page_examples.content(tmp_path_factory.mktemp("example"))
    title = {"title": "<script>alert(1)</script>", "description": "λ & σ"}
    claims = [{"id": each["id"], "checks": LIMITS[each["id"]]} for each in CLAIMS]
    return content | {"experiment": content["experiment"] | title | {"claims": claims}}


@pytest.fixture
def render(example, monkeypatch):
    """Render the page with other content, and with the one comparison of `table`.

    Without the libraries that draw its charts, which are not ours to look into.
    """
    monkeypatch.setattr(vega, "bundle", lambda: "libraries();")

    def rendered(table: pd.DataFrame | None = None, **changes) -> str:
        comparison = {"name": "one", "title": "One scale or ten", "metric": "fid"}
        comparison |= {"figure": FIGURE, "baseline": "multi"}
        content = {
            "claims": CLAIMS,
            "comparisons": [(comparison, _table() if table is None else table)],
            "figures": [FIGURE],
            "config_text": "title: <b>toy</b>\n",
            "provenance": {
                "versions": {"torch": "2.9"},
                "train_seeds": [0, 1],
                "wall_time": 12.345,
            },
            "trajectory": None,
        }
        return page.render(**example | content | changes)

    return rendered


def _cells(html: str, row: str) -> list[str]:
    """The text of the cells of the first row that holds `row`."""
    found = next(part for part in re.findall(r"<tr.*?</tr>", html, re.S) if row in part)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found, re.S)
    return [" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in cells]


def test_page_is_whole_and_needs_no_network(render):
    for html in (render(), page.render_index([], [], {})):
        for tag, attributes in _Tags(html).seen:
            assert tag not in ("iframe", "object")
            for name in ("src", "href"):
                assert re.match(r"data:|#|$", attributes.get(name, ""))
        assert "http:" not in html and "https:" not in html
        assert "@import" not in html and "url(" not in html


def test_page_escapes_text(render):
    html = render()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "λ &amp; σ" in html
    assert "title: &lt;b&gt;toy&lt;/b&gt;" in html


def test_verdicts_come_first_with_effect_and_seeds(render):
    html = render()
    text = re.sub(r"<[^>]+>", "", html)
    for verdict in ("✓ reproduced", "✗ not reproduced", "? inconclusive"):
        assert verdict in text
    assert html.index("ladder-wins") < html.index("One scale or ten</h2>")
    cells = _cells(html, "10 scales better than")
    assert cells[1:3] + cells[4:5] == ["▲ better", "−98.4 [−120.2, −76.6]", "3"]
    assert page.verdict_counts(CLAIMS) == {
        "reproduced": 1,
        "not reproduced": 1,
        "inconclusive": 1,
    }


def test_table_has_baseline_first_and_floor_last(render):
    html = render()
    table = html[html.index("One scale or ten</h2>") :]
    assert (
        table.index("10 scales") < table.index("σ = 0.3") < table.index("floor: 500 real samples")
    )
    assert _cells(table, "10 scales") == [
        "10 scales",
        "21.3 [19.8, 22.9]",
        "3",
        "1.03",
        "–",
        "–",
        "baseline",
    ]
    assert _cells(table, "σ = 0.3")[-2:] == ["100 [91, 109]", "▼ worse"]
    assert _cells(table, "floor")[1] == "8.25"
    assert "512,000" in table and "288,832" in table


def _described(html: str, label: str) -> dict[str, str]:
    """Column → cell of a variant's row in the table of what each variant is."""
    table = html[html.index("what each variant is") :]
    return dict(zip(_cells(table, "Noise ladder"), _cells(table, f">{label}<"), strict=True))


def test_what_each_variant_is_stands_below_its_numbers(render):
    row = _described(render(), "10 scales")
    assert (row["Model"], row["Learning rate"]) == ("MLP 256 × 2, EDM, log σ", "0.0025")
    assert (row["Objective"], row["λ(σ)"]) == ("denoising score matching", "σ²")


@pytest.mark.parametrize("missing", ["–", np.nan])
def test_a_model_without_a_ladder_has_dashes_where_others_have_settings(render, missing):
    table = _table(edge=False)
    arm = table["role"] == "arm"
    table.loc[arm, ["ladder", "weighting", "density", "objective"]] = missing
    table.loc[arm, ["step_size", "relative_step_size"]] = np.nan
    row = _described(render(table), "σ = 0.3")
    gaps = ["Noise ladder", "λ(σ)", "p(σ)", "Objective", "Relative step size", "Step size"]
    assert [row[name] for name in gaps] == ["–"] * 6
    assert (row["Model"], row["Learning rate"]) == ("MLP 256 × 2, EDM, log σ", "0.0025")


def test_grid_edge_is_marked_only_where_it_occurs(render):
    assert "0.06†" in re.sub(r"<[^>]+>", "", render())
    assert "†" not in render(_table(edge=False))


def test_figures_are_inline_with_alternative_text(render):
    html = render(figures=[FIGURE])
    images = [attributes for tag, attributes in _Tags(html).seen if tag == "img"]
    assert len(images) == 2
    assert images[0] == images[1]
    assert images[0]["src"].startswith("data:image/svg+xml;base64,")
    assert images[0]["alt"] == "Samples. What each makes."
    assert (images[0]["width"], images[0]["height"]) == ("806", "231")


def test_an_animation_is_inline_and_stays_closed_until_it_is_asked_for(render, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    html = render(figures=[FIGURE | {"animation": tmp_path / "a.png"}, FIGURE])
    (animation,) = (each for tag, each in _Tags(html).seen if each.get("class") == "animation")
    assert animation["src"] == "data:image/png;base64,iVBORw=="
    assert animation["alt"].startswith("Samples, step by step")
    assert html.count("<details>\n<summary>How it comes about") == 1


def test_provenance_is_flat_text(render):
    html = render()
    for text in ("torch 2.9", "0, 1", "12.3", "train seeds"):
        assert f">{text}<" in html


def test_what_scripts_read_is_json_that_ends_no_script(render, example):
    experiment = copy.deepcopy(example["experiment"])
    experiment["variants"]["multi"]["label"] = "</script><script>alert(1)</script>"
    html = render(experiment=experiment)
    assert "<script>alert" not in html
    (text,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', html)
    found = json.loads(text)
    assert found["explore"]["variants"][0]["label"] == "</script><script>alert(1)</script>"
    assert [metric["name"] for metric in found["explore"]["metrics"]] == ["balance", "sliced_w1"]


def test_variants_of_one_label_are_told_apart(render, example):
    experiment = copy.deepcopy(example["experiment"])
    for name in ("multi", "moons"):
        experiment["variants"][name]["label"] = "3 scales"
    html = render(experiment=experiment)
    assert ">3 scales (multi)<" in html and ">3 scales (moons)<" in html


def test_cells_of_numbers_say_what_they_are_sorted_by_and_come_from(render):
    cells = [each for tag, each in _Tags(render()).seen if tag == "td" and "data-value" in each]
    first, *others = [each for each in cells if "data-variant" in each]
    assert first == {
        "class": "n",
        "data-value": "21.3",
        "data-variant": "multi",
        "data-baseline": "multi",
        "data-metric": "fid",
    }
    assert [each["data-value"] for each in others] == ["121.3"]
    # the baseline's own difference
    assert "" in [each["data-value"] for each in cells]


def test_effects_are_drawn_where_they_have_intervals(render):
    assert render().count('<svg class="glyph') == 1


def test_frames_of_sampling_are_shown_where_there_are_any(render, example):
    assert 'id="trajectory"' not in render()
    html = render(trajectory=example["trajectory"])
    assert 'type="range"' in html and "evaluation 15 of 15</output>" in html


def test_the_versions_of_what_draws_the_charts_are_told(render):
    versions = vega.versions()
    assert all(f"{name} {version}" in render() for name, version in versions.items())


def test_index_links_to_pages_and_lists_claims(render):
    entry = {
        "name": "toy",
        "title": "Toy",
        "description": "Two modes.",
        "link": "toy/report.html",
        "claims": CLAIMS,
        "missing": 0,
        "figure": FIGURE,
    }
    html = page.render_index([entry, {**entry, "figure": None}], [], {"code": "abc"})
    assert 'href="toy/report.html"' in html
    assert 'href="toy/report.html#claim-ladder-wins"' in html
    # by experiment, and once over all
    assert html.count("Several scales beat one.") == 3
    assert html.count("<img") == 1
    assert 'id="claim-ladder-wins"' in render()
