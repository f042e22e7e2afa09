"""How the project's commands end where they cannot do what they were asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from scoreladder.config_errors import ConfigError
from scoreladder.errors import JobFailed

EPILOG = "Exit status: 0, or 2 with a line that says what was found and what is allowed."


@contextmanager
def answered(*others: type[Exception]) -> Iterator[None]:
    """End the process with status 2, having said why in one line, on an error raised inside.

    These are ConfigError, JobFailed, OSError, and others. Argparse ends with 2 as well.
    """
    try:
        yield
    except (ConfigError, JobFailed, OSError, *others) as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
