"""The numbers behind the figure of inpainting, as the page prints them."""

import pandas as pd
import pytest

from scoreladder.report import tables

LABELS = {"multi": "10 scales", "single": "σ = 1"}
ROWS = [
    {"variant": variant, "seed": seed, "mask": mask, "method": method, "nfe": nfe}
    | {"relative_step_size": (0.1, 0.2)[seed] if nfe == 200 else None, "at_grid_edge": seed == 1}
    | {"hole_energy": error + 0.1 * seed, "hole_psnr": 12.0}
    | {"hole_rmse": 0.4, "hole_ssim": 0.5, "hole_spread": 0.2, "completion_fid": 30.0}
    | {"completion_lpips": None}
    for variant, error in (("multi", 0.3), ("single", 0.5))
    for seed in (0, 1)
    for mask in ("lines", "half")
    for method, nfe in (("replacement", 200), ("projection", 190))
]


def test_each_mask_and_method_has_its_variants_and_their_difference_by_seed():
    found = tables.inpainting(pd.DataFrame(ROWS), LABELS)
    assert len(found["columns"]) == 9 and all(len(row) == 9 for row in found["rows"])
    assert [row[0] for row in found["rows"]][:4] == [
        "lines, replacement: 10 scales",
        "lines, replacement: σ = 1",
        "lines, replacement: σ = 1, difference to 10 scales",
        "lines, projection: 10 scales",
    ]
    assert len(found["rows"]) == 2 * 2 * 3
    multi, single, gap = found["rows"][:3]
    # the mean of two seeds, ± 12.706 · 0.05
    assert multi[1:4] == ["200", "0.1, 0.2†", "0.350 [−0.285, 0.985]"]
    assert single[3] == "0.550 [−0.085, 1.185]"
    assert found["rows"][3][1:3] == ["190", "–"]
    # what a seed has to itself cancels
    assert gap[1:4] == ["–", "–", "0.200 [0.200, 0.200]"]


def test_the_mean_image_has_one_row_per_mask_without_cost_or_seeds():
    blind = {
        "nfe": 0,
        "relative_step_size": None,
        "hole_energy": 0.61,
        "hole_spread": 0.0,
        "completion_fid": 90.0,
    }
    rows = [row | ({"method": "mean image"} | blind) for row in ROWS if row["nfe"] == 200]
    found = tables.inpainting(pd.DataFrame(rows), LABELS)["rows"]
    assert [row[0] for row in found] == ["lines: mean image", "half: mean image"]
    rows = [row | {"method": "the truth"} for row in rows]
    truth = tables.inpainting(pd.DataFrame(rows), LABELS)["rows"]
    assert [row[0] for row in truth] == ["lines: the truth", "half: the truth"]
    assert found[0][1:4] == ["–", "–", "0.610"]


def test_a_difference_is_of_the_seeds_that_both_have():
    table = pd.DataFrame(ROWS)
    table = table.drop(table.index[(table["variant"] == "single") & (table["seed"] == 1)])
    _, single, gap, *_ = tables.inpainting(table, LABELS)["rows"]
    assert (single[3], gap[3]) == ("0.500", "0.200")


def test_a_metric_that_nothing_has_a_value_of_has_no_column():
    table = pd.DataFrame(ROWS)
    names = tables.inpainting(table, LABELS)["columns"]
    assert not any("LPIPS" in name for name in names)
    table.loc[table["variant"] == "multi", "completion_lpips"] = 0.125
    found = tables.inpainting(table, LABELS)
    assert found["columns"] == [*names, "LPIPS [95 % interval]"]
    assert [row[-1] for row in found["rows"][:3]] == ["0.125 [0.125, 0.125]", "–", "–"]


@pytest.mark.parametrize("seeds", [[0], [0, 1]])
def test_a_number_that_is_infinite_for_some_seed_is_of_the_others(seeds):
    table = pd.DataFrame(ROWS)
    table.loc[table["seed"].isin(seeds) & (table["variant"] == "multi"), "hole_psnr"] = None
    multi, _, gap, *_ = tables.inpainting(table, LABELS)["rows"]
    assert (multi[5], gap[5]) == (("12.0", "0.00") if seeds == [0] else ("–", "–"))
