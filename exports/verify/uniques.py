"""Unique people who are still unique, and answers that a file gives away rightly, over all rows.

RepU and DiSCO of Raab, Nowok & Dibben (2024, arXiv 2409.04257), which count people by key (what an
adversary knows): unique in the original and in the file; and in a class of the file that shows one
answer only, which is the true one. A key is taken in the file as it is written there, so that a
person is looked for in the class of their own row: a search for it finds no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from exports.verify.attack_results import DISCLOSIVE, REPLICATED, AttackResult
from exports.verify.matching import INSIDER, OUTSIDER, TARGETS
from exports.verify.reading import Bools, Claim, Ints, Table, combined

TRIED: Mapping[str, str] = {
    REPLICATED: (
        "Share of all people in the file who were the only ones with their key as they answered it"
        " and whose row is the only one with its key as written (RepU, Raab et al. 2024)."
    ),
    DISCLOSIVE: (
        "Share of all people in the file whose row is in a group of rows with the same key as"
        " written that all show one answer to a sensitive question, which is the person’s own"
        " (DiSCO, Raab et al. 2024)."
    ),
}


def uniques(table: Table, claim: Claim, truth: Table, targets: Sequence[str]) -> list[AttackResult]:
    """Return both figures for who knows the core variables, and for who was in the room.

    ``truth`` are the true cells of the file's rows, in file order.
    """
    core = [name for name in claim.core if name in table]
    keys = {OUTSIDER: core}
    if insider := [name for name in claim.insider if name in table]:
        keys[INSIDER] = [*core, *insider]
    targets = [name for name in targets if name in table][:TARGETS]
    found = []
    for adversary, key in keys.items():
        both = _alone(_classes(table, key)) & _alone(_classes(truth, key))
        found.append(AttackResult(REPLICATED, adversary, "", int(both.sum()), len(both)))
        for target in targets:
            told = _told(table, claim, truth, target, [name for name in key if name != target])
            found.append(AttackResult(DISCLOSIVE, adversary, target, int(told.sum()), len(told)))
    return found


def _classes(table: Table, key: Sequence[str]) -> Ints:
    rows = len(next(iter(table.values())).codes)
    return np.asarray(combined([table[name].codes for name in key], rows)[0])


def _alone(classes: Ints) -> Bools:
    return np.asarray(np.bincount(classes)[classes] == 1)


def _told(table: Table, claim: Claim, truth: Table, target: str, key: Sequence[str]) -> Bools:
    """Return which rows stand in a class that shows one answer, and it is their true one."""
    shown, true, classes = table[target], truth[target], _classes(table, key)
    pairs = combined([classes.astype(np.uint32), shown.codes], len(classes))[0]
    alike = np.bincount(classes)[classes] == np.bincount(pairs)[pairs]
    place = {cell: at for at, cell in enumerate(shown.cells) if cell not in claim.no_answer}
    same = np.array([place.get(cell, -1) for cell in true.cells], dtype=np.int64)[true.codes]
    return np.asarray(alike & (same == shown.codes))
