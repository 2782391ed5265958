"""The stop rule of a collection: compared once a day at a fixed hour, and acted on by itself.

The server compares totals that know no person, at the hour that the policy names: never when a
client sends, never when a page is opened. At each step (forms/stop_signs.py) it keeps a verdict;
where the rule is met it pauses the study. So neither verdict nor pause says more than "about that
many, by this day" (docs/decisions/0032-a-stop-rule-that-stops.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from forms.stop_signs import COMPARED_EVERY, COUNTED, SIGN
from forms.study import Study
from survey import mail
from survey.clock import iso_utc
from survey.collection.figures import is_synthetic
from survey.storage import board, counters, mail_queue, members, studies
from survey.storage.database import write_transaction
from survey.storage.stores import Stores
from survey.studies.version import StudyVersion

CLINICIAN = "clinician_contact"  # fact of the site: who has to be told, for staff only
CLINICIAN_ACCOUNT = "clinician_account"  # fact of the site: the account that may lift a pause
WHY = "Paused by the stop rule."

Verdicts = Mapping[int, bool]  # people counted at a verdict → whether the rule was met, in order


def record_due(stores: Stores, study: Study, *, pilot: bool) -> bool:
    """Work out and keep the verdict that is due by now; return whether it is that the rule is met.

    An earlier verdict stands. Nothing is due between two steps.
    """
    rule, office = study.policy.stop, stores.office
    if rule is None:
        return False
    counted = counters.totals(stores.answers(pilot=pilot), study.name)
    people = counted.get(COUNTED, 0)
    due = _step(people, rule.first)
    if due <= max(counters.verdicts(office, study.name, pilot=pilot), default=0):
        return False
    met = counted.get(SIGN, 0) > rule.share * people
    counters.record_verdict(office, study.name, due, met, pilot=pilot)
    return met


def _step(people: int, first: int) -> int:
    """Return the last step that so many have reached; 0 before the first."""
    return max(people - people % COMPARED_EVERY, first) if people >= first else 0


def compare_all_due(stores: Stores, versions: Iterable[StudyVersion], now: datetime) -> None:
    """Compare for each study whose hour has come today (``now``: the server's own clock)."""
    for version in versions:
        rule = version.study.policy.stop
        if rule is not None and now.hour >= rule.hour:
            _compare(stores, version, now.date().isoformat())


def _compare(stores: Stores, version: StudyVersion, day: str) -> None:
    """Compare unless that was done today: the day, the verdict and what follows are one write."""
    office, name, pilot = stores.office, version.study.name, version.pilot
    if counters.compared_on(office, name, day, pilot=pilot):
        return
    with write_transaction(office):
        if not counters.record_comparison(office, name, day, pilot=pilot):
            return  # another process was quicker
        if record_due(stores, version.study, pilot=pilot) and not pilot:
            _pause(stores, version)


def _pause(stores: Stores, version: StudyVersion) -> None:
    """Pause an open study, and tell the board's members and the clinician that there is a pause."""
    office, name = stores.office, version.study.name
    if studies.status(office, name) != "open" or board.suspension(office, name):
        return
    at = iso_utc()
    board.rule(office, name, "suspended", at=at, who=board.PROGRAM, why=WHY, use=False)
    studies.note(office, at=at, who=board.PROGRAM, what=f"{name}: paused by its stop rule")
    mail.send(office, "A notice of the survey platform", _lines(version), _told(stores, version))


def _lines(version: StudyVersion) -> list[str]:
    return [
        f"The study “{version.study.title}” is paused by its stop rule.",
        "Nobody can take part until the board, or the clinician named for it, lifts the pause.",
        "Please sign in to the survey’s board pages to read more.",
    ]


def _told(stores: Stores, version: StudyVersion) -> list[str]:
    """Return the addresses of the board's members and of the named clinician."""
    named = [one.account for one in members.members(stores.office, version.study.name)]
    return mail_queue.addresses(stores.office, [*named, clinician_account(version)])


def clinician_account(version: StudyVersion) -> str:
    """Return the account of the clinician who may lift a pause; empty where none is named."""
    return version.facts.get(CLINICIAN_ACCOUNT, "").strip()


def paused(stores: Stores, version: StudyVersion) -> board.Ruled | None:
    """Return the pause by the stop rule under which the study is now; None when it is not."""
    found = board.suspension(stores.office, version.study.name)
    return found if found and found.who == board.PROGRAM else None


def lift(stores: Stores, version: StudyVersion, *, who: str, why: str) -> bool:
    """Lift the pause in the clinician's name; False where there is none any more."""
    office, name = stores.office, version.study.name
    with write_transaction(office):
        if paused(stores, version) is None:
            return False
        at = iso_utc()
        board.rule(office, name, "lifted", at=at, who=who, why=why, use=False)
        studies.note(office, at=at, who=who, what=f"{name}: pause by the stop rule lifted")
    return True


def next_due(study: Study, verdicts: Verdicts) -> int:
    """Return at how many people counted the next verdict is due; 0 without a rule."""
    rule, last = study.policy.stop, max(verdicts, default=0)
    if rule is None:
        return 0
    return last - last % COMPARED_EVERY + COMPARED_EVERY if last else rule.first


def verdicts_of(stores: Stores, version: StudyVersion) -> Verdicts:
    """Return every verdict so far; one small query."""
    return counters.verdicts(stores.office, version.study.name, pilot=version.pilot)


def in_lines(version: StudyVersion, verdicts: Verdicts) -> str:
    """Return every verdict, a line each, as the command prints it."""
    of = f"{version.study.name}{' (pilot)' * version.pilot}"
    rule = version.study.policy.stop
    if rule is None:
        return f"{of}: release.toml names no stop rule."
    lines = [
        f"{of}, at {people:,} people: the stop rule is {'' if met else 'not '}met."
        for people, met in verdicts.items()
    ]
    if verdicts and verdicts[max(verdicts)]:
        lines.append(f"Speak to {whom(version)}.")
    due = next_due(version.study, verdicts)
    said = f"{of}: compared each day at {rule.hour:02}:00, told next at {due:,} people."
    return "\n".join([*lines, said])


def alarm(stores: Stores, version: StudyVersion) -> str | None:
    """Return what staff must read on every page of a study where the rule was ever met."""
    verdicts = verdicts_of(stores, version)
    met = max((people for people, was in verdicts.items() if was), default=0)
    if not met:
        return None
    mark = ""
    if version.pilot:  # no real collection is meant
        synthetic = is_synthetic(stores.pilot, version.study)
        mark = "Synthetic answers, no people: " if synthetic else "Pilot: "
    last, contact = max(verdicts), whom(version)
    if not version.pilot and paused(stores, version):
        return f"Paused by the stop rule, which was met at {met:,} people. Speak to {contact}."
    if met == last:
        return f"{mark}The stop rule is met at {met:,} people: speak to {contact}."
    return (
        f"{mark}The stop rule was met at {met:,} people, and at {last:,} no longer. "
        f"Make sure that it was spoken of with {contact}."
    )


def whom(version: StudyVersion) -> str:
    """Return in words who has to hear of it."""
    contact = version.facts.get(CLINICIAN, "").strip()
    return f"the clinician ({contact}) and the board" if contact else "the clinician and the board"
