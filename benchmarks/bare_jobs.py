"""The jobs of a small experiment as bare scripts, for a shell loop and for DVC."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks.sources import NAME, ROOT
from scoreladder import layout, specs, variants

SCRIPT = ROOT / "benchmarks" / "bare_job.py"
RUN = {"seed": 0, "sample_seed": 0}


class Job(NamedTuple):
    """A call of a script's function: its arguments, and which paths it reads and writes."""

    name: str
    script: str
    given: dict
    reads: list[str]
    writes: list[str]


def jobs(folder: Path) -> Iterator[Job]:
    """The jobs of an experiment, each after those that it reads from."""
    experiment = variants.load_experiment(folder / "config" / "experiments" / f"{NAME}.yaml")
    data, reference = (
        _place(each, data="main") + ".json" for each in (layout.DATA, layout.REFERENCE)
    )
    spec = specs.prepare_dataset(experiment, "main")
    given = {"dataset": spec["dataset"], "path": _path(data)}
    yield Job("data", "prepare_dataset", given, [], [data])
    spec = specs.make_reference(experiment, "main")
    given = {"data": _path(data), "classifier": None, "spec": spec, "device": "cpu"}
    yield Job(
        "reference", "make_reference", given | {"path": _path(reference)}, [data], [reference]
    )
    for name in experiment["variants"]:
        yield from _variant(experiment, name, data, reference)


def _variant(experiment: dict, name: str, data: str, reference: str) -> Iterator[Job]:
    """Its training, its samples and its metrics."""
    run = {"variant": name, **RUN}
    folder = _place(layout.MODEL, **run)
    model, shard = f"{folder}/model.safetensors", _place(layout.SHARD, **run, shard=0) + ".npy"
    found = _place(layout.METRICS, **run) + ".json"
    given = {
        "data": _path(data),
        "spec": specs.train(experiment, name, 0),
        "stamp": "",
        "device": "cpu",
        "model": _path(model),
        "curve": _path(f"{folder}/curve.csv"),
        "state": _path(f"{folder}/state.pt"),
    }
    yield Job(f"train-{name}", "train", given, [data], [model])
    given = {
        "model": _path(model),
        "tuning": None,
        "spec": specs.sample(experiment, name, 0, 0, 0),
        "device": "cpu",
        "path": _path(shard),
    }
    yield Job(f"sample-{name}", "sample", given, [model], [shard])
    given = {
        "data": _path(data),
        "reference": _path(reference),
        "classifier": None,
        "model": _path(model),
        "shards": [_path(shard)],
        "extracted": [],
        "spec": specs.evaluate(experiment, name, 0),
        "device": "cpu",
        "path": _path(found),
    }
    yield Job(f"evaluate-{name}", "evaluate", given, [data, reference, model, shard], [found])


def _place(pattern: str, **names) -> str:
    return f"results/{NAME}/{pattern.format(**names)}"


def _path(place: str) -> dict[str, str]:
    return {"path": place}


def targets(folder: Path) -> list[str]:
    """The files of metrics that all of this is for."""
    return [job.writes[0] for job in jobs(folder) if job.script == "evaluate"]


def write(folder: Path, python: str) -> None:
    """Write loop.sh, which runs all jobs in their order, and dvc.yaml, which tells DVC of them."""
    (folder / "jobs").mkdir()
    lines, stages = ["set -e"], {}
    for job in jobs(folder):
        file = folder / "jobs" / f"{job.name}.json"
        file.write_text(json.dumps({"script": job.script, "given": job.given}))
        command = f"{python} {SCRIPT} {file.relative_to(folder)}"
        lines.append(command)
        # names of DVC's stages have no dots
        stages[job.name.replace(".", "_")] = {
            "cmd": command,
            "deps": [str(file.relative_to(folder)), *job.reads],
            "outs": job.writes,
        }
    (folder / "loop.sh").write_text("\n".join(lines) + "\n")
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))
