"""The folder of a release on disk: documents, report and sums around the data that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from exports.checksums import files_in, sha256_of, write_sums
from exports.documents.all_documents import documents
from exports.documents.context import DocumentContext, pretty_json
from exports.report import Report

REPORT = "documentation/report.json"


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file, making the folders on its way."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def note_files(folder: Path, report: Report) -> None:
    """Put the sums of the data files, all there are so far, into the report."""
    report["files"] = {name: sha256_of(folder / name) for name in files_in(folder)}


def finish(folder: Path, context: DocumentContext, report: Report) -> None:
    """Write everything beside the data; SHA256SUMS over all of it comes last."""
    put(folder, {**documents(context), REPORT: pretty_json(report)})
    write_sums(folder, mark=context.mark)
