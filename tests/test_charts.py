"""Charts of training: what is drawn, as specifications that Vega-Lite takes."""

import json

import numpy as np
import page_examples
import pandas as pd
import pytest
import vl_convert

from scoreladder.report import charts, explorer_charts, vega

LABELS = {"multi": "3 scales", "moons": "moons", "levels-2": "2 scales"}


@pytest.fixture(scope="module")
def groups() -> list[dict]:
    curves, levels = page_examples.curves(list(LABELS)), page_examples.levels(["multi"])
    return charts.training(curves, levels, LABELS, ["multi", "levels-2"])


def test_each_kind_of_loss_and_each_quantity_by_level_has_a_panel(groups):
    assert [group["name"] for group in groups] == ["curves", "levels"]
    titles = [[panel["title"] for panel in group["panels"]] for group in groups]
    assert titles[0] == ["Evidence bound", "Denoising score matching"]
    assert titles[1] == ["Held-out loss E‖σs + z‖² / D", "Share of the weighted loss × L"]


def test_a_legend_has_every_line_and_says_which_are_drawn_at_first(groups):
    legend = groups[0]["legend"]
    assert [(each["label"], each["shown"]) for each in legend] == [
        ("3 scales", True),
        ("moons", False),
        ("2 scales", True),
    ]
    assert len({(each["colour"], str(each["dash"])) for each in legend}) == 3
    spec = groups[0]["panels"][0]["spec"]
    assert spec["params"] == [{"name": "shown", "value": ["3 scales", "2 scales"]}]


def test_a_line_is_the_mean_over_seeds_and_keeps_its_ends(groups):
    (row,) = groups[0]["panels"][0]["spec"]["data"]["values"]
    curve = page_examples.curves(["multi"]).groupby("images")["loss"].mean()
    assert len(row["x"]) == len(row["y"]) <= charts.MOST_POINTS < len(curve)
    assert (row["x"][0], row["x"][-1]) == (100, 4000)
    assert row["y"] == pytest.approx(curve.loc[row["x"]], rel=1e-3)
    assert np.allclose(groups[1]["panels"][1]["spec"]["data"]["values"][0]["y"], 1)


def test_what_is_no_number_is_not_drawn():
    curves = page_examples.curves(["multi", "moons"])
    curves.loc[curves["variant"] == "multi", "loss"] = np.nan
    (group,) = charts.training(curves, pd.DataFrame(), LABELS, ["multi"])
    assert [panel["title"] for panel in group["panels"]] == ["Denoising score matching"]
    assert [(each["label"], each["shown"]) for each in group["legend"]] == [("moons", True)]


def test_experiments_that_trained_nothing_have_no_charts():
    assert charts.training(pd.DataFrame(), pd.DataFrame(), LABELS, []) == []


def test_every_specification_can_be_drawn(groups):
    row = {"variant": "a", "x": 1, "mean": 2, "low": 1, "high": 3, "seeds": [1, 2], "gap": 1}
    row |= {"gap_low": 0, "gap_high": 3, "told": "2", "gap_told": "1", "outcome": "better"}
    specs = [panel["spec"] for group in groups for panel in group["panels"]]
    for parts in explorer_charts.specifications().values():
        specs += [spec | {"data": {"values": [row]}} for spec in parts.values()]
    for spec in specs:
        # colours are the page's own, whatever its scheme
        assert 'stroke="var(--' in vl_convert.vegalite_to_svg(spec | {"width": 400})


def test_the_libraries_are_one_script_that_cannot_end_early():
    script = vega.bundle()
    assert "window.vegaEmbed" in script
    assert "</script" not in script.lower() and "<!--" not in script
    assert json.dumps(vega.versions())


def test_libraries_that_would_end_their_script_are_refused(monkeypatch):
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda snippet: "'</script>'")
    with pytest.raises(ValueError, match="cannot stand in a page"):
        vega.bundle.__wrapped__()
