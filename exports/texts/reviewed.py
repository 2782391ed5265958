"""A client's text after a person has read it: what a release of texts is made from."""

from __future__ import annotations

from dataclasses import dataclass

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
