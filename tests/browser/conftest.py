"""A headless Chromium, and the pages that it looks at."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import page_examples
import pytest
from needs import lacking
from playwright.sync_api import Browser, Page, sync_playwright
from waits import drawn

from scoreladder.report import page as pages


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium: nothing is downloaded for it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if not executable:
        lacking("looking at pages needs Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def example(tmp_path_factory) -> dict:
    """What the example's page is made of."""
    return page_examples.content(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="session")
def report(example, tmp_path_factory) -> Path:
    """The example's page; the index is beside it."""
    path = tmp_path_factory.mktemp("pages") / "report.html"
    path.write_text(pages.render(**example), encoding="utf-8")
    path.with_name("index.html").write_text(page_examples.index(example["claims"]))
    return path


@pytest.fixture
def view(browser):
    """Open a file as a page of some size; nothing may be fetched, and nothing may go wrong."""
    wrong, contexts = [], []

    def opened(path: Path, width: int = 1280, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith(("file:", "data:")) else wrong.append(asked.url)
            ),
        )
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def shown(view, report) -> Page:
    """The example's page, its charts drawn."""
    page = view(report)
    drawn(page)
    return page
