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
from scoreladder.notices import is_process, numbers_in, progress, told
from scoreladder.variants import canonical


class Step(NamedTuple):
    """One job on the way to a run: its rule, wildcards after the experiment, manifest and spec."""

    rule: str
    names: tuple[str | int, ...]
    manifest: str
    spec: dict


class Run(NamedTuple):
    """The latest run of some experiments: jobs done of those planned, and how long it has run.

    lives: whether its driver is still there, None where that cannot be known here.
    """

    done: int
    planned: int
    seconds: float
    lives: bool | None


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
    numbers = numbers_in(queue)
    comments = {job.comment for job in queue or []}

    def state(step: Step) -> tuple[str, str]:
        path = folder / step.manifest
        notice = said.get(str(path))
        now, reason = told(notice, numbers) if notice else ("waiting", "")
        if now == "running":
            return "running", f"{step.rule}{progress(notice)}"
        wildcards = "_".join(map(str, (experiment["name"], *step.names)))
        if f"rule_{step.rule}_wildcards_{wildcards}" in comments:
            return "queued", step.rule
        if is_done(path, step, code_of(step.rule)):
            return "done", ""
        if now == "failed":
            return "failed", f"{step.rule}: {reason}"
        return "waiting", f"{step.rule}, {reason}" if reason else step.rule

    found = []
    for variant in experiment["variants"]:
        for seed in experiment["replicates"]["train_seeds"]:
            states = [state(step) for step in steps(experiment, variant, seed)]
            found.append(Row(variant, seed, *worst(states)))
    return found


def run_facts(planned: list[str]) -> dict:
    """What a run that begins, in this process, lets others know: `run_of` reads it.

    planned: the manifests of the jobs that it will do.
    """
    facts = {"host": platform.node(), "pid": os.getpid(), "started": time.time()}
    return facts | {"planned": planned}


def run_of(run: dict | None) -> Run | None:
    """How far a run is, from what `claims.begin_run` wrote of it; None where that is too little."""
    if not run or "planned" not in run:
        return None
    lives = is_process(run["pid"]) if run["host"] == platform.node() else None
    times = [time for time in map(written, run["planned"]) if time >= run["started"]]
    end = time.time() if lives is not False else max(times, default=run["started"])
    return Run(len(times), len(run["planned"]), end - run["started"], lives)


def written(path: str) -> float:
    """When a file was last written, seconds since the epoch; 0 where there is none."""
    with suppress(OSError):
        return os.stat(path).st_mtime
    return 0.0


def worst(states: list[tuple[str, str]]) -> tuple[str, str]:
    """The state of a run whose steps have these states and details: that of the telling step."""
    for wanted in ("failed", "running", "queued", "waiting"):
        for state, detail in states:
            if state == wanted:
                return state, f"for {detail}" if state == "waiting" else detail
    return "done", ""
