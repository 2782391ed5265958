"""The lists of a version whose order a reader meets, so that what has moved can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from survey.board.versions.edition import Edition, Said
from survey.board.versions.parts import CONSENT, PASSAGES, QUESTION


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Things in an order that a reader meets: (id, name) each.

    ``id`` is what the list is known by in both versions, ``home`` what it is called.
    """

    group: str
    id: str
    home: str
    things: tuple[tuple[str, str], ...]


def orders_of(edition: Edition) -> Iterator[Sequenced]:
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
