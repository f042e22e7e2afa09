"""The pages and tables of a finished run, as browsers and LaTeX take them."""

from papers import compiled, complaints
from waits import drawn


def test_the_tables_of_a_run_compile(finished, tmp_path):
    tables = sorted(finished.results.glob("*/tables/*.tex"))
    assert len(tables) == 2
    text, log = compiled(tmp_path, *(path.read_text() for path in tables))
    assert complaints(log) == []
    assert "Several" in text and text.count("sampler") == 2


def test_the_pages_of_a_run_open_as_well(view, finished):
    for name in ("report.html", "tiny/report.html", "tinydigits/report.html"):
        page = view(finished.results / name)
        drawn(page)
        assert page.locator("h1").is_visible()
