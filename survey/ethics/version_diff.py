"""Two versions of a study, side by side: what changed, word by word, and what it comes to.

The lists of a version whose order a reader meets, so that what has moved can be told.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from survey.ethics.change_rule import Nature, classify_change
from survey.ethics.version_content import (
    CONSENT,
    GROUPS,
    PASSAGES,
    QUESTION,
    ContentPart,
    Said,
    VersionContent,
    groups_of,
    parts_of,
)


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Things in an order that a reader meets: (id, name) each.

    ``id`` is what the list is known by in both versions, ``home`` what it is called.
    """

    group: str
    id: str
    home: str
    things: tuple[tuple[str, str], ...]


def orders_of(edition: VersionContent) -> Iterator[Sequenced]:
    """Every list whose order a reader meets."""
    said, consent = edition.said, edition.said["consent"]
    for section, name in PASSAGES.items():
        yield _listed(CONSENT, name, consent.get(section, ()), "passage", _heading)
    yield _listed(CONSENT, "Before you start", consent.get("eligibility", ()), "eligibility", _id)
    yield _listed(CONSENT, "Consent statements", consent["statements"], "statement", _id)
    yield _listed(QUESTION, "Pages", said["pages"], "page", lambda p: f"“{p['title']}”")
    for page in said["pages"]:
        asked = _listed(QUESTION, page["id"], page["questions"], "question", lambda q: q["name"])
        yield replace(asked, home=f"Page “{page['title']}”")
        for q in page["questions"]:
            yield from _inside(q)


def _inside(q: Said) -> Iterator[Sequenced]:
    """The rows and the answers of one question."""
    name, rows, options = q["name"], q.get("rows", ()), q.get("options", ())
    yield _listed(QUESTION, f"Rows of {name}", rows, f"{name} row", lambda r: r["variable"])
    yield _listed(
        QUESTION, f"Answers of {name}", options, f"{name} option", lambda o: f"“{o['label']}”"
    )


def _heading(passage: Said) -> str:
    return f"“{passage['heading']}”" if passage["heading"] else str(passage["id"])


def _id(said: Said) -> str:
    return str(said["id"])


def _key(thing: Said) -> str:
    return str(next(thing[k] for k in ("id", "name", "variable", "code") if k in thing))


def _listed(
    group: str, home: str, things: Sequence[Said], prefix: str, name: Callable[[Said], str]
) -> Sequenced:
    named = tuple((f"{prefix} {_key(thing)}", name(thing)) for thing in things)
    return Sequenced(group, home, home, named)


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
    """Everything that differs, by group, and the groups that could not be compared."""

    changes: tuple[Change, ...]
    not_compared: tuple[str, ...]

    def of(self, group: str) -> tuple[Change, ...]:
        """The changes in one group, substantive ones first."""
        here = (c for c in self.changes if c.group == group)
        return tuple(sorted(here, key=lambda c: c.nature == "cosmetic"))

    def count(self, nature: Nature, group: str | None = None) -> int:
        """How many changes of this nature there are, in all or in one group."""
        return sum(c.nature == nature and group in (None, c.group) for c in self.changes)


def compare(old: VersionContent, new: VersionContent) -> Comparison:
    """What changed from ``old`` to ``new``."""
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
            yield _change(old, new, language=language)
        else:
            yield _came_or_went([part], added=old is None)
    for parts in whole.values():
        yield _came_or_went(parts, added=parts[0].owner in owners[1])


def _change(old: ContentPart, new: ContentPart, *, language: str) -> Change:
    verdict = classify_change(old.text, new.text, kind=new.kind, language=language)
    sides = mark(old.text, new.text)
    return Change(new.group, new.where, "changed", verdict.nature, verdict.why, *sides)


def _came_or_went(parts: Sequence[ContentPart], *, added: bool) -> Change:
    """Parts of one thing that is new, or gone: told as one change."""
    where = min((part.where for part in parts), key=len)
    lines = [_said_of(part, where) for part in parts]
    text: Marked = (("\n".join(lines), True),)
    what = "added" if added else "removed"
    why = next((part.kind for part in parts if part.kind), f"words {what}")
    sides: tuple[Marked, Marked] = ((), text) if added else (text, ())
    return Change(parts[0].group, where, what, "substantive", why, *sides)


def _said_of(part: ContentPart, where: str) -> str:
    """A part's text, after what tells it from the others of the same thing."""
    rest = part.where.removeprefix(where).strip(" ,()")
    return f"{rest}: {part.text}" if rest else part.text


def mark(old: str, new: str) -> tuple[Marked, Marked]:
    """Both texts in pieces, with what differs between them marked."""
    a, b = _PIECES.findall(old), _PIECES.findall(new)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        left += [("".join(a[i:j]), tag != "equal")] if j > i else []
        right += [("".join(b[k:m]), tag != "equal")] if m > k else []
    return tuple(left), tuple(right)


def _homes(orders: Sequence[Sequenced]) -> dict[str, tuple[Sequenced, int]]:
    return {id_: (order, n) for order in orders for n, (id_, _) in enumerate(order.things)}


def _moved(old: Sequence[Sequenced], new: Sequence[Sequenced]) -> Iterator[Change]:
    """What stands in another list now, or in another place among those that stayed."""
    before, now = _homes(old), _homes(new)
    for order in new:
        stayed = [id_ for id_, _ in order.things if id_ in before]
        same = [id_ for id_ in stayed if before[id_][0].id == order.id]
        in_place = _rising(same, {id_: before[id_][1] for id_ in same})
        for id_ in stayed:
            if id_ not in in_place:
                yield _move(before[id_], now[id_])


def _move(before: tuple[Sequenced, int], now: tuple[Sequenced, int]) -> Change:
    (was, at), (is_, to) = before, now
    name = is_.things[to][1]
    return Change(
        group=is_.group,
        where=f"{is_.home}: {name}",
        what="moved",
        nature="substantive",
        why="order or place",
        old=((_place(was, at), True),),
        new=((_place(is_, to), True),),
    )


def _place(order: Sequenced, at: int) -> str:
    """Where something stands, by what stands before it."""
    after = f"after {order.things[at - 1][1]}" if at else "first"
    return f"{order.home}: number {at + 1}, {after}"


def _rising(ids: Sequence[str], rank: Mapping[str, int]) -> frozenset[str]:
    """The longest run of ``ids`` that kept its order: what is not in it has moved."""
    tails: list[int] = []
    ends: list[str] = []
    before: dict[str, str | None] = {}
    for id_ in ids:
        at = bisect_left(tails, rank[id_])
        before[id_] = ends[at - 1] if at else None
        tails[at : at + 1] = [rank[id_]]
        ends[at : at + 1] = [id_]
    kept: set[str] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return frozenset(kept)
