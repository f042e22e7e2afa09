"""What turns a plain function into a job of the workflow: its log, its time limit, its manifest."""

import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path

from scoreladder import claims, deadlines, files, live, progress, provenance, resume, slurm, steps
from scoreladder.errors import JobFailed, Stopped


def optional(files, name: str) -> Path | None:
    """An input that only some experiments have."""
    return Path(getattr(files, name)) if getattr(files, name, None) else None


class Job:
    """What the script of one job may ask: its spec, and where to put facts for the manifest.

    deadline says when to stop, unless it strikes by itself; note(name=value) tells whoever looks at
    the run how the job is doing.
    """

    def __init__(self, snakemake, current: live.Live, deadline: deadlines.Deadline):
        self.spec = json.loads(snakemake.params.spec)
        self.device = snakemake.config["device"]
        self.gpus = snakemake.resources.get("gpu") or 1
        self.facts: dict = {}
        self.deadline, self.note = deadline, current.facts.update
        self._result, self._inputs = snakemake.output[0], list(snakemake.input)
        self._made_by = f"{snakemake.params.spec}{snakemake.params.code}"

    @cached_property
    def stamp(self) -> str:
        """What the job's work is a function of: its settings, its code and what it reads."""
        read = [files.sha256_of(Path(path)) for path in self._inputs]
        return files.sha256("".join([self._made_by, *read]).encode())

    @property
    def resume(self) -> Path:
        """The folder for whatever the next attempt can go on from."""
        folder = resume.folder_of(self._result)
        resume.prepare(folder, self.stamp)
        return folder

    @property
    def keep(self) -> steps.Keep:
        """Keeps the job's steps in `resume`."""
        return steps.keeper(self.resume)


def seconds_left(snakemake, started: float) -> float | None:
    """Seconds until the job must stop: SLURM's limit, or elsewhere the runtime that it was given.

    Asked of SLURM, because jobs of a group share one limit, and a site may set its own.
    """
    number, minutes = os.environ.get("SLURM_JOB_ID"), snakemake.resources.get("runtime")
    own = (started, started + 60 * minutes if minutes else None)
    begin, end = (number and slurm.span(number)) or own
    return deadlines.seconds_left(begin, end, time.time())


def experiment_of(snakemake) -> str:
    """Whose runs the job belongs to; the page over all experiments has its own."""
    return snakemake.wildcards.get("experiment", "all")


def end(current: live.Live, reason: str) -> None:
    """Exit with status 1, having told why, unless another attempt is at work by now."""
    with suppress(claims.Superseded):
        current.ended(reason)
    sys.exit(1)


@contextmanager
def job(snakemake) -> Iterator[Job]:
    """Run the block as a job: standard streams go to its log, and a manifest is left beside it.

    JobFailed and Stopped end the job with their message alone, any other error with a traceback;
    either way the exit status is 1. Of several processes at work on one result only the latest
    writes it.
    """
    started, result = time.time(), snakemake.output.manifest
    with ExitStack() as stack:
        try:
            check = stack.enter_context(
                claims.claimed(claims.NOTICES, experiment_of(snakemake), result)
            )
        except Stopped as reason:
            sys.exit(f"{result}: {reason}")
        stack.enter_context(files.guarded(check))
        log = open(snakemake.log[0], "w", buffering=1, encoding="utf-8")  # noqa: SIM115
        sys.stdout = sys.stderr = log
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(snakemake.threads)
        facts = dict(snakemake.wildcards.items())
        facts |= {"rule": snakemake.rule, "log": snakemake.log[0]}
        current = live.Live(claims.NOTICES, result, facts, check)
        progress.watchers.append(current.beat)
        deadline = deadlines.Deadline()
        one = Job(snakemake, current, deadline)
        try:
            deadline.arm(seconds_left(snakemake, started))
            yield one
            deadline.disarm()
        except claims.Superseded as reason:
            deadline.disarm()
            # what is said of the job is the other attempt's by now
            print(reason)
            sys.exit(1)
        except (JobFailed, deadlines.DeadlineReached) as reason:
            deadline.disarm()
            print(reason)
            end(current, str(reason))
        except Exception as error:
            deadline.disarm()
            traceback.print_exc()
            end(current, f"{type(error).__name__}: {error}")
        facts = {"rule": snakemake.rule, "threads": snakemake.threads, **one.facts}
        manifest = provenance.manifest(one.spec, snakemake.params.code, started, **facts)
        files.write_json(snakemake.output.manifest, manifest)
        current.ended()
