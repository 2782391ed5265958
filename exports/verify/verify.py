"""The verifier: reads a written file back and measures it, trusting no step before it.

It shares no code with what made the file. exports/verify/verdict.py judges what it finds,
exports/verify/wording.py says it to people.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.verify.claim import Claim
from exports.verify.codebook_check import Codebook, unexplained, wrong_bands
from exports.verify.coverage import Truth, compared, people_under
from exports.verify.equivalence_classes import (
    Classes,
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
from exports.verify.findings import Findings, Likeness, Shape
from exports.verify.leaks import answers_known, counts_up, given_away, order_of, withheld_cells
from exports.verify.reading import Ints, MalformedFile, Table, read_table

Positions = Sequence[int] | NDArray[np.integer[Any]]


def _promised(claim: Claim, codebook: Codebook | None) -> tuple[str, ...]:
    """Every column the file should have, in order; nothing where nobody says."""
    return claim.columns or tuple(entry["variable"] for entry in codebook or ())


def _shape(table: Table, claim: Claim, codebook: Codebook | None, rows: int) -> Shape:
    columns, promised = tuple(table), _promised(claim, codebook)
    absent = [n for n in dict.fromkeys((*promised, *claim.named)) if n not in table]
    unknown = [n for n in columns if promised and n not in promised]
    different = [n for n, c in table.items() if rows > 1 and len(c.cells) == rows]
    return Shape(
        rows=rows,
        columns=columns,
        absent=tuple(absent),
        unknown=tuple(unknown),
        in_order=not promised or columns == promised or bool(absent or unknown),
        one_each=tuple(n for n in different if not counts_up(table[n])),
    )


def _suppressed(table: Table, core: Sequence[str], claim: Claim, classes: Classes) -> Ints:
    """Sizes of the classes whose whole key is withheld."""
    if not core or not classes.count:
        return np.empty(0, dtype=np.int64)
    blank = np.ones(classes.count, dtype=bool)
    for name in core:
        blank &= table[name].is_cell(claim.suppressed.get(name))[classes.first]
    return classes.sizes[blank]


def _likeness(table: Table, claim: Claim, classes: Classes, batch: Ints) -> Likeness:
    core, insider = claim.core, claim.insider
    exact = classes_of([table[name] for name in core], batch)
    blank = _suppressed(table, core, claim, classes)
    sizes, counts = np.unique(classes.sizes, return_counts=True)
    witnesses = classes_of(as_key(table, insider, claim), batch) if insider else None
    both = classes_of(as_key(table, (*core, *insider), claim), batch) if insider else None
    return Likeness(
        k=classes.smallest,
        k_exact=exact.smallest,
        classes=classes.count,
        sizes=dict(zip(sizes.tolist(), counts.tolist(), strict=True)),
        batches=_batches(classes, batch),
        alone=classes.alone,
        suppressed_classes=len(blank),
        suppressed_rows=int(blank.sum()),
        alone_insider=witnesses.alone if witnesses else 0,
        alone_insider_and_core=both.alone if both else classes.alone,
    )


def _batches(classes: Classes, batch: Ints) -> tuple[tuple[int, int], ...]:
    """(rows, smallest class) of each batch, in file order."""
    return tuple((len(rows), classes.among(rows).smallest) for rows in each_batch(batch))


def _lacking(frame: pl.DataFrame | None, core: Sequence[str], what: str) -> None:
    if frame is not None and (absent := [name for name in core if name not in frame.columns]):
        raise ValueError(f"the {what} lacks the key columns {', '.join(absent)}")


def _truth(frame: pl.DataFrame | None, rows: Positions | None) -> Truth | None:
    if (frame is None) != (rows is None):
        raise ValueError("truth and truth_rows come together")
    if frame is None or rows is None:
        return None
    return Truth(frame, np.asarray(rows, dtype=np.int64))


def verify(
    path: Path,
    claim: Claim,
    *,
    codebook: Codebook | None = None,
    truth: pl.DataFrame | None = None,
    truth_rows: Positions | None = None,
    population: pl.DataFrame | None = None,
) -> Findings:
    """Measure the CSV at ``path``. What would need a truth or a population not given is None.

    ``truth`` has one row a true record and the file's columns, of any type that reads as it would
    be written; ``truth_rows`` is the position there of each row of the file, in file order. A file
    that is no table is a finding and no error. Raises ValueError for a truth without the key.
    """
    try:
        table = read_table(Path(path))
    except MalformedFile as broken:
        return Findings(broken=str(broken))
    return measure(
        table,
        claim,
        codebook=codebook,
        truth=truth,
        truth_rows=truth_rows,
        population=population,
    )


def measure(
    table: Table,
    claim: Claim,
    *,
    codebook: Codebook | None = None,
    truth: pl.DataFrame | None = None,
    truth_rows: Positions | None = None,
    population: pl.DataFrame | None = None,
) -> Findings:
    """As ``verify``, for a file that was read already (exports.verify.reading.read_table)."""
    core = claim.core
    _lacking(truth, core, "truth")
    _lacking(population, core, "population")
    return _measured(table, claim, codebook, _truth(truth, truth_rows), population)


def _measured(
    table: Table,
    claim: Claim,
    codebook: Codebook | None,
    truth: Truth | None,
    population: pl.DataFrame | None,
) -> Findings:
    rows = len(next(iter(table.values())).codes)
    shape, batch = _shape(table, claim, codebook, rows), segments_of(claim, rows)
    if shape.absent or not rows:
        return Findings(shape=shape)
    classes = classes_of(as_key(table, claim.core, claim), batch)
    people = None
    if population is not None:
        people = people_under(classes, table, claim.core, population=population, claim=claim)
    paired = truth.rows if truth and len(truth.rows) == rows else None
    order = order_of(table, batch, paired)
    return Findings(
        shape=shape,
        likeness=_likeness(table, claim, classes, batch),
        diversity=diversities(classes, batch, table, claim),
        compared=None
        if truth is None
        else compared(table, claim.core, truth, claim=claim, classes=classes),
        prosecutor=prosecutor(classes),
        journalist=journalist(classes, people),
        marketer=marketer(classes, people),
        population=population is not None,
        presence=None if people is None else presence(classes, people),
        answers=answers_known(table, claim, rows),
        withheld=withheld_cells(table, claim),
        given_away=given_away(table, claim, classes),
        unexplained=unexplained(table, codebook or ()),
        wrong_bands=wrong_bands(claim),
        sorted_by_content=order.by_content,
        order_correlation=order.correlation,
        order_follows_input=order.follows_input,
    )
