"""The dossier as one file to keep: the PDF, the study's files, every text for machines, sums."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exports.files.bundle import bundle
from forms.faults import StudyFaults
from forms.load import ALL, load_study
from survey.board.dossier.document import Signed, fingerprints
from survey.board.dossier.screens import screens_of
from survey.errors import Refusal
from survey.served.shelf import Offer

TEXTS, PAPER, SUMS = "texts.json", "dossier.pdf", "SHA256SUMS"
FORMAT = 1  # of texts.json; a check refuses one that it does not know
# Nothing else that may lie in a study's folder leaves it.
STUDY_FILES = (*ALL, "locale/*.po")


def texts(offer: Offer, signed: Signed | None) -> dict[str, Any]:
    """Every screen's texts in the order met, the ways through, and what they are bound to."""
    study = offer.study
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
        "fingerprints": dict(fingerprints(offer)),
        "approval": asdict(signed) if signed else None,
        "facts": dict(sorted(offer.facts.items())),
        **screens_of(offer),
    }


def pack(offer: Offer, signed: Signed | None, paper: bytes) -> bytes:
    """The zip with everything. Raises Refusal where the folder is no longer what is served."""
    name = f"{offer.study.name}-dossier"
    with TemporaryDirectory() as work:
        folder = Path(work) / name
        copy_study(offer, folder / offer.study.name)
        (folder / PAPER).write_bytes(paper)
        told = json.dumps(texts(offer, signed), ensure_ascii=False, indent=1)
        (folder / TEXTS).write_text(told + "\n", "utf-8")
        (folder / SUMS).write_text(_sums(folder), "utf-8")
        return bundle(folder, Path(work) / f"{name}.zip").read_bytes()


def copy_study(offer: Offer, to: Path) -> None:
    """The study's files, into a new folder. Raises Refusal where they are not what is served."""
    for pattern in STUDY_FILES:
        for file in sorted(offer.folder.glob(pattern)):
            copy = to / file.relative_to(offer.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    try:
        same = load_study(to).fingerprints == offer.study.fingerprints
    except StudyFaults:
        same = False
    if not same:
        raise Refusal(
            f"The folder of {offer.study.name} has changed and is not what is served: "
            "try again in a moment."
        )


def _sums(folder: Path) -> str:
    """One line a file, as ``sha256sum --check`` reads it."""
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    return "".join(
        f"{sha256(f.read_bytes()).hexdigest()}  {f.relative_to(folder).as_posix()}\n" for f in files
    )
