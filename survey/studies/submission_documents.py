"""The documents of a submission: slots, the files in them, and their fingerprint.

DATA/submissions/STUDY/SHA256     a document as it was put in, never overwritten

The fingerprint is over slots, names and hashes, and over the reasons for having none. It is signed
with an approval, and says nothing of what clients are served: a document that is put in later
needs no new signature, and shows as a difference.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from forms.study import Study
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.private_file import write_whole
from survey.storage import board_submissions
from survey.storage.board_submissions import Document
from survey.storage.database import Database
from survey.storage.studies import Approval

FOLDER = "submissions"
LARGEST = 20 * 1024 * 1024  # bytes of one document
LONGEST_NAME, LONGEST_REASON = 120, 1000


@dataclass(frozen=True, slots=True)
class Slot:
    """A kind of document; a ``needed`` one must hold a file, or a reason for having none."""

    id: str
    title: str
    sentence: str
    needed: bool = True


SLOTS = (
    Slot("protocol", "Protocol", "Aims, hypotheses, sample size with its reason, analysis."),
    Slot("recruitment", "Recruitment", "Every text, leaflet and post that people are asked with."),
    Slot("dpia", "Data protection impact assessment", "As Art. 35 GDPR asks for it."),
    Slot("agreement", "Data use agreement", "What whoever gets a restricted file has to sign."),
    Slot("processor", "Contract with the host", "As Art. 28 GDPR asks for it."),
    Slot("team", "Team and conflicts of interest", "Who takes part, training, declared conflicts."),
    Slot("sponsor", "Sponsor and insurance", "Who pays, and who is insured for what."),
    Slot("translations", "Translations", "Each with who made and checked it.", needed=False),
    Slot("other", "Other documents", "Whatever else the board asked for.", needed=False),
)
SLOT_OF = {slot.id: slot for slot in SLOTS}


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot with the documents in it now, and the reason where there are none."""

    slot: Slot
    documents: tuple[Document, ...]
    reason: str

    @property
    def lacking(self) -> bool:
        """Return whether it stands in the way of a signature."""
        return self.slot.needed and not (self.documents or self.reason)


def slots_of(office: Database, study: Study) -> list[Filled]:
    """Return every slot as it stands now. An agreement is needed where a tier names recipients."""
    return _slots(study, board_submissions.entries(office, study.name))


def _slots(study: Study, entries: Sequence[Document]) -> list[Filled]:
    named = any(tier.kind.names_recipient for tier in study.policy.tiers.values())
    return [_filled(slot, entries) for slot in SLOTS if slot.id != "agreement" or named]


def _filled(slot: Slot, entries: Sequence[Document]) -> Filled:
    own = [entry for entry in entries if entry.slot == slot.id]
    last = {entry.name: entry for entry in own}
    documents = tuple(e for name, e in sorted(last.items()) if name and e.sha256)
    return Filled(slot, documents, last[""].reason if "" in last and not documents else "")


def fingerprint(slots: Sequence[Filled]) -> str:
    """Return the fingerprint of what is in the slots (SHA-256, hex); empty where nothing is."""
    said = [
        {"slot": one.slot.id, "reason": one.reason}
        | {"documents": [[d.name, d.sha256] for d in one.documents]}
        for one in slots
        if one.documents or one.reason
    ]
    if not said:
        return ""
    plain = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(plain.encode()).hexdigest()


def signed_documents(office: Database, study: Study, approval: Approval) -> tuple[str, ...]:
    """Return slot and hash of each document that was signed with an approval, where still known.

    Without names and reasons, which are for the board: a dossier is public.
    """
    entries = board_submissions.entries(office, study.name)
    for count in range(len(entries), 0, -1):  # as they were before later ones came
        slots = _slots(study, entries[:count])
        if fingerprint(slots) == approval.submission:
            return tuple(f"{one.slot.title}: {d.sha256}" for one in slots for d in one.documents)
    return ()


def present_fingerprint(office: Database, study: Study) -> str:
    """Return the fingerprint of what is in the study's slots now."""
    return fingerprint(slots_of(office, study))


def lacking(office: Database, study: Study) -> list[str]:
    """Return the titles of needed slots that are empty without a reason."""
    return [one.slot.title for one in slots_of(office, study) if one.lacking]


def put(data: Path, study: Study, slot: str, name: str, content: bytes, *, who: str) -> Document:
    """Keep a file for its owner alone, and return its entry. Raises Refusal.

    The file is on the disk before any row names it.
    """
    name = _named(name)
    if slot not in SLOT_OF:
        raise Refusal(f"There is no slot {slot!r}: " + ", ".join(SLOT_OF) + ".")
    if not content:
        raise Refusal(f"{name} is empty. Nothing was put in.")
    if len(content) > LARGEST:
        raise Refusal(f"{name} is larger than {LARGEST // 1024**2} MB. Nothing was put in.")
    digest = sha256(content).hexdigest()
    place = path_of(data, study.name, digest)
    try:
        write_once(place, content)
    except OSError as error:
        raise Refusal(f"Cannot write {place}: {error.strerror}. Nothing was put in.") from None
    return Document(iso_utc(), who, slot, name, digest, len(content), "")


def write_once(place: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Keep a file that is named by its content, durably; one that was damaged is replaced."""
    if place.exists() and place.read_bytes() == content:
        return
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(place, content, mode=mode)  # the same bytes, or a damaged copy of them


def explained(slot: str, reason: str, *, who: str) -> Document:
    """Return the entry that says why a slot holds no file. Raises Refusal."""
    reason = reason.strip()
    if slot not in SLOT_OF:
        raise Refusal(f"There is no slot {slot!r}: " + ", ".join(SLOT_OF) + ".")
    if not reason or len(reason) > LONGEST_REASON:
        raise Refusal(f"Give the reason why there is none, in up to {LONGEST_REASON} characters.")
    return Document(iso_utc(), who, slot, "", "", 0, reason)


def taken_out(document: Document, *, who: str) -> Document:
    """Return the entry that takes a document out of its slot; its file stays."""
    return Document(iso_utc(), who, document.slot, document.name, "", 0, "")


def path_of(data: Path, study: str, digest: str) -> Path:
    """Return where the document with this hash lies, whether it does or not."""
    return data / FOLDER / study / digest


def content_of(data: Path, study: str, document: Document) -> bytes:
    """Return a document's bytes. Raises Refusal where they are not what was put in."""
    place = path_of(data, study, document.sha256)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise Refusal(f"Cannot read {place}: {error.strerror}.") from None
    if sha256(content).hexdigest() != document.sha256:
        raise Refusal(f"{place} was changed after {document.name} was put in.")
    return content


def _named(name: str) -> str:
    """Return a file's own name, fit for a zip and a header. Raises Refusal."""
    own = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2]).strip()
    if not re.fullmatch(r"[^\W_][\w .()+-]*", own) or len(own) > LONGEST_NAME:
        raise Refusal(
            f"{own!r} cannot be the name of a document: use up to {LONGEST_NAME} letters, digits, "
            "spaces and . ( ) + - _, beginning with a letter or digit."
        )
    return own
