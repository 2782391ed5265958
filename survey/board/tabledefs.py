"""Definitions of tables, read: their columns, and which values a column of answers lets in."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUOTED = re.compile(r'"((?:[^"]|"")*)"|\[([^\]]*)\]|`([^`]*)`|(\w+)')
_NOT_A_COLUMN = re.compile(r"(PRIMARY|UNIQUE|CHECK|FOREIGN|CONSTRAINT)\b", re.IGNORECASE)

# A column of answers may be defined in these two ways and in no other: any looser check, default
# or computed value does not fit, and the verdict says so.
_CODES = (
    r'"{n}" (?:= -?\d+|BETWEEN -?\d+ AND -?\d+)(?: OR "{n}" (?:= -?\d+|BETWEEN -?\d+ AND -?\d+))*'
)
_CODED = r'INTEGER NOT NULL CONSTRAINT "{n}" CHECK \((?P<codes>' + _CODES + r")\)"
_TEXT = (
    r'ANY NOT NULL CONSTRAINT "{n}" CHECK \(\(typeof\("{n}"\) = \'text\' '
    r'AND length\("{n}"\) BETWEEN 1 AND (?P<length>\d+)\) '
    r'OR \(typeof\("{n}"\) = \'integer\' AND \((?P<codes>FALSE|' + _CODES + r")\)\)\)"
)
_RANGE = re.compile(r"= (-?\d+)|BETWEEN (-?\d+) AND (-?\d+)")
# Nothing is worked out by the file itself: a default could be the time.
_WORKED_OUT = re.compile(r"\bDEFAULT (?!0\b|'new')|\bGENERATED\b|\bAS \(", re.IGNORECASE)


def columns_of(sql: str) -> dict[str, str]:
    """Column → the rest of its definition, from a CREATE TABLE statement."""
    found: dict[str, str] = {}
    if "(" not in sql:  # a virtual table, which is none of ours
        return found
    for item in _items(sql[sql.index("(") + 1 : sql.rindex(")")]):
        name = _QUOTED.match(item)
        if name and not _NOT_A_COLUMN.match(item):
            found[next(g for g in name.groups() if g is not None)] = item[name.end() :].strip()
    return found


def _items(body: str) -> Iterator[str]:
    """What stands between the commas that are in no brackets and no quotes."""
    depth, start, quote = 0, 0, ""
    for at, sign in enumerate(body):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and not depth:
            yield " ".join(body[start:at].split())
            start = at + 1
    yield " ".join(body[start:].split())


def options_of(sql: str) -> str:
    """What stands behind the columns: STRICT, WITHOUT ROWID."""
    return sql.rpartition(")")[2].upper()


def worked_out(rest: str) -> bool:
    """Whether the file fills in this column by itself."""
    return bool(_WORKED_OUT.search(rest))


def allowed(name: str, rest: str) -> tuple[frozenset[int], int] | None:
    """(codes, length of text) that a column of answers lets in; None where that cannot be told."""
    patterns = (pattern.replace("{n}", re.escape(name)) for pattern in (_CODED, _TEXT))
    found = next((m for p in patterns if (m := re.fullmatch(p, rest))), None)
    if found is None:
        return None
    codes: set[int] = set()
    for m in _RANGE.finditer(found["codes"]):
        low, high = (m[1], m[1]) if m[1] else (m[2], m[3])
        codes.update(range(int(low), int(high) + 1))
    return frozenset(codes), int(found.groupdict().get("length") or 0)
