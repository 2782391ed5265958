"""The written CSV as statistical packages need it: names, labels, missing codes, rows in blocks.

Labels, storage and measurement level are read off a codebook entry here and nowhere else, so that
the formats cannot differ from each other. Memory does not grow with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from math import ceil, floor
from pathlib import Path
from typing import Any, TypeVar, cast

import polars as pl

from exports.errors import ExportRefused
from forms.kinds import KINDS
from forms.study import MISSING_RANGE


@dataclass(frozen=True, slots=True)
class Rules:
    """The names that a package takes.

    ``start`` and ``other`` are classes of characters in a regular expression, ``reserved`` matches
    the names it keeps for itself, ``longest`` counts bytes of UTF-8 or characters. ``folds`` says
    that Age and age are one name.
    """

    package: str
    start: str
    other: str
    reserved: str
    longest: int
    in_bytes: bool = False
    folds: bool = False

    def fits(self, name: str) -> bool:
        """Return whether ``name`` can stay as it is."""
        legal = re.fullmatch(f"[{self.start}][{self.other}]*", name)
        kept = re.fullmatch(self.reserved, name, re.IGNORECASE if self.folds else 0)
        return bool(legal) and not kept and self.size(name) <= self.longest

    def size(self, name: str) -> int:
        """Length as the package counts it."""
        return len(name.encode()) if self.in_bytes else len(name)

    def key(self, name: str) -> str:
        """The form in which a name may occur only once."""
        return name.casefold() if self.folds else name


# IBM SPSS Statistics, "Variable names": 64 bytes, a letter first, letters, digits and . _ $ # @.
SPSS = Rules(
    "SPSS", start=r"^\W\d_", other=r"\w.$#@",
    reserved=r"ALL|AND|BY|EQ|GE|GT|LE|LT|NE|NOT|OR|TO|WITH|.*\.", longest=64, in_bytes=True,
    folds=True,
)  # fmt: skip
# Stata User's Guide, 11.3 "Naming conventions": 32 characters, letters, digits and _.
STATA = Rules(
    "Stata", start=r"^\W\d", other=r"\w",
    reserved=r"_all|_b|byte|_coef|_cons|double|float|if|in|int|long|_n|_N|_pi|_pred|_rc|_skip"
    r"|str\d+|strL|using|with|alias",
    longest=32,
)  # fmt: skip


def _shortened(name: str, rules: Rules, tail: str) -> str:
    while rules.size(name + tail) > rules.longest:
        name = name[:-1]
    return name + tail


def _proposals(name: str, rules: Rules) -> Iterator[str]:
    """Names that stand for ``name``, the nearest first: signs replaced, cut, numbered."""
    legal = re.sub(f"[^{rules.other}]", "_", name).rstrip(".")
    if not rules.fits(_shortened(legal, rules, "")):
        legal = "v_" + legal
    yield _shortened(legal, rules, "")
    yield from (_shortened(legal, rules, f"_{number}") for number in count(2))


def names_in(variables: Iterable[str], rules: Rules) -> dict[str, str]:
    """Variable → its name in the package, the same wherever possible, each only once.

    Names that fit are given out first, so that an altered one never takes a good one's place.
    """
    variables = tuple(variables)
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(variables, key=rules.fits, reverse=True):
        options = chain([name] * rules.fits(name), _proposals(name, rules))
        names[name] = next(n for n in options if rules.key(n) not in taken)
        taken.add(rules.key(names[name]))
    return {name: names[name] for name in variables}


def renamed(variables: Iterable[str], rules: Rules) -> dict[str, str]:
    """Only those variables that have another name in the package."""
    return {ours: name for ours, name in names_in(variables, rules).items() if ours != name}


Entry = Mapping[str, Any]
Codebook = Sequence[Entry]
# Of a table that is no release an entry may say more than a codebook: ``declared``, the ranges of
# missing values (low, high); ``letters``, code → letter of an extended missing value of Stata;
# ``format``, how a package shows the column; ``storage``, its type in Parquet.

SCALE, ORDINAL, NOMINAL = "scale", "ordinal", "nominal"
NUMERIC_KINDS = {"score", *(name for name, kind in KINDS.items() if kind.is_number)}


def is_text(entry: Entry) -> bool:
    """Return whether the column holds text, its missing codes included."""
    return bool(entry["type"] == "text")


def labels_of(entry: Entry) -> dict[float, str]:
    """Every labelled code of a number column, missing codes included, in ascending order."""
    both = {**entry["codes"], **entry["missing"]}
    numbers = {float(code): label for code, label in both.items()}
    return {int(n) if n.is_integer() else n: numbers[n] for n in sorted(numbers)}


def text_labels_of(entry: Entry) -> dict[str, str]:
    """Every labelled cell of a text column, missing codes included."""
    return {**entry["codes"], **entry["missing"]}


def missing_texts(entry: Entry) -> list[str]:
    """The cells of a text column that are declared missing."""
    return [low for low, _ in entry["declared"]] if "declared" in entry else list(entry["missing"])


def has_missing_codes(entry: Entry) -> bool:
    """Return whether -99 to -90 mean "missing" in this number column.

    Not in a difference: its own values are negative too, and what is missing is an empty cell.
    """
    if is_text(entry) or entry["may_be_empty"] or "declared" in entry:
        return False
    return any(code in MISSING_RANGE for code in labels_of(entry))


def level_of(entry: Entry) -> str:
    """Measurement level: the entry's own ``measure`` if it has one, else what its kind implies.

    Answers that a score averages are ordered; of other single choices nothing is known, and a
    package treats a wrong order worse than none.
    """
    if entry.get("measure"):
        return str(entry["measure"])
    if is_text(entry):
        return NOMINAL
    if entry["type"] == "decimal" or entry["kind"] in NUMERIC_KINDS:
        return SCALE
    if entry["kind"] == "grid" or entry["scales"] or entry["variable"] == "dur_band":
        return ORDINAL
    counted = entry["part"] == "quality" and not entry["codes"]
    return SCALE if counted else NOMINAL


@dataclass(frozen=True, slots=True)
class MultipleResponseSet:
    """The columns of one question of which each says whether an option was ticked (1)."""

    name: str
    label: str
    variables: tuple[str, ...]


TICKED = "1"


def multiple_response_sets(codebook: Codebook) -> tuple[MultipleResponseSet, ...]:
    """Return every question of several ticks of which at least two columns show ticks."""
    found: dict[str, list[Entry]] = {}
    for entry in codebook:
        if (name := entry.get("multiple_response")) and TICKED in entry["codes"]:
            found.setdefault(name, []).append(entry)
    return tuple(
        MultipleResponseSet(
            name,
            next(iter(entries[0]["question"].values()), name),
            tuple(entry["variable"] for entry in entries),
        )
        for name, entries in found.items()
        if len(entries) > 1
    )


def bounds_of(entry: Entry) -> tuple[int, int] | None:
    """Whole numbers between which every cell lies; None where the codebook has no values."""
    if is_text(entry) or not (entry["range"] or entry["codes"]):
        return None
    known = [*labels_of(entry), *(entry["range"] or ())]
    return floor(min(known)), ceil(max(known))


def cut_bytes(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` bytes of UTF-8, never in the middle of a character."""
    return text.encode()[:limit].decode(errors="ignore")


Code = TypeVar("Code", int, float, str)


def distinct_labels(labels: Mapping[Code, str], limit: int) -> dict[Code, str]:
    """The labels in at most ``limit`` bytes each; one that is taken already ends in its code.

    Two codes of one label are one category to pandas, or an error. Spaces at the end are lost in a
    .sav file, so they tell no labels apart.
    """
    found: dict[Code, str] = {}
    taken: set[str] = set()
    # Those that are whole come first, so that a cut one never takes their place.
    for code in sorted(labels, key=lambda code: len(labels[code].encode()) > limit):
        label, times = cut_bytes(labels[code], limit).rstrip(), 0
        while label in taken:
            times += 1
            tail = f" ({code})" * times
            label = cut_bytes(labels[code], limit - len(tail.encode())).rstrip() + tail
        found[code] = label
        taken.add(label)
    return {code: found[code] for code in labels}


def wrapped(text: str, limit: int) -> Iterator[str]:
    """``text`` in lines of at most ``limit`` bytes, broken at a space where there is one."""
    for line in text.splitlines():
        while line:
            head = cut_bytes(line, limit)
            if head != line and (gap := head.rfind(" ")) > 0:
                head = head[:gap]
            yield head
            line = line[len(head) :].lstrip()


CSV_BYTES_AT_ONCE = 1 << 24  # bytes of the CSV read at once
WHOLE: Mapping[int, type[pl.DataType]] = {8: pl.Int8, 16: pl.Int16, 32: pl.Int32}  # by bits


@dataclass(frozen=True, slots=True)
class TableSource:
    """A CSV that fits its codebook. ``widest``: bytes of each text column's longest cell.

    ``occurring``: which of its missing codes a text column holds.
    """

    csv: Path
    codebook: Codebook
    rows: int
    widest: Mapping[str, int]
    occurring: Mapping[str, tuple[str, ...]]

    @property
    def variables(self) -> tuple[str, ...]:
        """The columns' names, in file order."""
        return tuple(entry["variable"] for entry in self.codebook)

    def blocks(self) -> Iterator[pl.DataFrame]:
        """The rows in their order, some thousands at a time."""
        return _frames(self.csv, self.codebook)


PolarsType = type[pl.DataType] | pl.DataType


def storage_of(entry: Entry) -> PolarsType:
    """Smallest storage for every value that the codebook allows in the column.

    It follows from the codebook alone, so that batches with the same codebook have the same types.
    """
    if "storage" in entry:
        return cast("PolarsType", entry["storage"])
    if is_text(entry):
        return pl.String
    if entry["type"] == "decimal":
        return pl.Float64
    bounds = bounds_of(entry)
    if bounds is None:
        return pl.Int32
    # Of two's complement, one bit being the sign's: -128 takes as many as 127.
    bits = max((bound if bound >= 0 else ~bound).bit_length() + 1 for bound in bounds)
    return next((kind for has, kind in WHOLE.items() if bits <= has), pl.Int64)


def from_text(texts: pl.Expr, kind: PolarsType) -> pl.Expr:
    """Return texts as what they say in a type of polars that the parser of CSV does not know."""
    if kind == pl.Boolean:
        return texts.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
    return texts.str.to_time("%H:%M:%S%.f") if kind == pl.Time else texts.cast(kind)


def _last_end(block: bytes) -> int:
    """The end of the last whole record in ``block``; 0 if there is none.

    A line feed ends a record where the quotes before it are even in number (RFC 4180).
    """
    end = block.rfind(b"\n")
    while end >= 0 and block.count(b'"', 0, end) % 2:
        end = block.rfind(b"\n", 0, end)
    return end + 1


def pieces(csv: Path) -> Iterator[bytes]:
    """The records of ``csv`` without its header, in pieces that end where a record ends."""
    with csv.open("rb") as file:
        file.readline()
        rest = b""
        while read := file.read(CSV_BYTES_AT_ONCE):
            piece = rest + read
            end = _last_end(piece)
            rest = piece[end:]
            if end:
                yield piece[:end]
        if rest:
            yield rest


def _misfit(csv: Path, where: str) -> ExportRefused:
    """One line that names the column and never the value."""
    at = f"The column {where} of {csv.name}" if where else csv.name
    return ExportRefused(
        f"{at} holds what its codebook does not allow; mend the codebook or the table."
    )


def _frames(csv: Path, codebook: Codebook) -> Iterator[pl.DataFrame]:
    stored = {entry["variable"]: storage_of(entry) for entry in codebook}
    # Dates and the like are read as texts first: the parser of CSV knows few of their forms.
    plain = {
        name: kind == pl.String or kind.is_integer() or kind.is_float()
        for name, kind in stored.items()
    }
    kinds = {name: kind if plain[name] else pl.String for name, kind in stored.items()}
    texts = [entry["variable"] for entry in codebook if is_text(entry)]
    for piece in pieces(csv):
        try:
            frame = pl.read_csv(piece, schema=kinds, has_header=False)
            frame = frame.with_columns(
                from_text(pl.col(name), kind) for name, kind in stored.items() if not plain[name]
            )
        except pl.exceptions.ComputeError as error:
            at = re.search(r"at column '(.*?)'", str(error))
            raise _misfit(csv, at[1] if at else "") from None
        yield frame.with_columns(pl.col(texts).fill_null(""))


def _one_row(frame: pl.DataFrame, of_each: pl.Expr) -> dict[str, Any]:
    """Variable → its figure; empty where the frame has no such columns."""
    return next(frame.select(of_each).iter_rows(named=True), {})


def _check_numbers(csv: Path, codebook: Codebook, frame: pl.DataFrame) -> None:
    numbers = pl.selectors.numeric()
    low, high = _one_row(frame, numbers.min()), _one_row(frame, numbers.max())
    odd = _one_row(frame, pl.selectors.float().is_nan().any())
    for entry in codebook:
        name, bounds = entry["variable"], bounds_of(entry)
        if odd.get(name) or (
            bounds
            and low.get(name) is not None
            and not bounds[0] <= low[name] <= high[name] <= bounds[1]
        ):
            raise _misfit(csv, name)


def _widest(cells: Iterable[str]) -> int:
    return max((1, *(len(cell.encode()) for cell in cells)))


def open_source(csv: Path, codebook: Codebook) -> TableSource:
    """``csv`` looked through once from beginning to end, before anything is written from it.

    Raises ExportRefused where it does not hold what ``codebook`` says: other columns, no number
    where one is due, a number outside the codes and the range, a zero byte in a text.
    """
    named = [entry["variable"] for entry in codebook]
    header = pl.read_csv(csv, n_rows=0, infer_schema=False, glob=False).columns
    if header != named:
        odd = sorted(set(header) ^ set(named)) or ["their order"]
        raise ExportRefused(f"{csv.name} and its codebook differ in: {', '.join(odd)}.")
    texts = {entry["variable"]: missing_texts(entry) for entry in codebook if is_text(entry)}
    # Wide enough for each missing code, so that it can be declared whether it occurs or not.
    rows, widest = (
        0,
        {n: max((1, *(len(m.encode()) for m in missing))) for n, missing in texts.items()},
    )
    occurring: dict[str, set[str]] = {name: set() for name in texts}
    for frame in _frames(csv, codebook):
        rows += len(frame)
        _check_numbers(csv, codebook, frame)
        for name, missing in texts.items():
            # A zero byte ends a text in SPSS and Stata; a form field never lets one in.
            if frame[name].str.contains("\0", literal=True).any():
                raise _misfit(csv, name)
            sizes = frame[name].str.len_bytes().to_numpy()
            widest[name] = max(widest[name], int(sizes.max(initial=1)))
            occurring[name] |= {code for code in missing if (frame[name] == code).any()}
    found = {name: tuple(c for c in texts[name] if c in occurring[name]) for name in texts}
    return TableSource(csv, codebook, rows, widest, found)
