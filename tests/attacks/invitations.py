"""Codes that were handed out: what the list and the files tell, and one code used many times."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.attacks.ground import STUDY, Ground, begin, rows_of
from tests.attacks.outcome import Outcome, Told
from tests.attacks.spelling import holding

HOLDER = "whoever handed out the invitations"


def rows(sound: Ground, weak: Ground, *, at_once: int) -> list[Outcome]:
    """Spent codes in files, spent from unspent, and a crowd with one code."""
    return [
        Outcome(
            HOLDER,
            "a trace of a spent code in any file, with the list of codes, every file and the "
            "server's key: to be put beside rows",
            traces(sound),
            traces(weak),
            "spent codes that are marked and kept",
            0,
            "board.md",
        ),
        Outcome(
            HOLDER,
            "which codes of the list were spent, by trying or by the files",
            spent_or_not(sound),
            spent_or_not(weak),
            "spent codes that are marked and kept",
            1,
            "board.md, from an invitation",
        ),
        Outcome(
            "ballot stuffer",
            f"one code at {at_once} devices at once: answers taken beyond the first",
            crowd(sound, at_once),
            crowd(weak, at_once),
            "a code that is not asked for when answers are taken",
            0,
            "board.md",
        ),
    ]


def _spent(ground: Ground) -> list[str]:
    return [p.invitation for p in ground.people if p.invitation]


def traces(ground: Ground) -> Told:
    """Spent codes of which any file holds the keyed hash or the code."""
    files, spent = ground.files, _spent(ground)
    values = [(code, ground.keys.invitation_value(code)) for code in spent]
    found = sum(any(holding(mark, files) for mark in marks) for marks in values)
    return Told(found, len(spent), 0)


def spent_or_not(ground: Ground) -> Told:
    """Call spent what the table of codes lacks, or says is used."""
    with ground.stores() as stores:
        held = dict(stores.pilot.conn.execute("SELECT code, study FROM invitations").fetchall())
    known = [(code, True) for code in _spent(ground)] + [(code, False) for code in ground.unspent]
    said = ((held.get(ground.keys.invitation_value(code)) != STUDY, truth) for code, truth in known)
    return Told(sum(guess is truth for guess, truth in said), len(known), len(known) / 2)


def crowd(ground: Ground, count: int) -> Told:
    """Everybody begins with the same code, then all send in the same moment."""
    code, before = ground.unspent.pop(), len(rows_of(ground))
    people = [begin(ground, code).answer(first="stuffed").answer(upset=1) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda person: person.send(), people))
    return Told(len(rows_of(ground)) - before - 1, count - 1, 0)
