"""What turns a plain function into a job of the workflow: its log, its threads, its manifest."""

import json
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scoreladder import files, provenance
from scoreladder.errors import JobFailed


def optional(files, name: str) -> Path | None:
    """An input that only some experiments have."""
    return Path(getattr(files, name)) if getattr(files, name, None) else None


class Job:
    """What the script of one job may ask: its spec, and where to put facts for the manifest."""

    def __init__(self, snakemake):
        self.spec = json.loads(snakemake.params.spec)
        self.stamp = files.sha256(f"{snakemake.params.spec}{snakemake.params.code}".encode())
        self.device = snakemake.config["device"]
        self.facts: dict = {}


@contextmanager
def job(snakemake) -> Iterator[Job]:
    """Run the block as a job: standard streams go to its log, and a manifest is left beside it.

    JobFailed ends the job with its message alone, any other error with a traceback; either way the
    exit status is 1.
    """
    started = time.time()
    log = open(snakemake.log[0], "w", buffering=1, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stderr = log
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(snakemake.threads)
    current = Job(snakemake)
    try:
        yield current
    except JobFailed as error:
        print(error)
        sys.exit(1)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    facts = {"rule": snakemake.rule, "threads": snakemake.threads, **current.facts}
    manifest = provenance.manifest(current.spec, snakemake.params.code, started, **facts)
    files.write_json(snakemake.output.manifest, manifest)
