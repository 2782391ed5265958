"""A reader's changes to one text: marks and words replaced by what they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from exports.texts.identifiers import IdentifierSpan, find, redact
from exports.texts.patterns import KINDS

DETAIL = "detail"  # what a person takes out and no kind describes
REPLACEMENTS = (*KINDS, DETAIL)


class NoSuchMark(ValueError):
    """The words or the mark to replace are not in the text, or the kind is not known."""


@dataclass(frozen=True, slots=True)
class RedactionDraft:
    """A text while it is read. ``replaced`` counts what was taken out, by kind."""

    words: str
    lang: str = "en"
    replaced: Mapping[str, int] = field(default_factory=dict)

    @property
    def marks(self) -> tuple[IdentifierSpan, ...]:
        """Return what the assist marks in the words as they stand."""
        return find(self.words, self.lang)

    def without(self, numbers: Sequence[int], kind: str = "") -> RedactionDraft:
        """The marks of these numbers (from 1) replaced by their kind, or all by ``kind``."""
        marks = self.marks
        if bad := [n for n in numbers if not 1 <= n <= len(marks)]:
            raise NoSuchMark(f"There is no mark {bad[0]}; the text has {len(marks)}.")
        chosen = [marks[n - 1] for n in sorted(set(numbers))]
        return self._replace([replace(m, kind=_known(kind or m.kind)) for m in chosen])

    def without_words(self, words: str, kind: str = DETAIL) -> RedactionDraft:
        """Every place where these words stand replaced by ``kind``, whatever their capitals.

        Whole words only, and never inside what stands for replaced ones.
        """
        whole = rf"\[[a-z]+\]|(?<!\w)({re.escape(words)})(?!\w)"
        found = re.finditer(whole, self.words, re.IGNORECASE) if words else ()
        spans = [IdentifierSpan(m.start(), m.end(), _known(kind), "") for m in found if m[1]]
        if not spans:
            raise NoSuchMark(f"The words {words!r} do not stand in the text.")
        return self._replace(spans)

    def _replace(self, spans: Sequence[IdentifierSpan]) -> RedactionDraft:
        counted = Counter(dict(self.replaced)) + Counter(s.kind for s in spans)
        return replace(
            self, words=redact(self.words, spans), replaced=dict(sorted(counted.items()))
        )


def _known(kind: str) -> str:
    if kind not in REPLACEMENTS:
        raise NoSuchMark(f"{kind!r} is no kind of detail. Known: {', '.join(REPLACEMENTS)}.")
    return kind


APPROVED, REDACTED, WITHHELD = "approved", "redacted", "withheld"
FIT = (APPROVED, REDACTED)
STATES = (*FIT, WITHHELD)  # every other state: nobody has finished reading it


@dataclass(frozen=True, slots=True)
class ReviewedText:
    """A kept-apart text after review. ``words`` are released only when ``state`` is fit for it.

    ``lang`` is None where the text must never be released (docs/design.md, Reading texts).
    """

    variable: str
    lang: str | None
    c_quote: int
    state: str
    words: str
