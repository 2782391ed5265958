"""The dossier as data, as a PDF identical on every machine, and as a zip with the study's files.

Dossiers are kept by fingerprints and approval: each is made once, and one at a time.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exports.output_files import bundle, write_sums
from forms.load import ALL, load_study
from forms.toml_tables import StudyFaults
from survey import pdf
from survey.errors import Refusal
from survey.ethics.checklist import NOT_JUDGED, Judged
from survey.ethics.dossier import chapters_data, chapters_text
from survey.ethics.dossier.blocks import Block, anchors, code, heading, pairs, prose
from survey.ethics.dossier.chapters_screens import screens_of
from survey.ethics.dossier.reader import FORMAT, TEXTS
from survey.locks import locked
from survey.program import program_version
from survey.studies.fingerprints import FINGERPRINT_LABELS
from survey.studies.platform_words import platform_fingerprint
from survey.studies.submission_documents import write_once
from survey.studies.version import StudyVersion, fingerprints_of

# Beside each of ``fingerprints``, in its order.
PRINTED = (*FINGERPRINT_LABELS, "Consent texts alone")


@dataclass(frozen=True, slots=True)
class Signed:
    """The board's approval of exactly these fingerprints; ISO dates, no end where empty."""

    reference: str
    by: str
    approved_on: str
    expires_on: str = ""
    analysis_until: str = ""
    conditions: tuple[str, ...] = ()
    basis: str = "signed by the board here"
    letter: str = ""
    evidence: str = ""  # statement, signatures and public keys (JSON)
    platform: str = ""
    submission: str = ""  # fingerprint of the documents signed with it
    documents: tuple[str, ...] = ()  # a line each: slot and SHA-256


def fingerprints(version: StudyVersion) -> Mapping[str, str]:
    """Return the fingerprints of this version by name, SHA-256 in hex."""
    return {
        **fingerprints_of(version)._asdict(),
        "consent": version.study.fingerprints.consent_version,
    }


def document(
    version: StudyVersion, signed: Signed | None, judged: Judged = NOT_JUDGED
) -> dict[str, Any]:
    """Return the dossier as data alone, for the typesetter."""
    study = version.study
    chapters: list[dict[str, Any]] = [
        {"title": title, "anchor": anchor, "blocks": list(blocks)}
        for title, anchor, blocks in _chapters(version, signed, judged)
    ]
    if signed is None:
        status = "Pilot: not approved" if version.pilot else "Not approved"
    else:
        end = f" to {signed.expires_on}" if signed.expires_on else ""
        status = f"Approved: {signed.reference}, from {signed.approved_on}{end}"
        status += f"; {signed.basis}" * bool(signed.letter)
    targets = [chapter["anchor"] for chapter in chapters]
    targets += [name for chapter in chapters for name in anchors(chapter["blocks"])]
    prints = zip(PRINTED, fingerprints(version).values(), strict=True)
    return {
        "title": study.title,
        "language": study.language.partition("-")[0].partition("_")[0],
        "name": study.name,
        "status": status,
        "pilot": version.pilot,
        "signed": asdict(replace(signed, evidence="")) if signed else None,
        "facts": [
            ["Study", f"{study.name}, version {study.version}"],
            ["Language", study.language],
            ["Consent", f"version {study.consent.version}"],
            ["Address", f"/s/{study.address}/"],
        ],
        "prints": [list(pair) for pair in prints],
        "chapters": chapters,
        # A link may lead only to what exists exactly once.
        "targets": sorted(name for name, n in Counter(targets).items() if name and n == 1),
    }


def _chapters(
    version: StudyVersion, signed: Signed | None, judged: Judged
) -> Iterator[tuple[str, str, Iterable[Block]]]:
    """Yield (title, place that links may lead to, blocks) of each chapter."""
    yield "Approval", "", _approval(version, signed)
    if version.study.consent.board_note:
        yield "Notes for the board", "", chapters_data.board_notes(version)
    yield "Before the questions", "", chapters_text.before_questions(version)
    yield "The questions", "screen:questions", chapters_text.questions(version)
    yield "After the questions, and the ways out", "", chapters_text.after_questions(version)
    yield "Words of the platform", "screen:platform", chapters_text.platform(version)
    yield "Help lines", "", chapters_data.help_lines(version)
    yield "Routing", "", chapters_data.routing(version)
    yield (
        "Checklist",
        "",
        (*chapters_data.checklist(version, judged), *chapters_data.reading(version)),
    )
    yield "What is stored", "", chapters_data.stored(version)
    yield "Release policy", "", chapters_data.policy(version)
    yield "Site facts", "", chapters_data.site_facts(version)


def _approval(version: StudyVersion, signed: Signed | None) -> Iterator[Block]:
    about = "The approval names the first three fingerprints of the title page, and no others."
    if signed is None:
        about = (
            "These fingerprints are not approved. Collection opens only for an approved, unexpired "
            "fingerprint; a pilot is marked as one on every page and its answers are kept apart."
        )
    else:
        yield pairs(
            [
                ("Reference", signed.reference),
                ("Approved by", signed.by),
                ("In force from", signed.approved_on),
                ("To", signed.expires_on or "no end was set"),
                ("Data analysis until", signed.analysis_until or "the same day"),
                ("Conditions", "; ".join(signed.conditions) or "none"),
                ("How it was given", signed.basis),
                *_keys(signed),
                *([("Letter, SHA-256", signed.letter)] if signed.letter else ()),
                ("Sentences of the platform, as signed", [code(signed.platform or "not noted")]),
                ("Documents of the submission", signed.submission or "none were signed with it"),
                *(("Document", line) for line in signed.documents),
            ]
        )
    yield prose(about)
    yield pairs(
        [
            ("Sentences of the platform, in this dossier", [code(platform_fingerprint())]),
            ("Program", f"Lacrima {program_version()}"),
        ]
    )
    if signed and signed.platform not in ("", platform_fingerprint()):
        yield prose(
            "The platform’s own sentences have changed since the signature: nobody new can begin "
            "before this version is signed anew."
        )
    yield heading("How to check this dossier")
    yield prose(
        "A fingerprint is the SHA-256 of exact content: one changed word changes the part it "
        "belongs to. The same fingerprints and the same approval give the same dossier, byte for "
        "byte, from the same version of the program."
    )
    yield heading("What is being served now", level=3)
    yield prose(
        f"The page /ethics/{version.study.name}/certificate of the site says which fingerprints it "
        "serves and under which approval. Compare them with those at the foot of any page here."
    )
    yield heading("Every text, from outside", level=3)
    yield prose(
        "The file dossier.zip holds this PDF, the study files, and texts.json with the texts of "
        "every screen in the order met. With the program installed anywhere,",
        [("code", f"lacrima verify https://SITE/ {version.study.name}-dossier.zip")],
        "walks the running site as a client does, up to but not including the button that sends, "
        "leaves so that nothing is kept, walks every way through on the board’s own pages, and "
        "names each text that differs from this dossier.",
    )


def _keys(signed: Signed) -> Iterator[tuple[str, str]]:
    """Yield each signer with the fingerprint of the key."""
    if not signed.evidence:
        yield "Signed with keys", "no"
        return
    for one in json.loads(signed.evidence)["signatures"]:
        yield f"Signed by {one['name']}, {one['capacity']}", f"key {one['fingerprint']}"


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
        "approval": _with_evidence(signed) if signed else None,
        "platform": platform_fingerprint(),
        "program": program_version(),
        "facts": dict(sorted(version.facts.items())),
        **screens_of(version),
    }


def _with_evidence(signed: Signed) -> dict[str, Any]:
    said = asdict(signed)
    return {**said, "evidence": json.loads(signed.evidence) if signed.evidence else None}


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


REMEMBERED = 6  # files of about a megabyte each, by each process
KEPT = 12  # files, in the data folder


class BeingMade(Exception):
    """Another request is making a dossier just now."""


class DossierCache:
    """Dossiers made once for all processes, in ``folder``, and remembered by this one.

    One is made at a time, and nobody waits for it: whoever asks meanwhile is told so, or sixteen
    who ask at once would take every thread from those who answer.
    """

    def __init__(self) -> None:
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Forget what this process remembers."""
        with self._lock:
            self._files.clear()

    def pdf(
        self, folder: Path, version: StudyVersion, signed: Signed | None, judged: Judged
    ) -> bytes:
        """Return the dossier as a PDF. Raises BeingMade, and Refusal where it cannot be set."""
        version = version.as_signed()
        make = partial(_set, version, signed, judged)
        return self._once(folder, _name("pdf", version, signed, judged), make)

    def zip(
        self, folder: Path, version: StudyVersion, signed: Signed | None, judged: Judged
    ) -> bytes:
        """Return the dossier with the study's files and every text. Raises as ``pdf`` does."""
        version = version.as_signed()
        paper = _name("pdf", version, signed, judged)

        def make() -> bytes:
            body = self._found(folder, paper)
            if body is None:
                body = self._keep(folder, paper, _set(version, signed, judged))
            return pack(version, signed, body)

        return self._once(folder, _name("zip", version, signed, judged), make)

    def _once(self, folder: Path, name: str, make: Callable[[], bytes]) -> bytes:
        body = self._found(folder, name)
        if body is not None:
            return body
        try:
            with locked(folder.parent / f".{folder.name}.lock", wait=False):
                body = self._found(folder, name)
                return self._keep(folder, name, make()) if body is None else body
        except BlockingIOError:
            raise BeingMade from None

    def _found(self, folder: Path, name: str) -> bytes | None:
        with self._lock:
            if name in self._files:
                self._files.move_to_end(name)
                return self._files[name]
        try:
            return self._remember(name, (folder / name).read_bytes())
        except OSError:
            return None

    def _remember(self, name: str, body: bytes) -> bytes:
        with self._lock:
            self._files[name] = body
            while len(self._files) > REMEMBERED:
                self._files.popitem(last=False)
        return body

    def _keep(self, folder: Path, name: str, body: bytes) -> bytes:
        """Keep it for other processes; a full disk keeps nobody from reading it."""
        with suppress(OSError):
            write_once(folder / name, body)
            kept = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
            for old in kept[:-KEPT]:
                old.unlink()
        return self._remember(name, body)


def _set(version: StudyVersion, signed: Signed | None, judged: Judged) -> bytes:
    return dossier_pdf(document(version, signed, judged))


def _name(what: str, version: StudyVersion, *about: object) -> str:
    """Return the name of a file for all that it says: equal names, equal dossiers."""
    told = tuple(sorted(version.facts.items()))
    prints = (*fingerprints(version).values(), platform_fingerprint(), program_version())
    said = (what, version.study.name, version.pilot, told, prints, *about)
    return f"{sha256(repr(said).encode()).hexdigest()}.{what}"


DOSSIERS = DossierCache()
