"""Codes that were handed out: what the list and the files tell, and one code used many times."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.attacks.attacked import STUDY, Installation, begin, rows_of
from tests.attacks.outcome import Outcome, Told
from tests.attacks.spelling import holding

HOLDER = "whoever handed out the invitations"


def rows(sound: Installation, weak: Installation, *, at_once: int) -> list[Outcome]:
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


def _spent(attacked: Installation) -> list[str]:
    return [p.invitation for p in attacked.people if p.invitation]


def traces(attacked: Installation) -> Told:
    """Spent codes of which any file holds the keyed hash or the code."""
    files, spent = attacked.files, _spent(attacked)
    values = [(code, attacked.keys.invitation_value(code)) for code in spent]
    found = sum(any(holding(mark, files) for mark in marks) for marks in values)
    return Told(found, len(spent), 0)


def spent_or_not(attacked: Installation) -> Told:
    """Call spent what the table of codes lacks, or says is used."""
    with attacked.stores() as stores:
        held = dict(stores.pilot.conn.execute("SELECT code, study FROM invitations").fetchall())
    known = [(code, True) for code in _spent(attacked)] + [
        (code, False) for code in attacked.unspent
    ]
    said = (
        (held.get(attacked.keys.invitation_value(code)) != STUDY, truth) for code, truth in known
    )
    return Told(sum(guess is truth for guess, truth in said), len(known), len(known) / 2)


def crowd(attacked: Installation, count: int) -> Told:
    """Everybody begins with the same code, then all send in the same moment."""
    code, before = attacked.unspent.pop(), len(rows_of(attacked))
    people = [begin(attacked, code).answer(first="stuffed").answer(upset=1) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda person: person.send(), people))
    return Told(len(rows_of(attacked)) - before - 1, count - 1, 0)
