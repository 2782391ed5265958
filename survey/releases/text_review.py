"""Reading clients' own words before they leave the house: one text at a time, in random order.

No web in it: the command and, later, a room call the same functions. Time is an argument.

How far the reading of a study's texts is, in steps: what tier D could hold. Shows no text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from exports.texts.redaction import ReviewedText
from forms.study import Question, Study
from forms.tiers import TEXTS
from survey.errors import Refusal
from survey.storage import batches, texts
from survey.storage.database import Database
from survey.storage.texts import (
    APPROVED,
    NEVER,
    NEW,
    ONCE,
    REDACTED,
    WAITING,
    WITHHELD,
    Place,
    Reading,
    StoredText,
    counts,
)

__all__ = [
    "READ_AFTER",
    "ReviewQueue",
    "explain_empty",
    "next_text",
    "record_decision",
    "review_counts",
    "reviewed",
    "undo",
    "waiting",
]

# The flagship's board note: free text is read from 14 days after the batch was frozen, in shuffled
# order, so that neither a time nor an order of reading can be matched with anybody.
READ_AFTER = timedelta(days=14)

UNDONE = "undone"
_LOT = SystemRandom()


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Where one person reads one study. ``readers`` (1 or 2) persons must agree on the words."""

    answers: Database
    office: Database
    study: str
    pilot: bool
    reader: str
    readers: int = 1


def _batches(desk: ReviewQueue, now: datetime) -> list[int] | None:
    """Frozen batches whose texts may be read; None is every text of a pilot.

    One whose day nobody knows rests until a later one has rested: it cannot be younger than that.
    """
    if desk.pilot:
        return None
    days = batches.begun(desk.office, desk.study).items()
    rested = [batch for batch, at in days if now - datetime.fromisoformat(at) >= READ_AFTER]
    newest = max(rested, default=0)
    return [batch for batch in _frozen(desk) if batch <= newest]


def _frozen(desk: ReviewQueue) -> list[int]:
    return sorted(b for b in batches.batches(desk.answers, desk.study) if b)


def _places(desk: ReviewQueue, now: datetime) -> Counter[Place]:
    return texts.places(desk.answers, desk.study, batches=_batches(desk, now))


def waiting(desk: ReviewQueue, now: datetime) -> int:
    """How many texts wait for this reader."""
    places = _places(desk, now)
    own = sum(len(_own(desk, place, keys)) for place in places if place.state == ONCE
              for keys in texts.unread(desk.answers, desk.study, place, b""))  # fmt: skip
    return sum(places.values()) - own


def _own(desk: ReviewQueue, place: Place, keys: Sequence[bytes]) -> frozenset[bytes]:
    """Those of ``keys`` that wait for somebody else, because this reader was their first."""
    if place.state != ONCE:
        return frozenset()
    return texts.read_last_by(desk.office, keys, desk.reader)


def explain_empty(desk: ReviewQueue, now: datetime) -> str:
    """A sentence for a reader for whom no text waits."""
    states = sum(review_counts(desk).values(), Counter[str]())
    name = desk.study
    if not states:
        if desk.pilot:
            return f"The pilot of {name} has no texts to read yet."
        return f"{name} has no frozen texts to read yet; --pilot reads those of its pilot."
    unread = states[NEW] + states[ONCE]
    if not unread:
        return f"Every text of {name} that may be released has been read."
    if not desk.pilot and _batches(desk, now) != _frozen(desk):
        days = READ_AFTER.days
        return f"{unread} texts of {name} rest until {days} days after their freeze."
    return f"{unread} texts of {name} wait for a second reader, who has to be another person."


def next_text(
    desk: ReviewQueue, now: datetime, *, skip: Collection[bytes] = ()
) -> StoredText | None:
    """A text drawn by lot among those that wait, or None. ``skip`` holds keys put off.

    Texts that nobody has read come first.
    """
    places = _places(desk, now)
    for state in (NEW, ONCE):
        for place in _shuffled({p: n for p, n in places.items() if p.state == state}):
            key = _drawn(desk, place, skip)
            if key:
                return texts.text_of(desk.answers, key)
    return None


def _shuffled(places: Mapping[Place, int]) -> list[Place]:
    """Places by lot: the more texts wait in one, the sooner it comes."""
    return sorted(places, key=lambda place: -(_LOT.random() ** (1 / places[place])))


def _drawn(desk: ReviewQueue, place: Place, skip: Collection[bytes]) -> bytes | None:
    """A key from this place. Keys are random: so are those that follow a random one."""
    start = _LOT.randbytes(texts.KEY_BYTES)
    for keys in texts.unread(desk.answers, desk.study, place, start):
        own = _own(desk, place, keys)
        fit = [key for key in keys if key not in own and key not in skip]
        if fit:
            return _LOT.choice(fit)
    return None


def _outcome(desk: ReviewQueue, text: StoredText, words: str | None) -> tuple[str, str | None]:
    """State and changed words after a decision."""
    if words is None:
        return texts.WITHHELD, None
    redacted = None if words == text.text else words
    seen = text.state == ONCE and words == text.words
    if desk.readers > 1 and not seen:
        return ONCE, redacted
    return (texts.APPROVED if redacted is None else texts.REDACTED), redacted


def record_decision(
    desk: ReviewQueue,
    text: StoredText,
    words: str | None,
    *,
    at: datetime,
    replaced: Mapping[str, int] | None = None,
) -> str:
    """Release ``text`` as ``words``, or withhold it where they are None; gives its new state.

    With two readers the second has to agree on the very words; who changes them is first again.
    ``replaced`` counts what was replaced by kind. Raises Refusal where the text was deleted or
    somebody else decided meanwhile, or where nothing would be left of it.
    """
    if words is not None and not words.strip():
        raise Refusal("Nothing would be left of this text: withhold it instead.")
    if text.state == ONCE and text.key in texts.read_last_by(desk.office, [text.key], desk.reader):
        raise Refusal("The second reader of a text has to be another person.")
    state, redacted = _outcome(desk, text, words)
    _settle(desk, text, (state, redacted), at, replaced)
    return state


def undo(desk: ReviewQueue, key: bytes, *, at: datetime) -> None:
    """The text is as new again, and waits. Raises Refusal where it was deleted."""
    text = texts.text_of(desk.answers, key)
    if text is None:
        raise Refusal("This text was deleted meanwhile.")
    _settle(desk, text, (NEW, None), at)


def _settle(
    desk: ReviewQueue,
    text: StoredText,
    outcome: tuple[str, str | None],
    at: datetime,
    replaced: Mapping[str, int] | None = None,
) -> None:
    """The log first: no state stands that nobody answers for."""
    state, redacted = outcome
    _note(desk, text, UNDONE if state == NEW else state, at, replaced)
    if not texts.set_state(desk.answers, text, state, redacted):
        _note(desk, text, UNDONE, at)
        raise Refusal("This text was deleted, or somebody else decided about it meanwhile.")


def _note(
    desk: ReviewQueue,
    text: StoredText,
    decision: str,
    at: datetime,
    replaced: Mapping[str, int] | None = None,
) -> None:
    when = at.isoformat(timespec="seconds")
    texts.note_reading(
        desk.office,
        Reading(desk.study, desk.pilot, text.key, when, desk.reader, decision, replaced or {}),
    )


def review_counts(desk: ReviewQueue) -> dict[str, Counter[str]]:
    """Question → texts by state. Texts that are never released count as ``never``."""
    found: dict[str, Counter[str]] = {}
    counted = counts(desk.answers, desk.study, frozen_only=not desk.pilot)
    for (variable, lang, state), n in sorted(counted.items()):
        found.setdefault(variable, Counter())["never" if lang == NEVER else state] += n
    return found


def reviewed(answers: Database, study: str, *, pilot: bool) -> tuple[ReviewedText, ...]:
    """Every frozen text (of a pilot every text) as a release takes it, in no telling order."""
    return tuple(
        ReviewedText(t.variable, t.lang, t.c_quote, t.state, t.words)
        for t in texts.all_texts(answers, study, frozen_only=not pilot)
    )


GRAIN = 5  # no shown figure moves for a single text


def stepped(number: int) -> str:
    """A count as it may be shown."""
    if number < GRAIN:
        return "fewer than 5" if number else "none"
    return f"{number // GRAIN * GRAIN} or more"


@dataclass(frozen=True, slots=True)
class ReviewGroup:
    """One question in one language. ``missing`` says what tier D lacks; blank: nothing."""

    question: Question
    lang: str
    unread: str
    approved: str
    withheld: str
    missing: str


def counts_by_group(study: Study, desk: ReviewQueue) -> list[ReviewGroup]:
    """Every question and language with texts that may be released, in the order asked."""
    found = counts(desk.answers, study.name, frozen_only=not desk.pilot)
    order = {name: at for at, name in enumerate(study.questions)}
    groups = {(name, lang) for name, lang, _ in found if name in order and lang != NEVER}
    return [
        _group(study, group, found) for group in sorted(groups, key=lambda g: (order[g[0]], g[1]))
    ]


def _group(
    study: Study, group: tuple[str, str], found: dict[tuple[str, str, str], int]
) -> ReviewGroup:
    def count(*states: str) -> int:
        return sum(found.get((*group, state), 0) for state in states)

    fit = count(APPROVED, REDACTED)
    return ReviewGroup(
        question=study.questions[group[0]],
        lang=group[1],
        unread=stepped(count(*WAITING)),
        approved=stepped(fit),
        withheld=stepped(count(WITHHELD)),
        missing=_missing(study, group[0], fit),
    )


def _missing(study: Study, variable: str, fit: int) -> str:
    """What stands between these texts and tier D."""
    tier = study.policy.tiers.get(TEXTS.name)
    if tier is None or variable in tier.leave_out:
        return "not in a release of this study"
    if fit >= tier.k:
        return ""
    return f"up to {tier.k - fit // GRAIN * GRAIN} more to approve"
