"""What keeps a version from being approved, on the page and by the command alike."""

from __future__ import annotations

from forms.site_facts import missing_facts
from survey.ethics.checklist import ElementAnswer, answered, unsettled
from survey.ethics.submission_states import reason_for
from survey.storage import board, studies
from survey.storage.board import ElementVerdict
from survey.storage.database import Database
from survey.studies import submission_documents
from survey.studies.version import StudyVersion, fingerprints_of

NAMED = 8  # elements named of those that are not settled


def verdicts_on(office: Database, version: StudyVersion) -> dict[str, ElementVerdict]:
    """Return element → the verdict given last on it, for exactly these words and facts."""
    words, site = version.study.fingerprints.words, version.site
    return board.verdicts(office, version.study.name, words=words, site=site)


def filled_slots(office: Database, version: StudyVersion) -> frozenset[str]:
    """Return the slots of the submission with a document in them."""
    slots = submission_documents.slots_of(office, version.study)
    return frozenset(one.slot.id for one in slots if one.documents)


def answered_elements(office: Database, version: StudyVersion) -> tuple[ElementAnswer, ...]:
    """Return every element with what satisfies it: passages, and documents of the submission."""
    return answered(version.study, version.facts, filled_slots(office, version))


def unsettled_elements(office: Database, version: StudyVersion) -> tuple[ElementAnswer, ...]:
    """Return the elements of the checklist that keep this version from being approved."""
    return unsettled(answered_elements(office, version), verdicts_on(office, version))


def missing_elements(office: Database, version: StudyVersion) -> str:
    """Return in a sentence what members found missing in exactly this version; or nothing."""
    missing = [one for one in verdicts_on(office, version).values() if one.verdict == "missing"]
    if not missing:
        return ""
    said = "; ".join(f"{one.element} ({one.who}: {one.reason})" for one in missing[:NAMED])
    return f"Found missing in this version: {said}{' …' * (len(missing) > NAMED)}."


def waived_elements(office: Database, version: StudyVersion) -> list[str]:
    """Return what members do without in exactly this version, a line each: whoever signs agrees."""
    given = sorted(verdicts_on(office, version).values(), key=lambda one: one.element)
    done_without = [one for one in given if one.verdict in ("waived", "not applicable")]
    return [f"{one.element}, {one.verdict} ({one.who}: {one.reason})" for one in done_without]


def without_reason(office: Database, version: StudyVersion) -> bool:
    """Return whether this is another version than was approved last, and nobody said why."""
    held = [one for one in studies.approvals(office, version.study.name) if not one.waits]
    if not held or held[-1].fingerprints == fingerprints_of(version):
        return False
    reason = reason_for(office, version.study.name, fingerprints_of(version))
    return reason is None or not reason.why


def obstacles(office: Database, version: StudyVersion) -> dict[str, str]:
    """Return what keeps this version from being approved, in sentences: elements, facts …"""
    found = {}
    if open_ones := unsettled_elements(office, version):
        named = ", ".join(line.element.id for line in open_ones[:NAMED])
        more = " …" * (len(open_ones) > NAMED)
        found["elements"] = (
            f"Elements of the checklist that no passage satisfies and no verdict settles: "
            f"{len(open_ones)} ({named}{more})."
        )
    if empty := missing_facts(version.study, version.facts):
        found["facts"] = f"Facts that site.toml leaves empty: {', '.join(empty)}."
    elif version.example:
        found["facts"] = "Facts of the site are those of an example."
    if lacking := submission_documents.lacking(office, version.study):
        found["documents"] = (
            f"Slots of the submission without a document or a reason: {', '.join(lacking)}."
        )
    if without_reason(office, version):
        found["amendment"] = (
            "Nobody has given a reason for this amendment: the researcher submits this version "
            "with why, what risk, and what of the consent of those who answered already."
        )
    if unchecked := version.study.support.never_checked:
        found["help"] = f"Help lines that nobody has ever checked: {len(unchecked)}."
    return found
