"""The reading assist: marks what in a client's own words may point at a person.

Patterns, lists and the words around a word; nothing is learned and nothing is sent anywhere. It
finds much and never all: a rare event or a job can name a person without any name. A text leaves
only after a person has read it (docs/free-text.md has the measured figures).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from exports.texts.patterns import (
    KINDS,
    NAME,
    ORGANISATION,
    PATTERNS,
    PLACE,
    UNKNOWN,
    fold,
    is_name,
    is_ordinary,
    is_place,
    is_plain,
    is_slip,
    near_place,
    usual_capital,
)


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# After these comes a name, whatever it looks like; after the next ones only a likely name.
HARD_TITLES = _of("dr mr mrs ms mx prof professor frau herr madame monsieur mme")
SOFT_TITLES = _of(
    "doctor doc miss sister brother father fr rev reverend pastor coach nurse officer sergeant "
    "captain aunt auntie uncle lady lord dame sir granny nana grandma grandpa"
)
RELATIONS = _of(
    "therapist counsellor counselor psychologist psychiatrist psychotherapist analyst shrink psych "
    "husband wife partner ex boyfriend girlfriend fiance son daughter brother sister mother father "
    "mum mom dad friend mate colleague neighbour neighbor boss cousin nephew niece dog cat baby "
    "supervisor worker lad twin flatmate roommate teacher tutor manager midwife"
)
CALLED = _of("called named nicknamed name names hes shes call")
DO = _of(
    "said says cried cries crying asked asks told tells started had has teared wept welled smiled "
    "laughed nodded looked looks did didnt doesnt does never helped came went got put gave held "
    "kept thinks thought knew knows wasnt isnt who was is just always would"
)
# What follows a lower-case name, but hardly a noun or a verb of the same letters.
DO_SURELY = _of(
    "said says cried cries asked asks told tells teared wept smiled laughed nodded didnt doesnt "
    "did does thinks knew knows is who"
)
IN = _of("in at from near to outside around of via")
DETERMINERS = _of(
    "a an the this that my your his her its their some any no more very i you we they he she it to "
    "have with of and or great such any can"
)
NOT_NAMES = _of(
    "a an the me it her him them us you back off in out on for my his our your to and up an by so "
    "because when not just only that this it now again about is was with how if as or"
)
NO_NAME = NOT_NAMES | DO | DETERMINERS | IN


CAUTION = (
    "The marks are a help, not a check: they miss some names and every story that only one person "
    "can tell. Read each text whole."
)

TOO_LONG_TO_SHORTEN = 6  # letters; longer words in capitals are shouted, not abbreviated

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_REPLACED = re.compile(rf"\[(?:{'|'.join(KINDS)}|detail)\]")
_INITIALS = re.compile(r"\b(?:[A-Z]\.){2,}(?!\w)|(?<=\s)[A-HJ-Z]\.(?=\s[A-Z]|$|\s[a-z])")
_STARTS = re.compile(r"(?:^|[.!?…:]['\"”’)]*\s+|\n\s*|(?:^|[\s(])['\"“‘]|[-–—]\s+|\()$")
_GAP = re.compile(r"\s|,\s")
_TITLE_GAP = re.compile(r"\.?\s?")


@dataclass(frozen=True, slots=True, order=True)
class IdentifierSpan:
    """One mark: characters ``start`` to ``end`` of the text, its kind (KINDS) and why."""

    start: int
    end: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class _Word:
    """A word in its place. ``opens`` a sentence; ``lone`` words of a shouted text tell nothing."""

    start: int
    end: int
    said: str
    plain: str
    opens: bool

    @property
    def capital(self) -> bool:
        return self.said[0].isupper()

    @property
    def shouted(self) -> bool:
        return len(self.plain) > 1 and self.said.replace("’s", "").replace("'s", "").isupper()


def _words(text: str) -> list[_Word]:
    return [
        _Word(m.start(), m.end(), m.group(), plain, _STARTS.search(text, 0, m.start()) is not None)
        for m in _WORD.finditer(text)
        if len(plain := fold(m.group())) > 1
    ]


def _patterned(text: str) -> Iterator[IdentifierSpan]:
    for kind, why, pattern in (*PATTERNS, (NAME, "initials", _INITIALS)):
        for match in pattern.finditer(text):
            if match.end() > match.start():
                yield IdentifierSpan(match.start(), match.end(), kind, why)


def _cue(text: str, before: _Word | None, word: _Word) -> str:
    """Return why the word before makes this one a name, or nothing."""
    if before is None or word.plain in NO_NAME or usual_capital(word.plain):
        return ""
    known = word.capital or is_name(word.plain) or not is_ordinary(word.plain)
    titled = before.plain in HARD_TITLES or (before.plain in SOFT_TITLES and known)
    if titled and _TITLE_GAP.fullmatch(text, before.end, word.start):
        return "follows a title"
    if not _GAP.fullmatch(text, before.end, word.start):
        return ""
    if before.plain in RELATIONS and (word.capital or is_name(word.plain)):
        return "follows a word for somebody near"
    if before.plain in CALLED and known:
        return "follows a word for a name"
    return ""


def _does(words: Sequence[_Word], at: int) -> bool:
    """Return whether an ordinary word that is also a name acts as a person would."""
    word = words[at]
    before = words[at - 1].plain if at and not word.opens else ""
    after = words[at + 1] if at + 1 < len(words) else None
    if after is None or before in DETERMINERS:
        return False
    return after.plain in (DO if word.capital else DO_SURELY)


def _listed(words: Sequence[_Word], at: int) -> tuple[str, str]:
    """Kind and reason of a word that stands in a list of names or places, or two blanks."""
    word = words[at]
    ordinary = is_plain(word.plain)
    if is_name(word.plain) and (not ordinary or _does(words, at)):
        return NAME, "a name"
    if is_place(word.plain):
        towards = at > 0 and words[at - 1].plain in IN
        if not ordinary or (towards and not word.opens):
            return PLACE, "a place"
    return "", ""


def _odd(word: _Word) -> tuple[str, str]:
    """Kind and reason of a word that is no ordinary one, or two blanks."""
    if word.shouted and len(word.plain) < TOO_LONG_TO_SHORTEN:
        return ORGANISATION, "letters that may stand for an organisation"
    if word.capital:
        return NAME, "a capital, and no ordinary word"
    if near_place(word.plain):
        return PLACE, "almost the name of a place"
    if is_slip(word.plain):
        return "", ""
    return UNKNOWN, "no ordinary word"


def _about(text: str, words: Sequence[_Word], at: int, *, capitals: bool) -> tuple[str, str]:
    word = words[at]
    if why := _cue(text, words[at - 1] if at else None, word):
        return NAME, why
    if usual_capital(word.plain):
        return "", ""
    kind, why = _listed(words, at)
    if kind:
        return kind, why
    parts = [fold(part) for part in word.said.split("-")]
    if not all(part == "" or is_ordinary(part) for part in parts):
        return _odd(word)
    unsaid = word.opens or word.shouted or word.plain in NO_NAME
    if capitals and word.capital and not unsaid:
        kind = PLACE if is_place(word.plain) else NAME
        return kind, "a capital inside a sentence"
    return "", ""


def _capitals_tell(words: Sequence[_Word]) -> bool:
    """Return whether capitals are used sparingly enough to mean something."""
    inside = [w for w in words if not w.opens and not usual_capital(w.plain)]
    return sum(w.capital for w in inside) * 2 <= len(inside) or len(inside) < 4


def _worded(text: str, lang: str) -> Iterator[IdentifierSpan]:
    """Marks word by word. In other languages than English: listed names with a capital only."""
    words = _words(text)
    english = lang.split("-")[0] == "en"
    capitals = _capitals_tell(words)
    for at, word in enumerate(words):
        if english:
            kind, why = _about(text, words, at, capitals=capitals)
        elif word.capital and (is_name(word.plain) or is_place(word.plain)):
            kind, why = (NAME if is_name(word.plain) else PLACE), "in the lists"
        else:
            continue
        if kind:
            yield IdentifierSpan(word.start, word.end, kind, why)


def _apart(spans: Iterable[IdentifierSpan]) -> list[IdentifierSpan]:
    """The marks that overlap none before them, in the order of the text."""
    taken: list[IdentifierSpan] = []
    for span in spans:
        if all(span.end <= t.start or t.end <= span.start for t in taken):
            taken.append(span)
    return sorted(taken)


def _joined(text: str, spans: Sequence[IdentifierSpan]) -> Iterator[IdentifierSpan]:
    """Neighbours of one kind as one mark: a first name and a surname."""
    last: IdentifierSpan | None = None
    for span in spans:
        if last and last.kind == span.kind and text[last.end : span.start] in (" ", "-", ". "):
            last = replace(last, end=span.end)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def find(text: str, lang: str = "en") -> tuple[IdentifierSpan, ...]:
    """Marks of ``text`` in its order, none overlapping. ``lang`` is that of the questions.

    What was replaced by its kind before is not marked again.
    """
    # Blanked, not cut: every mark keeps its place.
    left = _REPLACED.sub(lambda m: "·" * len(m.group()), text)
    # Patterns first: where two marks overlap, the earlier one stays.
    return tuple(_joined(left, _apart((*_patterned(left), *_worded(left, lang)))))


def marked(text: str, spans: Sequence[IdentifierSpan]) -> str:
    """``text`` with each mark in brackets and numbered from 1: [1 name: Anna]."""
    parts, at = [], 0
    for number, span in enumerate(spans, 1):
        said = text[span.start : span.end]
        parts += [text[at : span.start], f"[{number} {span.kind}: {said}]"]
        at = span.end
    return "".join((*parts, text[at:]))


def redact(text: str, spans: Iterable[IdentifierSpan]) -> str:
    """``text`` with each mark replaced by its kind in brackets: [name]. Marks must not overlap."""
    # From the end, so that the places of those before stay true.
    for span in sorted(spans, reverse=True):
        text = f"{text[: span.start]}[{span.kind}]{text[span.end :]}"
    return text
