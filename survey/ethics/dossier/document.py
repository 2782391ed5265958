"""The whole dossier as one plain document: what is on the title page, then chapter by chapter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from forms.fingerprint import digest
from survey.ethics.dossier import chapters_data, chapters_text
from survey.ethics.dossier.blocks import Block, anchors, heading, pairs, prose
from survey.studies.fingerprints import FINGERPRINT_LABELS
from survey.studies.version import StudyVersion, fingerprints_of

# Beside each of ``fingerprints``, in its order.
PRINTED = (*FINGERPRINT_LABELS, "Consent texts alone", "Help lines (outside every approval)")


@dataclass(frozen=True, slots=True)
class Signed:
    """The board's approval of exactly these fingerprints; ISO dates, no end where empty."""

    reference: str
    by: str
    approved_on: str
    expires_on: str = ""
    conditions: str = ""


def fingerprints(version: StudyVersion) -> Mapping[str, str]:
    """Return the fingerprints of this version by name, SHA-256 in hex."""
    return {
        **fingerprints_of(version)._asdict(),
        "consent": version.study.fingerprints.consent_version,
        "help_lines": digest(version.study.support),
    }


def document(version: StudyVersion, signed: Signed | None) -> dict[str, Any]:
    """Return the dossier as data alone, for the typesetter."""
    study = version.study
    chapters: list[dict[str, Any]] = [
        {"title": title, "anchor": anchor, "blocks": list(blocks)}
        for title, anchor, blocks in _chapters(version, signed)
    ]
    targets = [chapter["anchor"] for chapter in chapters]
    targets += [name for chapter in chapters for name in anchors(chapter["blocks"])]
    prints = zip(PRINTED, fingerprints(version).values(), strict=True)
    return {
        "title": study.title,
        "language": study.language.partition("-")[0].partition("_")[0],
        "name": study.name,
        "status": _status(version, signed),
        "pilot": version.pilot,
        "signed": asdict(signed) if signed else None,
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


def _status(version: StudyVersion, signed: Signed | None) -> str:
    if signed is None:
        return "Pilot: not approved" if version.pilot else "Not approved"
    end = f" to {signed.expires_on}" if signed.expires_on else ""
    return f"Approved: {signed.reference}, from {signed.approved_on}{end}"


def _chapters(
    version: StudyVersion, signed: Signed | None
) -> Iterator[tuple[str, str, Iterable[Block]]]:
    """(title, place that links may lead to, blocks) of each chapter."""
    yield "Approval", "", (*_approval(signed), *_how_to_check(version))
    if version.study.consent.board_note:
        yield "Notes for the board", "", chapters_data.board_notes(version)
    yield "Before the questions", "", chapters_text.before_questions(version)
    yield "The questions", "screen:questions", chapters_text.questions(version)
    yield "After the questions, and the ways out", "", chapters_text.after_questions(version)
    yield "Words of the platform", "screen:platform", chapters_text.platform(version)
    yield "Help lines", "", chapters_data.help_lines(version)
    yield "Routing", "", chapters_data.routing(version)
    yield "Checklist", "", (*chapters_data.checklist(version), *chapters_data.reading(version))
    yield "What is stored", "", chapters_data.stored(version)
    yield "Release policy", "", chapters_data.policy(version)
    yield "Site facts", "", chapters_data.site_facts(version)


def _approval(signed: Signed | None) -> Iterator[Block]:
    if signed is None:
        yield prose(
            "These fingerprints are not approved. Collection opens only for an approved, unexpired "
            "fingerprint; a pilot is marked as one on every page and its answers are kept apart."
        )
        return
    yield pairs(
        [
            ("Reference", signed.reference),
            ("Approved by", signed.by),
            ("In force from", signed.approved_on),
            ("To", signed.expires_on or "no end was set"),
            ("Conditions", signed.conditions or "none"),
        ]
    )
    yield prose("The approval names the first three fingerprints of the title page, and no others.")


def _how_to_check(version: StudyVersion) -> Iterator[Block]:
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
