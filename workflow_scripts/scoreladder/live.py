"""What jobs are doing right now: one small file per job that runs, or that ended badly."""

import os
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scoreladder import files
from scoreladder.progress import Progress

# how often the file is written, and the claim looked at
BEAT_SECONDS = 5.0


class Live:
    """The file of one job: what it is, how far it has come, and at the end what went wrong."""

    def __init__(self, folder: Path, result: str, facts: dict, check: Callable[[], None]):
        self.path = folder / "live" / f"{files.sha256(result.encode())[:16]}.json"
        self.facts = facts | {
            "result": result,
            "state": "running",
            "host": platform.node(),
            "pid": os.getpid(),
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "started": time.time(),
        }
        self._check, self._beat = check, time.time()
        self.write()

    def write(self, **facts: object) -> None:
        """Write the file, with further facts in it."""
        self.facts |= facts
        files.write_json(self.path, self.facts | {"written": time.time()})

    def beat(self, progress: Progress) -> None:
        """Hear of progress: now and then write it down, and see that the job is still wanted."""
        now = time.time()
        if now - self._beat >= BEAT_SECONDS:
            self._beat = now
            self._check()
            # a full or silent disk ends no job for want of news
            with suppress(OSError):
                self.write(progress=progress._asdict())

    def ended(self, reason: str | None = None) -> None:
        """Keep the file of a job that ended for a reason; remove that of one that succeeded."""
        if reason is None:
            self.path.unlink(missing_ok=True)
        else:
            self.write(state="ended", reason=reason)


def read_all(folder: Path) -> list[dict]:
    """The facts of every file in the folder that can be read."""
    found = []
    for path in sorted((folder / "live").glob("[!.]*.json")):
        # jobs replace and remove their files at any moment
        with suppress(OSError, ValueError):
            found.append(files.read_json(path))
    return found
