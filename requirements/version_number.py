"""The version that a wheel bears: the next release, and from how many commits it was built.

So any two builds are told apart, and the later one installs over the earlier one.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

RELEASE = "0.2.0"


def version() -> str:
    """Return ``RELEASE`` where the commit bears its tag or there is no git, else ….devNUMBER."""
    if _git("describe", "--exact-match", "--match", f"v{RELEASE}") == f"v{RELEASE}":
        return RELEASE
    count = _git("rev-list", "--count", "HEAD")
    return f"{RELEASE}.dev{count}" if count else RELEASE


def _git(*words: str) -> str:
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
