"""Whose each row is, where people or households have several rows.

Sources: Wang & Fung 2006, Anonymizing sequential releases (k different values of a key in each
group, rows counting for nothing); Google Cloud DLP, KAnonymityConfig.entityId (all rows of one
person taken together).
"""

from __future__ import annotations

import unicodedata

import numpy as np
import polars as pl

from exports.verify.reading import Ints, OnePerson, Table, coded, combined

NOBODY = -1


def _folded(cell: str) -> str:
    """Return an identifier without what makes no other person: blanks, capitals, encoding."""
    plain = unicodedata.normalize("NFKC", cell).upper().casefold()
    # Format characters (Cf) cannot be seen; a zero-width space is one.
    return "".join(
        sign for sign in plain if not sign.isspace() and unicodedata.category(sign) != "Cf"
    )


def people_in(ids: pl.DataFrame) -> Ints:
    """Return a number for the person of each row, shape (rows,); NOBODY where no column says.

    Rows that share an identifier of any column are one person's, and so are those that are linked
    by others: such a figure is never too high.
    """
    person = np.arange(ids.height)
    groups: list[Ints] = []
    known = np.zeros(ids.height, dtype=bool)
    for name in ids.columns:
        column = coded(ids[name]).merged(_folded)
        blank = column.is_cell("")
        known |= ~blank
        # Blank cells link no rows: each gets a group of its own.
        group = np.where(blank, len(column.cells) + np.arange(ids.height), column.codes)
        groups.append(group.astype(np.int64))
    changed = True
    while changed:
        changed = False
        for group in groups:
            least = np.full(int(group.max(initial=0)) + 1, ids.height)
            np.minimum.at(least, group, person)
            joined = least[group]
            changed |= bool((joined != person).any())
            person = joined
    return np.where(known, person, NOBODY)


def people_by_answers(table: Table, rule: OnePerson, rows: int) -> Ints:
    """Return a number for the person of each row by the answers themselves, NOBODY for a repeat."""
    columns = [
        table[name].merged(lambda c: "" if c in rule.missing else c) for name in rule.columns
    ]
    given = np.zeros(rows, dtype=np.int64)
    for column in columns:
        given += ~column.is_cell("")
    alike, count = combined([column.codes for column in columns], rows)
    person = np.where(given >= rule.least, alike, count + np.arange(rows))
    for name, cells in rule.nobody.items():
        for cell in cells:
            person[table[name].is_cell(cell)] = NOBODY
    return person


def different(keys: Ints, people: Ints, count: int) -> Ints:
    """Return how many different people stand beside each key, shape (count,); nobody is none."""
    there = people != NOBODY
    order = np.lexsort((people[there], keys[there]))
    key, person = keys[there][order], people[there][order]
    new = np.ones(len(key), dtype=bool)
    new[1:] = (key[1:] != key[:-1]) | (person[1:] != person[:-1])
    return np.bincount(key[new], minlength=count).astype(np.int64)


def alike_in_all_rows(classes: Ints, people: Ints) -> int:
    """Return the fewest people whose rows, all of them together, fall into the same classes."""
    there = people != NOBODY
    if not there.any():
        return 0
    order = np.argsort(people[there], kind="stable")
    person, of_row = people[there][order], classes[there][order]
    starts = np.flatnonzero(np.append(True, person[1:] != person[:-1]))
    # Two sums of random numbers stand for the classes of a person, each as often as it occurs.
    drawn = np.random.default_rng(0).integers(0, 1 << 63, (2, int(of_row.max()) + 1), np.uint64)
    sums = np.stack([np.add.reduceat(numbers[of_row], starts) for numbers in drawn])
    return int(np.unique(sums, axis=1, return_counts=True)[1].min())
