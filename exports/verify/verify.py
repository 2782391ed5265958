"""Verifier that reads a written file back and measures it, trusting no step before it.

It shares no code with what made the file. exports/verify/verdict.py judges the findings and puts
them in words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.verify.coverage import compared, people_under
from exports.verify.equivalence_classes import (
    EquivalenceClasses,
    as_key,
    classes_of,
    diversities,
    each_batch,
    journalist,
    marketer,
    presence,
    prosecutor,
    segments_of,
)
from exports.verify.findings import ClassSummary, Findings, Shape
from exports.verify.inference import inferable_cells
from exports.verify.leaks import (
    Codebook,
    answers_known,
    counts_up,
    order_of,
    suppressed_cells,
    tell_arrival,
    unexplained,
    wrong_bands,
    wrong_lifted,
)
from exports.verify.people import NOBODY, alike_in_all_rows, people_by_answers, people_in
from exports.verify.reading import Claim, Ints, MalformedFile, Table, coded, combined, read_table

Positions = Sequence[int] | NDArray[np.integer[Any]]


def verify(
    file: Path | Table,
    claim: Claim,
    *,
    codebook: Codebook | None = None,
    truth: pl.DataFrame | None = None,
    truth_rows: Positions | None = None,
    population: pl.DataFrame | None = None,
    strata: Positions | None = None,
    ids: pl.DataFrame | None = None,
) -> Findings:
    """Measure a CSV, or a table read from one by exports/verify/reading.py.

    Findings that need a truth, a population or strata are None without them; presence needs both
    of the first. ``strata`` numbers, from 0, the rows that are company for each other; -1 are rows
    that need none.
    ``truth`` has one row a true record and the file's columns, of any type that reads as it would
    be written; ``truth_rows`` is the position there of each row of the file, in file order. ``ids``
    are the columns that tell people apart, row by row of the truth (None: every row is another
    person's). A file that is no table is a finding and no error. Raises ValueError for a truth
    without the key.
    """
    try:
        table = read_table(file) if isinstance(file, Path) else file
    except MalformedFile as broken:
        return Findings(broken=str(broken))
    if (truth is None) != (truth_rows is None):
        raise ValueError("truth and truth_rows come together")
    for frame, what in ((truth, "truth"), (population, "population")):
        if frame is not None and (absent := [n for n in claim.core if n not in frame.columns]):
            raise ValueError(f"the {what} lacks the key columns {', '.join(absent)}")
    rows = len(next(iter(table.values())).codes)
    # A number that the file gives its lines; one that people bring with them is content.
    own = () if truth is None else truth.columns
    apart = {n for n, c in table.items() if n not in own and rows and counts_up(c)}
    shape, batch = _shape(table, claim, codebook, rows, apart), segments_of(claim, rows)
    # Without its key columns a file has no classes, and no figure below would mean anything.
    if shape.absent or not rows:
        return Findings(shape=shape)
    whole, lifted = table, wrong_lifted(table, claim)
    # What is exactly its source at another level tells nothing more and is no source of its own.
    table = {name: column for name, column in table.items() if name not in claim.lifted}
    positions = None if truth_rows is None else np.asarray(truth_rows, dtype=np.int64)
    # Which row is whose is known only where there is one position a row.
    paired = positions if positions is not None and len(positions) == rows else None
    whose, persons = _whose(table, claim, truth=truth, ids=ids, rows=rows, paired=paired)
    classes = classes_of(as_key(table, claim.core, claim), batch, whose)
    people = here = None
    if population is not None:
        people = people_under(classes, table, people=population, claim=claim)
        if truth is not None:
            here = people_under(classes, table, people=truth, claim=claim, whose=persons)
    comparison = None
    if truth is not None and positions is not None:
        comparison = compared(table, truth, positions, claim, classes, persons)
    columns = {name: column for name, column in table.items() if name not in apart}
    order = order_of(table, batch, paired, apart=apart)
    return Findings(
        shape=shape,
        classes=_class_summary(table, claim, classes, batch, strata),
        diversity=diversities(classes, batch, table, claim),
        compared=comparison,
        prosecutor=prosecutor(classes),
        journalist=journalist(classes, people),
        marketer=marketer(classes, people),
        population=population is not None,
        presence=None if people is None or here is None else presence(here, people),
        answers=answers_known(table, claim, rows),
        suppressed=suppressed_cells(table, claim),
        inferable=inferable_cells(
            table,
            claim,
            _true_cells(table, claim, truth, paired),
            apart=apart,
            looked=None if whose is None else _one_row_each(whose),
        ),
        tell_arrival=tell_arrival(columns, claim),
        unexplained=unexplained(whole, codebook or ()),
        wrong_lifted=lifted,
        wrong_bands=wrong_bands(claim),
        sorted_by_content=order.by_content,
        order_correlation=order.correlation,
        order_follows_input=order.follows_input,
    )


def _one_row_each(whose: Ints) -> Ints:
    """Return the first row of each person."""
    people, first = np.unique(whose, return_index=True)
    return np.sort(first[people != NOBODY])


def _true_cells(table: Table, claim: Claim, truth: pl.DataFrame | None, rows: Ints | None) -> Table:
    """Return the true cells of the key and of columns that the file lacks, in file order."""
    if truth is None or rows is None or (rows < 0).any() or (rows >= truth.height).any():
        return {}
    keys = {*claim.core, *claim.insider}
    names = (name for name in truth.columns if name in keys or name not in table)
    return {name: coded(truth[name]).at(rows) for name in names}


def _whose(
    table: Table,
    claim: Claim,
    *,
    truth: pl.DataFrame | None,
    ids: pl.DataFrame | None,
    rows: int,
    paired: Ints | None,
) -> tuple[Ints | None, Ints | None]:
    """Return whose each row of the file is, and whose each true row is; None: another person's."""
    rule = claim.one_person
    if rule is not None:
        true = None
        if truth is not None:
            columns = {name: coded(truth[name]) for name in (*rule.columns, *rule.nobody)}
            true = people_by_answers(columns, rule, truth.height)
        return people_by_answers(table, rule, rows), true
    if ids is None:
        return None, None
    people, whose = people_in(ids), np.full(rows, NOBODY)
    if paired is not None:
        found = (paired >= 0) & (paired < len(people))
        whose[found] = people[paired[found]]
    return whose, people


def _shape(
    table: Table, claim: Claim, codebook: Codebook | None, rows: int, apart: Collection[str]
) -> Shape:
    columns = tuple(table)
    promised = claim.columns or tuple(entry["variable"] for entry in codebook or ())
    absent = [n for n in dict.fromkeys((*promised, *claim.named)) if n not in table]
    unknown = [n for n in columns if promised and n not in promised]
    different = [n for n, c in table.items() if rows > 1 and len(c.cells) == rows]
    return Shape(
        rows=rows,
        columns=columns,
        absent=tuple(absent),
        unknown=tuple(unknown),
        in_order=not promised or columns == promised or bool(absent or unknown),
        one_each=tuple(n for n in different if n not in apart),
    )


def _class_summary(
    table: Table,
    claim: Claim,
    classes: EquivalenceClasses,
    batch: Ints,
    strata: Positions | None,
) -> ClassSummary:
    core, insider = claim.core, claim.insider
    suppressed = np.full(classes.count, bool(core))  # classes whose whole key is suppressed
    for name in core:
        suppressed &= table[name].is_cell(claim.suppressed.get(name))[classes.first]
    sizes, counts = np.unique(classes.sizes, return_counts=True)
    whose = classes.people
    literal = classes_of([table[name] for name in core], batch, whose)
    of_insider, of_both = (
        classes_of(as_key(table, key, claim), batch, whose).unique if insider else None
        for key in (insider, (*core, *insider))
    )
    in_all_rows = None if whose is None else alike_in_all_rows(classes.of_row, whose)
    return ClassSummary(
        k=classes.smallest,
        k_rows=int(classes.rows.min()),
        people=len(np.unique(classes.whose[classes.whose != NOBODY])),
        k_all_rows=classes.smallest if in_all_rows is None else in_all_rows,
        k_exact=literal.smallest,
        k_complete=_smallest_complete(table, claim, literal),
        k_stratum=None if strata is None else _smallest_within(literal, np.asarray(strata)),
        count=classes.count,
        sizes=dict(zip(sizes.tolist(), counts.tolist(), strict=True)),
        batches=tuple((len(rows), classes.among(rows).smallest) for rows in each_batch(batch)),
        unique=classes.unique,
        suppressed_classes=int(suppressed.sum()),
        suppressed_rows=int(classes.rows[suppressed].sum()),
        unique_insider=of_insider or 0,
        unique_insider_and_core=classes.unique if of_both is None else of_both,
    )


def _smallest_complete(table: Table, claim: Claim, classes: EquivalenceClasses) -> int | None:
    """Return the smallest class of rows with a value in every key column; None without any."""
    complete = np.ones(len(classes.of_row), dtype=np.bool_)
    for name in claim.core:
        nothing = {*claim.missing.get(name, ()), claim.suppressed.get(name)}
        lacking = np.array([cell in nothing for cell in table[name].cells], dtype=np.bool_)
        complete &= ~lacking[table[name].codes]
    return classes.among(np.flatnonzero(complete)).smallest if complete.any() else None


def _smallest_within(classes: EquivalenceClasses, strata: Ints) -> int | None:
    """Return the smallest group of rows alike in class and stratum; None where all need none."""
    rows = np.flatnonzero(strata >= 0)
    if not len(rows):
        return None
    wide = (classes.of_row[rows].astype(np.uint32), strata[rows].astype(np.uint32))
    together = combined(wide, len(rows))
    people = None if classes.people is None else classes.people[rows]
    return EquivalenceClasses(*together, people).smallest
