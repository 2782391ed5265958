"""The signing of a study's versions, each archived whole, and the copy that is served from then on.

DATA/approved/STUDY/0123456789abcdef/STUDY/     the study folder's files as they were signed
DATA/approved/STUDY/0123456789abcdef/facts.json the site's facts they were signed with

The sixteen digits begin the fingerprint of the whole: words, policy and site facts together. An
archived copy that is loaded must have the three fingerprints that were signed.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from exports.output_files import hidden_beside
from forms.fingerprint import fingerprint_of_facts, words_in_format_1
from forms.load import load_study
from forms.toml_tables import StudyFaults
from survey.errors import Refusal
from survey.storage import answer_tables, studies
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.platform_words import (
    changed_sentences,
    fingerprint_of_platform,
    platform_content,
    platform_fingerprint,
)
from survey.studies.version import StudyVersion, fingerprints_of

FOLDER = "approved"
FACTS = "facts.json"
DIGITS = 16


class ArchivedVersionInvalid(Refusal):
    """The archived copy of an approved version is missing, damaged or changed."""


class FolderChanged(Refusal):
    """The study folder is no longer what was to be signed."""


def whole(fingerprints: VersionFingerprints) -> str:
    """Return one fingerprint for words, policy and site facts together (SHA-256, hex)."""
    return sha256("\n".join(fingerprints).encode()).hexdigest()


def place_of(data: Path, study: str, fingerprints: VersionFingerprints) -> Path:
    """Return where the version with these fingerprints is archived, whether it is or not."""
    return data / FOLDER / study / whole(fingerprints)[:DIGITS]


def load_archived(data: Path, study: str, fingerprints: VersionFingerprints) -> StudyVersion:
    """Return the archived version with exactly these fingerprints.

    Raises ArchivedVersionInvalid.
    """
    place = place_of(data, study, fingerprints)
    if not place.is_dir():
        raise ArchivedVersionInvalid(
            f"{place} is missing: the approved version of {study} cannot be served."
        )
    version = _read(place, study)
    names = ("the words", "the release policy", "the site's facts")
    pairs = zip(names, fingerprints_of(version), fingerprints, strict=True)
    if words_in_format_1(version.study) == fingerprints.words:
        raise ArchivedVersionInvalid(
            f"{study} was signed by an earlier version of the program, when the help page lay "
            "outside the fingerprint of the words. It has to be signed anew."
        )
    if differing := " and ".join(name for name, found, signed in pairs if found != signed):
        raise ArchivedVersionInvalid(
            f"{place} was changed after it was signed: {differing} differ. Restore it from a "
            "backup, or have the present version signed."
        )
    return version


def _read(place: Path, study: str) -> StudyVersion:
    """Return the version in ``place``. Raises ArchivedVersionInvalid where it cannot be read."""
    try:
        facts: dict[str, str] = json.loads((place / FACTS).read_text("utf-8"))
        loaded = load_study(place / study)
        return StudyVersion(
            loaded, place / study, facts, fingerprint_of_facts(loaded, facts), pilot=False
        )
    except StudyFaults as faults:
        raise ArchivedVersionInvalid(f"{place} cannot be read: {faults.faults[0]}.") from None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ArchivedVersionInvalid(f"{place} cannot be read: {type(error).__name__}.") from None


def archive_version(data: Path, version: StudyVersion) -> Path:
    """Archive ``version`` for good before it is signed; return where. Nothing is overwritten.

    Raises FolderChanged where the folder's files are not what ``version`` was read from.
    """
    study, fingerprints = version.study.name, fingerprints_of(version)
    place = place_of(data, study, fingerprints)
    with suppress(ArchivedVersionInvalid):
        load_archived(data, study, fingerprints)
        return place

    def refusal(error: OSError, begun: bool) -> Refusal:  # noqa: FBT001
        why = error.strerror or type(error).__name__
        where, after = (place, " Nothing changed.") if begun else (place.parent, "")
        return Refusal(f"Cannot archive into {where}: {why}.{after}")

    with hidden_beside(place, refusal, mode=0o700) as work:
        if fingerprints_of(_copied(version, work)) != fingerprints:
            raise FolderChanged(
                f"{version.folder} has just changed: read it again before you sign."
            )
        _make_durable(work)
        if place.exists():  # damaged: kept aside for the operator to see
            place.rename(Path(tempfile.mkdtemp(prefix="damaged.", dir=place.parent)) / place.name)
        work.rename(place)
        # The new name stands in the folder that holds it.
        _make_durable(place.parent, inside=False)
    return place


def _copied(version: StudyVersion, work: Path) -> StudyVersion:
    """Copy the folder's files and the facts, read-only, and return the version read from the copy.

    Raises Refusal where the files are no study just now.
    """
    if not version.folder.is_dir():
        raise Refusal(f"The folder {version.folder} is gone, so nothing was signed.")
    copy, hidden = work / version.study.name, shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(version.folder.resolve(), copy, ignore=hidden)
    facts = json.dumps(dict(version.facts), ensure_ascii=False, indent=1, sort_keys=True)
    (work / FACTS).write_text(facts + "\n", "utf-8")
    for path in (work / FACTS, *(p for p in copy.rglob("*") if p.is_file())):
        path.chmod(0o400)
    try:
        return _read(work, version.study.name)
    except ArchivedVersionInvalid:
        raise Refusal(
            f"The folder {version.folder} cannot be used as it is now, so nothing was signed."
        ) from None


def _make_durable(folder: Path, *, inside: bool = True) -> None:
    """Flush to the disk before the copy is relied on."""
    for path in (*(folder.rglob("*") if inside else ()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


RECORD_LOST = (
    "Answers to it are stored, yet office.db knows neither its approval nor that it was opened. "
    "Restore office.db from your backup before anything else: approvals, releases made and the "
    "audit are in it."
)
REFERENCE_LENGTH, CONDITIONS_LENGTH = 200, 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalForm:
    """A board's approval before it is signed: ISO dates, the last day included."""

    reference: str
    by: str
    approved_on: str
    expires_on: str
    conditions: str = ""


def day(text: str) -> date | None:
    """Return an ISO date, or None for other text."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def faults_of(typed: Mapping[str, str], today: str) -> dict[str, str]:
    """Return field → what is wrong with it; nothing when the form can be signed."""
    reference, conditions = typed.get("reference", "").strip(), typed.get("conditions", "")
    begins, ends = day(typed.get("approved_on", "")), day(typed.get("expires_on", ""))
    end = "" if ends else "Give the last day on which it holds as year-month-day."
    if begins and ends and ends < begins:
        end = "It would end before it was given: check the two dates."
    elif ends and ends < date.fromisoformat(today):
        end = "This day has passed: give a later one."
    found = {
        "reference": "" if reference else "Give the board’s reference number.",
        "approved_on": "" if begins else "Give the date of the approval as year-month-day.",
        "expires_on": end,
        "read": "" if typed.get("read") == "1" else "Tick that you have read this version.",
    }
    if len(reference) > REFERENCE_LENGTH:
        found["reference"] = f"Shorten the reference to {REFERENCE_LENGTH} characters."
    if len(conditions) > CONDITIONS_LENGTH:
        found["conditions"] = f"Shorten the conditions to {CONDITIONS_LENGTH} characters."
    return {name: fault for name, fault in found.items() if fault}


def read_approval_form(typed: Mapping[str, str], by: str) -> ApprovalForm:
    """Return the form as typed without fault, signed ``by``."""
    return ApprovalForm(
        reference=typed["reference"].strip(),
        by=by,
        approved_on=typed["approved_on"].strip(),
        expires_on=typed["expires_on"].strip(),
        conditions=typed.get("conditions", "").strip(),
    )


def record_approval(stores: Stores, version: StudyVersion, form: ApprovalForm) -> None:
    """Archive this version and note its approval, in this order: what is approved is there.

    Raises FolderChanged where the folder has changed meanwhile, Refusal where it cannot be
    archived; then nothing is signed. One form sent twice in a row is noted once.
    """
    archive_version(stores.folder, version)
    fingerprints = fingerprints_of(version)
    platform = platform_content()
    signed = {
        "study": version.study.name,
        **fingerprints._asdict(),
        **asdict(form),
        "platform": fingerprint_of_platform(platform),
    }
    noted = studies.approvals(stores.office, version.study.name)
    if not noted or noted[-1].revoked or signed.items() - asdict(noted[-1]).items():
        with write_transaction(stores.office):
            studies.keep_platform(stores.office, signed["platform"], platform)
            studies.approve(stores.office, studies.Approval(**signed))


def same_label(stores: Stores, version: StudyVersion) -> str:
    """Return in a sentence that other words were signed under this version's label; or nothing."""
    study = version.study
    noted = studies.approvals(stores.office, study.name)
    others = [a for a in noted if a.words != study.fingerprints.words]
    with suppress(ArchivedVersionInvalid):
        if others:
            signed = load_archived(stores.folder, study.name, others[-1].fingerprints).study
            if signed.version == study.version:
                return (
                    f"The words are not those signed under {others[-1].reference}, yet both are "
                    f"called version {study.version}: give the new ones another version in "
                    "questionnaire.toml."
                )
    return ""


def other_platform(signed: studies.Approval) -> bool:
    """Return whether the program says other sentences of its own than those that were signed."""
    return signed.platform not in ("", platform_fingerprint())


def platform_changes(stores: Stores, signed: studies.Approval | None) -> list[str]:
    """Return what changed in the platform's sentences since this approval, a line each."""
    if signed is None or not other_platform(signed):
        return []
    before = studies.platform_content_of(stores.office, signed.platform)
    return changed_sentences(before, platform_content()) if before else []


def record_lost(stores: Stores, name: str) -> bool:
    """Return whether answers were sent to a study that the office's file has as never opened."""
    drafted = studies.status(stores.office, name) == "draft"
    return drafted and answer_tables.answer_counts(stores.responses, name).sent > 0


def signed_version(stores: Stores, folder: StudyVersion, today: str) -> StudyVersion:
    """Return the version under which answers are released: policy and words as signed last.

    A pilot, or a study that was never signed, is what its folder says. Raises
    ArchivedVersionInvalid where the folder has changed and the archived copy cannot be used, and
    Refusal where the record of what was signed and released is lost: rows that are out already
    would go out again in another form.
    """
    if not folder.pilot and record_lost(stores, folder.study.name):
        raise Refusal(RECORD_LOST)
    signed = studies.latest_effective(studies.approvals(stores.office, folder.study.name), today)
    if folder.pilot or signed is None or signed.fingerprints == fingerprints_of(folder):
        return folder
    found = load_archived(stores.folder, folder.study.name, signed.fingerprints)
    return replace(found, limit=folder.limit, invited=folder.invited)
