"""The dossier as a PDF, identical on every machine, and as a zip with it and the study's files.

Dossiers are remembered by fingerprints and approval: each is made once, and one at a time.
"""

from __future__ import annotations

import json
import shutil
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import typst

from exports.output_files import bundle, write_sums
from forms.load import ALL, load_study
from forms.toml_tables import StudyFaults
from survey import pdf
from survey.errors import Refusal
from survey.ethics.dossier.chapters_screens import screens_of
from survey.ethics.dossier.document import Signed, document, fingerprints
from survey.ethics.dossier.reader import FORMAT, TEXTS
from survey.studies.version import StudyVersion

PAPER = "dossier.pdf"
# Nothing else that may lie in a study's folder leaves it.
STUDY_FILES = (*ALL, "locale/*.po")


def texts(version: StudyVersion, signed: Signed | None) -> dict[str, Any]:
    """Return every screen's texts in the order met, the ways through, and their fingerprints."""
    study = version.study
    return {
        "format": FORMAT,
        "study": {
            "name": study.name,
            "address": study.address,
            "title": study.title,
            "version": study.version,
            "language": study.language,
            "consent": study.consent.version,
        },
        "fingerprints": dict(fingerprints(version)),
        "approval": asdict(signed) if signed else None,
        "facts": dict(sorted(version.facts.items())),
        **screens_of(version),
    }


def pack(version: StudyVersion, signed: Signed | None, paper: bytes) -> bytes:
    """Return the zip. Raises Refusal where the folder is no longer what is served."""
    name = f"{version.study.name}-dossier"
    with TemporaryDirectory() as work:
        folder = Path(work) / name
        copy_study(version, folder / version.study.name)
        (folder / PAPER).write_bytes(paper)
        listed = json.dumps(texts(version, signed), ensure_ascii=False, indent=1)
        (folder / TEXTS).write_text(listed + "\n", "utf-8")
        write_sums(folder)
        return bundle(folder, Path(work) / f"{name}.zip").read_bytes()


def copy_study(version: StudyVersion, to: Path) -> None:
    """Copy the study's files to ``to``. Raises Refusal where they are not what is served."""
    for pattern in STUDY_FILES:
        for file in sorted(version.folder.glob(pattern)):
            copy = to / file.relative_to(version.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    try:
        same = load_study(to).fingerprints == version.study.fingerprints
    except StudyFaults:
        same = False
    if not same:
        raise Refusal(
            f"The folder of {version.study.name} has changed and is not what is served: "
            "try again in a moment."
        )


TEMPLATE = "dossier/dossier.typ"


def dossier_pdf(document: dict[str, Any]) -> bytes:
    """Return the PDF. Raises Refusal naming the letters that no typeface here has."""
    return pdf.pdf(
        TEMPLATE,
        {"document": document},
        called=f"The dossier of {document['name']}",
        standards=pdf.ARCHIVED if document["signed"] else pdf.ACCESSIBLE,
    )


def pages(document: dict[str, Any], *, ppi: float = 72) -> list[bytes]:
    """Return each page as a PNG, to look at the layout."""
    source, data = pdf.read(TEMPLATE, {"document": document})
    images = typst.Compiler(ignore_system_fonts=True).compile(
        source, format="png", ppi=ppi, sys_inputs=data
    )
    return images if isinstance(images, list) else [bytes(images or b"")]


REMEMBERED = 6  # files of about a megabyte each


class DossierCache:
    """Dossiers that this process remembers: each is made once, and one at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._files: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def pdf(self, version: StudyVersion, signed: Signed | None) -> bytes:
        """Return the dossier as a PDF. Raises Refusal where it cannot be set."""
        return self._once("pdf", version, signed, lambda: dossier_pdf(document(version, signed)))

    def zip(self, version: StudyVersion, signed: Signed | None) -> bytes:
        """Return the dossier with the study's files and every text. Raises Refusal."""
        paper = self.pdf(version, signed)
        return self._once("zip", version, signed, lambda: pack(version, signed, paper))

    def _once(
        self, kind: str, version: StudyVersion, signed: Signed | None, make: Callable[[], bytes]
    ) -> bytes:
        # All that a dossier says hangs on these.
        key = (kind, version.study.name, version.pilot, signed, *fingerprints(version).values())
        with self._lock:
            if key not in self._files:
                self._files[key] = make()
            self._files.move_to_end(key)
            while len(self._files) > REMEMBERED:
                self._files.popitem(last=False)
            return self._files[key]


DOSSIERS = DossierCache()
