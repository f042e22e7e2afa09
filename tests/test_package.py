"""The library as a package: built from the repository, loaded with little else installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from export_examples import LADDER, export

ROOT = Path(__file__).parents[1]
# all that the workflow needs and a loaded model does not
ABSENT = ("snakemake", "diffusers", "pandas", "scipy", "sklearn", "matplotlib", "zuko", "jinja2")
ABSENT += ("yaml", "requests", "PIL", "torchvision", "cleanfid", "tabulate")
LOAD = """
import sys

sys.path.insert(0, sys.argv[1])
sys.modules.update(dict.fromkeys(sys.argv[3].split(",")))
from scoreladder import denoiser, sharing

model = denoiser.load(sys.argv[2])
assert denoiser.__file__.startswith(sys.argv[1])
print(*sharing.sample(sys.argv[2], 3).shape)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package, installed from a copy of the repository without a network."""
    source, target = (tmp_path_factory.mktemp(name) for name in ("source", "target"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "workflow_scripts", source / "workflow_scripts", ignore=ignored)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation"]
    command += ["--no-deps", "--no-index", "--no-compile", "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def test_the_package_is_the_library_with_its_templates_and_nothing_else(installed):
    def shipped(folder):
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder) for path in paths if path.suffix != ".pyc"}

    assert shipped(installed / "scoreladder") == shipped(ROOT / "workflow_scripts" / "scoreladder")
    others = [path.name for path in installed.iterdir() if path.name != "scoreladder"]
    assert [name for name in others if not name.endswith(".dist-info")] == []


def test_a_model_loads_and_samples_with_pytorch_numpy_and_safetensors(installed, tmp_path):
    sample = {"sampler": "annealed_langevin", "ladder": LADDER, "nfe": 11, "denoise": True}
    export(tmp_path, sample, 0.1)
    command = [sys.executable, "-c", LOAD, str(installed), str(tmp_path), ",".join(ABSENT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "3 1 8 8\n", done.stderr
