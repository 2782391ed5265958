"""Reading of a written CSV, block by block, and of the claim that it makes of itself.

Memory follows the number of different cells and one to four bytes a cell, not the size of the file:
a block is parsed, numbered and let go. The bytes are checked before any parser is trusted with
them: UTF-8 by RFC 4180, cells parted by commas, records by LF or CRLF, a cell in double quotes
where it holds either, a quote inside it doubled.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exports.verify.coded_numbers import NumberCoding

Codes = NDArray[np.unsignedinteger[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Below this many cells of a contingency table, counting in place beats sorting the pairs.
SMALL_TABLE = 1 << 22
BLOCK = 8 << 20  # bytes read at a time
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """One column: ``cells`` are its different texts, ``codes`` has shape (rows,) and points there.

    The order of ``cells`` means nothing, and every one of them stands in some row.
    """

    codes: Codes
    cells: tuple[str, ...]

    def counts(self) -> Ints:
        """Return the rows of each cell, shape (cells,)."""
        return np.bincount(self.codes, minlength=len(self.cells)).astype(np.int64)

    def is_cell(self, cell: str | None) -> Bools:
        """Return whether each row holds ``cell``, shape (rows,)."""
        if cell is None or cell not in self.cells:
            return np.zeros(len(self.codes), dtype=bool)
        return np.asarray(self.codes == self.cells.index(cell))

    def at(self, rows: Ints) -> CodedColumn:
        """Return the column at some rows, in their order."""
        return dense(self.codes[rows], self.cells)

    def merged(self, name: Callable[[str], str]) -> CodedColumn:
        """Return the column with every cell renamed; cells of one new name become one."""
        names = [name(cell) for cell in self.cells]
        if len(set(names)) == len(names):
            return CodedColumn(self.codes, tuple(names))
        return dense(self.codes, names)


Table = Mapping[str, CodedColumn]


def small(codes: NDArray[Any], below: int) -> Codes:
    """Return ``codes`` in the smallest unsigned type that holds all numbers under ``below``."""
    kind = np.uint8 if below <= 1 << 8 else np.uint16 if below <= 1 << 16 else np.uint32
    return codes.astype(kind, copy=False)


def dense(codes: NDArray[Any], cells: Sequence[str]) -> CodedColumn:
    """Return a column from codes into ``cells``, which may repeat or be unused."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(cells)))
    if len(used) == len(cells) == len(set(cells)):
        return CodedColumn(small(codes, len(cells)), tuple(cells))
    new: dict[str, int] = {}
    place = np.zeros(len(cells), dtype=np.uint32)
    place[used] = [new.setdefault(cells[at], len(new)) for at in used.tolist()]
    return CodedColumn(small(small(place, len(new))[codes], len(new)), tuple(new))


def coded(series: pl.Series) -> CodedColumn:
    """Return a column of any type as the text that would be written; null is an empty cell."""
    if series.dtype.is_integer() and not series.null_count() and len(series):
        low, high = int(series.min()), int(series.max())  # type: ignore[arg-type]
        # Codes of a narrow range are numbered by counting, without a text for each cell.
        if high - low < 1 << 16:
            codes = (series.cast(pl.Int64) - low).to_numpy()
            return dense(codes, [str(value) for value in range(low, high + 1)])
    kind = pl.Categorical(pl.Categories.random())
    texts = series.cast(pl.String).fill_null("").cast(kind)
    return named(texts.to_physical().to_numpy() + 1, kind)


def named(codes: NDArray[Any], kind: pl.Categorical) -> CodedColumn:
    """Return a column from numbers of a categorical type, each one higher: 0 is the empty cell."""
    used = np.flatnonzero(np.bincount(codes, minlength=1))
    numbers = pl.Series(used[used > 0] - 1, dtype=pl.UInt32)
    texts = numbers.cat.to(kind).cast(pl.String).to_list()
    place = np.zeros(int(used.max(initial=0)) + 1, dtype=np.uint32)
    place[used] = np.arange(len(used))
    return dense(small(place, len(used))[codes], [""] * (len(used) - len(numbers)) + texts)


def combined(columns: Iterable[Codes], rows: int) -> tuple[Ints, int]:
    """Return a number from 0 for each row, equal where all columns are, and how many there are."""
    key, many = np.zeros(rows, dtype=np.int64), 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        # Before the key could pass 64 bits.
        if many * width >= 1 << 62:
            key, many = _renumbered(key, many)
        key, many = key * width + column, many * width
    return _renumbered(key, many)


def _renumbered(key: Ints, below: int) -> tuple[Ints, int]:
    """Return ``key`` with its numbers closed up, in their old order."""
    if below <= SMALL_TABLE:
        used = np.bincount(key, minlength=1) > 0
        return (np.cumsum(used) - 1)[key], int(used.sum()) if len(key) else 0
    found, inverse = np.unique(key, return_inverse=True)
    return inverse.astype(np.int64), len(found)


def pairs(one: NDArray[Any], other: NDArray[Any], width: int) -> tuple[Ints, Ints, Ints]:
    """Return the distinct pairs of codes that stand side by side, and the rows of each pair.

    ``width`` is above every code of ``other``. Pairs come in order of ``one``, then ``other``.
    """
    key = one.astype(np.int64) * width + other
    high = int(key.max(initial=-1)) + 1
    if high <= SMALL_TABLE:
        table = np.bincount(key, minlength=1)
        found = np.flatnonzero(table)
        count = table[found]
    else:
        found, count = np.unique(key, return_counts=True)
    return found // width, found % width, count.astype(np.int64)


LF, CR, COMMA, QUOTE = b"\n"[0], b"\r"[0], b","[0], b'"'[0]
_BEFORE_OPENING = np.array([LF, COMMA, QUOTE], dtype=np.uint8)
_AFTER_CLOSING = np.array([LF, CR, COMMA, QUOTE], dtype=np.uint8)


class MalformedFile(Exception):
    """The file is no table; the message says where, for a person."""


def outside_quotes(data: Bytes) -> Bools | None:
    """Return which bytes stand outside quoted cells; None where there is no quote at all."""
    quotes = data == QUOTE
    return np.bitwise_xor.accumulate(quotes) == 0 if quotes.any() else None


def whole_records(block: bytes) -> int:
    """Return the bytes up to the end of the last whole record: 0 where none ends in ``block``."""
    cut = block.rfind(b"\n") + 1
    if b'"' not in block or block.count(b'"', 0, cut) % 2 == 0:
        return cut
    data = np.frombuffer(block, dtype=np.uint8)
    outside = outside_quotes(data)
    ends = np.flatnonzero((data == LF) & outside)
    return int(ends[-1]) + 1 if len(ends) else 0


def _line(block: bytes, at: int, first: int) -> str:
    return "line " + str(first + block.count(b"\n", 0, at))


def _check_text(block: bytes, first: int) -> None:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedFile(f"{_line(block, error.start, first)} is not UTF-8 text") from None
    if (at := block.find(b"\0")) >= 0:
        raise MalformedFile(f"{_line(block, at, first)} holds a null byte")


def _check_quotes(block: bytes, data: Bytes, first: int) -> None:
    """Raise MalformedFile where a quote stands inside a cell or is never closed."""
    at = np.flatnonzero(data == QUOTE)
    if len(at) % 2:
        raise MalformedFile(f"{_line(block, int(at[-1]), first)} opens a quote that nothing closes")
    padded = np.concatenate(([LF], data, [LF])).astype(np.uint8)
    opening, closing = at[::2], at[1::2]
    wrong = np.concatenate((
        opening[~np.isin(padded[opening], _BEFORE_OPENING)],
        closing[~np.isin(padded[closing + 2], _AFTER_CLOSING)],
    ))  # fmt: skip
    if len(wrong):
        where = _line(block, int(wrong.min()), first)
        raise MalformedFile(f"{where} has a quote inside a cell that is not quoted as a whole")


def _check_returns(block: bytes, data: Bytes, outside: Bools | None, first: int) -> None:
    """Raise MalformedFile for a carriage return outside quotes that ends no line."""
    if block.count(b"\r") == block.count(b"\r\n"):
        return
    lone = (data == CR) & (np.append(data[1:], LF) != LF)
    if outside is not None:
        lone &= outside
    if lone.any():
        where = _line(block, int(np.flatnonzero(lone)[0]), first)
        raise MalformedFile(f"{where} holds a carriage return in the middle")


def _positions(data: Bytes, byte: int, outside: Bools | None) -> Ints:
    found = data == byte
    return np.flatnonzero(found if outside is None else found & outside)


def check_records(block: bytes, columns: int, *, first: int) -> int:
    """Return the records in ``block``, which ends with one and begins at line ``first``.

    Raises MalformedFile unless it is UTF-8, its quotes are in order and every record has
    ``columns`` cells.
    """
    _check_text(block, first)
    data = np.frombuffer(block, dtype=np.uint8)
    if b'"' in block:
        _check_quotes(block, data, first)
    outside = outside_quotes(data)
    _check_returns(block, data, outside, first)
    ends = _positions(data, LF, outside)
    # The last record of a file may lack its line end.
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(data))
    commas = np.searchsorted(_positions(data, COMMA, outside), ends)
    cells: NDArray[Any] = np.diff(commas, prepend=0) + 1
    if (cells != columns).any():
        bad = int(np.flatnonzero(cells != columns)[0])
        start = int(ends[bad - 1]) + 1 if bad else 0
        where = _line(block, start, first)
        if not block[start : int(ends[bad])].strip(b"\r"):
            raise MalformedFile(f"{where} is empty")
        found = "1 cell" if cells[bad] == 1 else f"{cells[bad]} cells"
        raise MalformedFile(f"{where} has {found} where the header has {columns}")
    return len(ends)


def _blocks(file: BinaryIO, begun: bytes, size: int) -> Iterator[bytes]:
    """Yield what is left of ``file`` after ``begun``, cut at the ends of records."""
    rest = begun
    while more := file.read(size):
        rest += more
        if cut := whole_records(rest):
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _header(block: bytes) -> tuple[tuple[str, ...], int]:
    """Return the names of the columns, and the bytes they take."""
    end = block.find(b"\n") + 1 or len(block)
    while block.count(b'"', 0, end) % 2 and end < len(block):
        end = block.find(b"\n", end) + 1 or len(block)
    try:
        text = block[:end].decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedFile("line 1 is not UTF-8 text") from None
    names = tuple(next(csv.reader(io.StringIO(text, newline="")), ()))
    check_records(block[:end], len(names), first=1)
    if "" in names:
        raise MalformedFile(f"column {names.index('') + 1} has no name")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MalformedFile("two columns have the name " + ", ".join(twice))
    return names, end


class _ColumnReader:
    """A column while the blocks come in."""

    def __init__(self) -> None:
        self.dtype = pl.Categorical(pl.Categories.random())
        # polars forgets the texts behind the numbers once no series of the type is left.
        self._kept = pl.Series(dtype=self.dtype)
        self._parts: list[Codes] = []

    def take(self, series: pl.Series) -> None:
        """Add a block of the column. Number 0 stands for the empty cell, which polars nulls."""
        if series.null_count():
            codes = series.fill_null(0).to_numpy() + 1
            codes[series.is_null().to_numpy()] = 0
        else:
            codes = series.to_numpy() + 1
        self._parts.append(small(codes, int(codes.max(initial=0)) + 1))

    def whole(self) -> CodedColumn:
        """Return the column, all blocks in."""
        codes = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=np.uint8)
        self._parts.clear()
        return named(codes, self.dtype)


def _read(file: BinaryIO, size: int) -> dict[str, CodedColumn]:
    begun = file.read(max(size, len(BOM))).removeprefix(BOM)
    # A header may be longer than a block.
    while not whole_records(begun) and (more := file.read(size)):
        begun += more
    if not begun.strip():
        raise MalformedFile("the file is empty")
    names, at = _header(begun)
    columns = {name: _ColumnReader() for name in names}
    # The parser sees positions for names: no header can confuse it.
    schema = {str(at): column.dtype for at, column in enumerate(columns.values())}
    line = 1 + begun.count(b"\n", 0, at)
    for block in _blocks(file, begun[at:], size):
        records = check_records(block, len(names), first=line)
        frame = pl.read_csv(block, has_header=False, schema=schema, empty_string_is_null=False)
        if frame.height != records:
            raise MalformedFile(f"the lines from {line} on can be read in more than one way")
        for column, series in zip(
            columns.values(), frame.select(pl.all().to_physical()), strict=True
        ):
            column.take(series)
        line += block.count(b"\n")
    return {name: column.whole() for name, column in columns.items()}


def read_table(path: Path, *, block: int = BLOCK) -> dict[str, CodedColumn]:
    """Return column → its cells, in file order. ``block`` is the number of bytes held at a time.

    Raises MalformedFile, naming line or column, for what is no table.
    """
    try:
        with path.open("rb") as file:
            return _read(file, block)
    except OSError as error:
        raise MalformedFile(f"it cannot be read: {error.strerror}") from None


Cells = Mapping[str, frozenset[str]]  # cell → the cells it stands for, or column → cells


@dataclass(frozen=True, slots=True)
class OnePerson:
    """Rows of one person: alike in ``columns``, at least ``least`` of them not ``missing``.

    ``nobody`` maps a column to the cells of rows that count as nobody's.
    """

    columns: tuple[str, ...]
    least: int
    missing: frozenset[str]
    nobody: Cells = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OneLevel:
    """A column that shows ``source`` at one level and nothing else.

    ``groups`` maps each cell of the level to the finer cells that go up into it; a cell of
    ``missing`` stays as it is; any other cell is coarser and becomes ``coarser``.
    """

    source: str
    groups: Cells
    missing: frozenset[str]
    coarser: str

    def of(self, written: str) -> str:
        """Return the only cell that may stand beside a written one."""
        if written in self.missing or written in self.groups:
            return written
        holding = [group for group, finer in self.groups.items() if written in finer]
        return holding[0] if len(holding) == 1 else self.coarser


@dataclass(frozen=True, slots=True)
class Claim:
    """Promise about one written file. Names are columns, cells are texts as written.

    ``core`` are the columns by which an outsider could recognise a person (the key), ``insider``
    those that people who were there know besides, ``sensitive`` those that must not be learnt;
    ``answers`` are the columns of the answers-known figure (none: they are picked, see
    exports/verify/leaks.py).
    ``columns``, where given, are all columns in their order.

    ``k``, ``distinct_l``, ``entropy_l`` and ``t`` hold for every class, ``presence`` bounds the
    share of the population that fits a class and is in the data (1, 1.0, None and None ask
    nothing). l, entropy l and t may map sensitive columns to a bound each; others have none then.
    ``limit`` is the share of true rows (0-1) that may be left out of the file.

    ``ordered`` maps a sensitive column to its cells from low to high; cells it does not name come
    after them. ``covers`` maps a column to released cell → the true cells it stands for; a cell
    without an entry stands for itself. ``suppressed`` maps a column to the cell that says nothing.
    ``missing`` maps a column to the cells that are one category of a key and no value of a
    sensitive column; ``no_answer`` are the cells that are
    no answer in any column, ``not_asked`` those of them that say that nobody asked. ``numbers``
    maps a column that is no key to how its numbers were coarsened. ``known`` are columns that may
    tell of hidden cells, for whoever has the file knows these. ``lifted`` maps a column of one
    level to what it must show; nothing else is measured of it. ``segments`` are the rows
    of each batch, in file order, each of which keeps the promise alone; none is one batch.
    ``unit`` is what k and all counts of somebody speak of: rows, people or households;
    ``one_person`` tells people apart by the file itself.
    """

    core: tuple[str, ...]
    k: int
    insider: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    distinct_l: int | Mapping[str, int] = 1
    entropy_l: float | Mapping[str, float] = 1.0
    t: float | Mapping[str, float] | None = None
    presence: tuple[float, float] | None = None
    limit: float = 0.0
    ordered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    covers: Mapping[str, Cells] = field(default_factory=dict)
    suppressed: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, NumberCoding] = field(default_factory=dict)
    missing: Cells = field(default_factory=dict)
    no_answer: frozenset[str] = frozenset({""})
    not_asked: frozenset[str] = frozenset()
    known: tuple[str, ...] = ()
    lifted: Mapping[str, OneLevel] = field(default_factory=dict)
    segments: tuple[int, ...] = ()
    unit: str = "rows"
    one_person: OnePerson | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that the file must have for the claim to make sense."""
        of_lifted = (*self.lifted, *(one.source for one in self.lifted.values()))
        keys = (*self.core, *self.insider, *self.sensitive, *self.answers)
        return tuple(dict.fromkeys((*keys, *of_lifted)))

    def of_column(self, name: str) -> tuple[int, float, float | None]:
        """Return l, entropy l and t promised of a sensitive column."""
        distinct_l, entropy_l, t = self.distinct_l, self.entropy_l, self.t
        return (
            distinct_l.get(name, 1) if isinstance(distinct_l, Mapping) else distinct_l,
            entropy_l.get(name, 1.0) if isinstance(entropy_l, Mapping) else entropy_l,
            t.get(name) if isinstance(t, Mapping) else t,
        )

    def category(self, column: str, cell: str) -> str:
        """Return the cell as part of a key: all that counts as missing is one category."""
        missing = self.missing.get(column, frozenset())
        return min(missing) if cell in missing else cell

    def stands_for(self, column: str, released: str) -> frozenset[str] | None:
        """Return the true cells that a released cell may be; None for all of them."""
        if released == self.suppressed.get(column):
            return None
        # An apostrophe keeps a spreadsheet from running a text as a formula.
        unguarded = {released[1:]} if released.startswith("'") else set()
        return self.covers.get(column, {}).get(released, frozenset()) | {released} | unguarded

    def looks_like(self, column: str, released: str) -> frozenset[str] | None:
        """Return the true cells of people whose row could show this cell; None for everybody.

        An outsider does not know who gave no answer: a missing cell of a key may be anybody's.
        """
        if released in self.missing.get(column, frozenset()):
            return None
        return self.stands_for(column, released)
