"""A whole release in one zip, written piece by piece; nothing in it knows the time."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

PIECE = 1 << 20  # bytes held in memory
LEVEL = 2  # of 9: the next steps halve the speed for a tenth of the size
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can tell; a release tells none
PERMISSIONS = 0o100644 << 16  # a plain file, written by its owner, read by all
PACKED = (".parquet", ".zip", ".gz", ".png", ".pdf")  # compressed in themselves


def _entry(file: Path, name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, MOMENT)
    info.create_system = 3  # Unix on every machine
    info.external_attr = PERMISSIONS
    info.file_size = file.stat().st_size  # so that zip64 is used from 4 GB on, and only then
    plain = file.suffix in PACKED
    info.compress_type = zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED
    # Its only name in Python 3.11 and 3.12, and unknown to the type checker.
    setattr(info, "_compresslevel", LEVEL)  # noqa: B010
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
