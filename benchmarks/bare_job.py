"""One job of the workflow as a bare script: `python bare_job.py JOB.json` in the workflow.

The file holds the name of a rule's script and what its function is called with. Nothing is kept of
where a result came from, and nothing checked.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, "workflow_scripts")


def main(job: dict) -> None:
    """Call the function of the script, with paths as paths."""
    script = job["script"]
    given = {name: _path(value) for name, value in job["given"].items()}
    if script == "train":
        from scoreladder.deadlines import Deadline

        given |= {"deadline": Deadline(), "note": lambda **facts: None}
    import torch

    torch.set_num_threads(1)
    getattr(importlib.import_module(script), script)(**given)


def _path(value):
    """{"path": …} as a path, and of a list each."""
    if isinstance(value, list):
        return [_path(each) for each in value]
    return Path(value["path"]) if isinstance(value, dict) and set(value) == {"path"} else value


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
