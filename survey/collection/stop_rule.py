"""The stop rule of a collection: whether it should pause, as yes or no at set numbers of answers.

The server works it out by the clock, once an hour, from totals that know no person: never when a
client sends, never when a page is opened. So the moment at which a verdict appears says no more
than "about that many answers by this hour" (docs/decisions/0018-figures.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forms.study import Study
from survey.collection.figures import SENT, STOP_SIGN, is_synthetic
from survey.storage import counters
from survey.storage.stores import Stores
from survey.studies.version import StudyVersion

FIRST_CHECK, CHECK_EVERY = 30, 50  # answers, docs/design.md, Collection
CLINICIAN = "clinician_contact"  # fact of the site: who has to be told, for staff only

Verdicts = Mapping[int, bool]  # answers at a verdict → whether the rule was met, in that order


def record_due(stores: Stores, study: Study, *, pilot: bool) -> None:
    """Work out and keep the verdict that is due by now; an earlier one stands."""
    rule, office = study.policy.stop, stores.office
    if rule is None:
        return
    counted = counters.totals(stores.answers(pilot=pilot), study.name)
    sent = sum(counted.get(event, 0) for event in SENT)
    # If an hour brought more than one threshold, the last is told (docs/decisions/0018).
    due = sent - sent % CHECK_EVERY or (FIRST_CHECK if sent >= FIRST_CHECK else 0)
    if due > max(counters.verdicts(office, study.name, pilot=pilot), default=0):
        met = counted.get(STOP_SIGN, 0) > rule.share * sent
        counters.record_verdict(office, study.name, due, met, pilot=pilot)


def record_all_due(stores: Stores, versions: Iterable[StudyVersion]) -> None:
    """Do so for every study, as the server does each hour."""
    for version in versions:
        record_due(stores, version.study, pilot=version.pilot)


def next_due(verdicts: Verdicts) -> int:
    """Return at how many answers the next verdict is due."""
    last = max(verdicts, default=0)
    return last - last % CHECK_EVERY + CHECK_EVERY if last else FIRST_CHECK


def verdicts_of(stores: Stores, version: StudyVersion) -> Verdicts:
    """Return every verdict so far; one small query."""
    return counters.verdicts(stores.office, version.study.name, pilot=version.pilot)


def in_lines(version: StudyVersion, verdicts: Verdicts) -> str:
    """Return every verdict, a line each, as the command prints it."""
    of = f"{version.study.name}{' (pilot)' * version.pilot}"
    if version.study.policy.stop is None:
        return f"{of}: release.toml names no stop rule."
    lines = [
        f"{of}, at {answers:,} answers: the stop rule is {'' if met else 'not '}met."
        for answers, met in verdicts.items()
    ]
    if verdicts and verdicts[max(verdicts)]:
        lines.append(f"Pause, and speak to {whom(version)}.")
    return "\n".join([*lines, f"{of}: told next at {next_due(verdicts):,} answers."])


def alarm(stores: Stores, version: StudyVersion) -> str | None:
    """Return what staff must read on every page of a study where the rule was ever met."""
    verdicts = verdicts_of(stores, version)
    met = max((answers for answers, was in verdicts.items() if was), default=0)
    if not met:
        return None
    mark = ""
    if version.pilot:  # no real collection is meant
        synthetic = is_synthetic(stores.pilot, version.study)
        mark = "Synthetic answers, no people: " if synthetic else "Pilot: "
    last, contact = max(verdicts), whom(version)
    if met == last:
        return f"{mark}The stop rule is met at {met:,} answers: pause, and speak to {contact}."
    return (
        f"{mark}The stop rule was met at {met:,} answers, and at {last:,} no longer. "
        f"Make sure that it was spoken of with {contact}."
    )


def whom(version: StudyVersion) -> str:
    """Return in words who has to hear of it."""
    contact = version.facts.get(CLINICIAN, "").strip()
    return f"the clinician ({contact}) and the board" if contact else "the clinician and the board"
