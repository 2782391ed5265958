"""First stage of a release: stored rows become a table whose every column has a role.

A stored row is a plain dict of the study's columns (forms.columns) plus the administrative ones
named in ``STORED``. Nothing is recoded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from exports.refused import Refused
from exports.scores import SCORE, derived_of, quality_names, score_names
from forms.columns import Column, of_study
from forms.path import branch_of
from forms.study import NOT_REACHED, Study, Tier

Row = Mapping[str, "int | str"]

STORED = ("study_version", "consent_version", "lang", "completion", "c_open", "dur_band")
# DESIGN.md section 9: language and versions are rare and time-like, so they are keys in every tier.
BOOKKEEPING_KEYS = ("study_version", "consent_version", "lang")
CORE, INSIDER = "core", "insider"

# A spreadsheet runs a text cell that opens with one of these (OWASP, "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a release: where it comes from, what role it plays, how it is typed.

    ``part`` is administrative, answer, score or quality; ``type`` integer, decimal or text;
    ``group`` is core or insider for a quasi-identifier, else empty.
    """

    name: str
    part: str
    type: str = "integer"
    role: str = "none"
    group: str = ""
    column: Column | None = None

    @property
    def key(self) -> bool:
        """Whether the column is a quasi-identifier."""
        return self.role == "quasi_identifier"


def _marks(*, pilot: bool, synthetic: bool) -> tuple[Field, ...]:
    names = ("pilot",) * pilot + ("synthetic",) * synthetic
    return tuple(Field(name, "administrative") for name in names)


def _bookkeeping(study: Study) -> tuple[Field, ...]:
    keys = (Field(n, "administrative", "text", "quasi_identifier", CORE) for n in BOOKKEEPING_KEYS)
    branch = ("branch",) if study.branches else ()
    rest = (Field(n, "administrative") for n in (*branch, "completion", "c_open"))
    return (*keys, *rest)


def _answer(study: Study, column: Column) -> Field:
    kind = "text" if column.max_length else "integer"
    role = study.policy.roles.get(column.variable, "none")
    group = study.policy.groups.get(column.variable, "")
    return Field(column.name, "answer", kind, role, group, column)


def fields_of(study: Study, *, pilot: bool = False, synthetic: bool = False) -> tuple[Field, ...]:
    """Every column that a release can have, in file order, before a tier leaves any out."""
    answers = (_answer(study, c) for c in of_study(study))
    whole = {SCORE + d.name for d in study.differences}
    scores = (Field(n, "score", "integer" if n in whole else "decimal") for n in score_names(study))
    quality = (
        Field(n, "quality", "decimal" if n == "dq_share" else "integer")
        for n in quality_names(study)
    )
    marks = _marks(pilot=pilot, synthetic=synthetic)
    band = (Field("dur_band", "quality"),)
    return (*marks, *_bookkeeping(study), *answers, *scores, *quality, *band)


def kept_in(fields: Sequence[Field], tier: Tier) -> tuple[Field, ...]:
    """The columns that ``tier`` may have: nothing left out by name, and never free text."""
    return tuple(
        f
        for f in fields
        if f.role != "free_text"
        and f.name not in tier.leave_out
        and not (f.column and f.column.variable in tier.leave_out)
    )


def guarded(text: str) -> str:
    """``text`` made safe for spreadsheets: an apostrophe before what would open a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def misfits(study: Study, rows: Sequence[Row]) -> tuple[str, ...]:
    """Columns that are missing, unknown or hold what ``study`` does not allow."""
    columns = {c.name: c for c in of_study(study)}
    expected = {*columns, *STORED}
    names = {name for row in rows for name in expected ^ row.keys()}
    bad = {n for row in rows for n, c in columns.items() if n in row and not c.allows(row[n])}
    return tuple(sorted(names | bad))


def check_rows(study: Study, rows: Sequence[Row]) -> None:
    """Raises Refused naming every column that does not fit the study, never a value."""
    if odd := misfits(study, rows):
        raise Refused(
            f"The rows do not fit the study folder {study.name} in: {', '.join(odd)}. "
            "Release them with the study folder they were collected with."
        )


def _cell(field: Field, value: object) -> object:
    if field.type != "text":
        return value
    return guarded(value) if isinstance(value, str) else str(value)


_TYPES: Mapping[str, type[pl.DataType]] = {
    "integer": pl.Int64, "decimal": pl.Float64, "text": pl.String,
}  # fmt: skip


def table_of(study: Study, rows: Sequence[Row], fields: Sequence[Field]) -> pl.DataFrame:
    """One line a row, one column a field: stored, derived and marked values, nothing recoded.

    Text cells are guarded here, where a client's words can still be told from a missing code.
    """
    codes = {b.name: b.code for b in study.branches}
    marks = {"pilot": 1, "synthetic": 1}
    full = []
    for row in rows:
        branch = codes.get(branch_of(study, row) or "", NOT_REACHED)
        full.append({**marks, **row, "branch": branch, **derived_of(study, row)})
    series = [
        pl.Series(f.name, [_cell(f, row[f.name]) for row in full], dtype=_TYPES[f.type])
        for f in fields
    ]
    return pl.DataFrame(series)
