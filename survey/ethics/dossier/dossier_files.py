"""The dossier as one file to keep: the PDF, the study's files, every text for machines, sums.

The dossier on paper: the same bytes on every machine.

Dossiers made so far, by fingerprints and approval: each is made once, and one at a time.
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

from exports.checksums import write_sums
from exports.files.zip_file import bundle
from forms.load import ALL, load_study
from forms.toml_tables import StudyFaults
from survey import pdf
from survey.errors import Refusal
from survey.ethics.dossier.chapters_screens import screens_of
from survey.ethics.dossier.document import Signed, document, fingerprints
from survey.studies.version import StudyVersion

TEXTS, PAPER = "texts.json", "dossier.pdf"
FORMAT = 1  # of texts.json; a check refuses one that it does not know
# Nothing else that may lie in a study's folder leaves it.
STUDY_FILES = (*ALL, "locale/*.po")


def texts(version: StudyVersion, signed: Signed | None) -> dict[str, Any]:
    """Every screen's texts in the order met, the ways through, and what they are bound to."""
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
    """The zip with everything. Raises Refusal where the folder is no longer what is served."""
    name = f"{version.study.name}-dossier"
    with TemporaryDirectory() as work:
        folder = Path(work) / name
        copy_study(version, folder / version.study.name)
        (folder / PAPER).write_bytes(paper)
        told = json.dumps(texts(version, signed), ensure_ascii=False, indent=1)
        (folder / TEXTS).write_text(told + "\n", "utf-8")
        write_sums(folder)
        return bundle(folder, Path(work) / f"{name}.zip").read_bytes()


def copy_study(version: StudyVersion, to: Path) -> None:
    """The study's files, into a new folder. Raises Refusal where they are not what is served."""
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
    """The PDF of ``document``. Raises Refusal naming the letters that no typeface here has."""
    return pdf.pdf(
        TEMPLATE,
        {"document": document},
        called=f"The dossier of {document['name']}",
        standards=pdf.ARCHIVED if document["signed"] else pdf.ACCESSIBLE,
    )


def pages(document: dict[str, Any], *, ppi: float = 72) -> list[bytes]:
    """Each page as a PNG, for whoever looks at the layout."""
    source, data = pdf.read(TEMPLATE, {"document": document})
    made = typst.Compiler(ignore_system_fonts=True).compile(
        source, format="png", ppi=ppi, sys_inputs=data
    )
    return made if isinstance(made, list) else [bytes(made or b"")]


REMEMBERED = 6  # files of about a megabyte each


class DossierCache:
    """Makes dossiers; the same one is made once while this process remembers it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def pdf(self, version: StudyVersion, signed: Signed | None) -> bytes:
        """The dossier as a PDF. Raises Refusal where it cannot be set."""
        return self._once("pdf", version, signed, lambda: dossier_pdf(document(version, signed)))

    def zip(self, version: StudyVersion, signed: Signed | None) -> bytes:
        """The dossier with the study's files and every text. Raises Refusal."""
        made = self.pdf(version, signed)
        return self._once("zip", version, signed, lambda: pack(version, signed, made))

    def _once(
        self, kind: str, version: StudyVersion, signed: Signed | None, make: Callable[[], bytes]
    ) -> bytes:
        # All that a dossier says hangs on these.
        key = (kind, version.study.name, version.pilot, signed, *fingerprints(version).values())
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            self._made.move_to_end(key)
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
            return self._made[key]


DOSSIERS = DossierCache()
