"""What a member signs: one statement in canonical JSON, and the same in words.

It names all that the signature covers, so that no key is ever used for something that its owner
cannot read: fingerprints, dates, conditions, program version, quorum.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from forms.fingerprint import canonical
from survey.errors import Refusal
from survey.program import program_version
from survey.storage.studies import LATER, Approval

FORMAT = "lacrima-statement-1"
LARGEST = 1_000_000  # bytes of a statement file; reasons and conditions are some thousand each

# What takes effect once the quorum has signed.
ACTS = {
    "approve": "Approve exactly this version",
    "confirm": "Confirm an approval that was given on paper",
    "lift": "Lift the suspension",
    "revoke": "Revoke an approval for good",
    "take back": "Take back a condition",
    "key": "Sign with another key as well",
}
DECLARATION = (
    "Whoever signs is no researcher of this study, under whatever name or account, and has no "
    "conflict of interest in it."
)
# Field → what a signer reads before it, in the order read; those of no value are left out.
LABELS = {
    "act": "What is signed",
    "study": "Study",
    "reference": "Reference",
    "meeting": "Meeting",
    "approved_on": "From",
    "expires_on": "Last day",
    "analysis_until": "Last day of data analysis",
    "conditions": "Conditions",
    "carried": "Conditions of earlier approvals that go on binding",
    "waived": "Elements of the checklist that the board does without",
    "condition": "Number of the condition",
    "asked": "What it asks for",
    "switches": "What it is about",
    "reason": "Reason",
    "told": "What clients read as the reason",
    "number": "Number of the approval",
    "by": "Approved by",
    "words": "Fingerprint of words and routing",
    "policy": "Fingerprint of the release policy",
    "site": "Fingerprint of the site’s facts",
    "platform": "Fingerprint of the platform’s words",
    "submission": "Fingerprint of the submitted documents",
    "basis": "Basis",
    "letter": "SHA-256 of the letter",
    "account": "Account",
    "kind": "Kind of key",
    "fingerprint": "Fingerprint of the new key",
    "program": "Version of the program",
    "declaration": "Declared by each signature",
    "quorum": "Signatures needed",
    "proposed_at": "Proposed (UTC)",
    "lapses_on": "To be signed by the end of",
}
# What only says how an approval stands in the record.
_OF_THE_RECORD = ("by", "recorded_at", *LATER)


def make_statement(act: str, study: str, **fields: object) -> str:
    """Return a statement in its one form. Raises KeyError for an act that there is not."""
    said = {"format": FORMAT, "act": act, "study": study, "program": program_version(), **fields}
    return canonical({"what": ACTS[act], **said})


def signed_fields(approval: Approval) -> dict[str, Any]:
    """Return what a statement says of an approval: all but how it stands in the record."""
    said = {name: value for name, value in asdict(approval).items() if name not in _OF_THE_RECORD}
    return dict(json.loads(canonical(said)))


def statement_on(approval: Approval, act: str, **fields: object) -> str:
    """Return the statement of an act on ``approval``, which need not be in the record yet."""
    said = signed_fields(approval)
    if approval.number:
        fields = {"number": approval.number, "by": approval.by, **fields}
    study = said.pop("study")
    return make_statement(act, study, **said, **fields)


def digest_of(statement: str) -> bytes:
    """Return the SHA-256 of a statement: the challenge that a passkey signs."""
    return sha256(statement.encode()).digest()


def read_statement(data: str | bytes) -> dict[str, Any]:
    """Return the fields of a statement. Raises Refusal for anything else."""
    try:
        said = json.loads(data)
        if said["format"] == FORMAT and said["what"] == ACTS[said["act"]]:
            return dict(said)
    except (ValueError, KeyError, TypeError):
        pass
    raise Refusal(
        f"This is no statement that this version of the program knows (format {FORMAT}). "
        "Download it again from the page on which you sign."
    )


def in_words(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (label, value) of everything that a statement says, in the order read."""
    known = {**said, "act": said["what"]}
    # Nothing that is signed is left unsaid: a field without a label comes under its own name.
    others = [n for n in said if n not in LABELS and n not in ("format", "what")]
    for name in (*LABELS, *others):
        if (value := known.get(name, "")) not in ("", None, [], {}):
            yield LABELS.get(name, name), _said(value)


def _said(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(f"{i}. {_said(one)}" for i, one in enumerate(value, start=1))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_said(one)}" for name, one in value.items() if one)
    return str(value)
