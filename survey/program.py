"""The version of this program, as its package says; "0" where it runs without one."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


@cache
def program_version() -> str:
    """Return the version of this program."""
    try:
        return installed("lacrima")
    except PackageNotFoundError:
        return "0"
