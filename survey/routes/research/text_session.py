"""A reader's review of texts: what is at hand, in the staff's cookie, and what each button does.

Sealed, because an address, a form field or a row would put the text's key, or which text was read
after which, where it outlasts the reading. It holds no word of any text: a replaced passage is kept
as its place.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any, cast

from flask import request, session

from exports.texts.redaction import DETAIL, REPLACEMENTS, RedactionDraft
from survey.accounts.access import current_account
from survey.accounts.audit import note
from survey.errors import Refusal, Unsealable
from survey.releases import pilots, text_review
from survey.releases.floors import least_new_rows
from survey.releases.pilots import TooFewSince
from survey.releases.text_review import ReviewQueue
from survey.services import services
from survey.storage.accounts import folded
from survey.storage.schema import ROW_KEY_BYTES
from survey.storage.texts import ONCE, WAITING, StoredText, read_last_by, text_of
from survey.studies.version import StudyVersion

FIELD = "reading"
MOST_SKIPPED, MOST_DECIDED = 30, 8  # older ones are forgotten: a skipped text then comes again
MOST_LETTERS = 2400  # of the cookie's 4096 bytes, which hold the sign-in too
SPARE = 400  # room for a sentence that says so


class SessionTooLarge(Exception):
    """There are more single changes than the cookie holds."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """One replacement: marks by number, or the passage from one place up to another.

    ``kind`` blank is the mark's own. Places are those in the words as they stood then.
    """

    kind: str
    marks: tuple[int, ...] = ()
    passage: tuple[int, int] = (0, 0)

    def apply_to(self, draft: RedactionDraft) -> RedactionDraft:
        """Return the draft after it. Raises NotThere."""
        start, end = self.passage
        if end:
            return draft.without_words(draft.words[start:end], self.kind or DETAIL)
        return draft.without(self.marks, self.kind)


@dataclass(frozen=True, slots=True)
class ReviewSession:
    """The text at hand (``key``, blank for none), its changes, and what was done before.

    ``words`` is a keyed hash of its words when it was drawn; ``message`` a sentence for the reader.
    """

    study: str
    pilot: bool
    key: bytes = b""
    words: str = ""
    steps: tuple[Redaction, ...] = ()
    skipped: tuple[bytes, ...] = ()
    decided: tuple[bytes, ...] = ()
    message: str = ""

    def without_text(self, message: str = "") -> ReviewSession:
        """Return the session with nothing at hand."""
        return replace(self, key=b"", words="", steps=(), message=message)

    def with_decision(self, key: bytes) -> ReviewSession:
        """Return the session after a decision about the text of this key."""
        earlier = tuple(k for k in self.decided if k != key)
        return replace(self, decided=(*earlier, key)[-MOST_DECIDED:])


def _owner() -> str:
    return f"reading:{folded(current_account().name)}"


def save_session(review: ReviewSession, *, spare: int = 0) -> None:
    """Write into the cookie. Raises SessionTooLarge and keeps what was there if it does not fit."""
    kept = {
        "study": review.study, "pilot": review.pilot, "words": review.words,
        "key": review.key.hex(), "said": review.message,
        "steps": [[s.kind, s.marks, s.passage] for s in review.steps],
        "skipped": b"".join(review.skipped).hex(), "decided": b"".join(review.decided).hex(),
    }  # fmt: skip
    packed = zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 9)
    sealed = b64encode(services().keys.encrypt_for(packed, _owner())).decode()
    if len(sealed) > MOST_LETTERS + spare:
        raise SessionTooLarge
    session[FIELD] = sealed


def _keys(joined: str) -> tuple[bytes, ...]:
    keys = bytes.fromhex(joined)
    return tuple(keys[i : i + ROW_KEY_BYTES] for i in range(0, len(keys), ROW_KEY_BYTES))


def load_session(study: str, *, pilot: bool) -> ReviewSession:
    """Return what this browser has at hand of the study; a fresh session where it has nothing."""
    fresh = ReviewSession(study, pilot)
    try:
        packed = services().keys.decrypt_for(b64decode(session.get(FIELD, "")), _owner())
        kept: Mapping[str, Any] = json.loads(zlib.decompress(packed))
    except (Unsealable, ValueError):
        return fresh
    if (kept["study"], kept["pilot"]) != (study, pilot):
        return fresh
    return ReviewSession(
        study, pilot, words=kept["words"], message=kept["said"],
        key=bytes.fromhex(kept["key"]),
        steps=tuple(Redaction(k, tuple(m), (p[0], p[1])) for k, m, p in kept["steps"]),
        skipped=_keys(kept["skipped"]), decided=_keys(kept["decided"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """The press of a button: the queue, the session, and the text, if it still waits, as shown.

    ``version`` is the study's that is read, ``refused`` why no text of a pilot may be shown now.
    """

    version: StudyVersion
    refused: TooFewSince | None
    queue: ReviewQueue
    review: ReviewSession
    text: StoredText | None
    draft: RedactionDraft


def now() -> datetime:
    """Return the time of the record."""
    return datetime.fromtimestamp(services().clock(), UTC)


def _state_hash(*parts: str) -> str:
    """Return a keyed hash that says whether a page is still the latest, and nothing else."""
    return services().keys.staff_value("\0".join(parts), "reading").hex()[:32]


def is_own_decision(queue: ReviewQueue, key: bytes) -> bool:
    """Return whether this reader made the last decision about the text."""
    return bool(read_last_by(queue.office, [key], queue.reader))


def waiting_text(queue: ReviewQueue, key: bytes) -> StoredText | None:
    """Return the text of this key, while it waits for this reader."""
    text = text_of(queue.answers, key) if key else None
    if text is None or text.state not in WAITING:
        return None
    return None if text.state == ONCE and is_own_decision(queue, key) else text


def review_request(version: StudyVersion) -> ReviewRequest:
    """Return what this browser has at hand now."""
    stores, name = services().stores, version.study.name
    queue = ReviewQueue(
        stores.answers(pilot=version.pilot),
        stores.office,
        name,
        version.pilot,
        current_account().name,
        services().config.text_readers,
        least_new_rows(version.study),
    )
    review = load_session(name, pilot=version.pilot)
    text = waiting_text(queue, review.key)
    if text is not None and review.words != _state_hash(text.words):
        text = None  # another reader changed it: it may be drawn anew
    draft = RedactionDraft(text.words, text.lang or "") if text else RedactionDraft("")
    for step in review.steps if text else ():
        draft = step.apply_to(draft)
    return ReviewRequest(version, refusal_of(version), queue, review, text, draft)


def refusal_of(version: StudyVersion) -> TooFewSince | None:
    """Return why nothing of a pilot's texts may be told now; None where it may."""
    if not version.pilot:
        return None
    try:
        pilots.check(services().stores, version.study, who=current_account().name)
    except TooFewSince as refusal:
        return refusal
    return None


def page_token(asked: ReviewRequest) -> str:
    """Return the token of each form: it acts on what its page has shown, or not at all."""
    last = asked.review.decided[-1:]
    state = asked.text.state if asked.text else ""
    keys = (key.hex() for key in (asked.review.key, *last))
    return _state_hash(current_account().name, state, asked.draft.words, *keys)


def draw_next(asked: ReviewRequest, review: ReviewSession, message: str = "") -> ReviewSession:
    """Return the session with another text at hand, drawn by lot; with none where none is left.

    Of a pilot none is shown where somebody answered meanwhile, and what is shown is noted first.
    """
    if asked.refused:
        return review.without_text(message)
    version, stores = asked.version, services().stores
    before = pilots.snapshot(stores, version.study)[0] if version.pilot else None
    text = text_review.next_text(asked.queue, now(), skip=review.skipped)
    if text is None or refusal_of(version):
        return review.without_text(message)
    if before:
        pilots.record(stores, version.study, before)
    return replace(review, key=text.key, words=_state_hash(text.words), steps=(), message=message)


def move_on(asked: ReviewRequest, message: str = "") -> ReviewSession:
    """Return the session after a text that waits no more."""
    review, key = asked.review, asked.review.key
    if key and is_own_decision(asked.queue, key):  # a press that was sent twice decided about it
        review = review.with_decision(key)
    return draw_next(asked, review, message)


OLD = "That came from an older page, so it was not counted. This is how things stand."
LOOK = "Replaced. Please look once more at what stands here now, then decide."
NOTHING = "Nothing was ticked or typed, so nothing was replaced."
NOT_THERE = "The words that you typed do not stand in the text like this."


def _kind() -> str:
    chosen = request.form.get("kind", "")
    return chosen if chosen in REPLACEMENTS else ""


_LOOSE = {"'": "['’‘]", "’": "['’‘]", "‘": "['’‘]", "\ufffd": "."}


def _place_of(typed: str, words: str) -> tuple[int, int] | None:
    """Return where the typed words stand; whole words first, spaces and quotes loosely."""
    parts = ["".join(_LOOSE.get(c, re.escape(c)) for c in part) for part in typed.split()]
    passage = r"\s+".join(parts)
    for pattern in (rf"(?<!\w){passage}(?!\w)", passage):
        if parts and (found := re.search(pattern, words, re.IGNORECASE)):
            return found.span()
    return None


def _chosen(draft: RedactionDraft) -> tuple[list[Redaction], bool]:
    """Return the replacements that the form asks for, and whether typed words were not found."""
    numbers = {int(n) for n in request.form.getlist("mark") if n.isascii() and n.isdigit()}
    ticked = tuple(n for n in range(1, len(draft.marks) + 1) if n in numbers)
    steps = [Redaction(_kind(), ticked)] if ticked else []
    for step in steps:
        draft = step.apply_to(draft)
    typed = request.form.get("tokens", "")
    place = _place_of(typed, draft.words)
    if place:
        steps.append(Redaction(_kind() or DETAIL, passage=place))
    return steps, bool(typed.strip()) and place is None


def _replace(asked: ReviewRequest) -> ReviewSession:
    steps, lost = _chosen(asked.draft)
    message = NOT_THERE if lost else "" if steps else NOTHING
    return replace(asked.review, steps=(*asked.review.steps, *steps), message=message)


def _approve(asked: ReviewRequest) -> ReviewSession:
    """Approve what the reader has seen: words ticked or typed are replaced and shown first."""
    steps, lost = _chosen(asked.draft)
    if steps or lost:
        changed = _replace(asked)
        return changed if lost else replace(changed, message=LOOK)
    return _decided(asked, asked.draft)


def _decided(asked: ReviewRequest, draft: RedactionDraft | None) -> ReviewSession:
    text = cast("StoredText", asked.text)  # ``press`` has looked
    words, replaced = (draft.words, draft.replaced) if draft else (None, {})
    try:
        text_review.record_decision(asked.queue, text, words, at=now(), replaced=replaced)
    except Refusal as refusal:
        if waiting_text(asked.queue, text.key):
            return replace(asked.review, message=str(refusal))
        return move_on(asked, str(refusal))
    return draw_next(asked, asked.review.with_decision(text.key))


def _undo(asked: ReviewRequest) -> ReviewSession:
    """Take the last decision of this session back, and its text to hand again."""
    review = asked.review
    if not review.decided:
        return replace(review, message="Nothing was decided in this sitting.")
    key, earlier = review.decided[-1], replace(review, decided=review.decided[:-1])
    if not is_own_decision(asked.queue, key):
        return replace(
            earlier, message="Somebody else has decided about that text since. It stays."
        )
    try:
        text_review.undo(asked.queue, key, at=now())
    except Refusal as refusal:
        return replace(earlier, message=str(refusal))
    text = text_of(asked.queue.answers, key)
    words = _state_hash(text.words) if text else ""
    message = "Taken back. This text waits again, as it was written."
    return replace(earlier, key=key, words=words, steps=(), message=message)


# Buttons that act without a text at hand too, and those that act on it.
ANY_TIME = ("undo", "stop")
WITH_TEXT = ("replace", "every", "back", "again", "approve", "withhold", "skip")


def _act_on_text(asked: ReviewRequest, go: str) -> ReviewSession:
    review, steps = asked.review, asked.review.steps
    match go:
        case "every":
            every = tuple(range(1, len(asked.draft.marks) + 1))
            more = (Redaction(_kind(), every),) if every else ()
            return replace(review, steps=(*steps, *more), message="")
        case "back":
            return replace(review, steps=steps[:-1], message="")
        case "again":
            return replace(review, steps=(), message="")
        case "approve":
            return _approve(asked)
        case "withhold":
            return _decided(asked, None)
        case "skip":
            skipped = (*review.skipped, review.key)[-MOST_SKIPPED:]
            return draw_next(asked, replace(review, skipped=skipped))
        case _:
            return _replace(asked)


def press(asked: ReviewRequest, go: str) -> ReviewSession:
    """Return the session after a button; one of an older page does nothing."""
    if not compare_digest(request.form.get("seen", "").encode(), page_token(asked).encode()):
        if asked.review.key and asked.text is None:
            return move_on(asked)
        return replace(asked.review, message=OLD)
    if go == "undo":
        return _undo(asked)
    if go == "stop":
        note(f"{asked.review.study}: stopped reading texts")
        return replace(asked.review.without_text(), skipped=())
    return _act_on_text(asked, go) if asked.text else move_on(asked)
