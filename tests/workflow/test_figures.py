"""The figures of a finished run: drawn again without models, and fit for papers."""

import re
import shutil

import pytest

KINDS = (".svg", ".pdf", ".png", ".json")
COLUMN, PAGE = 3.4 * 72, 7 * 72


def drawn(workflow):
    """Every figure's bytes, without the manifests, which tell of times."""
    return {
        path.relative_to(workflow.results): path.read_bytes()
        for path in workflow.results.glob("*/figures/*")
        if path.suffix in KINDS and not path.name.endswith("manifest.json")
    }


def test_all_figures_are_drawn_again_to_the_byte_by_jobs_without_models(copy):
    before = drawn(copy)
    for folder in copy.results.glob("*/figures"):
        shutil.rmtree(folder)
    plan = copy.plan("figures")
    assert all(rule.startswith("plot_") for rule in plan)
    assert {"plot_samples", "plot_trajectory", "plot_animation", "plot_inpainting"} <= set(plan)
    copy.finish("--cores=2", "figures")
    after = drawn(copy)
    assert set(after) == set(before)
    assert [path for path in before if after[path] != before[path]] == []
    assert copy.plan("figures") == {}


def test_every_figure_is_there_as_svg_pdf_and_png(finished):
    found = drawn(finished)
    moving = {"trajectory", "inpainting.animation"}
    still = {path.with_suffix("") for path in found if path.stem not in moving}
    assert {f"{path}{kind}" for path in still for kind in KINDS[:3]} < set(map(str, found))
    assert {path.stem for path in found if path.stem in moving} == moving


@pytest.mark.parametrize("experiment", ["tiny", "tinydigits"])
def test_pdfs_are_as_wide_as_a_column_or_a_page_and_hold_their_fonts(finished, experiment):
    paths = sorted((finished.results / experiment / "figures").glob("*.pdf"))
    assert len(paths) > 5
    for path in paths:
        data = path.read_bytes()
        (width,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ", data)
        assert float(width) == pytest.approx(PAGE) or float(width) == pytest.approx(COLUMN), path
        # TrueType, and not outlines of single letters
        assert b"/FontFile2" in data and b"/Type3" not in data, path
        assert b"/CreationDate" not in data, path
