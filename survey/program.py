"""Which program this is: its version, and a fingerprint of the files that run."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from survey.config import PACKAGE, folder

FINGERPRINT_DIGITS = 12
# Parts as they are named everywhere: a checkout and its wheel keep templates in different places.
_PARTS = {
    "survey": PACKAGE,
    "forms": PACKAGE.parent / "forms",
    "exports": PACKAGE.parent / "exports",
    "templates": folder("templates"),
}


@cache
def program_version() -> str:
    """Return the version of this program, as its package says; "0" where it runs without one."""
    try:
        return installed("lacrima")
    except PackageNotFoundError:
        return "0"


@cache
def build() -> str:
    """Return the fingerprint of all files that run: alike for a checkout and a wheel made of it."""
    found = hashlib.sha256()
    for name, file in sorted(_files()):
        found.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()[:FINGERPRINT_DIGITS]


def _files() -> list[tuple[str, Path]]:
    files = []
    for part, top in _PARTS.items():
        for file in top.rglob("*"):
            inside = file.relative_to(top)
            made = "__pycache__" in inside.parts or inside.parts[0] == "bundled"
            if file.is_file() and not made:
                files.append((f"{part}/{inside.as_posix()}", file))
    return files


def software() -> str:
    """Return version and build, as people and records name them."""
    return f"Lacrima {program_version()}, build {build()}"
