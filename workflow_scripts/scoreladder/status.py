"""How far an experiment has come, per variant and training seed, while it runs; torch-free."""

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from scoreladder import layout, slurm, specs
from scoreladder.config_queries import (
    by_inception,
    inpainted_variants,
    is_tuned,
    likelihood_variants,
)
from scoreladder.files import read_json
from scoreladder.variants import canonical

# a job elsewhere that has not been heard of for so long has ended
SILENT_SECONDS = 300.0
UNITS = {"img": "images", "evaluation": "evaluations", "block": "blocks", "trial": "trials"}


class Step(NamedTuple):
    """One job on the way to a run: its rule, wildcards after the experiment, manifest and spec."""

    rule: str
    names: tuple[str | int, ...]
    manifest: str
    spec: dict


class Row(NamedTuple):
    """The state of one variant and seed: done, running, queued, waiting or failed."""

    variant: str
    seed: int
    state: str
    detail: str


def steps(experiment: dict, variant: str, seed: int) -> Iterator[Step]:
    """The jobs that a variant's run with one training seed takes, in their order."""
    settings = experiment["variants"][variant]
    model = {"variant": settings["model"], "seed": seed}
    folder = layout.MODEL.format(**model)
    spec = specs.train(experiment, **model)
    yield Step("train", tuple(model.values()), f"{folder}/manifest.json", spec)

    def step(rule: str, pattern: str, spec: dict, **names: str | int) -> Step:
        return Step(rule, tuple(names.values()), f"{pattern.format(**names)}.manifest.json", spec)

    if is_tuned(settings):
        yield step("tune", layout.TUNING, specs.tune(experiment, variant), variant=variant)
    names = {"variant": variant, "seed": seed}
    for sample_seed in experiment["replicates"]["sample_seeds"]:
        run = names | {"sample_seed": sample_seed}
        for shard in range(settings["sample"]["shards"]):
            one = run | {"shard": shard}
            yield step("sample", layout.SHARD, specs.sample(experiment, **one), **one)
            if by_inception(experiment):
                yield step(
                    "extract_features", layout.FEATURES, specs.extract_features(experiment), **one
                )
        yield step("evaluate", layout.METRICS, specs.evaluate(experiment, **names), **run)
    if variant in inpainted_variants(experiment):
        yield step("inpaint", layout.INPAINTED, specs.inpaint(experiment, **names), **names)
    if variant in likelihood_variants(experiment):
        spec = specs.measure_likelihood(experiment, **names)
        yield step("measure_likelihood", layout.LIKELIHOOD, spec, **names)


def is_done(path: Path, step: Step, code: str) -> bool:
    """Whether a step's manifest is there and tells of the same settings and code as today's."""
    with suppress(OSError, ValueError):
        manifest = read_json(path)
        same = canonical(manifest["spec"]) == canonical(step.spec)
        return same and manifest["code"] == code
    return False


def rows(
    experiment: dict,
    folder: Path,
    notices: list[dict],
    queue: list[slurm.QueuedJob] | None,
    code_of: Callable[[str], str],
) -> list[Row]:
    """One row per variant and training seed.

    folder: the experiment's results; notices: what jobs say of themselves (`live.read_all`);
    queue: SLURM's jobs, None where it gives no answer; code_of: rule → the fingerprint of its code.
    """
    said = {each["result"]: each for each in notices}
    numbers = None if queue is None else {job.number for job in queue}
    comments = {job.comment for job in queue or []}

    def state(step: Step) -> tuple[str, str]:
        path = folder / step.manifest
        notice = said.get(str(path))
        if notice and notice["state"] == "running" and is_alive(notice, numbers):
            return "running", f"{step.rule}{progress(notice)}"
        wildcards = "_".join(map(str, (experiment["name"], *step.names)))
        if f"rule_{step.rule}_wildcards_{wildcards}" in comments:
            return "queued", step.rule
        if is_done(path, step, code_of(step.rule)):
            return "done", ""
        if notice and notice.get("reason", "").startswith("deadline reached"):
            return "waiting", f"{step.rule}, {notice['reason']}"
        if notice:
            return "failed", f"{step.rule}: {notice.get('reason') or last_line(notice['log'])}"
        return "waiting", step.rule

    found = []
    for variant in experiment["variants"]:
        for seed in experiment["replicates"]["train_seeds"]:
            states = [state(step) for step in steps(experiment, variant, seed)]
            found.append(Row(variant, seed, *worst(states)))
    return found


def worst(states: list[tuple[str, str]]) -> tuple[str, str]:
    """The state of a run whose steps have these states and details: that of the telling step."""
    for wanted in ("failed", "running", "queued", "waiting"):
        for state, detail in states:
            if state == wanted:
                return state, f"for {detail}" if state == "waiting" else detail
    return "done", ""


def is_alive(notice: dict, numbers: set[str] | None) -> bool:
    """Whether a job that says it is running still does; numbers are those in SLURM's queue.

    Where there is nobody to ask it is believed, as long as it is heard of.
    """
    if notice["host"] == platform.node():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(notice["pid"], 0)
            return True
        return False
    if notice["slurm_job"] and numbers is not None:
        return notice["slurm_job"] in numbers
    return time.time() - notice["written"] < SILENT_SECONDS


def progress(notice: dict) -> str:
    """How far a running job has come, in words: share, units, rate, time left and loss."""
    shown = notice.get("progress")
    if not shown:
        return ""
    unit = UNITS.get(shown["unit"], f"{shown['unit']}s")
    done, total, rate = shown["done"], shown["total"], shown["rate"]
    words = [f" {done / total:.0%}, {done:,} of {total:,} {unit}"]
    if rate:
        words += [f"{rate:,.0f}/s", f"{duration((total - done) / rate)} left"]
    if notice.get("loss") is not None:
        words.append(f"loss {notice['loss']:.3g}")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """A span of time as people write it: 42 s, 3 min, 1 h 20 min."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def last_line(log: str) -> str:
    """The last line of a log that says something."""
    with suppress(OSError):
        lines = [line for line in Path(log).read_text().splitlines() if line.strip()]
        if lines:
            return f"ended without a word after: {lines[-1]}"
    return "ended without a word"
