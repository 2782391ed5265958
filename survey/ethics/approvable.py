"""What keeps a version from being approved, on the page and by the command alike."""

from __future__ import annotations

from forms.site_facts import missing_facts
from survey.ethics.checklist import ElementAnswer, answered, unsettled
from survey.storage import board
from survey.storage.board import ElementVerdict
from survey.storage.stores import Stores
from survey.studies import submission_documents
from survey.studies.version import StudyVersion

NAMED = 8  # elements named of those that are not settled


def verdicts_on(stores: Stores, version: StudyVersion) -> dict[str, ElementVerdict]:
    """Return element → the verdict given last on it, for exactly these words and facts."""
    words, site = version.study.fingerprints.words, version.site
    return board.verdicts(stores.office, version.study.name, words=words, site=site)


def filled_slots(stores: Stores, version: StudyVersion) -> frozenset[str]:
    """Return the slots of the submission with a document in them."""
    slots = submission_documents.slots_of(stores.office, version.study)
    return frozenset(one.slot.id for one in slots if one.documents)


def answered_elements(stores: Stores, version: StudyVersion) -> tuple[ElementAnswer, ...]:
    """Return every element with what satisfies it: passages, and documents of the submission."""
    return answered(version.study, version.facts, filled_slots(stores, version))


def unsettled_elements(stores: Stores, version: StudyVersion) -> tuple[ElementAnswer, ...]:
    """Return the elements of the checklist that keep this version from being approved."""
    return unsettled(answered_elements(stores, version), verdicts_on(stores, version))


def obstacles(stores: Stores, version: StudyVersion) -> dict[str, str]:
    """Return what keeps this version from being approved, in sentences: elements, facts, lines."""
    found = {}
    if open_ones := unsettled_elements(stores, version):
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
    if lacking := submission_documents.lacking(stores.office, version.study):
        found["documents"] = (
            f"Slots of the submission without a document or a reason: {', '.join(lacking)}."
        )
    if unchecked := version.study.support.never_checked:
        found["help"] = f"Help lines that nobody has ever checked: {len(unchecked)}."
    return found
