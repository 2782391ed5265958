"""Dossiers made so far, by fingerprints and approval: each is made once, and one at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from survey.board.dossier import paper
from survey.board.dossier.document import Signed, document, fingerprints
from survey.board.dossier.pack import pack
from survey.served.shelf import Offer

REMEMBERED = 6  # files of about a megabyte each


class Press:
    """Makes dossiers; the same one is made once while this process remembers it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def pdf(self, offer: Offer, signed: Signed | None) -> bytes:
        """The dossier as a PDF. Raises Refusal where it cannot be set."""
        return self._once("pdf", offer, signed, lambda: paper.pdf(document(offer, signed)))

    def zip(self, offer: Offer, signed: Signed | None) -> bytes:
        """The dossier with the study's files and every text. Raises Refusal."""
        made = self.pdf(offer, signed)
        return self._once("zip", offer, signed, lambda: pack(offer, signed, made))

    def _once(
        self, kind: str, offer: Offer, signed: Signed | None, make: Callable[[], bytes]
    ) -> bytes:
        # All that a dossier says hangs on these.
        key = (kind, offer.study.name, offer.pilot, signed, *fingerprints(offer).values())
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            self._made.move_to_end(key)
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
            return self._made[key]


PRESS = Press()
