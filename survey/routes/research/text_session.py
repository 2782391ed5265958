"""What lies on a reader's desk at one press of a button, and what is drawn next.

What a reader of clients' words has at hand, sealed into the staff's cookie for this account.

Sealed, because an address, a form field or a row would put the text's key, or which text was read
after which, where it outlasts the reading. It holds no word of any text: a replaced passage is kept
as its place.

The buttons of the page on which a text is read: each gives the sitting after it.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from flask import request, session

from exports.texts.redaction import DETAIL, REPLACEMENTS, RedactionDraft
from survey.accounts.access import current_account
from survey.accounts.audit import note
from survey.errors import Refusal, Unsealable
from survey.releases import text_review
from survey.releases.text_review import ReviewQueue
from survey.services import services
from survey.storage.accounts import folded
from survey.storage.texts import ONCE, WAITING, StoredText, read_last_by, text_of
from survey.studies.version import StudyVersion

FIELD = "reading"
KEY_BYTES = 16
MOST_SKIPPED, MOST_DECIDED = 30, 8  # older ones are forgotten: a skipped text then comes again
MOST_LETTERS = 2400  # of the cookie's 4096 bytes, which hold the sign-in too
SPARE = 400  # room for a sentence that says so


class SessionTooLarge(Exception):
    """More single changes than the cookie holds."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """One replacement: marks by number, or the passage from one place up to another.

    ``kind`` blank is the mark's own. Places are those in the words as they stood then.
    """

    kind: str
    marks: tuple[int, ...] = ()
    passage: tuple[int, int] = (0, 0)

    def on(self, draft: RedactionDraft) -> RedactionDraft:
        """The draft after it. Raises NotThere."""
        start, end = self.passage
        if end:
            return draft.without_words(draft.words[start:end], self.kind or DETAIL)
        return draft.without(self.marks, self.kind)


@dataclass(frozen=True, slots=True)
class ReviewSession:
    """The text at hand (``key``, blank for none), its changes, and what was done before.

    ``words`` is a keyed hash of its words when it was drawn; ``said`` a sentence for the reader.
    """

    study: str
    pilot: bool
    key: bytes = b""
    words: str = ""
    steps: tuple[Redaction, ...] = ()
    skipped: tuple[bytes, ...] = ()
    decided: tuple[bytes, ...] = ()
    said: str = ""

    def without_text(self, said: str = "") -> ReviewSession:
        """The same with nothing at hand."""
        return replace(self, key=b"", words="", steps=(), said=said)

    def then(self, key: bytes) -> ReviewSession:
        """The same after a decision about the text of this key."""
        earlier = tuple(k for k in self.decided if k != key)
        return replace(self, decided=(*earlier, key)[-MOST_DECIDED:])

    def put_off(self, key: bytes) -> ReviewSession:
        """The same with this text skipped."""
        return replace(self, skipped=(*self.skipped, key)[-MOST_SKIPPED:])


def _owner() -> str:
    return f"reading:{folded(current_account().name)}"


def _packed(sitting: ReviewSession) -> bytes:
    kept = {
        "study": sitting.study, "pilot": sitting.pilot, "words": sitting.words,
        "key": sitting.key.hex(), "said": sitting.said,
        "steps": [[s.kind, s.marks, s.passage] for s in sitting.steps],
        "skipped": b"".join(sitting.skipped).hex(), "decided": b"".join(sitting.decided).hex(),
    }  # fmt: skip
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 9)


def _unpacked(packed: bytes) -> ReviewSession:
    kept: Mapping[str, Any] = json.loads(zlib.decompress(packed))
    return ReviewSession(
        study=kept["study"], pilot=kept["pilot"], words=kept["words"], said=kept["said"],
        key=bytes.fromhex(kept["key"]),
        steps=tuple(Redaction(k, tuple(m), (p[0], p[1])) for k, m, p in kept["steps"]),
        skipped=_keys(kept["skipped"]), decided=_keys(kept["decided"]),
    )  # fmt: skip


def _keys(joined: str) -> tuple[bytes, ...]:
    keys = bytes.fromhex(joined)
    return tuple(keys[i : i + KEY_BYTES] for i in range(0, len(keys), KEY_BYTES))


def load(study: str, *, pilot: bool) -> ReviewSession:
    """What this browser has at hand of the study; a fresh sitting where it has nothing."""
    fresh = ReviewSession(study, pilot)
    try:
        sealed = b64decode(session.get(FIELD, ""))
        kept = _unpacked(services().keys.take_out(sealed, _owner()))
    except (Unsealable, ValueError):
        return fresh
    return kept if (kept.study, kept.pilot) == (study, pilot) else fresh


def keep(sitting: ReviewSession, *, spare: int = 0) -> None:
    """Into the cookie. Raises TooMuch where it does not fit, and then keeps what was there."""
    sealed = b64encode(services().keys.put_away(_packed(sitting), _owner())).decode()
    if len(sealed) > MOST_LETTERS + spare:
        raise SessionTooLarge
    session[FIELD] = sealed


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """One press of a button: where, with which text (None: none that waits), as it was shown."""

    desk: ReviewQueue
    sitting: ReviewSession
    text: StoredText | None
    draft: RedactionDraft


def now() -> datetime:
    """By the clock of the staff's rooms."""
    return datetime.fromtimestamp(services().clock(), UTC)


def _desk(version: StudyVersion) -> ReviewQueue:
    stores, name = services().stores, version.study.name
    answers = stores.answers(pilot=version.pilot)
    return ReviewQueue(
        answers,
        stores.office,
        name,
        version.pilot,
        current_account().name,
        services().config.text_readers,
    )


def hash_of(*parts: str) -> str:
    """Says whether a page is still the latest; tells nothing of what it is made from."""
    return services().keys.staff_value("\0".join(parts), "reading").hex()[:32]


def mine(desk: ReviewQueue, key: bytes) -> bool:
    """Whether this reader made the last decision about the text."""
    return bool(read_last_by(desk.office, [key], desk.reader))


def waits(desk: ReviewQueue, key: bytes) -> StoredText | None:
    """The text of this key, while it waits for this reader."""
    text = text_of(desk.answers, key) if key else None
    if text is None or text.state not in WAITING:
        return None
    return None if text.state == ONCE and mine(desk, key) else text


def review_request(version: StudyVersion) -> ReviewRequest:
    """What this browser has on the desk now."""
    desk = _desk(version)
    sitting = load(version.study.name, pilot=version.pilot)
    text = waits(desk, sitting.key)
    if text is not None and sitting.words != hash_of(text.words):
        text = None  # somebody else changed it: it may be drawn anew
    draft = RedactionDraft(text.words, text.lang or "") if text else RedactionDraft("")
    for step in sitting.steps if text else ():
        draft = step.on(draft)
    return ReviewRequest(desk, sitting, text, draft)


def token_of(turn: ReviewRequest) -> str:
    """Stands in each form: it acts on what its page has shown, or not at all."""
    last = turn.sitting.decided[-1:]
    state = turn.text.state if turn.text else ""
    keys = (key.hex() for key in (turn.sitting.key, *last))
    return hash_of(current_account().name, state, turn.draft.words, *keys)


def drawn(turn: ReviewRequest, sitting: ReviewSession, said: str = "") -> ReviewSession:
    """With another text at hand, drawn by lot; with none where none is left."""
    text = text_review.next_text(turn.desk, now(), skip=sitting.skipped)
    if text is None:
        return sitting.without_text(said)
    return replace(sitting, key=text.key, words=hash_of(text.words), steps=(), said=said)


def moved_on(turn: ReviewRequest, said: str = "") -> ReviewSession:
    """From a text that waits no more: a press that was sent twice may have decided about it."""
    sitting, key = turn.sitting, turn.sitting.key
    return drawn(turn, sitting.then(key) if key and mine(turn.desk, key) else sitting, said)


OLD = "That came from an older page, so it was not counted. This is how things stand."
LOOK = "Replaced. Please look once more at what stands here now, then decide."
NOTHING = "Nothing was ticked or typed, so nothing was replaced."
NOT_THERE = "The words that you typed do not stand in the text like this."


def _kind() -> str:
    chosen = request.form.get("kind", "")
    return chosen if chosen in REPLACEMENTS else ""


def _ticked(draft: RedactionDraft) -> tuple[int, ...]:
    numbers = {int(n) for n in request.form.getlist("mark") if n.isascii() and n.isdigit()}
    return tuple(n for n in range(1, len(draft.marks) + 1) if n in numbers)


_LOOSE = {"'": "['’‘]", "’": "['’‘]", "‘": "['’‘]", "\ufffd": "."}


def _place_of(typed: str, words: str) -> tuple[int, int] | None:
    """Where what was typed or selected stands; whole words first, spaces and quotes loosely."""
    parts = ["".join(_LOOSE.get(c, re.escape(c)) for c in part) for part in typed.split()]
    passage = r"\s+".join(parts)
    for pattern in (rf"(?<!\w){passage}(?!\w)", passage):
        if parts and (found := re.search(pattern, words, re.IGNORECASE)):
            return found.span()
    return None


def _chosen(draft: RedactionDraft) -> tuple[list[Redaction], bool]:
    """The replacements that the form asks for, and whether something typed was not found."""
    steps = [Redaction(_kind(), marks)] if (marks := _ticked(draft)) else []
    for step in steps:
        draft = step.on(draft)
    typed = request.form.get("tokens", "")
    place = _place_of(typed, draft.words)
    if place:
        steps.append(Redaction(_kind() or DETAIL, passage=place))
    return steps, bool(typed.strip()) and place is None


def _replace(turn: ReviewRequest) -> ReviewSession:
    steps, lost = _chosen(turn.draft)
    said = NOT_THERE if lost else "" if steps else NOTHING
    return replace(turn.sitting, steps=(*turn.sitting.steps, *steps), said=said)


def _every(turn: ReviewRequest) -> ReviewSession:
    every = tuple(range(1, len(turn.draft.marks) + 1))
    steps = (Redaction(_kind(), every),) if every else ()
    return replace(turn.sitting, steps=(*turn.sitting.steps, *steps), said="")


def _one_back(turn: ReviewRequest) -> ReviewSession:
    return replace(turn.sitting, steps=turn.sitting.steps[:-1], said="")


def _again(turn: ReviewRequest) -> ReviewSession:
    return replace(turn.sitting, steps=(), said="")


def _approve(turn: ReviewRequest) -> ReviewSession:
    """Only what the reader has seen: what is ticked or typed and not replaced yet comes first."""
    steps, lost = _chosen(turn.draft)
    if steps or lost:
        after = _replace(turn)
        return after if lost else replace(after, said=LOOK)
    return _decided(turn, turn.draft)


def _withhold(turn: ReviewRequest) -> ReviewSession:
    return _decided(turn, None)


def _decided(turn: ReviewRequest, draft: RedactionDraft | None) -> ReviewSession:
    assert turn.text is not None, "looked at before"
    words, replaced = (draft.words, draft.replaced) if draft else (None, {})
    try:
        text_review.record_decision(turn.desk, turn.text, words, at=now(), replaced=replaced)
    except Refusal as refusal:
        if waits(turn.desk, turn.text.key):
            return replace(turn.sitting, said=str(refusal))
        return moved_on(turn, str(refusal))
    return drawn(turn, turn.sitting.then(turn.text.key))


def _skip(turn: ReviewRequest) -> ReviewSession:
    assert turn.text is not None, "looked at before"
    return drawn(turn, turn.sitting.put_off(turn.text.key))


def _undo(turn: ReviewRequest) -> ReviewSession:
    """The last decision of this sitting taken back, and its text at hand again."""
    sitting = turn.sitting
    if not sitting.decided:
        return replace(sitting, said="Nothing was decided in this sitting.")
    key, earlier = sitting.decided[-1], replace(sitting, decided=sitting.decided[:-1])
    if not mine(turn.desk, key):
        return replace(earlier, said="Somebody else has decided about that text since. It stays.")
    try:
        text_review.undo(turn.desk, key, at=now())
    except Refusal as refusal:
        return replace(earlier, said=str(refusal))
    text = text_of(turn.desk.answers, key)
    words = hash_of(text.words) if text else ""
    said = "Taken back. This text waits again, as it was written."
    return replace(earlier, key=key, words=words, steps=(), said=said)


def _stop(turn: ReviewRequest) -> ReviewSession:
    note(f"{turn.sitting.study}: stopped reading texts")
    return replace(turn.sitting.without_text(), skipped=())


ANY_TIME: dict[str, Callable[[ReviewRequest], ReviewSession]] = {"undo": _undo, "stop": _stop}
WITH_TEXT: dict[str, Callable[[ReviewRequest], ReviewSession]] = {
    "replace": _replace, "every": _every, "back": _one_back, "again": _again,
    "approve": _approve, "withhold": _withhold, "skip": _skip,
}  # fmt: skip


def after(turn: ReviewRequest, go: str) -> ReviewSession:
    """What a button leads to; one of an older page does nothing."""
    if not compare_digest(request.form.get("seen", "").encode(), token_of(turn).encode()):
        if turn.sitting.key and turn.text is None:
            return moved_on(turn)
        return replace(turn.sitting, said=OLD)
    if go in ANY_TIME:
        return ANY_TIME[go](turn)
    return WITH_TEXT[go](turn) if turn.text else moved_on(turn)
