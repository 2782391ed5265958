"""What lies on a reader's desk at one press of a button, and what is drawn next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from exports.texts.edit import Draft
from survey.releasing import review
from survey.releasing.review import Desk
from survey.served.offer import Offer
from survey.staff import sitting as at_hand
from survey.staff.sitting import Sitting
from survey.staff.standing import staff
from survey.staff.work import me
from survey.store.review import ONCE, WAITING, StoredText, read_last_by, text_of


@dataclass(frozen=True, slots=True)
class Turn:
    """One press of a button: where, with which text (None: none that waits), as it was shown."""

    desk: Desk
    sitting: Sitting
    text: StoredText | None
    draft: Draft


def now() -> datetime:
    """By the clock of the staff's rooms."""
    return datetime.fromtimestamp(staff().clock(), UTC)


def _desk(offer: Offer) -> Desk:
    stores, name = staff().stores, offer.study.name
    answers = stores.answers(pilot=offer.pilot)
    return Desk(answers, stores.office, name, offer.pilot, me(), staff().config.text_readers)


def hash_of(*parts: str) -> str:
    """Says whether a page is still the latest; tells nothing of what it is made from."""
    return staff().seal.staff_value("\0".join(parts), "reading").hex()[:32]


def mine(desk: Desk, key: bytes) -> bool:
    """Whether this reader made the last decision about the text."""
    return bool(read_last_by(desk.office, [key], desk.reader))


def waits(desk: Desk, key: bytes) -> StoredText | None:
    """The text of this key, while it waits for this reader."""
    text = text_of(desk.answers, key) if key else None
    if text is None or text.state not in WAITING:
        return None
    return None if text.state == ONCE and mine(desk, key) else text


def turn_of(offer: Offer) -> Turn:
    """What this browser has on the desk now."""
    desk = _desk(offer)
    sitting = at_hand.load(offer.study.name, pilot=offer.pilot)
    text = waits(desk, sitting.key)
    if text is not None and sitting.words != hash_of(text.words):
        text = None  # somebody else changed it: it may be drawn anew
    draft = Draft(text.words, text.lang or "") if text else Draft("")
    for step in sitting.steps if text else ():
        draft = step.on(draft)
    return Turn(desk, sitting, text, draft)


def token_of(turn: Turn) -> str:
    """Stands in each form: it acts on what its page has shown, or not at all."""
    last = turn.sitting.decided[-1:]
    state = turn.text.state if turn.text else ""
    keys = (key.hex() for key in (turn.sitting.key, *last))
    return hash_of(me(), state, turn.draft.words, *keys)


def drawn(turn: Turn, sitting: Sitting, said: str = "") -> Sitting:
    """With another text at hand, drawn by lot; with none where none is left."""
    text = review.next_text(turn.desk, now(), skip=sitting.skipped)
    if text is None:
        return sitting.without_text(said)
    return replace(sitting, key=text.key, words=hash_of(text.words), steps=(), said=said)


def moved_on(turn: Turn, said: str = "") -> Sitting:
    """From a text that waits no more: a press that was sent twice may have decided about it."""
    sitting, key = turn.sitting, turn.sitting.key
    return drawn(turn, sitting.then(key) if key and mine(turn.desk, key) else sitting, said)
