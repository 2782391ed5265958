"""Whether a change is cosmetic or substantive: by rule, so that nobody has to be believed.

Cosmetic is what leaves every word in its place: spaces, punctuation, capitals, and the spelling of
a word that was misspelled. All else is substantive, and whatever is no running text is substantive
however it changes. ``RULE`` says the same to the reader; keep the two alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Literal

from exports.texts.wordlists import fold, is_ordinary

Nature = Literal["cosmetic", "substantive"]

PROSE = ""  # the kind of a part that is running text; any other kind is the reason it gives
NAME_ONLY, CHECKED = "name of the version", "date of a check"
COSMETIC = {
    NAME_ONLY: "a name, which changes with every change",
    CHECKED: "when a person last tried the line",
}

RULE = (
    """Cosmetic: only spaces, punctuation, emphasis or capitals differ, or one letter inside a word
    of five letters or more, where one of both spellings is no English word that our list knows and
    the other is. Also the name of the version itself, and the date on which a help line was
    checked.""",
    """Substantive: every other change of a word; any changed number, span of time, negation
    (“not”, “never” …) or word that permits, requires or limits (“may”, “must”, “only” …); a
    question mark that comes or goes; anything added, removed or moved.""",
    """Always substantive, however small: consent statements, the buttons of consent, who may take
    part, routing, kinds of questions, codes, limits, scoring, the release policy, the site’s facts
    (names, dates, contacts), help lines, and the checklist.""",
)

NEGATIONS = frozenset(
    ("no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without",
     "cannot", "unless", "except")
)  # fmt: skip
MODALS = frozenset(
    ("may", "might", "must", "can", "could", "shall", "should", "will", "would", "need", "needs",
     "only", "always", "all", "any", "every", "each", "some", "if", "until", "optional",
     "required", "voluntary")
)  # fmt: skip
NUMBERS = frozenset(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
     "twelve", "once", "twice", "first", "second", "third", "half", "hour", "hours", "day", "days",
     "week", "weeks", "month", "months", "year", "years", "minute", "minutes")
)  # fmt: skip
SHORTEST_TYPO = 5  # letters; shorter words turn into others too easily

# A number with its sign and separators; a word with what may stand inside it; a fact; any sign that
# is not mere punctuation.
_TOKEN = re.compile(
    r"""(?<!\w)[-−]?\d(?:[\d.,:/–-]*\d)? | \d | [^\W\d_]+(?:['’-][^\W\d_]+)* | \{\w+\}
    | [^\w\s.,;:!…'"“”‘’„«»()\[\]*/–—-]""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Classification:
    """Cosmetic or substantive, and why, in a few words."""

    nature: Nature
    why: str


def tokens(text: str) -> list[str]:
    """What counts in ``text``: words without capitals (but USA stays), numbers, meaning signs."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    found = (m[0] for m in _TOKEN.finditer(plain))
    return [t if len(t) > 1 and t.isupper() else t.lower() for t in found]


def classify_change(old: str, new: str, *, kind: str, language: str) -> Classification:
    """What the change from ``old`` to ``new`` is; ``kind`` PROSE, or what else it is."""
    if kind in COSMETIC:
        return Classification("cosmetic", COSMETIC[kind])
    if kind:
        return Classification("substantive", kind)
    if not old or not new:
        return Classification("substantive", "words added" if new else "words removed")
    before, after = tokens(old), tokens(new)
    if before == after:
        return Classification("cosmetic", "spaces, punctuation or capitals only")
    return _of_words(before, after, english=language.partition("-")[0] == "en")


def _of_words(before: list[str], after: list[str], *, english: bool) -> Classification:
    changed = tuple(_replaced(before, after))
    if english and all(len(a) == len(b) and all(map(is_typo, a, b)) for a, b in changed):
        return Classification("cosmetic", "spelling only")
    words = [word for a, b in changed for word in (*a, *b)]
    return Classification("substantive", next(_reasons(words), "words changed"))


def _replaced(before: list[str], after: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield before[a:b], after[c:d]


def _reasons(words: list[str]) -> Iterator[str]:
    if any(w in NUMBERS or w[0].isdigit() or w == "%" for w in words):
        yield "a number or a span of time"
    if any(w in NEGATIONS or w.endswith("n't") for w in words):
        yield "a negation"
    if any(w in MODALS for w in words):
        yield "what is permitted, required or limited"
    if any(w.startswith("{") for w in words):
        yield "a fact of the site comes or goes"


@cache
def is_typo(a: str, b: str) -> bool:
    """Whether one of two words is a misspelling of the other, and could be nothing else."""
    if a == b:
        return True
    plain = min(len(a), len(b)) >= SHORTEST_TYPO and a.isalpha() and b.isalpha()
    if not plain or a[0] != b[0] or a[-1] != b[-1] or not _one_slip(a, b):
        return False
    return is_ordinary(fold(a)) != is_ordinary(fold(b))


def _one_slip(a: str, b: str) -> bool:
    """One letter left out, put in, changed, or swapped with the next."""
    short, long = sorted((a, b), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[:at] + short[at : at + 2][::-1] + short[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or swapped == long
