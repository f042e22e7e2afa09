"""Promises about the repository itself: pinned versions, light imports, thin adapters."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "workflow_scripts"
OTHERS = ("adapter.py", "compare_runs.py", "export_model.py", "inpaint_image.py", "status.py")
ADAPTERS = sorted(path for path in SCRIPTS.glob("*.py") if path.name not in OTHERS)
SNAKEFILES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
LIBRARY = SCRIPTS / "scoreladder"
LIGHT = [
    "variants",
    "fingerprint",
    "specs",
    "specs_report",
    *(path.stem for path in LIBRARY.glob("config_*.py")),
]
LIGHT += ["claims", "errors", "files", "incomplete", "layout", "live", "notices", "orphans"]
LIGHT += ["resume", "status"]
ON_CONDA = {
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "snakemake": "snakemake-minimal",
}


def pip_versions() -> dict[str, str]:
    """Package → version in requirements.txt; a line that pins nothing is an error."""
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").open()]
    return dict(line.split("==") for line in lines if line)


def conda_versions() -> dict[str, str]:
    """Package → version in environment.yml, from conda or by pip, without Python and pip."""
    packages = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    by_pip = packages.pop()["pip"]
    versions = dict(package.split("=") for package in packages if package != "pip")
    del versions["python"]
    return versions | dict(package.split("==") for package in by_pip)


def rules() -> dict[str, str]:
    """Script → the text of the rule, or of the rules made by one loop, that run it."""
    text = "\n".join(path.read_text() for path in SNAKEFILES)
    blocks = re.split(r"^ *rule\b.*:$", text, flags=re.MULTILINE)
    scripts = {block: re.findall(r"workflow_scripts/(\w+)\.py", block) for block in blocks}
    return {names[0]: block for block, names in scripts.items() if names}


def modules_after(imports: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running `imports`."""
    code = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r})\n{imports}\nprint(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_conda_and_pip_install_the_same_pinned_versions():
    renamed = {ON_CONDA.get(name, name): version for name, version in pip_versions().items()}
    assert renamed == conda_versions()
    assert all(re.fullmatch(r"\d+(\.\d+)+(\.post\d+)?", version) for version in renamed.values())


def test_pinned_python_is_the_one_the_project_asks_for():
    project = (ROOT / "pyproject.toml").read_text()
    (wanted,) = re.findall(r'requires-python = ">=(\d+\.\d+),', project)
    assert (
        f"python={wanted}" in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    )


@pytest.mark.parametrize("module", LIGHT)
def test_what_the_snakefile_imports_loads_nothing_heavy(module):
    heavy = {"torch", "snakemake", "numpy", "pandas", "scipy", "sklearn", "matplotlib"}
    assert not heavy & modules_after(f"import scoreladder.{module}")


def test_the_snakefile_imports_only_light_modules():
    text = "\n".join(path.read_text() for path in SNAKEFILES)
    assert not re.search(
        r"^\s*(import|from) (torch|numpy|pandas|scipy|sklearn)", text, re.MULTILINE
    )
    library = re.findall(r"^from scoreladder import (.*)$", text, re.MULTILINE)
    library += re.findall(r"^from scoreladder\.(\w+) import", text, re.MULTILINE)
    names = {name.strip() for line in library for name in line.split(",")}
    assert names <= {*LIGHT, "catalog"}


def test_the_library_never_imports_snakemake():
    pattern = re.compile(r"^\s*(import|from) snakemake", re.MULTILINE)
    assert [path for path in LIBRARY.rglob("*.py") if pattern.search(path.read_text())] == []


@pytest.mark.parametrize("rule", sorted(rules()))
def test_every_rule_names_its_script_log_and_environment(rule):
    block = rules()[rule]
    assert f'"../workflow_scripts/{rule}.py"' in block
    assert f'code=code("{rule}.py")' in block
    assert "log:" in block
    assert '"../environment.yml"' in block


def test_every_script_has_a_rule():
    assert {path.stem for path in ADAPTERS} == set(rules())


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda path: path.stem)
def test_scripts_are_functions_and_a_guarded_job(adapter):
    text = adapter.read_text()
    assert text.count('if "snakemake" in globals():') == 1
    assert re.search(r"^def \w+\(", text, re.MULTILINE)


def test_no_script_is_longer_than_300_lines():
    lengths = {path: len(path.read_text().splitlines()) for path in SCRIPTS.rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_importing_a_script_starts_no_job():
    modules = modules_after("\n".join(f"import {path.stem}" for path in ADAPTERS))
    assert "snakemake" not in modules and "adapter" not in modules
