"""The signatures behind an approval, as the dossier and the certificate carry them, and a check.

Whoever checks needs the fingerprints of the members' keys from the members themselves: keys that
come with the dossier are whatever the host put there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forms.fingerprint import canonical
from survey.errors import Refusal
from survey.signing.key_files import SignatureInvalid, check_signature, fingerprint
from survey.signing.statements import LABELS, read_statement
from survey.storage import members, proposals
from survey.storage.accounts import folded
from survey.storage.database import Database
from survey.storage.members import KeyEnd, Member
from survey.storage.proposals import MADE_BY, Signature
from survey.studies.fingerprints import FINGERPRINT_LABELS, VersionFingerprints

HOSTS_OWN_KEYS = (
    "Keys that come with the host’s own dossier prove nothing: the host could have made them. Have "
    "each member hand over the fingerprint of their key by another way, write them into a file, "
    "“name fingerprint” on a line, and check with --keys FILE."
)


# What an approval shows that its statement must say in the same words.
SHOWN = ("reference", "approved_on", "expires_on", "analysis_until", "letter")


def evidence(office: Database, approval: int) -> dict[str, Any] | None:
    """Return statement, signatures and public keys behind this approval; None without any.

    Of the signatures those that counted when it took effect.
    """
    proposal = proposals.behind_approval(office, approval)
    ended = proposals.outcome(office, proposal.number) if proposal else None
    if proposal is None or ended is None:
        return None
    signed = []
    for one in proposals.signatures(office, proposal.number):
        key = members.key_of(office, one.key)
        if key is not None and _counted(office, proposal.study, one, ended.at):
            signed.append(
                {
                    "name": one.name,
                    "capacity": one.capacity,
                    "at": one.at,
                    "kind": key.kind,
                    "public": key.public,
                    "fingerprint": fingerprint(key.public),
                    "signature": json.loads(one.signature),
                }
            )
    return {"statement": proposal.statement, "signatures": signed}


def had_ended(ends: Iterable[KeyEnd], account: str, key: int, at: str) -> bool:
    """Return whether this key of the account had ended ``at`` (ISO time)."""
    over = [end for end in ends if end.account == account and end.at <= at]
    return any(end.key == key or (not end.key and key <= end.latest) for end in over)


def _counted(office: Database, study: str, signature: Signature, at: str) -> bool:
    """Return whether the key had not ended and the seat was held and free of conflict ``at``."""
    if had_ended(members.key_ends(office, signature.account), signature.account, signature.key, at):
        return False
    said = [
        change
        for change in members.history(office, study)
        if isinstance(change, Member) and change.account == signature.account and change.at <= at
    ]
    return not said or not said[-1].hindrance(at[:10])


def as_text(found: dict[str, Any] | None) -> str:
    """Return evidence as one canonical text; nothing where there is none."""
    return canonical(found) if found else ""


def read_fingerprints(path: Path) -> dict[str, str]:
    """Return fingerprint → name of a file of "name fingerprint" lines. Raises Refusal."""
    found = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeError):
        raise Refusal(f"{path} cannot be read: give a file of “name fingerprint” lines.") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, print_ = line.strip().rpartition(" ")
        if not name.strip() or len(print_) != 64 or set(print_.lower()) - set("0123456789abcdef"):
            raise Refusal(
                f"{path}, line {number}: give a name, a space and the 64 hexadecimal digits of a "
                "fingerprint."
            )
        found[print_.lower()] = name.strip()
    if not found:
        raise Refusal(f"{path} names no key.")
    return found


@dataclass
class Verdict:
    """What a check found: sentences, and whether the approval is signed as it should be."""

    lines: list[str] = field(default_factory=list)
    sound: bool = True

    def fail(self, line: str) -> None:
        """Note what is wrong."""
        self.lines.append(line)
        self.sound = False


def check(
    found: Mapping[str, Any] | None,
    study: str,
    fingerprints: VersionFingerprints,
    shown: Mapping[str, Any],
    known: Mapping[str, str] | None,
) -> Verdict:
    """Check the evidence for exactly this approval against keys of members, if ``known``.

    ``shown`` is what else is shown of the approval: reference, dates, letter.
    """
    told = Verdict()
    if not found:
        told.lines.append("No member signed this approval with a key.")
        told.sound = known is None
        return told
    try:
        said = read_statement(found["statement"])
        _compare(told, said, study, fingerprints, shown)
        by = {_signer(told, found["statement"], one, known) for one in found["signatures"]} - {""}
        needed = int(said["quorum"])
    except (KeyError, TypeError, ValueError, AttributeError):
        told.fail("The statement or its signatures cannot be read.")
        return told
    theirs = "" if known is None else ", by the file of keys"
    count = f"{len(by)} of the {needed} needed signed{theirs}."
    if len(by) < needed:
        told.fail(count)
    else:
        told.lines.append(count)
    if known is None:
        told.lines.append(HOSTS_OWN_KEYS)
    return told


def _compare(
    told: Verdict,
    said: Mapping[str, Any],
    study: str,
    fingerprints: VersionFingerprints,
    shown: Mapping[str, Any],
) -> None:
    """Note in what the statement is not about this approval: act, study, fingerprints, dates."""
    if said["act"] not in MADE_BY:
        told.fail(f"What was signed is no approval: {said['what'].lower()}.")
    if said["study"] != study:
        told.fail(f"What was signed is about {said['study']}.")
    for label, name, expected in zip(
        FINGERPRINT_LABELS, fingerprints._fields, fingerprints, strict=True
    ):
        if said[name] != expected:
            told.fail(f"The statement names another fingerprint of {label.lower()}.")
    for name in SHOWN:
        if name in shown and said[name] != shown[name]:
            told.fail(f"{LABELS[name]}: {said[name] or 'none'} was signed, {shown[name]} is shown.")
    for one in said["conditions"]:
        if not any(one["text"] in str(told_of) for told_of in shown.get("conditions", ())):
            told.fail(f"A condition was signed that is not shown: {one['text']}")


def _signer(
    told: Verdict, statement: str, one: Mapping[str, Any], known: Mapping[str, str] | None
) -> str:
    """Return who counts as having signed; nothing where the signature is not to be believed."""
    name, public = str(one["name"]), str(one["public"])
    who, print_ = f"{name}, {one['capacity']}", fingerprint(public)
    try:
        check_signature(statement, json.dumps(one["signature"]), one["kind"], public)
    except SignatureInvalid as invalid:
        told.fail(f"{who}: {invalid}")
        return ""
    if known is None:
        told.lines.append(f"{who}: the signature fits the key {print_} beside it.")
        return print_
    if print_ not in known:
        told.fail(f"{who}: signed with the key {print_}, which the file of keys does not have.")
        return ""
    owner = known[print_]
    if folded(owner) != folded(name):
        told.fail(f"{who}: the key {print_} is {owner}’s by the file of keys.")
        return ""
    told.lines.append(f"{who}: signed with the key {print_}, as the file of keys has it.")
    return folded(owner)
