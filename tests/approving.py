"""A study that may be approved, and a board that approves it on paper and confirms it here."""

import shutil
from pathlib import Path

from forms.elements import elements
from survey.ethics.approvable import unsettled_elements
from survey.storage import board, board_submissions, studies
from survey.storage.stores import Stores
from survey.studies.submission_documents import SLOTS, explained
from survey.studies.version import StudyVersion
from tests.conftest import CHECKED, UNCHECKED
from tests.signing import confirm

AT = "2026-01-02T03:04:05+00:00"
FACTS = '[site]\ninstitution = "A house"\nclinician_contact = "B"\nconflict_text = ""\n'


def copied(source: Path, folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """A copy of the study whose help lines are checked and whose checklist is whole.

    ``without`` are elements that it has no passage for.
    """
    shutil.copytree(source, folder)
    for file in folder.rglob("*.toml"):
        file.write_text(file.read_text("utf-8").replace(UNCHECKED, CHECKED), "utf-8")
    consent = folder / "consent.toml"
    text = consent.read_text("utf-8").partition("[[checklist]]")[0]
    consent.write_text(text + "".join(item(e.id) for e in elements() if e.id not in without))
    return folder


def item(element: str) -> str:
    """An element's row of a checklist, satisfied by a screen."""
    return (
        f'\n[[checklist]]\nid = "{element}"\nwhere = "there"\npassages = ["screen:information"]\n'
    )


def explain_slots_in(data: Path, study: str) -> None:
    """The same, in the data folder of an installation."""
    stores = Stores(data)
    explain_slots(stores, study)
    stores.close()


def letter_in(folder: Path) -> Path:
    """A board's letter."""
    path = folder / "letter.pdf"
    path.write_bytes(b"%PDF-1.7 Approved.")
    return path


def explain_slots(stores: Stores, study: str) -> None:
    """A researcher says of every slot that is needed why it holds no document."""
    for slot in SLOTS:
        if slot.needed:
            entry = explained(slot.id, "Held elsewhere.", who="A researcher")
            board_submissions.add_document(stores.office, study, entry)


def settle_checklist(stores: Stores, version: StudyVersion) -> None:
    """A member does without every element that no passage satisfies."""
    board.give_verdict(
        stores.office, version.study.name,
        [line.element.id for line in unsettled_elements(stores.office, version)], "waived",
        words=version.study.fingerprints.words, site=version.site, at=AT, who="A member",
        reason="Held elsewhere.",
    )  # fmt: skip


def confirm_all(data: Path, study: str) -> None:
    """A board of one member confirms with its key what the operator noted."""
    stores = Stores(data)
    for approval in studies.approvals(stores.office, study):
        if approval.waits:
            confirm(stores, approval)
    stores.close()
