"""What tests need of the machine: where it is missing they are skipped, but in CI they fail."""

import os

import pytest


def lacking(reason: str) -> None:
    """End the test, or all that need a fixture, for want of something."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
