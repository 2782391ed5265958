"""Files as they leave: CSV that runs no formula, SHA-256 sums, one zip, and whole folders.

Nothing written here knows the time. A web server loads this module, so it imports no data library.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

LINE_END = "\r\n"  # of every CSV, as RFC 4180 has it
SUMS = "SHA256SUMS"
PRIVATE = 0o700  # mode of a folder of output: other users of the machine read nothing in it
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


# A spreadsheet runs a text cell that opens with one of these (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-][.,]?\d[\d.,: ]*([eE][+-]?\d+)?")  # or a time: -01:30:00


def guarded(text: str, mark: str = "'") -> str:
    """Return ``text`` with ``mark`` before what would open a formula; a number stays as it is."""
    if not text.startswith(FORMULA_STARTS) or NUMBER.fullmatch(text):
        return text
    return mark + text


def csv_text(lines: Iterable[Iterable[object]], mark: str = "'") -> str:
    """Return the lines as CSV with CRLF, every cell of text guarded."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=LINE_END).writerows(
        [guarded(cell, mark) if isinstance(cell, str) else cell for cell in line] for line in lines
    )
    return out.getvalue()


@contextmanager
def hidden_beside(
    out: Path, refusal: Callable[[OSError, bool], Exception], *, mode: int = 0o777
) -> Iterator[Path]:
    """Yield a hidden folder next to ``out``, on one disk with it, and remove it with all it holds.

    What is finished is renamed to ``out`` by the caller. An OSError becomes ``refusal(error,
    begun)``, where ``begun`` says that there was a folder to write into.
    """
    folder = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True, mode=mode)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        yield folder
    except OSError as error:
        raise refusal(error, folder is not None) from None
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


PIECE = 1 << 20  # bytes held in memory
LEVEL = 2  # of 9: the next steps halve the speed for a tenth of the size
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can tell; a release tells none
PERMISSIONS = 0o100644 << 16  # a plain file, written by its owner, read by all
PACKED = (".parquet", ".zip", ".gz", ".png", ".pdf", ".xlsx", ".zsav")  # compressed in themselves


def zip_entry(name: str) -> zipfile.ZipInfo:
    """Return what a zip says of a file: its name, and nothing of this machine or this moment."""
    info = zipfile.ZipInfo(name, MOMENT)
    info.create_system = 3  # Unix on every machine
    info.external_attr = PERMISSIONS
    info.compress_type = zipfile.ZIP_DEFLATED
    # Its only name in Python 3.11 and 3.12, and unknown to the type checker.
    setattr(info, "_compresslevel", LEVEL)  # noqa: B010
    return info


def _entry(file: Path, name: str) -> zipfile.ZipInfo:
    info = zip_entry(name)
    info.file_size = file.stat().st_size  # so that zip64 is used from 4 GB on, and only then
    if file.suffix in PACKED:
        info.compress_type = zipfile.ZIP_STORED
    return info


def bundle(folder: Path, zip_path: Path) -> Path:
    """``zip_path`` with every file under ``folder``, by sorted name, below the folder's name.

    Same files, same bytes (with the same zlib). Neither path on this machine, nor owner, nor time
    is kept. ``zip_path`` may lie inside ``folder``; it leaves itself out.
    """
    files = [f for f in folder.rglob("*") if f.is_file() and f.resolve() != zip_path.resolve()]
    names = {f"{folder.name}/{file.relative_to(folder).as_posix()}": file for file in files}
    with zipfile.ZipFile(zip_path, "w") as archive:
        for name in sorted(names):
            with (
                names[name].open("rb") as source,
                archive.open(_entry(names[name], name), "w") as target,
            ):
                shutil.copyfileobj(source, target, PIECE)
    return zip_path
