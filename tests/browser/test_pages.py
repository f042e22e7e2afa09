"""Pages in a browser: nothing is fetched, nothing goes wrong, everybody can read them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from waits import drawn

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page) -> list[str]:
    """What axe finds, a line each."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(view, report, scheme):
    page = view(report, color_scheme=scheme)
    drawn(page)
    for details in page.locator("details").all():
        details.locator("summary").click()
    assert violations(page) == []
    page.locator("button.number").first.click()
    assert violations(page) == []
    assert violations(view(report.with_name("index.html"), color_scheme=scheme)) == []


def test_a_phone_scrolls_tables_but_never_the_page(view, report):
    page = view(report, width=390)
    drawn(page)
    assert page.evaluate(TOO_WIDE) == 0
    page.locator("button.number").first.click()
    assert page.evaluate(TOO_WIDE) == 0
    assert view(report.with_name("index.html"), width=390).evaluate(TOO_WIDE) == 0


def test_without_scripts_all_numbers_are_there_and_no_control_is(view, report):
    page = view(report, java_script_enabled=False)
    assert page.get_by_role("cell", name="baseline").count() == 2
    assert page.get_by_text("need JavaScript").is_visible()
    assert page.get_by_role("img", name="Samples of every shown variant").is_visible()
    assert page.locator("input:visible, select:visible, button:visible").count() == 0


def test_paper_has_charts_and_no_controls(shown):
    shown.emulate_media(media="print")
    assert shown.locator("#explore-metric-chart svg").is_visible()
    # the heads of tables keep theirs, which look like text
    assert shown.locator("nav:visible, input:visible, select:visible").count() == 0
    assert shown.locator(".slider button:visible, .legend button:visible").count() == 0
    assert shown.pdf()[:5] == b"%PDF-"


def test_charts_follow_the_page_into_the_dark(shown):
    label = shown.locator("#explore-metric-chart svg text").first
    colour = "(text) => getComputedStyle(text).fill"
    light = label.evaluate(colour)
    shown.emulate_media(color_scheme="dark")
    assert light != label.evaluate(colour) == "rgb(228, 231, 234)"
