"""The policy of ``lacrima anonymise``, and the table to protect from CSV, SPSS or Parquet.

The policy is checked before any data is read; docs/anonymise.md shows the format. Every cell of the
table is text, a missing one is null: numbers read as people write them (39, not 39.0; 4.5), dates
as ISO 8601, truth as true and false. A value of an SPSS file is its code, not its label; codes that
SPSS calls missing stay codes. Every fault is one sentence.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import polars as pl

from exports.errors import ExportRefused

# What other programs put between cells, and how a person calls it.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def lines_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank: its number in the file (from 1) and its cells, as they stand.

    UTF-8 with or without a byte order mark, any line ends, quotes after RFC 4180. Raise
    ExportRefused for a file that is missing, unreadable, not UTF-8 or broken in its quotes.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
    except UnicodeDecodeError:
        raise ExportRefused(_wrong_encoding(path)) from None
    except csv.Error as fault:
        at = f"{path}, line {reader.line_num}"
        raise ExportRefused(
            f"{at}: not readable as CSV ({fault}). Check the quotes there."
        ) from None
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None


def unreadable(path: Path, fault: OSError) -> str:
    """Return why a file cannot be opened, in a sentence."""
    if isinstance(fault, FileNotFoundError):
        return f"{path}: there is no such file."
    if isinstance(fault, IsADirectoryError):
        return f"{path} is a folder, not a file."
    return f"{path} cannot be read: {fault.strerror or fault}."


def refuse_other_separators(path: Path, first: list[str]) -> None:
    """Raise ExportRefused where the first line reads as one cell full of another separator."""
    for mark, name in _OTHER_SEPARATORS.items():
        if len(first) == 1 and mark in first[0]:
            raise ExportRefused(
                f"{path} is separated by {name}: save it as CSV with commas between the cells."
            )


def _wrong_encoding(path: Path) -> str:
    """Return where the first byte that is not UTF-8 stands, counted from the start of the file."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"{path} is UTF-16: save it as UTF-8."
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        return (
            f"{path} is not UTF-8: byte {fault.start + 1} (line {line}) is"
            f" 0x{content[fault.start]:02X}. Save it as UTF-8."
        )
    return f"{path} changed while it was read: try again."


# Lines read at a time: the text of a large file is never whole in Python's memory.
CHUNK = 20_000


def read_table(path: Path) -> pl.DataFrame:
    """Return the table of a .csv, .sav, .zsav or .parquet file, all columns String.

    Raise ExportRefused for a file that cannot be read and for columns without a name or twice.
    """
    if path.is_dir():
        raise ExportRefused(f"{path} is a folder, not a file.")
    if not path.exists():
        raise ExportRefused(f"{path}: there is no such file.")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        raise ExportRefused(
            f"{path}: only {known} files can be read; save the table as one of these."
        )
    try:
        return reader(path)
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None


def _read_csv(path: Path) -> pl.DataFrame:
    lines = lines_of(path)
    _, names = next(lines, (0, []))
    refuse_other_separators(path, names)
    _refuse_bad_names(path, names)
    chunks = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))]
    whole = _full(lines, path, len(names))
    while chunk := list(islice(whole, CHUNK)):
        columns = zip(names, zip(*chunk, strict=True), strict=True)
        chunks.append(pl.DataFrame([pl.Series(n, c, dtype=pl.String) for n, c in columns]))
    return _nulled(pl.concat(chunks))


def _full(lines: Iterator[tuple[int, list[str]]], path: Path, width: int) -> Iterator[list[str]]:
    """The cells of each line, which are as many as there are columns."""
    for number, cells in lines:
        if len(cells) != width:
            raise ExportRefused(
                f"{path}, line {number}: {len(cells)} cells where the header names {width} columns."
            )
        yield cells


def _read_sav(path: Path) -> pl.DataFrame:
    import pyreadstat

    try:
        columns, about = pyreadstat.read_sav(str(path), user_missing=True, output_format="dict")
    except Exception as fault:  # the library names its own errors only in C
        raise ExportRefused(f"{path} cannot be read as an SPSS file: {fault}.") from None
    _refuse_bad_names(path, about.column_names)
    texts = []
    for name, cells in columns.items():
        if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
            texts.append(_text(pl.Series(name, cells)))
        else:
            texts.append(pl.Series(name, [_word(cell) for cell in cells], dtype=pl.String))
    return _nulled(pl.DataFrame(texts))


def _word(cell: object) -> str | None:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path)
    except pl.exceptions.PolarsError as fault:
        why = str(fault).splitlines()[0]
        raise ExportRefused(f"{path} cannot be read as Parquet: {why}.") from None
    _refuse_bad_names(path, table.columns)
    odd = [s.name for s in table if s.dtype.is_nested() or s.dtype in (pl.Binary, pl.Object)]
    if odd:
        raise ExportRefused(
            f"{path}: {', '.join(odd)} hold lists or bytes, which have no place here."
        )
    return _nulled(pl.DataFrame([_text(column) for column in table]))


def _text(column: pl.Series) -> pl.Series:
    """A typed column as text: 39.0 reads 39, not-a-number is missing."""
    if column.dtype.is_float():
        column = column.cast(pl.Float64).fill_nan(None)
        # Beyond that a double no longer holds every whole number: its digits would be invented.
        whole = (column.floor() == column) & (column.abs() < 2**53)
        if whole.all():
            column = column.cast(pl.Int64)
        elif whole.any():
            short = column.set(~whole, None).cast(pl.Int64).cast(pl.String)
            return short.zip_with(whole.fill_null(value=False), column.cast(pl.String))
    return column.cast(pl.String)


_READERS = {
    ".csv": _read_csv, ".sav": _read_sav, ".zsav": _read_sav, ".parquet": _read_parquet,
}  # fmt: skip


def _nulled(table: pl.DataFrame) -> pl.DataFrame:
    """An empty cell is a missing one, in every format."""
    return table.with_columns(pl.all().replace("", None))


def _refuse_bad_names(path: Path, names: Sequence[str]) -> None:
    if not any(names):
        raise ExportRefused(f"{path} is empty: its first line must name the columns.")
    nameless = [at for at, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise ExportRefused(f"{path}: column {nameless[0]} has no name in the header.")
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ExportRefused(f"{path}: more than one column is called {', '.join(twice)}.")


ROLES = ("identifier", "quasi_identifier", "sensitive", "plain")
MODES = ("local", "one-coding")


def _whole(value: Any, low: int) -> bool:
    # In Python true is a whole number; in a policy it is none.
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


def _number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _shares(value: Any) -> bool:
    both = isinstance(value, list) and len(value) == 2 and all(_number(v, 0, 1) for v in value)
    return both and value[0] <= value[1]


# The keys of [privacy]: in words what each must be, and the same as a test.
_PRIVACY: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "k": ("a whole number from 2", lambda v: _whole(v, 2)),
    "l": ("a whole number from 1", lambda v: _whole(v, 1)),
    "entropy_l": ("a number from 1", lambda v: _number(v, 1, math.inf) and v < math.inf),
    "t": ("a number from 0 to 1", lambda v: _number(v, 0, 1)),
    "presence": ("two shares from 0 to 1, the smaller first", _shares),
    "mode": ('"local" or "one-coding"', lambda v: v in MODES),
    "suppression_limit": ("a share from 0 to 1", lambda v: _number(v, 0, 1)),
    "seed": ("a whole number from 0", lambda v: _whole(v, 0) and v < 2**63),
}
_TABLES = ("privacy", "roles", "hierarchies", "ordered", "population", "known")

Mode = Literal["local", "one-coding"]
Order = tuple[str, ...] | Literal["numbers"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as read. Paths are resolved against the policy's folder.

    ``roles`` maps each role to its columns; ``hierarchies`` a quasi-identifier to its file;
    ``ordered`` a sensitive column to its values from lowest to highest, or to "numbers"; ``known``
    a column that may tell of the quasi-identifiers to who knows it anyway;
    ``content`` is the file as it stands, for the report to repeat. What is None is not asked.
    """

    path: Path
    k: int
    roles: Mapping[str, tuple[str, ...]]
    hierarchies: Mapping[str, Path]
    l: int = 1  # noqa: E741 - the condition's name
    entropy_l: float = 1.0
    t: float | None = None
    presence: tuple[float, float] | None = None
    mode: Mode = "local"
    suppression_limit: float = 0.0
    seed: int = 0
    ordered: Mapping[str, Order] = field(default_factory=dict)
    population: Path | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Columns to generalise."""
        return self.roles["quasi_identifier"]

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Columns that l and t speak of."""
        return self.roles["sensitive"]


def read_policy(path: Path) -> Policy:
    """The policy of a TOML file. Raise ExportRefused with what is wrong and where."""
    content = _toml(path)
    _refuse_unknown(path, content, _TABLES, "table")
    tables = {name: _table(path, content, name) for name in _TABLES}
    roles = _roles(path, tables["roles"])
    policy = Policy(
        path,
        roles=roles,
        hierarchies=_hierarchies(path, tables["hierarchies"], roles["quasi_identifier"]),
        ordered=_ordered(path, tables["ordered"], roles["sensitive"]),
        population=_population(path, tables["population"]),
        known=_known(path, tables["known"], (*roles["sensitive"], *roles["plain"])),
        content=content,
        **_privacy(path, tables["privacy"]),
    )
    _refuse_contradictions(policy)
    return policy


def suggestion(name: str, known: Iterable[str]) -> str:
    """A question after a misspelt name, or nothing when no known name is near."""
    # difflib minds capitals: Age and AGE are too far apart for it.
    near = get_close_matches(name, list(known), n=1) or [
        other for other in known if other.lower() == name.lower()
    ]
    if not near:
        return ""
    return f" Did you mean {near[0]}?" if near[0] == near[0].strip() else f' There is "{near[0]}".'


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None
    except UnicodeDecodeError as fault:
        raise ExportRefused(
            f"{path} is not UTF-8: byte {fault.start + 1}. Save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as fault:
        raise ExportRefused(f"{path} is not valid TOML: {fault}.") from None


def _table(path: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, Mapping):
        raise ExportRefused(f"{path}: {name} must be a table, [{name}].")
    if not table and name in ("privacy", "roles"):
        raise ExportRefused(f"{path}: there is no table [{name}].")
    return table


def _refuse_unknown(path: Path, keys: Iterable[str], known: Sequence[str], what: str) -> None:
    for key in keys:
        if key not in known:
            hint = suggestion(key, known) or f" There are: {', '.join(known)}."
            raise ExportRefused(f"{path}: unknown {what} {key}.{hint}")


def _privacy(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of [privacy], each checked to be what it must."""
    _refuse_unknown(path, table, tuple(_PRIVACY), "key in [privacy]:")
    if "k" not in table:
        raise ExportRefused(f"{path}: [privacy] must say k, the smallest number of rows alike.")
    for key, value in table.items():
        words, fits = _PRIVACY[key]
        if not fits(value):
            shown = f'"{value}"' if isinstance(value, str) else value
            raise ExportRefused(f"{path}: {key} = {shown} must be {words}.")
    found = dict(table)
    if "presence" in found:
        found["presence"] = tuple(float(share) for share in found["presence"])
    return found


def _names(path: Path, key: str, value: object) -> tuple[str, ...]:
    """A list of column names."""
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ExportRefused(f'{path}: {key} must be a list of column names, such as ["age"].')
    return tuple(cast("list[str]", value))


def _roles(path: Path, table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    _refuse_unknown(path, table, ROLES, "role in [roles]:")
    roles = {role: _names(path, role, table.get(role, [])) for role in ROLES}
    taken: dict[str, str] = {}
    for role, columns in roles.items():
        for column in columns:
            if column in taken:
                both = {taken[column], role}
                where = " and ".join(sorted(both)) if len(both) > 1 else f"{role} twice"
                raise ExportRefused(
                    f"{path}: {column} is in {where}; a column has exactly one role."
                )
            taken[column] = role
    if not roles["quasi_identifier"]:
        raise ExportRefused(
            f"{path}: quasi_identifier names no column; there is nothing to protect people by."
        )
    return roles


def _hierarchies(path: Path, table: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Path]:
    for column, name in table.items():
        if column not in columns:
            hint = suggestion(column, columns)
            raise ExportRefused(
                f"{path}: [hierarchies] has {column}, which is no quasi-identifier.{hint}"
            )
        if not isinstance(name, str) or not name:
            raise ExportRefused(
                f'{path}: hierarchies.{column} must be a file name, such as "age.csv".'
            )
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ExportRefused(f"{path}: [hierarchies] names no file for {', '.join(lacking)}.")
    return {column: path.parent / table[column] for column in columns}


def _ordered(path: Path, table: Mapping[str, Any], sensitive: Sequence[str]) -> dict[str, Order]:
    for column, order in table.items():
        if column not in sensitive:
            hint = suggestion(column, sensitive)
            raise ExportRefused(
                f"{path}: [ordered] has {column}, which is no sensitive column.{hint}"
            )
        words = isinstance(order, list) and all(isinstance(v, str) for v in order)
        if order != "numbers" and not (words and order and len(set(order)) == len(order)):
            raise ExportRefused(
                f'{path}: ordered.{column} must be "numbers" or a list of its values as text,'
                " lowest first, none twice."
            )
    return {c: o if o == "numbers" else tuple(o) for c, o in table.items()}


def _known(path: Path, table: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str]:
    """Column → who knows it, in words."""
    for column, who in table.items():
        if column not in columns:
            hint = suggestion(column, columns)
            raise ExportRefused(
                f"{path}: [known] has {column}, which is no plain or sensitive column.{hint}"
            )
        if not isinstance(who, str) or not who.strip():
            raise ExportRefused(
                f'{path}: known.{column} must say who knows it, such as "the clinic alone".'
            )
    return dict(table)


def _population(path: Path, table: Mapping[str, Any]) -> Path | None:
    _refuse_unknown(path, table, ("data",), "key in [population]:")
    if not table:
        return None
    if not isinstance(table["data"], str) or not table["data"]:
        raise ExportRefused(
            f'{path}: population.data must be a file name, such as "everybody.csv".'
        )
    return path.parent / table["data"]


def _refuse_contradictions(policy: Policy) -> None:
    """Raise ExportRefused for keys that ask for each other."""
    asks = {"l": policy.l > 1, "entropy_l": policy.entropy_l > 1, "t": policy.t is not None}
    asked = [name for name, is_asked in asks.items() if is_asked]
    if asked and not policy.sensitive:
        raise ExportRefused(f"{policy.path}: {asked[0]} is asked for, but no column is sensitive.")
    if policy.presence and not policy.population:
        raise ExportRefused(
            f"{policy.path}: presence needs the population: [population] data = FILE."
        )
    if policy.population and not policy.presence:
        raise ExportRefused(
            f"{policy.path}: [population] is used by presence alone, which is not asked."
        )
