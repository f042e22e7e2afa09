"""What drawing jobs write: their plain functions on small tables, without the workflow."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import plot_comparison
import plot_gallery
import plot_mixing
import plot_nfe_sweep
import plot_samples
import plot_training
from scoreladder import datasets, files
from scoreladder.datasets import Splits
from scoreladder.plotting import style

STARTS = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}
TOY = {"name": "gaussian_mixture", "weights": [0.8, 0.2]}


def normal(n, *shape, seed=0):
    """Standard normal numbers, float32."""
    return np.random.default_rng(seed).standard_normal((n, *shape)).astype(np.float32)


def splits(path, test):
    """A file of splits; what is not the test split is elsewhere in the plane."""
    labels = np.zeros(len(test), dtype=np.int64)
    datasets.write(Splits(test + 50, test - 50, test, labels, labels, labels), path)
    return path


def drawn(axes):
    """The points of a scatter plot, sorted."""
    return sorted(map(tuple, np.asarray(axes.collections[0].get_offsets())))


@pytest.fixture
def twice(tmp_path, monkeypatch):
    """Draw a figure two times in each format, see that the bytes agree, and give it back.

    It is as wide as a column or a page, and no letter is too small for print.
    """
    kept, write = [], style.save
    monkeypatch.setitem(style.RC, "savefig.dpi", 50)
    monkeypatch.setattr(
        style, "save", lambda figure, *paths: kept.append(figure) or write(figure, *paths)
    )

    def draw(plot, *arguments):
        for name in ("first", "second"):
            plot(*arguments, *(tmp_path / f"{name}.{kind}" for kind in STARTS))
        for kind, start in STARTS.items():
            first, second = (
                (tmp_path / f"{name}.{kind}").read_bytes() for name in ("first", "second")
            )
            assert first == second and first.startswith(start)
        assert b"<svg" in (tmp_path / "first.svg").read_bytes()
        assert kept[-1].get_figwidth() in (style.COLUMN_WIDTH, style.PAGE_WIDTH)
        shown = [each for each in kept[-1].findobj(Text) if each.get_text().strip()]
        assert min(each.get_fontsize() for each in shown) >= 7
        return kept[-1]

    return draw


def texts(figure):
    words = "\n".join(text.get_text() for text in figure.findobj(Text))
    return words.replace("\N{NO-BREAK SPACE}", " ")


def csv(path, rows):
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def points(path, seed, n=60):
    np.save(path, normal(n, 2, seed=seed))
    return path


def test_the_gallery_has_each_models_samples_beside_their_own_data(tmp_path, twice):
    real = {"two-moons": normal(50, 2, seed=8), "rings": normal(50, 2, seed=9)}
    data = {name: splits(tmp_path / name / "splits.json", test) for name, test in real.items()}
    shown = [
        ["a", "two-moons", "10 levels"],
        ["b", "two-moons", "GAN"],
        ["c", "rings", "10 levels"],
        ["d", "rings", "GAN"],
    ]
    shards = {each[0]: points(tmp_path / f"{each[0]}.npy", i) for i, each in enumerate(shown)}
    figure = twice(plot_gallery.plot_gallery, data, shards, shown)
    assert len(figure.axes) == 6
    assert [axes.get_title() for axes in figure.axes[:3]] == ["real data", "10 levels", "GAN"]
    assert [figure.axes[i].get_ylabel() for i in (0, 3)] == ["two moons", "rings"]
    for place, test in ((0, real["two-moons"]), (3, real["rings"])):
        assert drawn(figure.axes[place]) == sorted(map(tuple, test))
    # of 60 samples as many as there are real points
    samples = np.load(shards["d"])[:50]
    assert set(drawn(figure.axes[5])) <= set(map(tuple, samples))


def test_mixing_weights_are_drawn_from_the_table_as_it_is_written(tmp_path, twice):
    rows = [
        {"score": score, "seed": seed, "configuration": name, "heavy_weight": 0.7}
        for score, seed in (("exact", None), ("learned", 0), ("learned", 1))
        for name in ("plain", "annealed")
    ]
    figure = twice(plot_mixing.plot_mixing, csv(tmp_path / "mixing.csv", rows))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["plain", "annealed"]
    assert "learned score" in texts(figure)


SWEPT = [
    {"row": row, "seed": seed, "sampler": sampler, "nfe": nfe, "relative_step_size": step}
    | {"sliced_w2": value}
    for seed in (0, 1)
    for row, (sampler, nfe, step, value) in enumerate(
        (
            ("annealed_langevin", 20, 0.1, 2.0 + seed),
            ("annealed_langevin", 200, 0.1, 0.5),
            ("heun", 9, None, 0.6),
        )
    )
]
SAMPLERS = {"annealed_langevin": "annealed Langevin", "heun": "Heun"}


@pytest.mark.parametrize(("count", "known"), [(300, True), (500, False)])
def test_a_sweep_is_drawn_over_the_floor_of_its_number_of_samples(tmp_path, twice, count, known):
    floors = {"300": {"sliced_w2": {"mean": 0.25, "sd": 0.1, "count": 300}}}
    files.write_json(tmp_path / "floor.json", floors)
    table = csv(tmp_path / "sweeps.csv", SWEPT)
    figure = twice(
        plot_nfe_sweep.plot_nfe_sweep, table, tmp_path / "floor.json", "sliced_w2", count, SAMPLERS
    )
    across = [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert (0.25 in across) == known == ("real data (floor)" in texts(figure))


def test_a_budget_without_metrics_is_drawn_as_diverged(tmp_path, twice):
    files.write_json(tmp_path / "floor.json", {})
    rows = [row | ({"sliced_w2": None} if row["nfe"] == 20 else {}) for row in SWEPT]
    table = csv(tmp_path / "sweeps.csv", rows)
    figure = twice(
        plot_nfe_sweep.plot_nfe_sweep, table, tmp_path / "floor.json", "sliced_w2", 300, SAMPLERS
    )
    assert "diverged" in texts(figure) and len(figure.axes) == 2


LABELS = {"multi": "10 scales", "low": "σ = 0.1", "high": "σ = 10"}


def compared(tmp_path):
    """The tables of a comparison, and of its runs, as CSV."""
    means = {"multi": 0.3, "low": 4.0, "high": 2.0}
    table = [
        {
            "variant": name,
            "label": LABELS[name],
            "role": "baseline" if name == "multi" else "arm",
            "metric": "sliced_w1",
            "mean": mean,
            "low": 0.8 * mean,
            "high": 1.2 * mean,
            "floor": 0.2,
            "outcome": None if name == "multi" else "worse",
        }
        for name, mean in means.items()
    ]
    every = [
        {"variant": name, "seed": seed, "sample_seed": 0, "sliced_w1": mean + 0.01 * seed}
        for name, mean in means.items()
        for seed in (0, 1)
    ]
    return csv(tmp_path / "table.csv", table), csv(tmp_path / "runs.csv", every)


def test_a_comparison_without_an_axis_is_a_row_per_variant(tmp_path, twice):
    figure = twice(plot_comparison.plot_comparison, *compared(tmp_path), LABELS, None)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [*LABELS.values(), "real data"]


def test_a_comparison_along_an_axis_is_a_curve_in_the_order_of_its_number(tmp_path, twice):
    axis = {"label": "training σ", "values": [["high", 10.0], ["low", 0.1]]}
    figure = twice(plot_comparison.plot_comparison, *compared(tmp_path), LABELS, axis)
    axes = figure.axes[0]
    assert axes.get_xlabel() == "training σ"
    assert axes.lines[0].get_xdata().tolist() == [0.1, 10.0]
    assert axes.lines[0].get_ydata().tolist() == [4.0, 2.0]
    assert "10 scales (baseline)" in texts(figure)


def shown_samples(tmp_path, dataset, *shape):
    """The arguments of `plot_samples` for two of three variants."""
    data = splits(tmp_path / "data.json", normal(60, *shape).clip(-1, 1))
    shards = {}
    for seed, name in enumerate(("low", "multi")):
        shards[name] = tmp_path / f"{name}.npy"
        np.save(shards[name], normal(60, *shape, seed=seed).clip(-1, 1))
    runs = [
        {"variant": name, "seed": seed, "heavy_weight": share + 0.02 * seed}
        for name, share in (("multi", 0.75), ("low", 0.5), ("high", 0.1))
        for seed in (0, 1)
    ]
    return data, csv(tmp_path / "runs.csv", runs), shards, LABELS, dataset


def test_samples_of_a_mixture_state_the_share_of_its_heavy_mode(tmp_path, twice):
    figure = twice(plot_samples.plot_samples, *shown_samples(tmp_path, TOY, 2))
    titles = [axes.get_title().replace("\N{NO-BREAK SPACE}", " ") for axes in figure.axes]
    assert titles == ["real data", "σ = 0.1", "10 scales"]
    test = datasets.read(tmp_path / "data.json").test
    assert drawn(figure.axes[0]) == sorted(map(tuple, test))
    below = [axes.get_xlabel() for axes in figure.axes]
    assert "heavy mode 80%" in below[0]
    assert "51% (true 80%)" in below[1] and "76% (true 80%)" in below[2]


@pytest.mark.parametrize(
    ("dataset", "shape"), [({"name": "rings"}, (2,)), ({"name": "digits"}, (1, 8, 8))]
)
def test_samples_of_other_data_are_drawn_without_a_share(tmp_path, twice, dataset, shape):
    figure = twice(plot_samples.plot_samples, *shown_samples(tmp_path, dataset, *shape))
    assert len(figure.axes) == 3 and "heavy mode" not in texts(figure)
    assert bool(figure.axes[0].images) == (len(shape) == 3)


def test_training_figures_draw_what_is_shown_and_keep_every_variants_colour(tmp_path, twice):
    rows = [
        {"variant": name, "images": images, "loss": 1 / images, "seed": 0, "loss_kind": "loss"}
        for name in ("multi", "moons", "single")
        for images in (100, 200, 400)
    ]
    table = tmp_path / "curves.csv"
    pd.DataFrame(rows).to_csv(table, index=False)
    labels = {"multi": "10 scales", "moons": "two moons", "single": "σ = 1"}

    def draw(*paths):
        plot_training.plot_training("learning_curves", table, labels, ["multi", "single"], *paths)

    figure = twice(draw)
    lines = figure.axes[0].get_lines()
    assert [line.get_color() for line in lines] == [
        style.palette(list(labels))[name]["color"] for name in ("multi", "single")
    ]
