"""The stop rule: whether a collection should pause. Told at set numbers of answers, as yes or no.

The server works it out by the clock, once an hour, from totals that know nobody: never when a
client sends, never when somebody looks. So the moment at which a word appears says no more than
"about that many answers by this hour" (docs/decisions/0018-figures.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forms.study import Study
from survey.collection.figures import SENT, STOP_SIGN, is_synthetic
from survey.storage import counters
from survey.storage.stores import Stores
from survey.studies.version import StudyVersion

FIRST, EVERY = 30, 50  # answers, docs/design.md, Collection
CLINICIAN = "clinician_contact"  # fact of the site: who has to be told, for staff only

Verdicts = Mapping[int, bool]
"""Answers at which the rule was told → whether it was met, in that order."""


def tell_due(stores: Stores, study: Study, *, pilot: bool) -> None:
    """Work out and keep what is due by now; what was told once stands."""
    rule, office = study.policy.stop, stores.office
    if rule is None:
        return
    counted = counters.totals(stores.answers(pilot=pilot), study.name)
    sent = sum(counted.get(event, 0) for event in SENT)
    due = last_due(sent)
    if due > max(counters.verdicts(office, study.name, pilot=pilot), default=0):
        met = counted.get(STOP_SIGN, 0) > rule.share * sent
        counters.record_verdict(office, study.name, due, met, pilot=pilot)


def tell_all(stores: Stores, versions: Iterable[StudyVersion]) -> None:
    """The same for every study: what the server does each hour."""
    for version in versions:
        tell_due(stores, version.study, pilot=version.pilot)


def last_due(sent: int) -> int:
    """The number of answers at which the rule was to be told last; 0 before the first."""
    return sent - sent % EVERY or (FIRST if sent >= FIRST else 0)


def next_due(told: Verdicts) -> int:
    """At how many answers the rule is told next."""
    last = max(told, default=0)
    return last - last % EVERY + EVERY if last else FIRST


def verdicts_of(stores: Stores, version: StudyVersion) -> Verdicts:
    """Every word told so far; one small query."""
    return counters.verdicts(stores.office, version.study.name, pilot=version.pilot)


def in_lines(version: StudyVersion, told: Verdicts) -> str:
    """Everything told, a line each, as the command prints it."""
    of = f"{version.study.name}{' (pilot)' * version.pilot}"
    if version.study.policy.stop is None:
        return f"{of}: release.toml names no stop rule."
    lines = [f"{of}, at {answers:,} answers: {word(met)}." for answers, met in told.items()]
    if told and told[max(told)]:
        lines.append(f"Pause, and speak to {whom(version)}.")
    return "\n".join([*lines, f"{of}: told next at {next_due(told):,} answers."])


def word(met: bool) -> str:  # noqa: FBT001
    """One verdict in words."""
    return "the stop rule is met" if met else "the stop rule is not met"


def alarm(stores: Stores, version: StudyVersion) -> str | None:
    """What staff must read on every page of a study where the rule was ever met, else None."""
    told = verdicts_of(stores, version)
    met = max((answers for answers, was in told.items() if was), default=0)
    if not met:
        return None
    return _marked(stores, version) + _in_words(met, max(told), whom(version))


def _in_words(met: int, last: int, whom: str) -> str:
    if met == last:
        return f"The stop rule is met at {met:,} answers: pause, and speak to {whom}."
    return (
        f"The stop rule was met at {met:,} answers, and at {last:,} no longer. "
        f"Make sure that it was spoken of with {whom}."
    )


def whom(version: StudyVersion) -> str:
    """Who has to be told, in words."""
    contact = version.facts.get(CLINICIAN, "").strip()
    return f"the clinician ({contact}) and the board" if contact else "the clinician and the board"


def _marked(stores: Stores, version: StudyVersion) -> str:
    """A word before it where no real collection is meant."""
    if not version.pilot:
        return ""
    made_up = is_synthetic(stores.pilot, version.study)
    return "Synthetic answers, no people: " if made_up else "Pilot: "
