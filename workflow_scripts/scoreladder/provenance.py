"""Where a result comes from: the manifest that stands beside it."""

import platform
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("torch", "numpy", "scipy", "pandas", "scikit-learn", "clean-fid", "zuko", "matplotlib")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape numbers."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def peak_memory_mib() -> float:
    """Largest resident set of this process so far, in MiB.

    It includes what is imported, of a fork also what only its parent uses: 250 MiB in all.
    """
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def manifest(spec: dict, fingerprint: str, started: float, **facts) -> dict:
    """What a reader needs to trace a result.

    spec: the resolved config that the result is a function of, seeds included; fingerprint: of the
    code; started: time.time() at the start; facts: whatever else the job knows (device, NFE, …).
    """
    return {
        "spec": spec,
        "code": fingerprint,
        "versions": versions(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        "seconds": round(time.time() - started, 2),
        "peak_memory_mib": round(peak_memory_mib(), 1),
        **facts,
    }
