"""The steps of a study's life: draft, approved, open, closed, frozen.

Commands and the researcher's room call these functions; ``note`` writes the audit's line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from forms.dates import FREEZE, day_before, in_words
from forms.site_facts import missing_facts
from forms.study import Support
from survey.clock import iso_utc, today_here
from survey.errors import Refusal
from survey.storage import batches, board, conditions, help_lines, studies
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from survey.studies import approvals
from survey.studies.approvals import signed_version
from survey.studies.data_use import check_use
from survey.studies.help_page import CHECK_DAYS, help_page
from survey.studies.version import StudyVersion, fingerprints_of

Note = Callable[[str], None]

NAMED = 3  # help lines named of those that were never checked


class NotReady(Refusal):
    """The study cannot open; ``reasons`` are clauses without a full stop."""

    def __init__(self, study: str, reasons: list[str]) -> None:
        lines = "\n".join(f"- {reason}" for reason in reasons)
        super().__init__(f"{study} cannot open:\n{lines}")
        self.reasons = reasons


def approval_of(stores: Stores, version: StudyVersion) -> studies.Approval | None:
    """Return the approval in force of exactly this version."""
    return studies.current_approval(
        stores.office,
        version.study.name,
        **fingerprints_of(version)._asdict(),
        today=today_here().isoformat(),
    )


def to_open(stores: Stores, version: StudyVersion) -> StudyVersion:
    """Return the version that opening serves: the folder's first, later the one signed last.

    So it is what the board's pages show beforehand, and a word that was changed before anybody
    answered still voids an approval. ``version``: the folder's, or what is served. Raises
    ArchivedVersionInvalid.
    """
    if studies.status(stores.office, version.study.name) == "draft":
        return version
    return signed_version(stores, version, today_here().isoformat())


def not_ready(stores: Stores, version: StudyVersion) -> list[str]:
    """Return what keeps the study from opening, in words. ``version`` as in ``to_open``."""
    try:
        return list(_obstacles(stores, to_open(stores, version), version.help))
    except approvals.ArchivedVersionInvalid as invalid:
        return [str(invalid).rstrip(".")]


def _obstacles(stores: Stores, version: StudyVersion, present: Support) -> Iterator[str]:
    name, today = version.study.name, today_here().isoformat()
    if version.pilot:
        yield "it runs as a pilot: take it out of LACRIMA_PILOTS first"
    if studies.status(stores.office, name) == "frozen":
        yield "it is frozen for good"
    signed = approval_of(stores, version)
    if signed is None:
        yield "no approval in force names exactly these words, policy and site facts"
        yield from _waiting(stores, version)
    elif approvals.other_platform(signed):
        yield "the program says other sentences of its own to clients than those that were signed"
    if suspended := board.suspension(stores.office, name):
        yield suspended.suspends
    opening = conditions.open_conditions(stores.office, name, "opening")
    for one in (*opening, *conditions.overdue(stores.office, name, today_here().isoformat())):
        yield f"condition {one.number} of the board is not met: {one.asked}"
    if empty := missing_facts(version.study, version.facts):
        yield "site.toml leaves these facts empty: " + ", ".join(empty)
    known = help_lines.corrections(stores.office, name)
    page = help_page(version.study.support, present, known, today)
    if unchecked := page.unchecked:
        named = ", ".join(line.name for line in unchecked[:NAMED])
        yield f"{len(unchecked)} help lines were not checked within {CHECK_DAYS} days ({named} …)"
    if not page.emergency_checked:
        yield (
            "the emergency numbers were not compared with an official list within "
            f"{CHECK_DAYS} days (emergency_last_checked in support.toml)"
        )


def _waiting(stores: Stores, version: StudyVersion) -> Iterator[str]:
    """Yield approvals of exactly this version that are nothing before a member confirms them."""
    for one in studies.approvals(stores.office, version.study.name):
        if one.waits and not one.revoked and one.fingerprints == fingerprints_of(version):
            yield (
                f"the approval {one.reference}, noted by the operator from a letter, waits for a "
                "member of the board to confirm it"
            )


def open_study(stores: Stores, version: StudyVersion, *, note: Note) -> StudyVersion:
    """Open the study, if it is approved, filled in and checked; return it. Raises NotReady.

    ``version`` as in ``to_open``.
    """
    if reasons := not_ready(stores, version):
        raise NotReady(version.study.name, reasons)
    opened = to_open(stores, version)
    _set(stores, version.study.name, "open", note)
    return opened


def close(stores: Stores, version: StudyVersion, *, note: Note) -> None:
    """Close the study to new people. Raises Refusal for one that is not open."""
    if studies.status(stores.office, version.study.name) != "open":
        raise Refusal(f"{version.study.name} is not open, so there is nothing to close.")
    _set(stores, version.study.name, "closed", note)


def not_to_freeze(stores: Stores, version: StudyVersion) -> str:
    """Return in a sentence why the answers present may not be frozen today, or nothing.

    The latest date counts that was promised with any answer that came, or that is served now.
    """
    name = version.study.name
    if version.pilot:
        return f"{name} is a pilot: its answers are never frozen, so codes go on deleting them."
    today = today_here().isoformat()
    try:
        served = signed_version(stores, version, today)
    except Refusal as refusal:
        return str(refusal)
    promised = batches.promised(stores.responses, name, FREEZE)
    day = max(*promised, served.facts.get(FREEZE, ""), "")
    if today >= day:
        return ""
    return (
        f"People were told that they can delete their answers until the end of "
        f"{in_words(day_before(day))}. Nothing of {name} can be frozen before {in_words(day)}."
    )


def freeze(
    stores: Stores, version: StudyVersion, *, note: Note, expected: studies.Status | None = None
) -> int:
    """Make the answers present the next batch, of a closed study the last; return how many.

    From then on none can be withdrawn, so it is refused before the day that people were told.
    Raises DataUseStopped, TooFewToFreeze, and Refusal where the study is not ``expected`` (as it is
    now unless given): who asked for a batch did not ask for the last.
    """
    name = version.study.name
    check_use(stores.office, name, pilot=version.pilot)
    seen = expected or studies.status(stores.office, name)
    if why := not_to_freeze(stores, version):
        raise Refusal(why)

    # Inside the transaction that freezes: what was seen before may be over (docs/decisions/0013).
    def begin_batch(batch: int) -> None:
        if studies.status(stores.office, name) != seen:
            raise Refusal(f"{name} is no longer where it was. Nothing was frozen: look again.")
        if why := not_to_freeze(stores, version):
            raise Refusal(why)
        # Before the answers are frozen, which another file holds: no freeze is without its line.
        with write_transaction(stores.office):
            # Texts of the batch rest from this day on.
            batches.begins(stores.office, name, batch, at=iso_utc())
            # Without the number: what the audit tells moves in steps (docs/design.md, Collection).
            note(f"{name}: began to freeze the answers present as one batch")

    frozen = batches.freeze(
        stores.responses,
        name,
        minimum=version.study.policy.min_new_rows,
        closing=seen == "closed",
        before=begin_batch,
    )
    if seen == "closed":
        with write_transaction(stores.office):  # a colleague may have opened it again meanwhile
            if studies.status(stores.office, name) == "closed":
                _set(stores, name, "frozen", note)
    return frozen


def _set(stores: Stores, name: str, status: studies.Status, note: Note) -> None:
    with write_transaction(stores.office):
        studies.set_status(stores.office, name, status, iso_utc())
        note(f"{name}: {status}")
