"""How far the reading of a study's texts is, in steps: what tier D could hold. Shows no text."""

from __future__ import annotations

from dataclasses import dataclass

from forms.study import Question, Study
from survey.releasing.review import Desk
from survey.store.review import APPROVED, REDACTED, WAITING, WITHHELD
from survey.store.textcounts import NEVER, counts

GRAIN = 5  # no shown figure moves for a single text


def stepped(number: int) -> str:
    """A count as it may be shown."""
    if number < GRAIN:
        return "fewer than 5" if number else "none"
    return f"{number // GRAIN * GRAIN} or more"


@dataclass(frozen=True, slots=True)
class Group:
    """One question in one language. ``missing`` says what tier D lacks; blank: nothing."""

    question: Question
    lang: str
    unread: str
    approved: str
    withheld: str
    missing: str


def standing_of(study: Study, desk: Desk) -> list[Group]:
    """Every question and language with texts that may be released, in the order asked."""
    found = counts(desk.answers, study.name, frozen_only=not desk.pilot)
    order = {name: at for at, name in enumerate(study.questions)}
    groups = {(name, lang) for name, lang, _ in found if name in order and lang != NEVER}
    return [
        _group(study, group, found) for group in sorted(groups, key=lambda g: (order[g[0]], g[1]))
    ]


def _group(study: Study, group: tuple[str, str], found: dict[tuple[str, str, str], int]) -> Group:
    def count(*states: str) -> int:
        return sum(found.get((*group, state), 0) for state in states)

    fit = count(APPROVED, REDACTED)
    return Group(
        question=study.questions[group[0]],
        lang=group[1],
        unread=stepped(count(*WAITING)),
        approved=stepped(fit),
        withheld=stepped(count(WITHHELD)),
        missing=_missing(study, group[0], fit),
    )


def _missing(study: Study, variable: str, fit: int) -> str:
    """What stands between these texts and tier D."""
    tier = study.policy.tiers.get("D")
    if tier is None or variable in tier.leave_out:
        return "not in a release of this study"
    if fit >= tier.k:
        return ""
    return f"up to {tier.k - fit // GRAIN * GRAIN} more to approve"
