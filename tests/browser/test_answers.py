"""What a page does when it is asked: by keyboard where a keyboard will do."""

import pytest
from waits import drawn

from scoreladder import ablation
from scoreladder.config_diff import bearing, differences
from scoreladder.report import page as pages
from scoreladder.report.numbers import interval

ROWS = "tbody tr:visible th"


def by_name(section) -> list[str]:
    """The variants in the order of a section's first table."""
    return section.locator("table").first.locator(ROWS).all_inner_texts()


def test_heads_sort_by_number_and_the_floor_stays_last(shown):
    section = shown.locator("#comparison-scales")
    head = section.get_by_role("columnheader", name="Mean")
    first = by_name(section)
    orders = [first, sorted(first, key=ORDER.index), sorted(first, key=ORDER.index)[::-1], first]
    for order, said in zip(orders, (None, "ascending", "descending", None), strict=True):
        assert (by_name(section), head.get_attribute("aria-sort")) == (order, said)
        head.get_by_role("button").press("Enter")
    assert section.locator("tfoot").first.inner_text().startswith("floor: 300 real samples")


# from the least distance to the most
ORDER = ["levels-5", "3 scales", "levels-2", "σ = 1.0", "σ = 0.3"]


def test_what_has_no_number_is_sorted_last_whichever_way(shown):
    section = shown.locator("#comparison-scales")
    button = section.get_by_role("columnheader", name="Difference").get_by_role("button")
    for _ in range(2):
        button.click()
        # the baseline
        assert by_name(section)[-1] == "3 scales"


def test_words_leave_the_variants_that_have_them_in_either_table(shown):
    section = shown.locator("#comparison-scales")
    # a sampler stands in the second
    for words, left in (("LEVELS-", ["levels-2", "levels-5"]), ("langevin, σ = 0.3", ["σ = 0.3"])):
        section.get_by_role("searchbox").fill(words)
        assert by_name(section) == left
        assert section.locator("table").nth(1).locator(ROWS).all_inner_texts() == left
        assert f"{len(left)} of 5" in section.locator(".filter").inner_text()
    assert shown.locator("#comparison-moons").get_by_role("searchbox").count() == 0
    section.get_by_role("searchbox").fill("")
    assert len(by_name(section)) == 5


@pytest.mark.parametrize("baseline", ["3 scales", "σ = 0.3", "moons"])
def test_the_explorer_has_the_differences_of_the_library(shown, example, baseline):
    shown.get_by_role("combobox", name="Baseline").select_option(label=baseline)
    runs, variants = example["summary"]["runs"], example["experiment"]["variants"]
    names = {variant["label"]: name for name, variant in variants.items()}
    base = names[baseline]
    rows = shown.locator("#explore-table tbody tr").all()
    told = {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}
    assert [names[label] for label in told] == [
        name for name, variant in variants.items() if variant["data"] == variants[base]["data"]
    ]
    for label, cells in told.items():
        gap = ablation.difference(runs, names[label], base, "sliced_w1")
        assert cells[2] == ("–" if label == baseline else interval(*gap[:3]))
    assert told[baseline][3] == "baseline"
    floor = shown.locator("#explore-table tfoot").inner_text().split("\t")
    assert floor[:2] == ["floor: 300 real samples", "0.100"]


def test_the_explorer_draws_what_is_chosen(shown):
    chart, table = shown.locator("#explore-metric-chart"), shown.locator("#explore-table")
    points = chart.locator("[aria-roledescription=point]")
    assert (points.count(), table.locator("tbody tr").count()) == (5, 5)
    shown.get_by_role("combobox", name="Along").select_option(label="Noise levels L")
    # only what has a ladder has levels; the table keeps all
    chart.get_by_text("Noise levels L").wait_for()
    assert (points.count(), table.locator("tbody tr").count()) == (3, 5)
    even = "Evenness of the levels' loss shares"
    shown.get_by_role("combobox", name="Metric").select_option(label=even)
    assert table.locator("tbody tr").count() == 3
    assert "higher is better" in shown.locator("#explore-metric-title").inner_text()
    # what lacks this metric cannot be the baseline
    assert shown.get_by_role("option", name="σ = 0.3").is_disabled()


def test_a_single_seed_has_points_and_no_intervals(view, example, tmp_path):
    runs = example["summary"]["runs"]
    summary = example["summary"] | {"runs": runs[runs["seed"] == 0]}
    path = tmp_path / "report.html"
    path.write_text(pages.render(**example | {"summary": summary}), encoding="utf-8")
    page = view(path)
    drawn(page)
    assert page.locator("#explore-metric-chart [aria-roledescription=point]").count() == 5
    assert page.locator("#explore-table tbody td").first.inner_text().count("[") == 0
    assert page.get_by_role("cell", name="inconclusive").count() >= 4


def test_a_number_tells_where_it_comes_from_and_gives_the_focus_back(shown, example):
    number = shown.locator("#comparison-scales td[data-variant='single-0.3'] button")
    number.press("Enter")
    dialog = shown.get_by_role("dialog", name="σ = 0.3")
    text = dialog.inner_text()
    variants = example["experiment"]["variants"]
    sides = (bearing(name, variants[name]) for name in ("single-0.3", "multi"))
    for key, _, _ in differences(*sides):
        assert key in text
    runs = example["summary"]["runs"]
    for value in ablation.by_seed(runs, "single-0.3", "sliced_w1"):
        assert f"{value:.1f}" in text
    assert "0123456789abcdef" in text and "250" in text
    shown.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert number.evaluate("(button) => button === document.activeElement")


def test_the_explorers_numbers_tell_too(shown):
    shown.get_by_role("combobox", name="Baseline").select_option(label="levels-5")
    shown.locator("#explore-table td[data-variant='levels-2'] button").click()
    dialog = shown.get_by_role("dialog", name="levels-2")
    assert "Settings in which it differs from levels-5" in dialog.inner_text()
    assert dialog.get_by_role("row", name="noise.levels 2 5").is_visible()
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()


def test_the_slider_goes_through_the_frames(shown):
    slider, picture = shown.get_by_role("slider"), shown.locator("#trajectory img")
    assert slider.get_attribute("aria-valuetext") == "evaluation 15 of 15"
    seen = [picture.get_attribute("src")]
    for place in (2, 1, 0):
        slider.press("ArrowLeft")
        said = f"evaluation {5 * place} of 15"
        assert slider.get_attribute("aria-valuetext") == said
        assert shown.locator("#trajectory output").inner_text() == said
        seen.append(picture.get_attribute("src"))
    assert len(set(seen)) == 4
    shown.get_by_role("button", name="Play").click()
    shown.wait_for_function("document.querySelector('#trajectory input').value === '3'")
    assert shown.get_by_role("button", name="Play").is_visible()


def test_a_legend_hides_lines(shown):
    group = shown.locator("#charts-levels")

    def wait_for(count: int) -> None:
        selector = "#charts-levels .charts > :first-child .mark-line path[stroke]"
        shown.wait_for_function(f'document.querySelectorAll("{selector}").length === {count}')

    wait_for(2)
    group.get_by_role("checkbox", name="levels-2").press("Space")
    wait_for(1)
    for button, count in (("None", 0), ("All", 2)):
        group.get_by_role("button", name=button).click()
        wait_for(count)


def test_the_index_tells_every_claim_by_experiment(view, report):
    page = view(report.with_name("index.html"))
    table = page.locator("#overview table")
    assert table.locator("thead th").all_inner_texts() == ["Claim", "example", "other"]
    row = table.get_by_role("row", name="Shares are even.")
    assert row.locator("td").nth(1).inner_text() == "–"
    page.get_by_role("searchbox").fill("several")
    assert table.locator(ROWS).all_inner_texts() == ["Several beat one."]
    table.locator("td a").first.click()
    assert page.url.endswith("report.html#claim-ladder")
