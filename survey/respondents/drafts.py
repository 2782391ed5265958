"""Drafts while they are under way: sealed, gone two hours after the last page, soon once sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from forms.draft import Draft, decode, encode
from forms.study import Study
from survey.crypto import DraftCipher, KeyRing, new_secret
from survey.errors import StoreError, StoreUnavailable, Unsealable
from survey.storage import drafts
from survey.storage.drafts import IDLE_SECONDS
from survey.storage.stores import Stores

Clock = Callable[[], float]
Kept = Literal["unfinished", "sent", "none", "unknown"]


def _kind(draft: Draft) -> int:
    """Return which end stands for a draft that was sent."""
    return drafts.SENT_WITH_CODE if draft.code else drafts.SENT


class DraftRepository:
    """Drafts by the browser's half of their key. ``clock`` returns epoch seconds.

    ``takes_more`` returns whether the disk has room for new ones.
    """

    def __init__(
        self, stores: Stores, seal: KeyRing, clock: Clock, *, takes_more: Callable[[], bool]
    ) -> None:
        self.stores, self.seal, self.clock = stores, seal, clock
        self._takes_more = takes_more

    def begin(self, draft: Draft) -> bytes:
        """Keep a new draft; return the secret that the browser keeps.

        Raises StoreUnavailable where drafts fill the disk: those that are there can be sent.
        """
        if not self._takes_more():
            raise StoreUnavailable("Drafts use more than a tenth of the disk: none can begin.")
        secret, now = new_secret(), int(self.clock())
        lock = self.seal.lock(secret)
        drafts.create(
            self.stores.drafts,
            id=lock.name,
            sealed=lock.seal(encode(replace(draft, started=now, touched=now))),
            expires=drafts.rounded_expiry(now),
        )
        return secret

    def _open(self, lock: DraftCipher, sealed: bytes) -> Draft | None:
        """Return the draft, unless it is foreign, damaged or too old.

        One of a time to come, after the clock was set back, opens until its row is purged.
        """
        try:
            draft = decode(lock.open(sealed))
        except Unsealable:
            return None
        if draft.sent:
            since, seconds = draft.sent, drafts.SHOWN_FOR[_kind(draft)]
        else:
            since, seconds = draft.touched, IDLE_SECONDS
        return draft if self.clock() - since < seconds else None

    def find(self, secret: bytes, study: Study) -> Draft | None:
        """Return the draft of this browser for exactly these words, or None."""
        lock = self.seal.lock(secret)
        sealed = drafts.load(self.stores.drafts, lock.name)
        draft = self._open(lock, sealed) if sealed else None
        return draft if draft and draft.words == study.fingerprints.words else None

    def kept(self, secret: bytes, study: Study) -> Kept:
        """Return what is kept of a browser's answers; unknown where the store cannot be asked."""
        try:
            draft = self.find(secret, study)
        except (StoreError, sqlite3.Error):
            return "unknown"
        return "none" if draft is None else "sent" if draft.sent else "unfinished"

    def change(self, secret: bytes, change: Callable[[Draft], Draft]) -> Draft | None:
        """Return the draft after ``change``, whatever another tab did meanwhile.

        ``change`` runs again when another tab was quicker. None when the draft is gone.
        """
        db, lock = self.stores.drafts, self.seal.lock(secret)
        while (kept := drafts.load(db, lock.name)) is not None:
            draft = self._open(lock, kept)
            if draft is None:
                return None
            now = int(self.clock())
            after = replace(change(draft), touched=now)
            sealed = lock.seal(encode(after))
            expires = _kind(after) if after.sent else drafts.rounded_expiry(now)
            if drafts.swap(db, lock.name, seen=kept, sealed=sealed, expires=expires):
                return after
        return None

    def drop(self, secret: bytes) -> None:
        """Delete the draft, overwritten on disk."""
        drafts.drop(self.stores.drafts, self.seal.name(secret))
