"""SHA-256 sums of files and of releases, written and checked. A web server loads it cheaply."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path

SUMS = "SHA256SUMS"
# A zip that was damaged on the disk.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


class ChecksumFault(Exception):
    """A file is missing or differs from its sum; the message says which."""


def sha256_of(path: Path) -> str:
    """Return the hex digest of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[str]:
    """Return the path of each file inside ``folder``, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def write_sums(folder: Path, *, mark: str = "") -> None:
    """Write SHA256SUMS over all files, as ``sha256sum --check`` reads it; ``mark`` is a comment."""
    lines = [f"# {mark}"] if mark else []
    lines += [f"{sha256_of(folder / name)}  {name}" for name in files_in(folder)]
    (folder / SUMS).write_bytes(("\n".join(lines) + "\n").encode())


def read_sums(content: bytes) -> dict[str, str]:
    """Return file → hex digest, as a list of sums names them."""
    lines = content.decode("utf-8", "replace").splitlines()
    pairs = (line.partition("  ") for line in lines if not line.startswith("#"))
    return {name: digest for digest, _, name in pairs}


class ReleaseZip(zipfile.ZipFile):
    """A release in one file: its list of sums held against the ledger, every member against it.

    The ledger knows the sum of the list alone. Raises ChecksumFault where something differs or is
    missing, and one of UNREADABLE for a damaged file.
    """

    def __init__(self, path: Path, sum_of_sums: str) -> None:
        super().__init__(path)
        lists = [n for n in self.namelist() if n.count("/") == 1 and n.endswith(f"/{SUMS}")]
        if len(lists) != 1:
            raise ChecksumFault(f"it has no {SUMS}")
        listed = self.read(lists[0])
        if hashlib.sha256(listed).hexdigest() != sum_of_sums:
            raise ChecksumFault("its list of sums is not the one in the ledger")
        self.top = lists[0].removesuffix(SUMS)
        self.sums = read_sums(listed)

    def checked(self, name: str) -> bytes:
        """Return the content of a member as it was released."""
        if self.top + name not in self.NameToInfo:
            raise ChecksumFault(f"it has no {name}")
        content = self.read(self.top + name)
        if hashlib.sha256(content).hexdigest() != self.sums.get(name):
            raise ChecksumFault(f"{name} in it is not what was released")
        return content

    def check(self, *, whole: bool) -> None:
        """Check that it holds the files of its list and no others, and if ``whole`` their sums."""
        named = [self.top + name for name in (*self.sums, SUMS)]
        if sorted(named) != sorted(self.namelist()):
            raise ChecksumFault("its files are not those of its list of sums")
        for name, digest in self.sums.items() if whole else ():
            with self.open(self.top + name) as file:
                # It has all that file_digest uses, though not what its type asks for.
                found = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
            if found.hexdigest() != digest:
                raise ChecksumFault(f"{name} in it is not what was released")
