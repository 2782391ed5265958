"""Attacks on written files of rows, as somebody who holds them could carry them out.

Plain functions on plain tables: one line a row, cells as written. They know neither how a file was
made nor what it promises. Report, verifier and tests use them; each is shown to succeed
on a weakened copy (tests/attacks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

Covers = Mapping[str, Mapping[str, frozenset[str]]]  # column → cell as written → what it may be
ANYTHING = frozenset(str(code) for code in range(-99, -89))  # cells that exclude nothing
AT_ONCE = 500  # people compared with all rows at a time
DRAWS = 3  # of known answers for a row


def class_sizes(table: pl.DataFrame, known: Sequence[str]) -> pl.Series:
    """Return for each row how many rows hold the very same cells in the ``known`` columns."""
    if not known:
        return pl.Series([len(table)] * len(table), dtype=pl.UInt32)
    return table.select(pl.len().over(list(known))).to_series()


def singled_out(table: pl.DataFrame, known: Sequence[str]) -> float:
    """Return the share of rows that are the only ones with their ``known`` cells."""
    return _share(class_sizes(table, known) == 1)


def under(table: pl.DataFrame, key: Sequence[str], k: int) -> float:
    """Return the share of rows in groups of fewer than ``k``, counted as in a spreadsheet."""
    return _share(class_sizes(table, key) < k)


def complete(table: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Return the rows without a missing code in ``key``: for who knows that all was answered."""
    return table.filter(~pl.any_horizontal(pl.col(list(key)).is_in(list(ANYTHING))))


def told(table: pl.DataFrame, key: Sequence[str], target: str) -> float:
    """Return the share of rows in whose class all gave the same answer to ``target``."""
    alike = pl.col(target).n_unique().over(list(key)) == 1
    answered = ~pl.col(target).is_in(list(ANYTHING))
    return _share(table.select(alike & answered).to_series())


def guessed(
    table: pl.DataFrame,
    people: pl.DataFrame,
    known: Sequence[str],
    target: str,
    covers: Covers | None = None,
) -> float:
    """Return for how many of ``people``, a share, the rows most like them tell their ``target``.

    Of each person their true values are known; a written cell may stand for several, and a missing
    one speaks neither for nor against. The guess is the commonest answer of the rows that agree
    most. Carried out on people who are in the file and on others who are not, the difference is
    what being in it tells.
    """
    people = people.filter(~pl.col(target).is_in(list(ANYTHING)))
    answered = table.filter(~pl.col(target).is_in(list(ANYTHING)))
    if people.is_empty() or answered.is_empty():
        return 0.0
    answers, cells = _coded(answered[target])
    truth = people[target].to_list()
    fits = [_fits(answered[n], people[n], (covers or {}).get(n, {})) for n in known]
    right = 0
    for start in range(0, len(people), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        scores = sum(agree[whose[some]][:, rows] for agree, whose, rows in fits)
        for person, score in enumerate(np.asarray(scores), start):
            alike = np.bincount(answers[score == score.max()], minlength=len(cells))
            right += cells[int(alike.argmax())] == truth[person]
    return right / len(people)


def alone_in_answers(
    codes: Sequence[np.ndarray],
    given: Sequence[np.ndarray],
    numbers: Sequence[int],
    *,
    most: int,
) -> tuple[int, Mapping[int, float]]:
    """Return how many rows were tried, and number of known answers → share of draws alone in them.

    ``codes`` are the columns of answers, one whole number a row; ``given`` says row by row whether
    that is an answer. Ten ordinary answers are as telling as an address (Narayanan & Shmatikov
    2008). They are drawn from what the row shows as given: nobody is told that a question was never
    asked.
    """
    rows = len(codes[0])
    # Rows evenly over the file, and a seed of no meaning: the same file has the same figure.
    tried = np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))
    draw, alone = np.random.default_rng(0), dict.fromkeys(numbers, 0)
    for row in tried.tolist():
        own = np.flatnonzero([g[row] for g in given])
        for _ in range(DRAWS):
            known = draw.permutation(own)[: max(numbers)]
            fits = _fitting([codes[at] for at in known], row, rows)
            for told in alone:
                alone[told] += fits[min(told, len(known))] == 1
    return len(tried), {told: found / (DRAWS * len(tried)) for told, found in alone.items()}


def _fitting(columns: Sequence[np.ndarray], row: int, rows: int) -> list[int]:
    """Return how many rows show what ``row`` does in the first 0, 1, 2 … of the columns."""
    still, counts = None, [rows]
    for codes in columns:
        same = codes if still is None else codes[still]
        found = np.flatnonzero(same == codes[row])
        still = found if still is None else still[found]
        counts.append(len(still))
    return counts


def isolated(table: pl.DataFrame, key: Sequence[str], own: pl.Series) -> pl.Series:
    """Return for each row whether it is the only one of its class beside ``own`` rows.

    Whoever sent ``own`` rows knows their answers again, and strikes them out.
    """
    others = (~pl.col("own")).sum().over(list(key)) if key else (~pl.col("own")).sum()
    alone = (others == 1) & ~pl.col("own")
    return table.with_columns(own.alias("own")).select(alone).to_series()


def linked(
    first: pl.DataFrame, second: pl.DataFrame, answers: Sequence[str], keys: Sequence[str]
) -> pl.Series:
    """Return how many pairs of rows alike in their answers in two files show the same key.

    Together the two say of a person's key what the two cells of each column say.
    """
    one, other = first.unique(list(answers), keep="none"), second.unique(list(answers), keep="none")
    pairs = one.select(*answers, *keys).join(other.select(*answers, *keys), on=list(answers))
    both = [name for key in keys for name in (key, f"{key}_right")]
    return class_sizes(pairs, both)


def added(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of ``second`` that ``first`` does not have, equal ones counted."""
    names = second.columns
    numbered = [
        table.select(names).with_columns(pl.int_range(pl.len()).over(names).alias("nth"))
        for table in (first, second)
    ]
    return numbered[1].join(numbered[0], on=[*names, "nth"], how="anti").drop("nth")


def _share(which: pl.Series) -> float:
    return float(which.mean() or 0.0)  # type: ignore[arg-type]


def _coded(column: pl.Series) -> tuple[np.ndarray, list[str]]:
    cells = sorted(column.unique().to_list())
    return column.replace_strict(cells, range(len(cells)), return_dtype=pl.Int32).to_numpy(), cells


def _fits(
    column: pl.Series, known: pl.Series, covers: Mapping[str, frozenset[str]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which known value agrees with which cell (1, 0, -1), and codes of people and rows."""
    rows, cells = _coded(column)
    whose, values = _coded(known)
    agree = [
        [
            0
            if {value, cell} & ANYTHING
            else 1
            if value == cell or value in covers.get(cell, ())
            else -1
            for cell in cells
        ]
        for value in values
    ]
    return np.array(agree, dtype=np.int16), whose, rows
