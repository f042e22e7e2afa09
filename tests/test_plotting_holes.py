"""The figure of inpainting: what is drawn of each mask, from the arrays that jobs left."""

import numpy as np
import pytest
from matplotlib.text import Text

import plot_inpainting
from scoreladder import masks
from scoreladder.plotting import holes, style

LABELS = {"multi": "10 scales", "single": "one scale", "other": "never drawn"}


def arrays(path, shape, seed, completions=5, images=6):
    """What a job leaves of two masks and two methods."""
    random = np.random.default_rng(0)
    drawn = {"truth": random.uniform(-1, 1, (images, *shape)).astype(np.float32)}
    random = np.random.default_rng(seed)
    for mask in ("half", "random_75"):
        known = masks.MASKS[mask](*shape[1:]).numpy()
        drawn[f"known_{mask}"] = known
        drawn[f"seen_{mask}"] = np.where(known, drawn["truth"], 0)
        for method in ("replacement", "ddrm"):
            filled = random.uniform(-1, 1, (completions, images, *shape))
            filled = np.where(known, drawn["truth"], filled).astype(np.float32)
            drawn[f"{mask}_{method}"] = filled
    np.savez(path, **drawn)
    return path


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """The figure of two variants' arrays for images of a shape, and the arrays."""
    kept, write = [], style.save
    monkeypatch.setitem(style.RC, "savefig.dpi", 50)
    monkeypatch.setattr(
        style, "save", lambda figure, *paths: kept.append(figure) or write(figure, *paths)
    )

    def draw(shape, variants=("multi", "single"), methods=("replacement",)):
        files = {
            name: arrays(tmp_path / f"{name}.npz", shape, seed)
            for seed, name in enumerate(variants)
        }
        paths = tmp_path / "figure.svg", tmp_path / "figure.png"
        for _ in range(2):
            before = [path.read_bytes() for path in paths if path.exists()]
            plot_inpainting.plot_inpainting(files, LABELS, ["random_75", "half"], methods, *paths)
        assert before == [path.read_bytes() for path in paths]
        return kept[-1], {name: dict(np.load(path)) for name, path in files.items()}

    return draw


def pictures(figure, row):
    """What the six axes of a mask's row show."""
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes[6 * row : 6 * row + 6]]


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32)])
def test_a_mask_has_the_truth_what_is_known_and_each_variants_completions_and_spread(drawn, shape):
    figure, of = drawn(shape)
    assert [axes.get_title() for axes in figure.axes[:6]] == [
        "truth", "known", "10 scales", "spread", "one scale", "spread",
    ]  # fmt: skip
    assert [figure.axes[place].get_ylabel() for place in (0, 6)] == [
        "random 75\nreplacement",
        "half\nreplacement",
    ]
    truth, known, first, spread, second, _ = pictures(figure, 1)
    times, side = max(1, 40 // shape[1]), shape[1]
    # the second of three images stands below the gap of a pixel, its half hidden
    middle = slice(times * (side + 1), times * (2 * side + 1))
    hidden = known[middle][:, times * side // 2 :]
    assert (hidden == holes.HIDDEN).all()
    left = slice(0, times * side // 2)
    assert (known[middle][:, left] == truth[middle][:, left]).all()
    # 4 of 5 completions
    assert first.shape[1] == second.shape[1] == times * (4 * (side + 1) - 1)
    assert (first[middle][:, left] == truth[middle][:, left]).all()
    filled = of["multi"]["half_replacement"][:, 1]
    expected = np.sqrt(filled.var(axis=0, ddof=1).mean(axis=0))
    assert spread[middle][::times, ::times] == pytest.approx(expected)


def test_further_methods_have_a_row_each_of_the_first_mask(drawn):
    figure, _ = drawn((1, 8, 8), methods=("replacement", "ddrm"))
    assert figure.axes[12].get_ylabel() == "random 75\nddrm" and len(figure.axes) == 3 * 6 + 1
    first, last = pictures(figure, 0), pictures(figure, 2)
    assert (first[1] == last[1]).all() and not (first[2] == last[2]).all()
    alone, _ = drawn((1, 8, 8), methods=("ddrm",))
    assert (pictures(alone, 0)[2] == last[2]).all()


def test_what_an_operator_shows_is_drawn_as_it_is_and_nothing_is_hidden():
    truth = np.random.default_rng(0).uniform(-1, 1, (3, 1, 8, 8))
    seen = truth.reshape(3, 1, 4, 2, 4, 2).mean(axis=(3, 5)).repeat(2, 2).repeat(2, 3)
    nothing = np.zeros((1, 8, 8), dtype=bool)
    filled = holes.Filled(truth, seen, nothing, {"multi": np.stack([truth] * 2)})
    figure = holes.holes({"super resolution 2\nreplacement": filled})
    shown = np.asarray(figure.axes[1].images[0].get_array())
    assert (shown == holes.picture(seen, 3, 1)).all()


def test_one_variant_alone_fits_the_page_too(drawn):
    figure, _ = drawn((1, 8, 8), variants=("multi",))
    assert len(figure.axes) == 2 * 4 + 1 and figure.get_size_inches()[0] <= style.PAGE_WIDTH
    assert all(text.get_fontsize() >= 7 for text in figure.findobj(Text) if text.get_text())


def test_a_spread_is_that_of_the_completions_as_drawn_over_all_channels():
    completions = np.zeros((2, 1, 3, 4, 4))
    completions[1, 0, 0] = 2.0
    assert holes.spread(completions) == pytest.approx(np.full((1, 4, 4), (1 / 6) ** 0.5))
