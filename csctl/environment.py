"""The environment csctl was started in: the one place that reads it."""

from __future__ import annotations

import os


def environment(name: str) -> str | None:
    """Return the environment variable `name`; None if it is unset or empty."""
    return os.environ.get(name) or None


def variables() -> dict[str, str]:
    """Return all variables of the environment, for a process to be started."""
    return dict(os.environ)
