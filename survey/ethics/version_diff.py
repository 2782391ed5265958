"""Two versions of a study, side by side: what changed, word by word, and whether it matters.

A change is cosmetic or substantive by rule, so that nothing hangs on a judgement. Cosmetic is what
leaves every word in its place: spaces, punctuation, capitals, and the spelling of a word that was
misspelled. All else is substantive, and whatever is no running text is substantive however it
changes. ``RULE`` says so to the reader; keep the two alike.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Literal

from exports.texts.patterns import fold, is_ordinary
from survey.ethics.version_content import (
    CHECKED,
    CONSENT,
    GROUPS,
    NAME_ONLY,
    PASSAGES,
    QUESTION,
    ContentPart,
    Json,
    VersionContent,
    groups_of,
    parts_of,
)

Nature = Literal["cosmetic", "substantive"]

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
    (names, dates, contacts), everything of the help page but the dates of checks, and the
    checklist.""",
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
    """Return words without capitals (but USA stays), numbers and meaning signs of ``text``."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    found = (m[0] for m in _TOKEN.finditer(plain))
    return [t if len(t) > 1 and t.isupper() else t.lower() for t in found]


def classify_change(old: str, new: str, *, kind: str, language: str) -> Classification:
    """Return how a text of this ``kind`` (PROSE or another) changed from ``old`` to ``new``."""
    if kind in COSMETIC:
        return Classification("cosmetic", COSMETIC[kind])
    if kind:
        return Classification("substantive", kind)
    if not old or not new:
        return Classification("substantive", "words added" if new else "words removed")
    before, after = tokens(old), tokens(new)
    if before == after:
        return Classification("cosmetic", "spaces, punctuation or capitals only")
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [(before[a:b], after[c:d]) for tag, a, b, c, d in opcodes if tag != "equal"]
    # The list of words that tells a slip from another word is an English one.
    english = language.partition("-")[0] == "en"
    if english and all(len(a) == len(b) and all(map(is_typo, a, b)) for a, b in changed):
        return Classification("cosmetic", "spelling only")
    words = [word for a, b in changed for word in (*a, *b)]
    return Classification("substantive", next(_reasons(words), "words changed"))


def _reasons(words: list[str]) -> Iterator[str]:
    """Yield why a change of these words counts, the gravest reason first."""
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
    """Return whether one of two words can only be a misspelling of the other."""
    if a == b:
        return True
    plain = min(len(a), len(b)) >= SHORTEST_TYPO and a.isalpha() and b.isalpha()
    if not plain or a[0] != b[0] or a[-1] != b[-1] or not _one_slip(a, b):
        return False
    return is_ordinary(fold(a)) != is_ordinary(fold(b))


def _one_slip(a: str, b: str) -> bool:
    """Return whether one letter was left out, put in, changed, or swapped with the next."""
    short, long = sorted((a, b), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[:at] + short[at : at + 2][::-1] + short[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or swapped == long


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Things in an order that a reader meets: (id, name) each.

    ``id`` identifies the list in both versions, ``home`` is its name.
    """

    group: str
    id: str
    home: str
    things: tuple[tuple[str, str], ...]


def orders_of(version: VersionContent) -> Iterator[Sequenced]:
    """Yield every list whose order a reader meets."""
    document, consent = version.document, version.document["consent"]
    for section, home in PASSAGES.items():
        yield _order(CONSENT, home, consent.get(section, ()), "passage")
    yield _order(CONSENT, "Before you start", consent.get("eligibility", ()), "eligibility")
    asked = consent.get("comprehension", ())
    yield _order(CONSENT, "Questions before consent", asked, "comprehension")
    yield _order(CONSENT, "Consent statements", consent["statements"], "statement")
    yield _order(QUESTION, "Pages", document["pages"], "page")
    for page in document["pages"]:
        home = f"Page “{page['title']}”"
        yield replace(_order(QUESTION, page["id"], page["questions"], "question"), home=home)
        for name, q in ((q["name"], q) for q in page["questions"]):
            yield _order(QUESTION, f"Rows of {name}", q.get("rows", ()), f"{name} row")
            yield _order(QUESTION, f"Answers of {name}", q.get("options", ()), f"{name} option")


def _order(group: str, home: str, things: Sequence[Json], prefix: str) -> Sequenced:
    named = []
    for thing in things:
        key = str(next(thing[k] for k in ("id", "name", "variable", "code") if k in thing))
        words = next((thing[k] for k in ("heading", "title", "label") if thing.get(k)), "")
        named.append((f"{prefix} {key}", f"“{words}”" if words else key))
    return Sequenced(group, home, home, tuple(named))


Marked = tuple[tuple[str, bool], ...]
"""A text in pieces, each with whether it differs from the other version."""

_PIECES = re.compile(r"\s+|\w+(?:['’-]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: ``what`` is changed, added, removed or moved; before and now as marked texts."""

    group: str
    where: str
    what: str
    nature: Nature
    why: str
    old: Marked
    new: Marked


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes by group, and the groups that could not be compared."""

    changes: tuple[Change, ...]
    not_compared: tuple[str, ...]

    def of(self, group: str) -> tuple[Change, ...]:
        """Return the changes in one group, substantive ones first."""
        here = (c for c in self.changes if c.group == group)
        return tuple(sorted(here, key=lambda c: c.nature == "cosmetic"))

    def count(self, nature: Nature, group: str | None = None) -> int:
        """Return how many changes of this nature there are, in all or in one group."""
        return sum(c.nature == nature and group in (None, c.group) for c in self.changes)


def compare(old: VersionContent, new: VersionContent) -> Comparison:
    """Return the changes from ``old`` to ``new``."""
    both = groups_of(old) & groups_of(new)
    before, now = parts_of(old), parts_of(new)
    found = [
        *_changed(before, now, language=new.language),
        *_moved(tuple(orders_of(old)), tuple(orders_of(new))),
    ]
    return Comparison(
        changes=tuple(change for change in found if change.group in both),
        not_compared=tuple(group for group in GROUPS if group not in both),
    )


def _changed(
    before: Mapping[str, ContentPart], now: Mapping[str, ContentPart], *, language: str
) -> Iterator[Change]:
    owners = ({p.owner for p in before.values()}, {p.owner for p in now.values()})
    whole: dict[tuple[str, str], list[ContentPart]] = {}
    for id_ in dict.fromkeys((*now, *before)):
        old, new = before.get(id_), now.get(id_)
        part = new or old
        if part is None or (old and new and old.text == new.text):
            continue
        if not (part.owner in owners[0] and part.owner in owners[1]):
            whole.setdefault((part.group, part.owner), []).append(part)
        elif old and new:
            verdict = classify_change(old.text, new.text, kind=new.kind, language=language)
            sides = mark(old.text, new.text)
            yield Change(new.group, new.where, "changed", verdict.nature, verdict.why, *sides)
        else:
            yield _came_or_went([part], added=old is None)
    for parts in whole.values():
        yield _came_or_went(parts, added=parts[0].owner in owners[1])


def _came_or_went(parts: Sequence[ContentPart], *, added: bool) -> Change:
    """Return one change for all parts of a thing that is new, or gone."""
    where = min((part.where for part in parts), key=len)
    lines = []
    for part in parts:  # each after what distinguishes it from the other parts of the thing
        rest = part.where.removeprefix(where).strip(" ,()")
        lines.append(f"{rest}: {part.text}" if rest else part.text)
    text: Marked = (("\n".join(lines), True),)
    what = "added" if added else "removed"
    why = next((part.kind for part in parts if part.kind), f"words {what}")
    sides: tuple[Marked, Marked] = ((), text) if added else (text, ())
    return Change(parts[0].group, where, what, "substantive", why, *sides)


def mark(old: str, new: str) -> tuple[Marked, Marked]:
    """Return both texts in pieces, with what differs between them marked."""
    a, b = _PIECES.findall(old), _PIECES.findall(new)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        left += [("".join(a[i:j]), tag != "equal")] if j > i else []
        right += [("".join(b[k:m]), tag != "equal")] if m > k else []
    return tuple(left), tuple(right)


def _moved(old: Sequence[Sequenced], new: Sequence[Sequenced]) -> Iterator[Change]:
    """Yield the things in another list, or in another place among those that stayed."""
    before, now = (
        {id_: (order, n) for order in orders for n, (id_, _) in enumerate(order.things)}
        for orders in (old, new)
    )
    for order in new:
        stayed = [id_ for id_, _ in order.things if id_ in before]
        same = [id_ for id_ in stayed if before[id_][0].id == order.id]
        in_place = _rising(same, {id_: before[id_][1] for id_ in same})
        for id_ in (i for i in stayed if i not in in_place):
            home, to = now[id_]
            where = f"{home.home}: {home.things[to][1]}"
            sides = [((_place(*place), True),) for place in (before[id_], now[id_])]
            yield Change(home.group, where, "moved", "substantive", "order or place", *sides)


def _place(order: Sequenced, at: int) -> str:
    """Return the place of a thing, by what stands before it."""
    after = f"after {order.things[at - 1][1]}" if at else "first"
    return f"{order.home}: number {at + 1}, {after}"


def _rising(ids: Sequence[str], rank: Mapping[str, int]) -> frozenset[str]:
    """Return the longest run of ``ids`` that kept its order: all others have moved."""
    # Patience sorting: ``ends`` holds the last of the best run of each length so far.
    tails: list[int] = []
    ends: list[str] = []
    before: dict[str, str | None] = {}
    for id_ in ids:
        at = bisect_left(tails, rank[id_])
        before[id_] = ends[at - 1] if at else None
        tails[at : at + 1] = [rank[id_]]
        ends[at : at + 1] = [id_]
    rising: set[str] = set()
    last = ends[-1] if ends else None
    while last is not None:
        rising.add(last)
        last = before[last]
    return frozenset(rising)
