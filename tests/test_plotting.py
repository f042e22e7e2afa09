"""Figures: the same bytes twice, one look per variant, and the facts that they show."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from scoreladder.plotting import comparisons, fields, style, training

NAMES = ["multi", "single", "raw"]
LABELS = {"multi": "10 scales", "single": "σ = 0.3", "raw": "no final denoise"}
STYLES = style.palette(NAMES)


def _runs() -> pd.DataFrame:
    values = {"multi": 20.0, "single": 280.0, "raw": 24.0}
    return pd.DataFrame(
        [
            {"variant": name, "seed": seed, "sample_seed": 0, "fid": value + seed}
            for name, value in values.items()
            for seed in (0, 1, 2)
        ]
    )


def _table(floor: float = 8.0) -> pd.DataFrame:
    rows = [("single", "arm", 281.0, "worse"), ("multi", "baseline", 21.0, np.nan)]
    return pd.DataFrame(
        [
            {
                "variant": name,
                "label": LABELS[name],
                "role": role,
                "metric": "fid",
                "mean": mean,
                "low": mean - 25,
                "high": mean + 25,
                "floor": floor,
                "outcome": outcome,
            }
            for name, role, mean, outcome in rows
        ]
    )


def _tuning() -> pd.DataFrame:
    rows = [
        ("multi", 0.03, 30.0, False),
        ("multi", 0.06, 21.0, True),
        ("single", 0.03, 280.0, True),
        ("single", 0.06, np.nan, False),
    ]
    table = pd.DataFrame(rows, columns=["variant", "relative_step_size", "value", "chosen"])
    return table.assign(metric="fid")


def _levels(**more) -> pd.DataFrame:
    rows = [("multi", seed, i, 5.0 / 10**i, 0.3, 0.5) for seed in (0, 1) for i in (0, 1)]
    rows.append(("single", 0, 0, 0.3, 0.4, 1.0))
    columns = ["variant", "seed", "level", "sigma", "loss", "share"]
    return pd.DataFrame(rows, columns=columns).assign(**more)


def _fields() -> dict[str, np.ndarray]:
    ticks = np.linspace(-3, 3, 21)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    errors = np.array([0.1, 1.0])[:, None, None, None] * (1 + grid**2)
    return {
        "ticks": ticks,
        "log_prob": -(grid**2).sum(axis=-1) / 2,
        "exact": -grid,
        "variants": np.array(["multi", "single"]),
        "sigmas": np.array([0.05, 0.3]),
        "scores": -grid + errors,
    }


def _texts(figure) -> str:
    text = "\n".join(text.get_text() for text in figure.findobj(Text))
    return text.replace("\N{NO-BREAK SPACE}", " ")


def _line_colours(axes) -> set[str]:
    return {to_hex(line.get_color()) for line in axes.lines}


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for i in (0, 1):
        figure = fields.score_fields(_fields(), LABELS)
        style.save(figure, tmp_path / f"{i}.svg", tmp_path / f"{i}.png")
    for kind in ("svg", "png"):
        assert (tmp_path / f"0.{kind}").read_bytes() == (tmp_path / f"1.{kind}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 4


def test_no_drawing_has_colours_or_sizes_of_its_own():
    own = re.compile(r"""#[0-9a-f]{6}|fontsize=\d|colormaps\[|olors?=["']\w""", re.IGNORECASE)
    files = [path for path in Path(style.__file__).parent.glob("*.py") if path.name != "style.py"]
    assert len(files) > 8
    assert {path.name: own.findall(path.read_text()) for path in files} == {
        path.name: [] for path in files
    }


def test_palette_tells_fourteen_variants_apart():
    looks = style.palette([f"v{i}" for i in range(14)]).values()
    assert len({(look["color"], look["marker"]) for look in looks}) == 14
    assert len({(look["color"], look["linestyle"]) for look in looks}) == 14


def test_a_variant_has_one_colour_in_all_figures():
    labels = {"single": LABELS["single"]}
    curves = pd.DataFrame({"variant": "single", "seed": 0, "images": [10, 100], "loss": [1.0, 0.5]})
    drawn = [
        training.learning_curves(curves, labels, STYLES).axes[0],
        training.levels(_levels(), labels, STYLES).axes[0],
        *comparisons.tuning(_tuning(), labels, STYLES).axes,
    ]
    for axes in drawn:
        assert _line_colours(axes) == {STYLES["single"]["color"].lower()}
    compared = comparisons.comparison(_table(), _runs(), STYLES).axes[0]
    assert STYLES["single"]["color"].lower() in _line_colours(compared)


def test_user_settings_do_not_leak_in(tmp_path):
    import matplotlib

    style.save(
        comparisons.tuning(_tuning(), LABELS, STYLES), tmp_path / "a.svg", tmp_path / "a.png"
    )
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 20, "axes.facecolor": "red"}):
        figure = comparisons.tuning(_tuning(), LABELS, STYLES)
        style.save(figure, tmp_path / "b.svg", tmp_path / "b.png")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_comparison_puts_the_baseline_first_and_the_floor_last():
    axes = comparisons.comparison(_table(), _runs(), STYLES).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["10 scales", "σ = 0.3", "real data"]
    assert [text.get_text() for text in axes.texts] == ["baseline", "▼ worse", "floor"]
    assert axes.get_xlabel() == "FID in digit-classifier features (lower is better)"
    without = comparisons.comparison(_table(np.nan), _runs(), STYLES).axes[0]
    assert [label.get_text() for label in without.get_yticklabels()] == labels[:2]


@pytest.mark.parametrize(("factor", "scale"), [(1, "log"), (0.01, "linear")])
def test_comparison_is_logarithmic_only_over_a_wide_range(factor, scale):
    table, runs = _table(np.nan), _runs()
    for frame, columns in ((table, ["mean", "low", "high"]), (runs, ["fid"])):
        frame[columns] = 100 + factor * frame[columns] if factor != 1 else frame[columns]
    axes = comparisons.comparison(table, runs, STYLES).axes[0]
    assert axes.get_xscale() == scale
    low, high = axes.get_xlim()
    assert low < runs["fid"].min()
    assert high > table["high"].max()


def test_one_seed_has_no_interval_but_is_drawn():
    table = _table().assign(low=np.nan, high=np.nan, outcome="inconclusive")
    runs = _runs().query("seed == 0")
    assert "inconclusive" in _texts(comparisons.comparison(table, runs, STYLES))


def test_tuning_shows_diverged_chains_apart_and_rings_the_chosen():
    strip, axes = comparisons.tuning(_tuning(), LABELS, STYLES).axes
    assert [line.get_marker() for line in strip.lines] == ["x"]
    assert strip.lines[0].get_xdata()[0] == pytest.approx(0.06)
    rings = [line for line in axes.lines if line.get_fillstyle() == "none"]
    assert [float(ring.get_ydata()[0]) for ring in rings] == [21.0, 280.0]


def test_levels_shows_what_there_is():
    titles = [axes.get_title() for axes in training.levels(_levels(), LABELS, STYLES).axes]
    assert len(titles) == 2
    known = training.levels(_levels(score_error=0.2), LABELS, STYLES)
    assert len(known.axes) == 3
    assert {to_hex(line.get_color()) for line in known.axes[1].lines} == {
        STYLES["multi"]["color"].lower(),
        style.GREY,
    }
    assert len(training.levels(_levels(), {"single": "σ = 0.3"}, STYLES).axes) == 1


def test_levels_leaves_out_models_without_levels_and_compares_unlike_ladders():
    table = _levels()
    table.loc[table["variant"] == "multi", "share"] = [0.7, 0.3] * 2
    figure = training.levels(table, LABELS | {"vae": "VAE"}, style.palette([*NAMES, "vae"]))
    assert "VAE" not in _texts(figure)
    shares = figure.axes[1]
    np.testing.assert_allclose(shares.lines[0].get_ydata(), [1.4, 0.6])
    np.testing.assert_allclose(shares.lines[-1].get_ydata(), [1, 1])


def _curves() -> pd.DataFrame:
    losses = {"multi": [1.0, 0.1], "single": [1.0, 0.5], "raw": [3.0, -2.0]}
    rows = [
        (name, 0, x, y) for name, ys in losses.items() for x, y in zip((10, 100), ys, strict=True)
    ]
    return pd.DataFrame(rows, columns=["variant", "seed", "images", "loss"])


def test_learning_curves_give_each_kind_of_loss_a_panel():
    kinds = {"multi": "score matching", "single": "score matching", "raw": "−log p"}
    curves = _curves()
    assert len(training.learning_curves(curves, LABELS, STYLES).axes) == 1
    curves["loss_kind"] = curves["variant"].map(kinds)
    matching, likelihood = training.learning_curves(curves, LABELS, STYLES).axes
    assert (matching.get_title(), likelihood.get_title()) == ("score matching", "−log p")
    assert _line_colours(likelihood) == {STYLES["raw"]["color"].lower()}
    assert likelihood.get_yscale() == "linear"


def test_comparison_keeps_a_variant_that_lacks_the_metric():
    table, runs = _table(), _runs()
    table.loc[0, ["mean", "low", "high", "outcome"]] = np.nan
    runs.loc[runs["variant"] == "single", "fid"] = np.nan
    axes = comparisons.comparison(table, runs, STYLES).axes[0]
    assert [text.get_text() for text in axes.texts] == ["baseline", "does not apply", "floor"]


def test_fields_name_variants_and_scales():
    texts = _texts(fields.score_fields(_fields(), LABELS))
    assert "10 scales\nits score at σ = 0.05" in texts
    assert "σ = 0.3\nits score at σ = 0.3" in texts


def test_error_by_density_orders_the_variants():
    axes = fields.error_by_density(_fields(), LABELS, STYLES).axes[0]
    small, large = (line.get_ydata() for line in axes.lines[:2])
    np.testing.assert_allclose(large, 10 * np.asarray(small))
    assert axes.xaxis_inverted()


def test_figures_and_pages_need_neither_torch_nor_snakemake():
    code = (
        "import sys\n"
        "from scoreladder.plotting import comparisons, fields, samples, style, sweeps, training\n"
        "from scoreladder.report import page\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'snakemake')))"
    )
    scripts = Path(style.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=scripts).returncode == 0
