"""The buttons of the page on which a text is read: each gives the sitting after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest

from flask import request

from exports.texts.edit import DETAIL, REPLACEMENTS, Draft
from survey.errors import Refusal
from survey.releasing import review
from survey.staff.audit import note
from survey.staff.reading import Turn, drawn, hash_of, mine, moved_on, now, token_of, waits
from survey.staff.sitting import Sitting, Step
from survey.store.review import text_of

OLD = "That came from an older page, so it was not counted. This is how things stand."
LOOK = "Replaced. Please look once more at what stands here now, then decide."
NOTHING = "Nothing was ticked or typed, so nothing was replaced."
NOT_THERE = "The words that you typed do not stand in the text like this."


def _kind() -> str:
    chosen = request.form.get("kind", "")
    return chosen if chosen in REPLACEMENTS else ""


def _ticked(draft: Draft) -> tuple[int, ...]:
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


def _chosen(draft: Draft) -> tuple[list[Step], bool]:
    """The replacements that the form asks for, and whether something typed was not found."""
    steps = [Step(_kind(), marks)] if (marks := _ticked(draft)) else []
    for step in steps:
        draft = step.on(draft)
    typed = request.form.get("tokens", "")
    place = _place_of(typed, draft.words)
    if place:
        steps.append(Step(_kind() or DETAIL, passage=place))
    return steps, bool(typed.strip()) and place is None


def _replace(turn: Turn) -> Sitting:
    steps, lost = _chosen(turn.draft)
    said = NOT_THERE if lost else "" if steps else NOTHING
    return replace(turn.sitting, steps=(*turn.sitting.steps, *steps), said=said)


def _every(turn: Turn) -> Sitting:
    every = tuple(range(1, len(turn.draft.marks) + 1))
    steps = (Step(_kind(), every),) if every else ()
    return replace(turn.sitting, steps=(*turn.sitting.steps, *steps), said="")


def _one_back(turn: Turn) -> Sitting:
    return replace(turn.sitting, steps=turn.sitting.steps[:-1], said="")


def _again(turn: Turn) -> Sitting:
    return replace(turn.sitting, steps=(), said="")


def _approve(turn: Turn) -> Sitting:
    """Only what the reader has seen: what is ticked or typed and not replaced yet comes first."""
    steps, lost = _chosen(turn.draft)
    if steps or lost:
        after = _replace(turn)
        return after if lost else replace(after, said=LOOK)
    return _decided(turn, turn.draft)


def _withhold(turn: Turn) -> Sitting:
    return _decided(turn, None)


def _decided(turn: Turn, draft: Draft | None) -> Sitting:
    assert turn.text is not None, "looked at before"
    words, replaced = (draft.words, draft.replaced) if draft else (None, {})
    try:
        review.decide(turn.desk, turn.text, words, at=now(), replaced=replaced)
    except Refusal as refusal:
        if waits(turn.desk, turn.text.key):
            return replace(turn.sitting, said=str(refusal))
        return moved_on(turn, str(refusal))
    return drawn(turn, turn.sitting.then(turn.text.key))


def _skip(turn: Turn) -> Sitting:
    assert turn.text is not None, "looked at before"
    return drawn(turn, turn.sitting.put_off(turn.text.key))


def _undo(turn: Turn) -> Sitting:
    """The last decision of this sitting taken back, and its text at hand again."""
    sitting = turn.sitting
    if not sitting.decided:
        return replace(sitting, said="Nothing was decided in this sitting.")
    key, earlier = sitting.decided[-1], replace(sitting, decided=sitting.decided[:-1])
    if not mine(turn.desk, key):
        return replace(earlier, said="Somebody else has decided about that text since. It stays.")
    try:
        review.undo(turn.desk, key, at=now())
    except Refusal as refusal:
        return replace(earlier, said=str(refusal))
    text = text_of(turn.desk.answers, key)
    words = hash_of(text.words) if text else ""
    said = "Taken back. This text waits again, as it was written."
    return replace(earlier, key=key, words=words, steps=(), said=said)


def _stop(turn: Turn) -> Sitting:
    note(f"{turn.sitting.study}: stopped reading texts")
    return replace(turn.sitting.without_text(), skipped=())


ANY_TIME: dict[str, Callable[[Turn], Sitting]] = {"undo": _undo, "stop": _stop}
WITH_TEXT: dict[str, Callable[[Turn], Sitting]] = {
    "replace": _replace, "every": _every, "back": _one_back, "again": _again,
    "approve": _approve, "withhold": _withhold, "skip": _skip,
}  # fmt: skip


def after(turn: Turn, go: str) -> Sitting:
    """What a button leads to; one of an older page does nothing."""
    if not compare_digest(request.form.get("seen", "").encode(), token_of(turn).encode()):
        if turn.sitting.key and turn.text is None:
            return moved_on(turn)
        return replace(turn.sitting, said=OLD)
    if go in ANY_TIME:
        return ANY_TIME[go](turn)
    return WITH_TEXT[go](turn) if turn.text else moved_on(turn)
