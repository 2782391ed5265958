"""Columns of a release, their roles, scores and data-quality flags, and the data file as text.

A stored answer has the study's columns (forms.kinds) and the administrative ones named in
``STORED``. Scores are expressions over stored codes, worked out at export and never stored.
Nothing is recoded here, and nothing knows the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfileobj

import polars as pl

from exports.errors import ExportRefused
from exports.output_files import LINE_END, guarded
from forms.kinds import columns_of_study
from forms.study import MISSING_RANGE, NOT_REACHED, NOT_SCORED, NOT_SHOWN, Column, Study, Tier
from forms.tiers import GROUPS

Bounds = Mapping[str, "tuple[int, int]"]

SCORE = "sc_"
DECIMALS = 3
UNSEEN = (NOT_SHOWN, NOT_REACHED)
_EXACT = "exact_"  # a score before it is rounded, which composites are made of


def bounds_of(study: Study) -> Bounds:
    """Return the lowest and the highest code of each column, for reversing."""
    return {c.name: (min(c.codes), max(c.codes)) for c in columns_of_study(study) if c.codes}


def _missing(name: str) -> pl.Expr:
    return pl.col(name).is_between(MISSING_RANGE[0], MISSING_RANGE[-1])


def _answer(name: str) -> pl.Expr:
    """The answer, null where there is a missing code instead."""
    return pl.when(_missing(name).not_()).then(pl.col(name).cast(pl.Int32))


def _mean(parts: Sequence[pl.Expr], *, at_least: int) -> pl.Expr:
    """Mean of the parts that are not null; null where they are fewer than ``at_least``."""
    known = pl.sum_horizontal(part.is_not_null() for part in parts)
    whole = pl.sum_horizontal(part.cast(pl.Float64) for part in parts)
    return pl.when(known >= max(at_least, 1)).then(whole / known)


def straight(names: Sequence[str]) -> pl.Expr:
    """1 when all columns hold the same answer, 0 when not; one missing code stays itself."""
    first = pl.col(names[0])
    alike = pl.all_horizontal(pl.col(name) == first for name in names)
    same = pl.when(_missing(names[0])).then(first).otherwise(1)
    return pl.when(alike).then(same).otherwise(0).cast(pl.Int8).alias("dq_straight")


def pair_distance(first: str, second: str, *, mirrored: int) -> pl.Expr:
    """Distance of two items after reversing the second (``mirrored`` = lowest + highest code).

    Where one has no answer, the first missing code met.
    """
    one, other = pl.col(first).cast(pl.Int32), pl.col(second).cast(pl.Int32)
    distance = (one - (mirrored - other)).abs()
    either = pl.when(_missing(second)).then(other).otherwise(distance)
    found = pl.when(_missing(first)).then(one).otherwise(either)
    return found.cast(pl.Int16).alias("dq_pair")


def _none_of(item: Field, codes: Iterable[int]) -> pl.Expr:
    """True where a cell is none of these codes, which a column of texts holds as texts."""
    cells = [str(code) for code in codes] if item.type == "text" else list(codes)
    return pl.col(item.name).is_in(cells).not_()


def answered_share(items: Sequence[Field]) -> pl.Expr:
    """Share (0-1) of the shown ones of these items with an answer; -94 when none was reached."""
    variables: dict[str, list[Field]] = {}
    for item in items:
        # All options of a multiple choice are one item, seen or not as a whole.
        variables.setdefault(item.variable, []).append(item)
    seen = [_none_of(options[0], UNSEEN) for options in variables.values()]
    given = [
        pl.any_horizontal(_none_of(option, MISSING_RANGE) for option in options)
        for options in variables.values()
    ]
    shown = pl.sum_horizontal(seen)
    both = pl.sum_horizontal(s & g for s, g in zip(seen, given, strict=True))
    share = (both / shown).round(DECIMALS)
    return pl.when(shown > 0).then(share).otherwise(float(NOT_REACHED)).alias("dq_share")


def _quality(study: Study, fields: Mapping[str, Field]) -> Iterator[pl.Expr]:
    """The data-quality flags; they describe an answer and never delete it."""
    if share := fields.get("dq_share"):
        yield answered_share([fields[name] for name in share.items])
    if flag := fields.get("dq_straight"):
        yield straight(flag.items)
    if pair := fields.get("dq_pair"):
        mirror = study.quality.pair_reverse or pair.items[1]
        other = next(name for name in pair.items if name != mirror)
        yield pair_distance(other, mirror, mirrored=sum(bounds_of(study)[mirror]))


def derived(study: Study, frame: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """``frame`` with every derived one of ``fields``: -92 where a score is not scored.

    Each is worked out from its field's items alone. A difference is null where it is missing, since
    its own values are negative too.
    """
    bounds, exact = bounds_of(study), frame
    wanted = {f.name: f for f in fields}
    scales = [s for s in study.scales if SCORE + s.name in wanted]
    for scale in scales:
        items = [
            sum(bounds[item]) - _answer(item) if item in scale.reverse else _answer(item)
            for item in wanted[SCORE + scale.name].items
        ]
        mean = _mean(items, at_least=scale.min_answered)
        exact = exact.with_columns(mean.alias(_EXACT + SCORE + scale.name))
    # Composites are means of scores as they were before rounding, and come after all scales.
    composites = [c for c in study.composites if SCORE + c.name in wanted]
    for composite in composites:
        parts = [pl.col(_EXACT + name) for name in wanted[SCORE + composite.name].items]
        mean = _mean(parts, at_least=composite.min_answered)
        exact = exact.with_columns(mean.alias(_EXACT + SCORE + composite.name))
    means = [SCORE + s.name for s in scales] + [SCORE + c.name for c in composites]
    differences = (
        (_answer(d.minuend) - _answer(d.subtrahend)).cast(pl.Int16).alias(SCORE + d.name)
        for d in study.differences
        if SCORE + d.name in wanted
    )
    rounded = (
        pl.col(_EXACT + n).round(DECIMALS).fill_null(float(NOT_SCORED)).alias(n) for n in means
    )
    branch = [_branch(study)] if "branch" in wanted else []
    full = exact.with_columns(*rounded, *differences, *_quality(study, wanted), *branch)
    return full.drop(_EXACT + name for name in means)


STORED = ("study_version", "consent_version", "lang", "completion", "c_open", "dur_band")
# Language and versions are rare and time-like, so they are keys in every tier.
BOOKKEEPING_KEYS = ("study_version", "consent_version", "lang")
CORE, INSIDER = GROUPS
BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a release: where it comes from, what role it plays, how it is typed.

    ``part`` is administrative, answer, score or quality; ``type`` integer, decimal or text;
    ``group`` is core or insider for a quasi-identifier, else empty. A derived column is worked out
    from ``items``, columns of the same file, if there are ``fewest`` of them.
    """

    name: str
    part: str
    type: str = "integer"
    role: str = "none"
    group: str = ""
    column: Column | None = None
    items: tuple[str, ...] = ()
    fewest: int = 0

    @property
    def key(self) -> bool:
        """Return whether the column is a quasi-identifier."""
        return self.role == "quasi_identifier"

    @property
    def variable(self) -> str:
        """Name of the question, which all options of a multiple choice share."""
        return self.column.variable if self.column else self.name


def _answer_field(study: Study, column: Column) -> Field:
    kind = "text" if column.max_length else "integer"
    role = study.policy.roles.get(column.variable, "none")
    group = study.policy.groups.get(column.variable, "")
    return Field(column.name, "answer", kind, role, group, column)


def _derived(name: str, part: str, kind: str, items: Iterable[str], fewest: int) -> Field:
    return Field(name, part, kind, items=tuple(items), fewest=max(1, fewest))


def _scores(study: Study) -> Iterator[Field]:
    for s in study.scales:
        yield _derived(SCORE + s.name, "score", "decimal", s.items, s.min_answered)
    for c in study.composites:
        scores = (SCORE + name for name in c.scores)
        yield _derived(SCORE + c.name, "score", "decimal", scores, c.min_answered)
    for d in study.differences:
        yield _derived(SCORE + d.name, "score", "integer", (d.minuend, d.subtrahend), 2)


def _flags(study: Study, answers: Iterable[Field]) -> Iterator[Field]:
    asked = study.quality
    if asked.straight:
        rows = [row.variable for grid in asked.straight for row in study.questions[grid].rows]
        yield _derived("dq_straight", "quality", "integer", rows, 2)
    if asked.pair:
        yield _derived("dq_pair", "quality", "integer", asked.pair, 2)
    yield _derived("dq_share", "quality", "decimal", (f.name for f in answers), 1)


def fields_of(study: Study, *, pilot: bool = False, synthetic: bool = False) -> tuple[Field, ...]:
    """Every column that a release can have, in file order, before a tier leaves any out."""
    answers = [_answer_field(study, c) for c in columns_of_study(study)]
    names = ("pilot",) * pilot + ("synthetic",) * synthetic
    marks = (Field(name, "administrative") for name in names)
    keys = (Field(n, "administrative", "text", "quasi_identifier", CORE) for n in BOOKKEEPING_KEYS)
    asked = dict.fromkeys(name for branch in study.branches for name, _ in branch.when)
    branch = (_derived(BRANCH, "administrative", "integer", asked, len(asked)),)
    ends = (Field(n, "administrative") for n in ("completion", "c_open"))
    dur = Field("dur_band", "quality")
    return _from_shown((
        *marks, *keys, *branch * bool(study.branches), *ends, *answers, *_scores(study),
        *_flags(study, answers), dur,
    ))  # fmt: skip


def _from_shown(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The fields, each derived one worked out from what the others show of every row as it was.

    What a file leaves out, withholds or coarsens takes no part: a key tells nothing but itself. A
    derived column that has too few items left is none.
    """
    fields = tuple(fields)
    # A score that is left may be part of another one, which stands after it.
    shown = {f.name for f in fields if f.column and not f.key and f.role != "free_text"}
    kept = []
    for field in fields:
        if field.fewest:
            items = tuple(name for name in field.items if name in shown)
            if len(items) < field.fewest:
                continue
            field = replace(field, items=items)
            shown.add(field.name)
        kept.append(field)
    return tuple(kept)


def kept_in(fields: Sequence[Field], tier: Tier) -> tuple[Field, ...]:
    """The columns that ``tier`` may have: answers that it shows, and what these alone can tell."""
    return _from_shown(
        f for f in fields if f.column is None or tier.shows(f.column.variable, f.role, f.group)
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
        if kind is pl.String:
            cells = [_words(v) if isinstance(v, str) else str(v) for v in values]
        try:
            series.append(pl.Series(name, cells, dtype=kind))
        except (TypeError, OverflowError, pl.exceptions.PolarsError):
            odd.append(name)
    if odd:
        raise ExportRefused(_odd(study, odd))
    return pl.DataFrame(series)


def _words(typed: str) -> str:
    """A client's words as a cell: no formula, and told from a missing code by the same mark."""
    return f"'{typed}" if typed in _MISSING_CELLS else guarded(typed)


_MISSING_CELLS = frozenset(map(str, MISSING_RANGE))


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


def _branch(study: Study) -> pl.Expr:
    """Code of the first branch whose condition holds."""
    code = pl.lit(NOT_REACHED)
    # From the last to the first, so that the first stands outermost and decides.
    for branch in reversed(study.branches):
        parts = [pl.col(name).cast(pl.Int64).is_in(sorted(codes)) for name, codes in branch.when]
        holds = pl.all_horizontal(parts) if parts else pl.lit(value=True)
        code = pl.when(holds).then(pl.lit(branch.code)).otherwise(code)
    return code.cast(pl.Int8).alias(BRANCH)


def table_of(study: Study, frame: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """One line an answer, one column a field: stored, derived and marks, nothing recoded."""
    # Both marks: a release takes those that its fields name.
    marks = [pl.lit(1, pl.Int8).alias(name) for name in ("pilot", "synthetic")]
    short = [pl.col(f.name).cast(pl.Float32) for f in fields if f.type == "decimal"]
    full = derived(study, frame.with_columns(*marks), fields)
    return full.select(f.name for f in fields).with_columns(short)


CHUNK = 50_000  # rows turned into text at a time
_STEPS = 10**DECIMALS


def data_name(study_name: str) -> str:
    """File name after Psych-DS: keyword-value, letters and digits only, ending in _data.csv."""
    letters = "".join(c for c in study_name if c.isascii() and c.isalnum())
    return f"study-{letters}_data.csv"


def _as_text(field: Field) -> pl.Expr:
    """A decimal column in its final digits; its missing codes stay whole numbers."""
    column = pl.col(field.name)
    # Whole steps: a Float32 written as it is would show digits that mean nothing.
    steps = (column.cast(pl.Float64) * _STEPS).round().cast(pl.Int64)
    whole, rest = steps // _STEPS, (steps % _STEPS).cast(pl.String).str.zfill(DECIMALS)
    digits = pl.concat_str(whole.cast(pl.String), pl.lit("."), rest)
    missing = column.cast(pl.Int64).cast(pl.String)
    return pl.when(column < 0).then(missing).otherwise(digits).alias(field.name)


def content_order(table: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Positions of the rows in the order of their content; equal rows are interchangeable."""
    return table.select(pl.arg_sort_by(list(names))).to_series()


def write_data(
    table: pl.DataFrame, fields: Sequence[Field], path: Path, *, order: pl.Series, after: int = 0
) -> None:
    """The rows in ``order``, numbered from ``after`` + 1 in a first column ``row``.

    RFC 4180: UTF-8, comma, CRLF, header.
    """
    names = [f.name for f in fields]
    texts = [_as_text(f) for f in fields if f.type == "decimal"]
    with path.open("wb") as file:
        for start in range(0, max(len(order), 1), CHUNK):
            part = table.select(names)[order.slice(start, CHUNK)].with_columns(texts)
            part.with_row_index("row", offset=after + start + 1).write_csv(
                file, include_header=start == 0, line_terminator=LINE_END, quote_style="necessary"
            )


def read_data(path: Path, fields: Sequence[Field], types: pl.Schema) -> pl.DataFrame:
    """A data file back as the columns of ``fields``, in the types of ``types``; ``row`` is left."""
    kept = {f.name: types[f.name] for f in fields}
    return pl.read_csv(path, columns=list(kept), schema_overrides=kept)


def join_data(parts: Sequence[Path], path: Path) -> None:
    """The parts one after the other, byte for byte, under the first one's header."""
    with path.open("wb") as file:
        for at, part in enumerate(parts):
            with part.open("rb") as source:
                header = source.readline()
                if at == 0:
                    file.write(header)
                copyfileobj(source, file)
