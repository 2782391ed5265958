"""SHA-256 sums of files. Imports nothing that a web server would not want to load."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Hex digest of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum_lines(folder: Path, names: Iterable[str], *, mark: str) -> bytes:
    """SHA256SUMS as ``sha256sum --check`` reads it; ``mark`` goes into a comment line on top."""
    lines = [f"# {mark}"] if mark else []
    lines += [f"{sha256_of(folder / name)}  {name}" for name in sorted(names)]
    return ("\n".join(lines) + "\n").encode()
