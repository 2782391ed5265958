"""First stage of a release: stored answers become a table whose every column has a role.

A stored answer has the study's columns (forms.kinds) and the administrative ones named in
``STORED``. Nothing is recoded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from exports.csv_text import guarded
from exports.errors import ExportRefused
from exports.scores import SCORE, derived, quality_names, score_names
from forms.kinds import columns_of_study
from forms.study import NOT_REACHED, Column, Condition, Study, Tier

STORED = ("study_version", "consent_version", "lang", "completion", "c_open", "dur_band")
# Language and versions are rare and time-like, so they are keys in every tier.
BOOKKEEPING_KEYS = ("study_version", "consent_version", "lang")
CORE, INSIDER = "core", "insider"


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
        """Return whether the column is a quasi-identifier."""
        return self.role == "quasi_identifier"


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
    answers = (_answer(study, c) for c in columns_of_study(study))
    whole = {SCORE + d.name for d in study.differences}
    scores = (Field(n, "score", "integer" if n in whole else "decimal") for n in score_names(study))
    quality = (
        Field(n, "quality", "decimal" if n == "dq_share" else "integer")
        for n in quality_names(study)
    )
    names = ("pilot",) * pilot + ("synthetic",) * synthetic
    marks = (Field(name, "administrative") for name in names)
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


def _type_of(study: Study, column: Column) -> type[pl.DataType]:
    """The smallest type that fits: a million answers have to fit into memory.

    A key's codes are followed by those of its groups, level x 100 + position.
    """
    if column.max_length:
        return pl.String
    largest = max(column.codes, default=0)
    key = column.variable in study.policy.hierarchies
    if key or largest > _LARGEST[pl.Int8]:
        return pl.Int16 if largest <= _LARGEST[pl.Int16] else pl.Int64
    return pl.Int8


_LARGEST: Mapping[type[pl.DataType], int] = {pl.Int8: 2**7 - 1, pl.Int16: 2**15 - 1}


def types_of(study: Study) -> dict[str, type[pl.DataType]]:
    """Stored column → its type in a frame."""
    texts = dict.fromkeys(BOOKKEEPING_KEYS, pl.String)
    stored: dict[str, type[pl.DataType]] = {name: texts.get(name, pl.Int8) for name in STORED}
    return {**stored, **{c.name: _type_of(study, c) for c in columns_of_study(study)}}


def frame_of(study: Study, columns: Mapping[str, Sequence[object]]) -> pl.DataFrame:
    """Stored columns as a frame of typed ones; a column that the study does not know is kept.

    Raise ExportRefused naming the columns that hold no codes.
    """
    types, series, odd = types_of(study), [], []
    for name, values in columns.items():
        kind = types.get(name, pl.Int64)
        cells = values
        if kind is pl.String:  # guarded here, where a client's words differ from a code for sure
            cells = [guarded(v) if isinstance(v, str) else str(v) for v in values]
        try:
            series.append(pl.Series(name, cells, dtype=kind))
        except (TypeError, OverflowError, pl.exceptions.PolarsError):
            odd.append(name)
    if odd:
        raise ExportRefused(_odd(study, odd))
    return pl.DataFrame(series)


def _misfit(column: Column) -> pl.Expr:
    if column.max_length:  # a guard may stand before the words
        return (pl.col(column.name).str.len_chars() > column.max_length + 1).any()
    allowed = [*column.codes, *column.missing]
    return pl.col(column.name).cast(pl.Int64).is_in(allowed).not_().any()


def misfits(study: Study, frame: pl.DataFrame) -> tuple[str, ...]:
    """Columns that are missing, unknown or hold what ``study`` does not allow."""
    columns = {c.name: c for c in columns_of_study(study)}
    names = {*columns, *STORED} ^ {*frame.columns}
    there = [c for name, c in columns.items() if name in frame.columns]
    found = frame.select(_misfit(c).alias(c.name) for c in there) if there else pl.DataFrame()
    return tuple(sorted(names | {c.name for c in there if found[c.name].any()}))


def _odd(study: Study, names: Sequence[str]) -> str:
    return (
        f"The rows do not fit the study folder {study.name} in: {', '.join(names)}. "
        "Release them with the study folder they were collected with."
    )


def check_frame(study: Study, frame: pl.DataFrame) -> None:
    """Raise ExportRefused naming every column that does not fit the study, never a value."""
    if odd := misfits(study, frame):
        raise ExportRefused(_odd(study, odd))


def _holds(condition: Condition) -> pl.Expr:
    parts = [pl.col(name).cast(pl.Int64).is_in(sorted(codes)) for name, codes in condition]
    return pl.all_horizontal(parts) if parts else pl.lit(value=True)


def _branch(study: Study) -> pl.Expr:
    """Code of the first branch whose condition holds."""
    code = pl.lit(NOT_REACHED)
    for branch in reversed(study.branches):
        code = pl.when(_holds(branch.when)).then(pl.lit(branch.code)).otherwise(code)
    return code.cast(pl.Int8).alias("branch")


def table_of(study: Study, frame: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """One line an answer, one column a field: stored, derived and marks, nothing recoded."""
    marks = [pl.lit(1, pl.Int8).alias(name) for name in ("pilot", "synthetic")]
    branch = [_branch(study)] if study.branches else []
    full = frame.with_columns(*marks, *branch)
    short = [pl.col(f.name).cast(pl.Float32) for f in fields if f.type == "decimal"]
    return derived(study, full).select(f.name for f in fields).with_columns(short)
