"""Signing a version of a study: what is on the form, and what happens when it is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from survey.errors import Refusal
from survey.served import approved
from survey.served.offer import Offer, prints_of
from survey.store import responses, studies
from survey.store.connect import Stores

RECORD_LOST = (
    "Answers to it are stored, yet office.db knows neither its approval nor that it was opened. "
    "Restore office.db from your backup before anything else: approvals, releases made and the "
    "audit are in it."
)
REFERENCE_LENGTH, CONDITIONS_LENGTH = 200, 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A board's approval before it is signed: ISO dates, the last day included."""

    reference: str
    by: str
    approved_on: str
    expires_on: str
    conditions: str = ""


def day(text: str) -> date | None:
    """An ISO date, or None for what is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def faults_of(typed: Mapping[str, str], today: str) -> dict[str, str]:
    """Field → what is wrong with what was typed; nothing when it can be signed."""
    reference, conditions = typed.get("reference", "").strip(), typed.get("conditions", "")
    begins, ends = day(typed.get("approved_on", "")), day(typed.get("expires_on", ""))
    found = {
        "reference": "" if reference else "Give the board’s reference number.",
        "approved_on": "" if begins else "Give the date of the approval as year-month-day.",
        "expires_on": _about_the_end(begins, ends, date.fromisoformat(today)),
        "read": "" if typed.get("read") == "1" else "Tick that you have read this version.",
    }
    if len(reference) > REFERENCE_LENGTH:
        found["reference"] = f"Shorten the reference to {REFERENCE_LENGTH} characters."
    if len(conditions) > CONDITIONS_LENGTH:
        found["conditions"] = f"Shorten the conditions to {CONDITIONS_LENGTH} characters."
    return {name: fault for name, fault in found.items() if fault}


def _about_the_end(begins: date | None, ends: date | None, today: date) -> str:
    if ends is None:
        return "Give the last day on which it holds as year-month-day."
    if begins and ends < begins:
        return "It would end before it was given: check the two dates."
    return "This day has passed: give a later one." if ends < today else ""


def signature_of(typed: Mapping[str, str], by: str) -> Signature:
    """What was typed without fault, signed ``by``."""
    return Signature(
        reference=typed["reference"].strip(),
        by=by,
        approved_on=typed["approved_on"].strip(),
        expires_on=typed["expires_on"].strip(),
        conditions=typed.get("conditions", "").strip(),
    )


def sign(stores: Stores, offer: Offer, signature: Signature) -> None:
    """Archive this version and note its approval, in this order: what is approved is there.

    Raises ``approved.Changed`` where the folder has changed meanwhile, Refusal where it cannot be
    archived; then nothing is signed. The same signature twice in a row is noted once.
    """
    approved.keep(stores.folder, offer)
    words, policy, site = prints_of(offer)
    noted = studies.approvals(stores.office, offer.study.name)
    if noted and noted[-1].prints == (words, policy, site) and _same(noted[-1], signature):
        return
    studies.approve(
        stores.office,
        study=offer.study.name,
        words=words,
        policy=policy,
        site=site,
        reference=signature.reference,
        by=signature.by,
        approved_on=signature.approved_on,
        expires_on=signature.expires_on,
        conditions=signature.conditions,
    )


def _same(noted: studies.Approval, signature: Signature) -> bool:
    names = ("reference", "by", "approved_on", "expires_on", "conditions")
    alike = all(getattr(noted, name) == getattr(signature, name) for name in names)
    return alike and not noted.revoked


def record_lost(stores: Stores, name: str) -> bool:
    """Whether answers lie stored of a study that, as the office's file has it, nobody opened."""
    drafted = studies.status(stores.office, name) == "draft"
    return drafted and responses.count(stores.responses, name) > 0


def signed_version(stores: Stores, folder: Offer, today: str) -> Offer:
    """The version under which answers are released: the one signed last, its policy and its words.

    A pilot, or a study that nobody ever signed, is what its folder says. Raises
    ``approved.Unsound`` where the folder has changed and the archived copy cannot be used, and
    Refusal where the record of what was signed and released is lost: rows that are out already
    would go out again in another form.
    """
    if not folder.pilot and record_lost(stores, folder.study.name):
        raise Refusal(RECORD_LOST)
    signed = studies.governing(studies.approvals(stores.office, folder.study.name), today)
    if folder.pilot or signed is None or signed.prints == prints_of(folder):
        return folder
    found = approved.load(stores.folder, folder.study.name, signed.prints)
    return approved.with_help_of(folder, found)
