"""Reading clients' own words before they leave the house: one text at a time, in random order.

No web in it: the command and the researcher's pages both call it, and time is an argument.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import SystemRandom

from exports.texts.redaction import FIT, ReviewedText
from forms.study import Question, Study
from forms.tiers import TEXTS
from survey.errors import Refusal
from survey.releases.floors import LEAST_NEW, least_new_rows
from survey.storage import batches, studies, texts
from survey.storage.database import Database
from survey.storage.schema import ROW_KEY_BYTES
from survey.storage.stores import Stores
from survey.storage.texts import NEVER, NEW, ONCE, Place, Reading, StoredText, counts
from survey.studies.data_use import check_use
from survey.studies.version import StudyVersion

# The flagship's board note: free text is read from 14 days after the batch was frozen, in shuffled
# order, so that neither a time nor an order of reading can be matched with anybody.
READ_AFTER = timedelta(days=14)

UNDONE = "undone"
_LOT = SystemRandom()


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """One study's texts for one reader. ``readers`` (1 or 2) persons must agree on the words.

    ``least`` is how many answers have to lie frozen together before any text of theirs is read.
    """

    answers: Database
    office: Database
    study: str
    pilot: bool
    reader: str
    readers: int = 1
    least: int = LEAST_NEW


def _batches(queue: ReviewQueue, now: datetime) -> list[int] | None:
    """Return the frozen batches whose texts may be read; None is every text of a pilot.

    One whose day nobody knows rests until a later one has rested: it cannot be younger than that.
    Batches that are large enough only together are read together, when all of them have rested.
    """
    if queue.pilot:
        return None
    days = batches.begun(queue.office, queue.study).items()
    rested = [batch for batch, at in days if now - datetime.fromisoformat(at) >= READ_AFTER]
    newest = max(rested, default=0)
    together = _together(queue.answers, queue.study, queue.least)
    return [batch for group in together if group[-1] <= newest for batch in group]


def _frozen(answers: Database, study: str) -> dict[int, int]:
    """Return frozen batch → answers, in order."""
    return {b: n for b, n in sorted(batches.batches(answers, study).items()) if b}


def _together(answers: Database, study: str, least: int) -> list[list[int]]:
    """Return frozen batches, in order, as they are read: in groups of ``least`` answers or more.

    Those that are left over are in none, whether or not a text is among them: read alone, a text
    of the last one who answered would be known for hers.
    """
    groups: list[list[int]] = []
    group, rows = list[int](), 0
    for batch, count in _frozen(answers, study).items():
        group, rows = [*group, batch], rows + count
        if rows >= least:
            groups.append(group)
            group, rows = [], 0
    return groups


def _of_groups(queue: ReviewQueue) -> list[int] | None:
    """Return every batch that is read some day as things stand; None is every text of a pilot."""
    if queue.pilot:
        return None
    return [b for group in _together(queue.answers, queue.study, queue.least) for b in group]


def explain_left_over(queue: ReviewQueue) -> str:
    """Return a sentence on the answers frozen last, where they are too few; blank otherwise."""
    frozen, grouped = _frozen(queue.answers, queue.study), _of_groups(queue)
    if grouped is None or not frozen.keys() - set(grouped):
        return ""
    of_them = f"Of the answers frozen last, fewer than {queue.least},"
    if studies.status(queue.office, queue.study) == "frozen":
        return f"{of_them} no text is ever read or released: too few could have written it."
    return f"{of_them} no text is read until later ones make them {queue.least} or more."


def _places(queue: ReviewQueue, now: datetime) -> Counter[Place]:
    return texts.places(queue.answers, queue.study, batches=_batches(queue, now))


def waiting(queue: ReviewQueue, now: datetime) -> int:
    """Return how many texts wait for this reader."""
    places = _places(queue, now)
    own = sum(
        len(_own(queue, place, keys))
        for place in places
        if place.state == ONCE
        for keys in texts.unread(queue.answers, queue.study, place, b"")
    )
    return sum(places.values()) - own


def _own(queue: ReviewQueue, place: Place, keys: Sequence[bytes]) -> frozenset[bytes]:
    """Return those of ``keys`` that wait for another reader, because this one was their first."""
    if place.state != ONCE:
        return frozenset()
    return texts.read_last_by(queue.office, keys, queue.reader)


def explain_empty(queue: ReviewQueue, now: datetime) -> str:
    """Return a sentence for a reader for whom no text waits."""
    states = sum(review_counts(queue).values(), Counter[str]())
    name = queue.study
    if not states:
        if queue.pilot:
            return f"The pilot of {name} has no texts to read yet."
        return f"{name} has no frozen texts to read yet; --pilot reads those of its pilot."
    unread = states[NEW] + states[ONCE]
    if not unread:
        return f"Every text of {name} that may be released has been read."
    if _batches(queue, now) != _of_groups(queue):
        days = READ_AFTER.days
        return f"{unread} texts of {name} rest until {days} days after their freeze."
    return f"{unread} texts of {name} wait for a second reader, who has to be another person."


def next_text(
    queue: ReviewQueue, now: datetime, *, skip: Collection[bytes] = ()
) -> StoredText | None:
    """Return a text drawn by lot among those that wait, or None. ``skip`` holds keys put off.

    Texts that nobody has read come first. Raises DataUseStopped.
    """
    check_use(queue.office, queue.study, pilot=queue.pilot)
    places = _places(queue, now)
    for state in (NEW, ONCE):
        # By lot: the more texts wait in a place, the sooner it comes.
        drawn = {p: _LOT.random() ** (1 / n) for p, n in places.items() if p.state == state}
        for place in sorted(drawn, key=lambda p: -drawn[p]):
            # Keys are random: so are those that follow a random one.
            start = _LOT.randbytes(ROW_KEY_BYTES)
            for keys in texts.unread(queue.answers, queue.study, place, start):
                own = _own(queue, place, keys)
                if fit := [key for key in keys if key not in own and key not in skip]:
                    return texts.text_of(queue.answers, _LOT.choice(fit))
    return None


def record_decision(
    queue: ReviewQueue,
    text: StoredText,
    words: str | None,
    *,
    at: datetime,
    replaced: Mapping[str, int] | None = None,
) -> str:
    """Release ``text`` as ``words``, or withhold it where they are None; return its new state.

    With two readers the second has to agree on the very words; who changes them is first again.
    ``replaced`` counts what was replaced by kind. Raises Refusal where the text was deleted or
    somebody else decided meanwhile, or where nothing would be left of it; DataUseStopped.
    """
    check_use(queue.office, queue.study, pilot=queue.pilot)
    if words is not None and not words.strip():
        raise Refusal("Nothing would be left of this text: withhold it instead.")
    if text.state == ONCE and texts.read_last_by(queue.office, [text.key], queue.reader):
        raise Refusal("The second reader of a text has to be another person.")
    redacted = None if words == text.text else words
    if words is None:
        state = texts.WITHHELD
    elif queue.readers > 1 and not (text.state == ONCE and words == text.words):
        state = ONCE
    else:
        state = texts.APPROVED if redacted is None else texts.REDACTED
    _set_state(queue, text, state, redacted, at, replaced)
    return state


def undo(queue: ReviewQueue, key: bytes, *, at: datetime) -> None:
    """Make the text as new again, so that it waits. Raises Refusal where it was deleted."""
    text = texts.text_of(queue.answers, key)
    if text is None or text.text == texts.GONE:
        raise Refusal("This text was deleted meanwhile.")
    _set_state(queue, text, NEW, None, at)


def _set_state(
    queue: ReviewQueue,
    text: StoredText,
    state: str,
    redacted: str | None,
    at: datetime,
    replaced: Mapping[str, int] | None = None,
) -> None:
    def log(decision: str, replaced: Mapping[str, int]) -> None:
        reading = (queue.study, queue.pilot, text.key, at.isoformat(timespec="seconds"))
        texts.note_reading(queue.office, Reading(*reading, queue.reader, decision, replaced))

    # The log first: no state stands that no reader answers for.
    log(UNDONE if state == NEW else state, replaced or {})
    if not texts.set_state(queue.answers, text, state, redacted):
        log(UNDONE, {})
        raise Refusal("This text was deleted, or somebody else decided about it meanwhile.")


def overwrite_originals(answers: Database, office: Database, study: Study, *, now: datetime) -> int:
    """Overwrite words as written of texts that were changed or withheld; return how many.

    It is done so many days after the last decision as the release policy says, when no reader
    takes it back any more. What was approved as written stays: these are the words that leave.
    """
    before = (now - timedelta(days=study.policy.originals_days)).isoformat(timespec="seconds")
    due = [
        key
        for key in texts.with_original(answers, study.name)
        if texts.decided_at(office, key) <= before
    ]
    return texts.overwrite_originals(answers, due) if due else 0


def overwrite_all_due(stores: Stores, versions: Iterable[StudyVersion]) -> None:
    """Do so for every study, as the server does each hour."""
    for version in versions:
        answers = stores.answers(pilot=version.pilot)
        overwrite_originals(answers, stores.office, version.study, now=datetime.now(UTC))


def review_counts(queue: ReviewQueue) -> dict[str, Counter[str]]:
    """Return question → texts by state. Texts that are never released count as ``never``.

    Batches that are left over are not counted, since their texts are a few people's.
    """
    found: dict[str, Counter[str]] = {}
    counted = counts(queue.answers, queue.study, batches=_of_groups(queue))
    for (variable, lang, state), n in sorted(counted.items()):
        found.setdefault(variable, Counter())["never" if lang == NEVER else state] += n
    return found


def reviewed(answers: Database, study: Study, *, pilot: bool) -> tuple[ReviewedText, ...]:
    """Return the texts of frozen answers as a release takes them, by their random keys.

    Of a pilot every text; otherwise none of a batch that is left over, unless it was approved.
    """
    groups = [] if pilot else _together(answers, study.name, least_new_rows(study))
    grouped = {batch for group in groups for batch in group}
    return tuple(
        ReviewedText(t.variable, t.lang, t.c_quote, t.state, t.words)
        for t in texts.all_texts(answers, study.name, frozen_only=not pilot)
        if pilot or t.batch in grouped or t.state in FIT
    )


PROGRESS_STEP = 5  # no shown figure moves for a single text


def stepped(number: int) -> str:
    """Return a count as it may be shown."""
    if number < PROGRESS_STEP:
        return "fewer than 5" if number else "none"
    return f"{number // PROGRESS_STEP * PROGRESS_STEP} or more"


@dataclass(frozen=True, slots=True)
class ReviewGroup:
    """One question in one language. ``missing`` says what tier D lacks; blank: nothing."""

    question: Question
    lang: str
    unread: str
    approved: str
    withheld: str
    missing: str


def counts_by_group(study: Study, queue: ReviewQueue) -> list[ReviewGroup]:
    """Return each question and language with texts that may be released, in the order asked."""
    found = counts(queue.answers, study.name, batches=_of_groups(queue))
    groups: dict[tuple[str, str], Counter[str]] = {}
    for (name, lang, state), n in found.items():
        if name in study.questions and lang != NEVER:
            groups.setdefault((name, lang), Counter())[state] += n
    order, tier, listed = list(study.questions), study.policy.tiers.get(TEXTS.name), []
    for name, lang in sorted(groups, key=lambda group: (order.index(group[0]), group[1])):
        states, missing = groups[name, lang], ""
        fit = states[texts.APPROVED] + states[texts.REDACTED]
        if tier is None or name in tier.leave_out:
            missing = "not in a release of this study"
        elif fit < tier.k:
            missing = f"up to {tier.k - fit // PROGRESS_STEP * PROGRESS_STEP} more to approve"
        listed.append(
            ReviewGroup(
                question=study.questions[name],
                lang=lang,
                unread=stepped(sum(states[s] for s in texts.WAITING)),
                approved=stepped(fit),
                withheld=stepped(states[texts.WITHHELD]),
                missing=missing,
            )
        )
    return listed
