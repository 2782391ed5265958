"""Tables and hierarchies of text files: what separates their cells, and the cells.

What the file leaves beyond doubt is read; what is in doubt is refused with a cure.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from pathlib import Path

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.input_table import (
    BESIDE_DATA,
    ROW_NAMES,
    InputTable,
    ReadOptions,
    refuse_bad_names,
    table_of,
)
from exports.tabular.text_encoding import encoding_of, encoding_of_mark, known_encoding

# What programs put between cells, and what a file is called that has it.
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE = 1 << 18  # letters of the file that say what separates it
CHUNK = 20_000  # lines read at a time: the text of a large file is never whole in memory
LONGEST_CELL = (1 << 31) - 1  # an interview may stand in one cell; csv would end at 131,072 letters

# Line: its number in the file (from 1) and its cells.
Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """How a text file is read. ``said``: it begins with a line such as ``sep=;``.

    ``in_words`` says what differs from commas and UTF-8; empty where nothing does.
    """

    encoding: str
    separator: str
    said: bool = False

    @property
    def in_words(self) -> str:
        """How it was read, for a remark."""
        name = SEPARATORS.get(self.separator, f'"{self.separator}"')
        parts = [f"{name}-separated"] * (self.separator != ",")
        return ", ".join(parts + [self.encoding] * (self.encoding not in ("utf-8", "utf-8-sig")))


def unreadable(path: Path, fault: OSError) -> str:
    """Return why a file cannot be opened, in a sentence."""
    if isinstance(fault, FileNotFoundError):
        return f"{path}: there is no such file."
    if isinstance(fault, IsADirectoryError):
        return f"{path} is a folder, not a file."
    return f"{path} cannot be read: {fault.strerror or fault}."


def dialect_of(
    path: Path, how: ReadOptions = BESIDE_DATA, fits: Callable[[list[str]], bool] = bool
) -> CsvDialect:
    """Return how a text file is read. Raise ExportRefused where that is in doubt.

    ``fits`` says whether cells can be a line of such a file.
    """
    cure = how.cure(
        "Name it, for example --encoding cp1252, or save the file as UTF-8.",
        "Save it as UTF-8 (in Excel: CSV UTF-8).",
    )
    try:
        encoding = _named(path, how.encoding) if how.encoding else encoding_of(path, cure)
        with path.open(encoding=encoding, newline="") as file:
            sample = file.read(SAMPLE)
    except UnicodeDecodeError as fault:
        raise ExportRefused(_not_in(path, encoding, fault)) from None
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None
    said = re.match(r'"?sep=(.)"?(?:\r\n|\r|\n)', sample, re.IGNORECASE)
    if how.separator:
        return CsvDialect(encoding, _one_sign(how.separator), said is not None)
    if said:
        return CsvDialect(encoding, said[1], said=True)
    cure = how.cure("Say which: --separator.", "Save it with one of them alone.")
    return CsvDialect(encoding, _separator(path, sample, fits, cure))


def _named(path: Path, name: str) -> str:
    """Return the encoding of an option; a byte order mark of its family is no part of the text."""
    named = known_encoding(name)
    with path.open("rb") as file:
        marked = encoding_of_mark(file.read(4))
    return marked if named[:5] == marked[:5] else named


def _one_sign(separator: str) -> str:
    sign = {"tab": "\t", "\\t": "\t"}.get(separator.lower(), separator)
    if len(sign) != 1 or sign in '"\r\n':
        raise ExportRefused(f'--separator {separator} must be one sign, such as ";", or tab.')
    return sign


def _not_in(path: Path, encoding: str, fault: UnicodeDecodeError) -> str:
    return (
        f"{path} is not {encoding}: it holds 0x{fault.object[fault.start]:02X}, which that has not."
        " Name its encoding with --encoding, or save it as UTF-8."
    )


def _separator(path: Path, sample: str, fits: Callable[[list[str]], bool], cure: str) -> str:
    """Return the one separator by which the first lines have equally many cells."""
    lines = {sign: _cells(sample, sign) for sign in SEPARATORS}
    possible = {sign: found for sign, found in lines.items() if found and len(found[0]) > 1}
    if not possible:
        return ","
    even = {
        sign
        for sign, found in possible.items()
        if all(len(cells) == len(found[0]) and fits(cells) for cells in found)
    }
    # A quote opens a cell or closes one; elsewhere the cells were cut in the wrong places.
    torn = {s for s in even if re.search(rf'[^"\r\n{re.escape(s)}]"[^"\r\n{re.escape(s)}]', sample)}
    left = (even - torn) or even or {sign for sign in possible if _mostly_even(possible[sign])}
    left = left or set(possible)
    if len(left) > 1:
        names = " or ".join(f"{SEPARATORS[sign]}s" for sign in SEPARATORS if sign in left)
        raise ExportRefused(f"{path} may be separated by {names}. {cure}")
    return left.pop()


def _mostly_even(lines: Sequence[list[str]]) -> bool:
    return 2 * sum(len(cells) == len(lines[0]) for cells in lines[1:]) > len(lines) - 1


def _cells(sample: str, separator: str) -> list[list[str]]:
    """Return the cells of each whole line of the sample, the last line perhaps being cut."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        # Lines end as in a file: a form feed or a line separator stands in a cell.
        lines = StringIO(sample, newline="")
        found = [cells for cells in csv.reader(lines, delimiter=separator) if cells]
    except csv.Error:
        return []
    return found[:-1] if len(sample) == SAMPLE and len(found) > 1 else found


def lines_of(path: Path, dialect: CsvDialect) -> Iterator[Line]:
    """Yield each line that is not blank, its cells as they stand.

    Any line ends, quotes after RFC 4180. Raise ExportRefused for a file that is unreadable or
    broken in its quotes.
    """
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding=dialect.encoding, newline="") as file:
            reader = csv.reader(file, strict=True, delimiter=dialect.separator)
            for cells in islice(reader, int(dialect.said), None):
                if "\0" in "".join(cells):
                    raise ExportRefused(
                        f"{path}, line {reader.line_num}: a null byte, which is no text. Save the"
                        " table again."
                    )
                if cells:
                    yield reader.line_num, cells
    except UnicodeDecodeError as fault:
        raise ExportRefused(_not_in(path, dialect.encoding, fault)) from None
    except csv.Error as fault:
        at = f"{path}, line {reader.line_num}"
        raise ExportRefused(
            f"{at}: not readable as CSV ({fault}). Check the quotes there."
        ) from None
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None


IMPORT_ID = re.compile(r'\s*\{\s*"ImportId"\s*:')
HEADER_LINES = 2  # after the first: question texts and ImportId, as Qualtrics writes them


def further_headers(lines: Sequence[Sequence[str | None]]) -> int:
    """Return how many of the first lines after the header are header lines too.

    They end with a line in which every cell is an ImportId of Qualtrics.
    """
    for at, cells in enumerate(lines[:HEADER_LINES], 1):
        filled = [cell for cell in cells if cell]
        if filled and all(IMPORT_ID.match(cell) for cell in filled):
            return at
    return 0


def headers_in_words(lines: int) -> tuple[str, ...]:
    """Return the remark on header lines that were left out; none for none."""
    if not lines:
        return ()
    which = "1 further header line" if lines == 1 else f"{lines} further header lines"
    was = "was" if lines == 1 else "were"
    return (f"{which} of Qualtrics (question texts, ImportId) {was} left out.",)


def read_delimited(path: Path, how: ReadOptions) -> InputTable:
    """Return the table of a text file. Raise ExportRefused where it is none, or in doubt."""
    dialect = dialect_of(path, how)
    lines = lines_of(path, dialect)
    _, names = next(lines, (0, []))
    refuse_bad_names(path, names)
    whole = _full(lines, path, len(names))
    first = list(islice(whole, HEADER_LINES))
    headers = further_headers(first)
    whole = chain(first[headers:], whole)
    chunks = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
    while chunk := list(islice(whole, CHUNK)):
        columns = zip(names, zip(*chunk, strict=True), strict=True)
        chunks.append(pl.DataFrame([pl.Series(n, c, dtype=pl.String) for n, c in columns]))
    return InputTable(
        table_of(path, pl.concat(chunks)),
        notes=headers_in_words(headers),
        read_as=dialect.in_words,
    )


def _full(lines: Iterable[Line], path: Path, width: int) -> Iterator[list[str]]:
    """The cells of each line, which are as many as there are columns."""
    for at, (number, cells) in enumerate(lines):
        if len(cells) != width:
            has = f"{len(cells)} cell{'s' * (len(cells) != 1)}"
            names = f"{width} column{'s' * (width != 1)}"
            raise ExportRefused(
                f"{path}, line {number}: {has} where the header names {names}."
                + (ROW_NAMES if at == 0 and len(cells) == width + 1 else "")
            )
        yield cells
