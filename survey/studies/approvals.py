"""The signing of a study's versions, each archived whole, and the copy that is served from then on.

DATA/approved/STUDY/0123456789abcdef/STUDY/     the study folder's files as they were signed
DATA/approved/STUDY/0123456789abcdef/facts.json the site's facts they were signed with
DATA/letters/STUDY/SHA-256.pdf                  letters of approvals that were given on paper

The sixteen digits begin the fingerprint of the whole: words, policy and site facts together. An
archived copy that is loaded must have the three fingerprints that were signed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from exports.output_files import hidden_beside
from forms.fingerprint import fingerprint_of_facts, words_in_format_1
from forms.load import load_study
from forms.toml_tables import StudyFaults
from forms.variants import shown_at
from survey.clock import iso_utc
from survey.errors import Refusal
from survey.private_file import sync
from survey.storage import answer_tables, studies
from survey.storage.database import Database, write_transaction
from survey.storage.stores import Stores
from survey.storage.studies import Condition, ConditionKind
from survey.studies import submission_documents
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.platform_words import (
    changed_sentences,
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


def signed_folder(data: Path, version: StudyVersion) -> Path:
    """Return the archived folder of ``version``, or its own where it was never signed."""
    name = version.study.name
    archived = place_of(data, name, fingerprints_of(version)) / name
    return archived if archived.is_dir() and not version.pilot else version.folder


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
        loaded = load_study(place / study, signed=True)
        site = fingerprint_of_facts(loaded, facts)
        return StudyVersion(shown_at(loaded, facts), place / study, facts, site, pilot=False)
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
        sync(path)


RECORD_LOST = (
    "Answers to it are stored, yet office.db knows neither its approval nor that it was opened. "
    "Restore office.db from your backup before anything else: approvals, releases made and the "
    "audit are in it."
)
REFERENCE_LENGTH, CONDITION_LENGTH, MOST_CONDITIONS = 200, 1000, 20
# A meeting's decision is signed within weeks; boards review at least yearly (45 CFR 46.109(e)).
BACKDATED_DAYS, LONGEST_DAYS = 30, 366
LETTERS = "letters"
LETTER_BYTES = 20 * 1024 * 1024


# Where each kind of condition is typed, one a line.
CONDITION_FIELDS: Mapping[ConditionKind, str] = {
    "opening": "before_opening",
    "running": "while_running",
    "release": "before_release",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalForm:
    """A board's approval before it is signed: ISO dates, the last day included.

    ``analysis_until`` is the last day on which data may be used; empty: the last of the approval.
    ``letter`` (SHA-256) makes it one that the operator notes from paper.
    """

    reference: str
    by: str
    approved_on: str
    expires_on: str
    analysis_until: str = ""
    conditions: tuple[Condition, ...] = ()
    letter: str = ""


def day(text: str) -> date | None:
    """Return an ISO date, or None for other text."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def faults_of(typed: Mapping[str, str], today: str, *, on_paper: bool = False) -> dict[str, str]:
    """Return field → what is wrong with it; nothing when the form can be signed.

    A letter on paper may be older than what is dated back for a signature.
    """
    reference = typed.get("reference", "").strip()
    begins, ends = day(typed.get("approved_on", "")), day(typed.get("expires_on", ""))
    now = date.fromisoformat(today)
    begin = "" if begins else "Give the date of the approval as year-month-day."
    if begins and not on_paper:
        begin = _fault_of_begin(begins, now)
    end = "" if ends else "Give the last day on which it holds as year-month-day."
    if ends:
        end = _fault_of_end(begins, ends, now)
    found = {
        "reference": "" if reference else "Give the board’s reference number.",
        "approved_on": begin,
        "expires_on": end,
        "analysis_until": _fault_of_analysis(typed.get("analysis_until", "").strip(), ends),
        "read": "" if typed.get("read") == "1" else "Tick that you have read this version.",
    }
    if len(reference) > REFERENCE_LENGTH:
        found["reference"] = f"Shorten the reference to {REFERENCE_LENGTH} characters."
    if len(typed.get("meeting", "").strip()) > REFERENCE_LENGTH:
        found["meeting"] = f"Shorten this to {REFERENCE_LENGTH} characters."
    for kind, field in CONDITION_FIELDS.items():
        found[field] = _fault_of_conditions(kind, typed.get(field, ""))
    return {name: fault for name, fault in found.items() if fault}


def _fault_of_begin(begins: date, now: date) -> str:
    if begins < (earliest := now - timedelta(BACKDATED_DAYS)):
        return f"An approval is not dated back by more than {BACKDATED_DAYS} days: {earliest}."
    return ""


def _fault_of_end(begins: date | None, ends: date, now: date) -> str:
    if begins and ends < begins:
        return "It would end before it was given: check the two dates."
    if ends < now:
        return "This day has passed: give a later one."
    if ends > (latest := now + timedelta(LONGEST_DAYS)):
        return f"An approval ends a year ahead at most: give a day up to {latest}."
    return ""


def fault_of_dates(form: ApprovalForm, today: str) -> str:
    """Return in a sentence why these dates are not to be approved on ``today``; or nothing."""
    begins, ends = day(form.approved_on), day(form.expires_on)
    if begins is None or ends is None:
        return "An approval names its first and its last day."
    now = date.fromisoformat(today)
    begin = "" if form.letter else _fault_of_begin(begins, now)
    end = _fault_of_end(begins, ends, now)
    return begin or end or _fault_of_analysis(form.analysis_until, ends)


def _fault_of_analysis(typed: str, ends: date | None) -> str:
    until = day(typed)
    if typed and not until:
        return "Give the last day of data analysis as year-month-day, or leave it empty."
    if until and ends and until < ends:
        return "Data are used at least as long as they are collected: give a later day."
    return ""


def _fault_of_conditions(kind: ConditionKind, typed: str) -> str:
    read = conditions_in(kind, typed)
    if any(day(one.due) is None for one in read if kind == "running"):
        return "Begin each line with the day by which it is to be met, as year-month-day."
    if any(not one.text for one in read):
        return "Say after the day what is to be met."
    if any(len(one.text) > CONDITION_LENGTH for one in read):
        return f"Shorten each condition to {CONDITION_LENGTH:,} characters."
    return f"Give at most {MOST_CONDITIONS} conditions." if len(read) > MOST_CONDITIONS else ""


def conditions_in(kind: ConditionKind, typed: str) -> tuple[Condition, ...]:
    """Return the conditions typed one a line; those with a date begin with it."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if kind != "running":
        return tuple(Condition(kind, line) for line in lines)
    split = [line.partition(" ") for line in lines]
    return tuple(Condition(kind, text.strip(), due) for due, _, text in split)


def read_approval_form(typed: Mapping[str, str], by: str) -> ApprovalForm:
    """Return the form as typed without fault, signed ``by``."""
    return ApprovalForm(
        reference=typed["reference"].strip(),
        by=by,
        approved_on=typed["approved_on"].strip(),
        expires_on=typed["expires_on"].strip(),
        analysis_until=typed.get("analysis_until", "").strip(),
        conditions=tuple(
            condition
            for kind, field in CONDITION_FIELDS.items()
            for condition in conditions_in(kind, typed.get(field, ""))
        ),
    )


def letter_path(data: Path, study: str, letter: str) -> Path:
    """Return where the letter with this SHA-256 is kept, whatever the ending of its name."""
    folder = data / LETTERS / study
    return next(iter(sorted(folder.glob(f"{letter}.*"))), folder / letter)


def keep_letter(data: Path, study: str, letter: Path) -> str:
    """Keep the file of a board's letter for good and return its SHA-256. Raises Refusal."""
    try:
        content = letter.read_bytes()
        if not content or len(content) > LETTER_BYTES:
            limit = LETTER_BYTES // 1024**2
            raise Refusal(f"{letter} is empty or larger than {limit} MB: name the board's letter.")
        found = sha256(content).hexdigest()
        place = data / LETTERS / study / f"{found}{letter.suffix.lower() or '.bin'}"
        submission_documents.write_once(place, content, mode=0o400)
    except OSError as error:
        raise Refusal(f"The letter {letter} cannot be kept: {error.strerror}.") from None
    return found


def approval_under(office: Database, version: StudyVersion, form: ApprovalForm) -> studies.Approval:
    """Return the approval of exactly this version that the form gives, not yet in the record."""
    return studies.Approval(
        study=version.study.name,
        **fingerprints_of(version)._asdict(),
        **{field.name: getattr(form, field.name) for field in fields(form)},
        submission=submission_documents.present_fingerprint(office, version.study),
        basis="noted" if form.letter else "signed",
        platform=platform_fingerprint(),
    )


def record_approval(stores: Stores, version: StudyVersion, form: ApprovalForm) -> int:
    """Archive this version and note its approval, in this order: what is approved is there.

    Return its number. To be called for what a quorum has signed (``survey.signing.acts``), and for
    what the operator notes from a letter, which is nothing before the quorum confirms it. Raises
    FolderChanged where the folder has changed meanwhile, Refusal where it cannot be archived; then
    nothing is signed. One form sent twice in a row is noted once.
    """
    archive_version(stores.folder, version)
    signed = replace(approval_under(stores.office, version, form), recorded_at=iso_utc())
    noted = studies.approvals(stores.office, version.study.name)
    if noted and not noted[-1].revoked:
        last = noted[-1]
        later = {name: getattr(last, name) for name in (*studies.LATER, "recorded_at")}
        if replace(signed, **later) == last:
            return last.number
    with write_transaction(stores.office):
        studies.keep_platform(stores.office, signed.platform, platform_content())
        return studies.approve(stores.office, signed)


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
