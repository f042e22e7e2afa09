"""The pages that a headless Chromium looks at."""

from pathlib import Path

import page_examples
import pytest
from playwright.sync_api import Page
from waits import drawn

from scoreladder.report import page as pages


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
def shown(view, report) -> Page:
    """The example's page, its charts drawn."""
    page = view(report)
    drawn(page)
    return page
