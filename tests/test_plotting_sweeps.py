"""Figures along an axis: curves over a number, over evaluations, and over configurations."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from scoreladder.plotting import comparisons, style, sweeps

SIGMAS = {"low": 0.1, "middle": 1.0, "high": 10.0}
STYLES = style.palette(["multi", *SIGMAS])
SAMPLERS = {"annealed_langevin": "annealed Langevin", "heun": "Heun", "pf_ode": "adaptive ODE"}


def _comparison(means: dict[str, float], floor: float = 0.2) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.DataFrame(
        {
            "variant": name,
            "label": name,
            "role": "baseline" if name == "multi" else "arm",
            "metric": "sliced_w1",
            "mean": mean,
            "low": 0.8 * mean,
            "high": 1.2 * mean,
            "floor": floor,
            "outcome": {"multi": np.nan, "middle": "inconclusive"}.get(name, "worse"),
        }
        for name, mean in means.items()
    )
    runs = pd.DataFrame(
        {"variant": name, "seed": seed, "sliced_w1": mean + 0.01 * seed}
        for name, mean in means.items()
        for seed in (-1, 0, 1)
    )
    return table, runs


MEANS = {"multi": 0.3, "high": 2.0, "low": 4.0, "middle": 0.4}


def _texts(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def _hollow(axes) -> list[float]:
    """Where the points are that are drawn hollow."""
    return [line.get_xdata()[0] for line in axes.lines if line.get_markerfacecolor() == "white"]


def test_a_curve_is_ordered_by_its_number_and_lies_over_the_baseline():
    figure = comparisons.along_axis(*_comparison(MEANS), STYLES, SIGMAS, "noise scale σ")
    axes = figure.axes[0]
    curve = axes.lines[0]
    np.testing.assert_array_equal(curve.get_xdata(), [0.1, 1, 10])
    np.testing.assert_array_equal(curve.get_ydata(), [4, 0.4, 2])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0.1", "1", "10"]
    assert axes.get_xlabel() == "noise scale σ"
    across = [line.get_ydata()[0] for line in axes.lines if list(line.get_xdata()) == [0, 1]]
    assert across == [0.3, 0.2]
    assert axes.patches[0].get_y() == pytest.approx(0.24)
    assert axes.patches[0].get_height() == pytest.approx(0.12)
    assert "multi (baseline)" in _texts(figure)
    assert "real data (floor)" in _texts(figure)


def test_points_of_a_curve_keep_their_colours_and_hollow_ones_are_inconclusive():
    figure = comparisons.along_axis(*_comparison(MEANS), STYLES, SIGMAS, "σ")
    axes = figure.axes[0]
    for name, x in SIGMAS.items():
        own = [line for line in axes.lines[1:] if set(line.get_xdata()) == {x}]
        assert {to_hex(line.get_color()) for line in own} == {STYLES[name]["color"].lower()}
        assert sorted(len(line.get_ydata()) for line in own) == [1, 2, 3]
    assert _hollow(axes) == [1.0]
    assert "inconclusive against it" in _texts(figure)


def test_a_baseline_with_a_number_is_a_point_of_the_curve_too():
    values = SIGMAS | {"multi": 3.0}
    axes = comparisons.along_axis(*_comparison(MEANS), STYLES, values, "σ").axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0.1, 1, 3, 10])
    assert _hollow(axes) == [1.0]


def test_a_curve_without_floor_intervals_or_one_arm_is_drawn():
    table, runs = _comparison(MEANS | {"low": np.nan}, floor=np.nan)
    table[["low", "high"]] = np.nan
    figure = comparisons.along_axis(table, runs, STYLES, SIGMAS, "σ")
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [1, 10])
    assert len(axes.patches) == 0
    assert "floor" not in _texts(figure)


def test_a_number_that_may_be_zero_has_a_linear_axis():
    values = {"low": 0.0, "middle": 1.0, "high": 2.0}
    axes = comparisons.along_axis(*_comparison(MEANS), STYLES, values, "power").axes[0]
    assert axes.get_xscale() == "linear"


def _sweep() -> pd.DataFrame:
    rows = [
        {"sampler": sampler, "row": row, "seed": seed, "nfe": nfe + seed * (sampler == "pf_ode")}
        | {"fid": 10 + 1000 / nfe + seed}
        for sampler, budgets in (
            ("annealed_langevin", (100, 1000)),
            ("heun", (9, 39)),
            ("pf_ode", (20, 40)),
        )
        for row, nfe in enumerate(budgets)
        for seed in (0, 1, 2)
    ]
    return pd.DataFrame(rows)


def test_a_sweep_has_a_line_per_sampler_through_the_means_over_seeds():
    axes = sweeps.nfe_sweep(_sweep(), SAMPLERS, "fid", floor=8.0).axes[0]
    langevin, heun, ode, reference, floor = axes.lines
    np.testing.assert_allclose(langevin.get_xdata(), [100, 1000])
    np.testing.assert_allclose(langevin.get_ydata(), [21, 12])
    np.testing.assert_allclose(heun.get_xdata(), [9, 39])
    np.testing.assert_allclose(ode.get_xdata(), [21, 41])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert reference.get_ydata()[0] == pytest.approx(12)
    assert floor.get_ydata()[0] == 8
    assert len(axes.collections) == 3


def test_a_sweep_is_named_in_the_order_of_its_labels():
    figure = sweeps.nfe_sweep(_sweep(), dict(reversed(SAMPLERS.items())), "fid")
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named[:3] == ["adaptive ODE", "Heun", "annealed Langevin"]
    assert named[3:] == ["annealed Langevin,\n1000 evaluations"]
    without = sweeps.nfe_sweep(_sweep(), {"heun": "Heun"}, "fid")
    assert [text.get_text() for text in without.legends[0].get_texts()] == ["Heun"]


def test_a_budget_at_which_a_seed_diverged_is_a_cross_and_no_point():
    table = _sweep()
    table.loc[(table["sampler"] == "heun") & (table["nfe"] == 9) & (table["seed"] == 1), "fid"] = (
        np.nan
    )
    strip, axes = sweeps.nfe_sweep(table, SAMPLERS, "fid").axes
    assert [line.get_marker() for line in strip.lines] == ["x"]
    assert strip.lines[0].get_xdata()[0] == pytest.approx(9)
    np.testing.assert_allclose(axes.lines[1].get_xdata(), [39])


def test_a_sweep_of_one_seed_or_of_a_metric_below_zero_is_drawn():
    one = _sweep().query("seed == 0")
    assert sweeps.nfe_sweep(one, SAMPLERS, "fid").axes[0].get_yscale() == "log"
    below = _sweep().assign(sliced_w1=lambda table: table["fid"] - 20)
    assert sweeps.nfe_sweep(below, SAMPLERS, "sliced_w1").axes[0].get_yscale() == "linear"


def _mixing() -> pd.DataFrame:
    rows = []
    for name, exact in (("plain", 0.5), ("10 levels", 0.8)):
        rows.append({"configuration": name, "score": "exact", "heavy_weight": exact})
        for seed in (-1, 0, 1):
            learned = {"seed": seed, "heavy_weight": exact - 0.02 + 0.01 * seed}
            rows.append({"configuration": name, "score": "learned"} | learned)
    return pd.DataFrame(rows)


def test_mixing_weights_have_a_row_per_configuration_with_both_scores():
    figure = sweeps.mixing_weights(_mixing())
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["plain", "10 levels"]
    marks = {marker: [] for marker in "Do."}
    for line in axes.lines:
        if line.get_marker() in marks:
            marks[line.get_marker()] += list(line.get_xdata())
    assert marks["D"] == pytest.approx([0.5, 0.8])
    assert marks["o"] == pytest.approx([0.48, 0.78])
    assert len(marks["."]) == 6
    assert axes.lines[0].get_xdata()[0] == sweeps.TRUE_WEIGHT == 0.8
    assert "true weight, 0.8" in _texts(figure)


def test_sweeps_give_the_same_bytes_twice(tmp_path):
    for i in (0, 1):
        drawn = (
            sweeps.nfe_sweep(_sweep(), SAMPLERS, "fid"),
            sweeps.mixing_weights(_mixing()),
            comparisons.along_axis(*_comparison(MEANS), STYLES, SIGMAS, "σ"),
        )
        for name, figure in enumerate(drawn):
            style.save(figure, tmp_path / f"{name}.{i}.svg", tmp_path / f"{name}.{i}.png")
    for name in range(3):
        for kind in ("svg", "png"):
            first, second = (tmp_path / f"{name}.{i}.{kind}" for i in (0, 1))
            assert first.read_bytes() == second.read_bytes()
