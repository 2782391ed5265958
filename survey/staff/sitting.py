"""What a reader of clients' words has at hand, sealed into the staff's cookie for this account.

Sealed, because an address, a form field or a row would put the text's key, or which text was read
after which, where it outlasts the reading. It holds no word of any text: a replaced passage is kept
as its place.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import session

from exports.texts.edit import DETAIL, Draft
from survey.errors import Unsealable
from survey.staff.access import signed_in
from survey.staff.standing import staff
from survey.store.accounts import folded

FIELD = "reading"
KEY_BYTES = 16
MOST_SKIPPED, MOST_DECIDED = 30, 8  # older ones are forgotten: a skipped text then comes again
MOST_LETTERS = 2400  # of the cookie's 4096 bytes, which hold the sign-in too
SPARE = 400  # room for a sentence that says so


class TooMuch(Exception):
    """More single changes than the cookie holds."""


@dataclass(frozen=True, slots=True)
class Step:
    """One replacement: marks by number, or the passage from one place up to another.

    ``kind`` blank is the mark's own. Places are those in the words as they stood then.
    """

    kind: str
    marks: tuple[int, ...] = ()
    passage: tuple[int, int] = (0, 0)

    def on(self, draft: Draft) -> Draft:
        """The draft after it. Raises NotThere."""
        start, end = self.passage
        if end:
            return draft.without_words(draft.words[start:end], self.kind or DETAIL)
        return draft.without(self.marks, self.kind)


@dataclass(frozen=True, slots=True)
class Sitting:
    """The text at hand (``key``, blank for none), its changes, and what was done before.

    ``words`` is a keyed hash of its words when it was drawn; ``said`` a sentence for the reader.
    """

    study: str
    pilot: bool
    key: bytes = b""
    words: str = ""
    steps: tuple[Step, ...] = ()
    skipped: tuple[bytes, ...] = ()
    decided: tuple[bytes, ...] = ()
    said: str = ""

    def without_text(self, said: str = "") -> Sitting:
        """The same with nothing at hand."""
        return replace(self, key=b"", words="", steps=(), said=said)

    def then(self, key: bytes) -> Sitting:
        """The same after a decision about the text of this key."""
        earlier = tuple(k for k in self.decided if k != key)
        return replace(self, decided=(*earlier, key)[-MOST_DECIDED:])

    def put_off(self, key: bytes) -> Sitting:
        """The same with this text skipped."""
        return replace(self, skipped=(*self.skipped, key)[-MOST_SKIPPED:])


def _owner() -> str:
    account = signed_in()
    assert account is not None, "the page is for staff only"
    return f"reading:{folded(account.name)}"


def _packed(sitting: Sitting) -> bytes:
    kept = {
        "study": sitting.study, "pilot": sitting.pilot, "words": sitting.words,
        "key": sitting.key.hex(), "said": sitting.said,
        "steps": [[s.kind, s.marks, s.passage] for s in sitting.steps],
        "skipped": b"".join(sitting.skipped).hex(), "decided": b"".join(sitting.decided).hex(),
    }  # fmt: skip
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 9)


def _unpacked(packed: bytes) -> Sitting:
    kept: Mapping[str, Any] = json.loads(zlib.decompress(packed))
    return Sitting(
        study=kept["study"], pilot=kept["pilot"], words=kept["words"], said=kept["said"],
        key=bytes.fromhex(kept["key"]),
        steps=tuple(Step(k, tuple(m), (p[0], p[1])) for k, m, p in kept["steps"]),
        skipped=_keys(kept["skipped"]), decided=_keys(kept["decided"]),
    )  # fmt: skip


def _keys(joined: str) -> tuple[bytes, ...]:
    keys = bytes.fromhex(joined)
    return tuple(keys[i : i + KEY_BYTES] for i in range(0, len(keys), KEY_BYTES))


def load(study: str, *, pilot: bool) -> Sitting:
    """What this browser has at hand of the study; a fresh sitting where it has nothing."""
    fresh = Sitting(study, pilot)
    try:
        sealed = b64decode(session.get(FIELD, ""))
        kept = _unpacked(staff().seal.take_out(sealed, _owner()))
    except (Unsealable, ValueError):
        return fresh
    return kept if (kept.study, kept.pilot) == (study, pilot) else fresh


def keep(sitting: Sitting, *, spare: int = 0) -> None:
    """Into the cookie. Raises TooMuch where it does not fit, and then keeps what was there."""
    sealed = b64encode(staff().seal.put_away(_packed(sitting), _owner())).decode()
    if len(sealed) > MOST_LETTERS + spare:
        raise TooMuch
    session[FIELD] = sealed
