"""The documentation: builds without warnings, names only what exists, quotes only results."""

import re
import subprocess
import sys
from pathlib import Path

import pages
import pytest
import yaml

from scoreladder import layout

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
import reference_results  # noqa: E402

TEXTS = sorted([*pages.PAGES.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "config/README.md"])
TEXTS += [ROOT / "profiles/slurm/README.md"]
MAKE = re.compile(r"(?:^|`|\$ )make ([a-z][a-z-]*)", re.MULTILINE)
SNAKEMAKE = re.compile(r"(?:^|`|\$ )snakemake ([^`\n]*)", re.MULTILINE)


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """The built pages; a warning, such as a link that leads nowhere, is an error."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-d", str(folder / "doctrees"), str(pages.PAGES), str(folder / "html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-5000:]
    return folder / "html"


def words(page: Path) -> str:
    """The text of a built page."""
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", page.read_text(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_pages_need_no_network(html):
    loaded = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]*)"')
    for page in html.rglob("*.html"):
        assert loaded.findall(page.read_text()) == [], page


def test_every_key_of_the_schemas_is_in_the_reference(html):
    text = words(html / "configuration.html")
    for path in (ROOT / "config/schemas").iterdir():
        schema = yaml.safe_load(path.read_text())
        parts = [schema, *schema.get("$defs", {}).values()]
        for key in {key for part in parts for key in part.get("properties", {})} - {"model"}:
            assert f" {key} " in text, (path.name, key)


def test_the_tutorial_tells_the_verdicts_of_the_kept_results(html):
    text = words(html / "tutorial.html")
    for experiment in ("toy2d", "digits"):
        claims = yaml.safe_load((ROOT / f"results/reference/{experiment}/claims.json").read_text())
        told = [each for each in claims["claims"] if " ".join(each["says"].split()) in text]
        assert len(told) >= 6
        for claim in told:
            verdict = f"{claim['says']} Verdict of this run on {experiment} : {claim['verdict']}"
            assert verdict in text


def test_no_result_is_written_into_the_tutorial_by_hand():
    numbers = set(re.findall(r"\d+\.\d+", (pages.PAGES / "tutorial.md").read_text()))
    # the paper's number, the toy's weight, and the toy of the exact conditional
    assert numbers == {"1907.05600", "0.8", "1.5"}


def test_excerpts_of_experiments_lead_to_the_file():
    file = ROOT / "config/experiments/digits.yaml"
    first, last = reference_results.lines_of(file.read_text(), ["defaults", "noise"])
    lines = file.read_text().splitlines()[first - 1 : last]
    assert yaml.safe_load("\n".join(lines))["noise"]["kind"] == "geometric"
    first, last = reference_results.lines_of(file.read_text(), ["claims", "sigma2-balances"])
    (claim,) = yaml.safe_load("\n".join(file.read_text().splitlines()[first - 1 : last]))
    assert claim["id"] == "sigma2-balances" and claim["checks"]


def test_a_result_that_is_not_there_is_an_error():
    path = "digits/filled_exact.json | rows | method={} | mean"
    assert reference_results.value(path.format("exact")) == "1.20"
    with pytest.raises(KeyError, match="no row has method=none"):
        reference_results.value(path.format("none"))


def test_the_page_on_files_names_every_folder_of_results():
    text = (pages.PAGES / "files.md").read_text()
    patterns = [each for name, each in vars(layout).items() if name.isupper()]
    assert len(patterns) > 10
    for folder in {pattern.split("/")[0] for pattern in patterns}:
        assert f"| `{folder}/" in text


def test_public_functions_are_in_the_reference(html):
    text = (html / "api.html").read_text()
    for name in (
        "noise.geometric",
        "noise.technique4_step_size",
        "analytic.GaussianMixture.score",
        "sampling.annealed_langevin",
        "sampling.heun",
        "metrics.frechet_distance",
        "denoiser.load",
    ):
        assert f'id="scoreladder.{name}"' in text


def test_the_library_example_of_the_pages_runs():
    (code,) = pages.of_language("api.md", "python")
    found = {}
    exec(code, found)
    assert found["samples"].shape == (1000, 2) and found["log_p"].isfinite().all()


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target: text for text in TEXTS for target in MAKE.findall(text.read_text())}
    assert {"reproduce", "test", "docs", "lint"} <= set(named)
    assert set(named) <= targets


def test_what_snakemake_is_asked_for_exists():
    experiments = {path.stem for path in (ROOT / "config/experiments").glob("*.yaml")}
    asked = []
    for path in TEXTS:
        for line in SNAKEMAKE.findall(path.read_text()):
            command = line.split("#")[0].split("…")[0]
            asked += re.findall(r"experiments=\[([\w,]+)\]", command)
            asked += re.findall(r"(?<=\s)([a-z]\w+)(?=\s|$)", re.sub(r"--\S+ \S+", "", command))
    names = {name for each in asked for name in each.split(",")}
    assert {"digits", "digits_full", "cifar10_smoke"} <= names
    # mine: what the reader is told to write
    assert names <= experiments | {"mine"}


def test_the_citation_file_has_what_the_format_requires():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(cff)
    assert cff["cff-version"] == "1.2.0" and cff["license"] == "MIT"
    assert f'version = "{cff["version"]}"' in (ROOT / "pyproject.toml").read_text()
    papers = {each["url"].rsplit("/", 1)[1] for each in cff["references"]}
    assert papers == {"1907.05600", "2006.09011", "2011.13456", "2206.00364"}
    for each in cff["references"]:
        assert {"type", "title", "authors", "year"} <= set(each)
        assert all({"family-names", "given-names"} <= set(author) for author in each["authors"])


def test_the_catalog_file_says_how_to_use_the_workflow():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment"}
    assert usage["software-stack-deployment"]["conda"] is True
    assert (ROOT / "config/README.md").exists() and (ROOT / "environment.yml").exists()


def test_the_changelog_has_a_part_for_what_is_not_released():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text and "### Added" in text
