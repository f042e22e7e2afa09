"""Figures of samples: image grids, point clouds, and the gallery over data sets."""

import numpy as np
from matplotlib.text import Text

from scoreladder.plotting import pictures, samples, style

LABELS = {"multi": "10 scales", "single": "σ = 0.3", "raw": "no final denoise"}
STYLES = style.palette(list(LABELS))


def test_sample_grid_begins_with_real_data_and_takes_few_images():
    images = {name: np.zeros((7, 1, 8, 8)) for name in ("data", "multi", "raw")}
    figure = samples.sample_grid(images, ["multi", "raw"], LABELS)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["real data", "10 scales", "no final denoise"]


def test_grey_images_are_ink_on_paper_and_colours_are_colours():
    red = np.full((1, 3, 30, 30), -1.0)
    red[0, 0] = 1
    white = np.ones((1, 1, 8, 8))
    figure = samples.sample_grid({"data": red, "multi": white}, ["multi"], LABELS)
    coloured, grey = (np.asarray(axes.images[0].get_array()) for axes in figure.axes)
    assert coloured[:30, :30].tolist() == [[[1, 0, 0]] * 30] * 30
    # 8 pixels are enlarged five times; what is brightest in the data is the darkest ink
    assert grey[:40, :40].tolist() == [[[0, 0, 0]] * 40] * 40
    for picture, edge in ((coloured, 30), (grey, 40)):
        assert picture[0, edge].tolist() == list(pictures.GAP)


def test_pixels_that_are_not_finite_look_like_gaps():
    broken = np.zeros((1, 3, 40, 40))
    broken[0, 1, 0, 0] = np.nan
    figure = samples.sample_grid({"data": broken}, [], LABELS)
    picture = np.asarray(figure.axes[0].images[0].get_array())
    assert picture[0, 0].tolist() == list(pictures.GAP) and picture[0, 1].tolist() == [0.5] * 3


def test_point_clouds_state_shares_and_count_what_is_outside():
    data = np.random.default_rng(0).standard_normal((100, 2))
    points = {name: data.copy() for name in ("data", "multi", "single")}
    points["single"][:10] = 1e6
    points["single"][10:15] = np.nan
    shares = {"multi": 0.75, "single": np.nan}
    figure = samples.point_clouds(points, ["multi", "single"], LABELS, STYLES, shares, 0.8)
    texts = [axes.get_xlabel() for axes in figure.axes]
    assert texts[0] == "heavy mode 80%"
    assert "75% (true 80%)" in texts[1]
    assert "– (true 80%)" in texts[2]
    assert "15.0% outside" in texts[2]


def test_point_clouds_of_data_without_modes_state_no_share():
    points = {name: np.random.default_rng(0).standard_normal((100, 2)) for name in ("data", "raw")}
    points["raw"][0] = 1e6
    figure = samples.point_clouds(points, ["raw"], LABELS, STYLES)
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "1.0% outside the window"]


def _cloud(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 2))


def test_gallery_has_a_row_per_data_set_and_equally_many_points_in_it():
    moons = {"real data": _cloud(50, 0), "VAE": _cloud(80, 1), "flow": _cloud(60, 2)}
    rolls = {"real data": 9 * _cloud(70, 3), "VAE": 9 * _cloud(70, 4), "flow": _cloud(70, 5)}
    moons["flow"][:3] = 1e6
    figure = samples.gallery({"two moons": moons, "Swiss roll": rolls})
    assert [axes.get_title() for axes in figure.axes[:3]] == ["real data", "VAE", "flow"]
    assert [axes.get_title() for axes in figure.axes[3:]] == [""] * 3
    assert [figure.axes[i].get_ylabel() for i in (0, 1, 3)] == ["two moons", "", "Swiss roll"]
    drawn = [len(axes.collections[0].get_offsets()) for axes in figure.axes]
    assert drawn[0] == 50
    assert drawn[3:] == [70] * 3
    assert drawn[2] <= 47
    assert f"{1 - drawn[2] / 50:.1%} outside" in "".join(
        text.get_text() for text in figure.findobj(Text)
    )
    for row in (figure.axes[:3], figure.axes[3:]):
        assert len({axes.get_xlim() for axes in row}) == 1


def test_gallery_names_every_panel_where_rows_differ():
    rows = {"rings": {"real data": _cloud(9, 0), "on rings": _cloud(9, 1)}}
    rows["moons"] = {"real data": _cloud(9, 2)}
    figure = samples.gallery(rows)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["real data", "on rings", "real data"]


def test_gallery_shades_the_densest_points_most_and_on_top():
    points = np.concatenate([np.random.default_rng(0).uniform(-5, 5, (200, 2)), _cloud(800, 1) / 5])
    dots = samples.gallery({"": {"": points}}).axes[0].collections[0]
    shades, places = dots.get_array(), np.asarray(dots.get_offsets())
    assert (np.diff(shades) >= 0).all()
    assert np.abs(places[-100:]).max() < 1 < np.abs(places[:100]).max()
