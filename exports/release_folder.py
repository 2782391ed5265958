"""The folder of a release on disk: documents, report and sums around the data that lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from exports.checksums import checksum_lines, sha256_of
from exports.documents.all_documents import documents
from exports.documents.context import DocumentContext, pretty_json
from exports.report import Report

SUMS = "SHA256SUMS"
REPORT = "documentation/report.json"


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file, making the folders on its way."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def note_files(folder: Path, report: Report) -> None:
    """Put the sums of the data files, all there are so far, into the report."""
    report["files"] = {name: sha256_of(folder / name) for name in _names(folder)}


def finish(folder: Path, context: DocumentContext, report: Report) -> None:
    """Everything beside the data; SHA256SUMS over all of it comes last."""
    put(folder, {**documents(context), REPORT: pretty_json(report)})
    (folder / SUMS).write_bytes(checksum_lines(folder, _names(folder), mark=context.mark))
