"""How long the forms of a study are when they are sent, so that all of them can be made equal.

Lengths are those of the encoded form, in bytes. A page of questions is filled up by what the
server writes into its hidden field, so that pages on which nothing is typed are equally long; with
script that field fills every form up to the study's one length.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from forms.form_fields import CODE_WIDTH
from forms.kinds import InputSpec, kind_of
from forms.study import Page, Question, Study

PAD = "pad"  # the hidden field that makes forms equally long
POST_STEP = 1024  # a study's length is the smallest multiple that holds each of its forms
CHARACTER = 6  # bytes of an encoded letter that UTF-8 writes in two, such as é or я
# Token, hidden fields and the longest button of a form, with room for the field that fills it up.
AROUND = 320
CODE_LENGTH = 3 * 64  # of the longest deletion code that somebody types


def _pair(name: str, value: int = 0) -> int:
    return len(name) + len("=&") + value


def _blank(given: InputSpec) -> int:
    """Return what is sent for an input in which nothing was chosen or typed."""
    if given.form == "codes":
        return 0
    if given.form == "code":
        return _pair(given.name, CODE_WIDTH) if given.codes else 0
    return _pair(given.name)


def _fullest(given: InputSpec) -> int:
    if given.form == "codes":
        return len(given.codes) * _pair(given.name, CODE_WIDTH)
    typed = {"number": CODE_WIDTH, "words": CHARACTER * given.maximum}
    return _blank(given) + typed.get(given.form, 0)


def blank_length(questions: Iterable[Question]) -> int:
    """Return the length of these questions on a page, nothing typed and no box ticked."""
    return sum(len(q.name) + 1 + sum(map(_blank, kind_of(q).inputs(q))) for q in questions)


def _fullest_length(questions: Iterable[Question]) -> int:
    return sum(2 * len(q.name) + 1 + sum(map(_fullest, kind_of(q).inputs(q))) for q in questions)


@lru_cache(maxsize=64)
def _longest_blank(pages: tuple[Page, ...]) -> int:
    return max(blank_length(page.questions) for page in pages)


def filling(study: Study, questions: Iterable[Question]) -> int:
    """Return by how much a page that asks these is shorter than the longest, nothing typed."""
    return _longest_blank(study.pages) - blank_length(questions)


@lru_cache(maxsize=64)
def _post_length(pages: tuple[Page, ...], names: tuple[str, ...]) -> int:
    of_pages = (_fullest_length(page.questions) for page in pages)
    before = sum(_pair(name, CODE_WIDTH) for name in names)
    longest = max(*of_pages, before, CODE_LENGTH)
    return -(-(longest + AROUND) // POST_STEP) * POST_STEP


def post_length(study: Study) -> int:
    """Return the one length of every form of this study: the smallest step that holds each.

    A page's longest texts are reckoned in letters of ``CHARACTER`` bytes; a text in longer ones
    can take the next multiple.
    """
    consent = study.consent
    asked = (
        *(q.id for q in consent.eligibility),
        *(name for name, _ in consent.asked_at_consent),
    )
    return _post_length(study.pages, asked)
