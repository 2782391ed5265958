"""The live proof: what database files define, held against what this program would define.

Works on definitions alone (``survey.storage.schema_reader``): no answer is read to make it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from forms.kinds import columns_of_study
from forms.study import Study
from survey.ethics.stored_data import OFFICE_TABLES, TABLES, administrative
from survey.storage.answer_tables import ROW_COLUMNS, answer_table
from survey.storage.schema import (
    ANSWERS_PREFIX,
    ARRIVING,
    COPY_TRIGGERS,
    LEAVING,
    RELAID,
    UNREAD_COPY,
    UNREAD_TEXTS,
)
from survey.storage.schema_reader import SchemaObject, program_definitions

KEPT = 4096  # statements taken apart, of all files and studies
AS_SAID = "as said"
NOT_THERE = "said, but not there"
NOT_SAID = "there, but not said"

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | \[[^\]]*\] | `(?:[^`]|``)*`
    | --[^\n]* | /\*.*?\*/ | \w+ | [^\w\s]""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED_NAME = re.compile(r'["`\[]([A-Za-z_]\w*)["`\]]')
_CLAUSES = frozenset(
    ["AS", "CHECK", "COLLATE", "CONSTRAINT", "DEFAULT", "GENERATED", "NOT", "PRIMARY",
     "REFERENCES", "UNIQUE"]
)  # fmt: skip
_TABLE_CONSTRAINT = re.compile(r"(PRIMARY|UNIQUE|CHECK|FOREIGN|CONSTRAINT)\b", re.IGNORECASE)
_COMPUTED = re.compile(
    r"\bDEFAULT\s*(\(|CURRENT_)|\bGENERATED\b|\bAS\s*\(|\bAUTOINCREMENT\b", re.IGNORECASE
)

# A column of answers is defined in one of these two ways, whatever the study.
_CODES = (
    r'"{n}" (?:= -?\d+|BETWEEN -?\d+ AND -?\d+)(?: OR "{n}" (?:= -?\d+|BETWEEN -?\d+ AND -?\d+))*'
)
_ANSWER = (
    r'INTEGER NOT NULL CONSTRAINT "{n}" CHECK \(' + _CODES + r"\)"
    r'|ANY NOT NULL CONSTRAINT "{n}" CHECK \(\(typeof\("{n}"\) = \'text\' '
    r'AND length\("{n}"\) BETWEEN 1 AND \d+\) '
    r'OR \(typeof\("{n}"\) = \'integer\' AND \((?:FALSE|' + _CODES + r")\)\)\)"
)


@lru_cache(KEPT)
def _tokens(sql: str) -> tuple[str, ...]:
    """Return ``sql`` without spaces and without the quotes around plain names."""
    return tuple(_QUOTED_NAME.sub(r"\1", t) for t in _TOKEN.findall(sql))


def _top_level(sql: str) -> Iterator[re.Match[str]]:
    """Yield the tokens of ``sql`` that stand in no brackets."""
    depth = 0
    for token in _TOKEN.finditer(sql):
        depth -= token[0] == ")"
        if not depth:
            yield token
        depth += token[0] == "("


def _split(sql: str, starts: Sequence[int]) -> list[str]:
    pieces = (sql[i:j] for i, j in pairwise((*starts, len(sql))))
    return [" ".join(piece.split()) for piece in pieces]


def _items(body: str) -> list[str]:
    """Return what stands between the commas of ``body``."""
    commas = [t.start() for t in _top_level(body) if t[0] == ","]
    return [piece.lstrip(", ") for piece in _split(body, [0, *commas])]


def _clauses(rest: str) -> list[str]:
    """Return a column's type and constraints; the check that a constraint names belongs to it."""
    starts, words = [0], list(_top_level(rest))
    for n, word in enumerate(words):
        named = n > 1 and words[n - 2][0].upper() == "CONSTRAINT"
        if n and word[0].upper() in _CLAUSES and not named:
            starts.append(word.start())
    return _split(rest, starts)


class _TableDefinition(NamedTuple):
    """A CREATE TABLE statement taken apart; nothing but a head where it is of another kind."""

    head: str = ""
    columns: Mapping[str, str] = {}
    constraints: Sequence[str] = ()
    options: Sequence[str] = ()


@lru_cache(KEPT)
def _parsed(sql: str) -> _TableDefinition:
    head, bracket, rest = sql.partition("(")
    body, _, options = rest.rpartition(")")
    if not bracket or "VIRTUAL" in head.upper():
        return _TableDefinition(sql)
    columns: dict[str, str] = {}
    constraints = []
    for item in _items(body):
        name = _TOKEN.match(item)
        if name is None or _TABLE_CONSTRAINT.match(item):
            constraints.append(item)
        else:
            columns[_QUOTED_NAME.sub(r"\1", name[0])] = item[name.end() :].strip()
    return _TableDefinition(head, columns, constraints, [o for o in _items(options) if o])


@dataclass(frozen=True, slots=True)
class ColumnAudit:
    """One column: what is said of it, how the file defines it, and the verdict."""

    column: str
    said: str
    defined: str
    verdict: str

    @property
    def holds(self) -> bool:
        """Return whether the definition is as said."""
        return self.verdict == AS_SAID


@dataclass(frozen=True, slots=True)
class TableAudit:
    """One table: what for, its definition word by word, its columns, and what is wrong with it."""

    name: str
    purpose: str
    sql: str
    columns: tuple[ColumnAudit, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether the table is as said, in every column."""
        return not self.faults and all(column.holds for column in self.columns)


@dataclass(frozen=True, slots=True)
class FileAudit:
    """One file: tables of this study's answers, of others' and the rest, and further faults."""

    beside: tuple[TableAudit, ...]
    faults: tuple[str, ...]
    answers: tuple[TableAudit, ...] = ()
    others: tuple[TableAudit, ...] = ()

    @property
    def holds(self) -> bool:
        """Return whether the whole file is as said."""
        tables = (*self.answers, *self.beside, *self.others)
        return not self.faults and all(table.holds for table in tables)


def _beyond(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    others = list(map(_tokens, theirs))
    return [one for one in ours if _tokens(one) not in others]


def _verdict(expected: str, found: str | None) -> str:
    """Return how the file's definition of a column differs from the program's."""
    if found is None:
        return NOT_THERE
    if _tokens(expected) == _tokens(found):
        return AS_SAID
    ours, theirs = _clauses(expected), _clauses(found)
    said = [f"lacks {clause}" for clause in _beyond(ours, theirs)]
    said += [f"has {clause}" for clause in _beyond(theirs, ours)]
    return "; ".join(said or ["its parts in another order"]) + _computed(found)


def _computed(found: str) -> str:
    could = "; filled in by the file itself, which could tell a time or an order"
    return could if _COMPUTED.search(found) else ""


def _column_audits(
    expected: Mapping[str, str], found: Mapping[str, str], said: Mapping[str, str]
) -> Iterator[ColumnAudit]:
    """Yield the program's columns in its order, then those that only the file has."""
    for name, rest in expected.items():
        there = found.get(name)
        yield ColumnAudit(name, said.get(name, rest), there or "", _verdict(rest, there))
    for name, rest in found.items():
        if name not in expected:
            yield ColumnAudit(name, "", rest, NOT_SAID + _computed(rest))


_LOST_OPTION = {
    "WITHOUT ROWID": "it numbers its rows, so it keeps the order in which they came",
    "STRICT": "it is not strict: a column could hold anything",
}


def _shape(expected: _TableDefinition, found: _TableDefinition) -> Iterator[str]:
    """Yield what is wrong with a table apart from its columns."""
    if _tokens(expected.head) != _tokens(found.head):
        yield "it is no table of the kind that the program makes"
    for option in _beyond(expected.options, found.options):
        yield _LOST_OPTION.get(option, f"it lacks {option}")
    for constraint in _beyond(expected.constraints, found.constraints):
        yield f"it lacks {constraint}"
    for extra in (
        *_beyond(found.options, expected.options),
        *_beyond(found.constraints, expected.constraints),
    ):
        yield f"it has {extra}, which the program does not ask for"
    if [*found.columns] != [*expected.columns] and {*found.columns} == {*expected.columns}:
        yield "its columns stand in another order"


def _table(expected: SchemaObject, found: SchemaObject | None, purpose: str,
           said: Mapping[str, str]) -> TableAudit:  # fmt: skip
    """Return the verdict on a table that the program makes."""
    ours, theirs = _parsed(expected.sql), _parsed(found.sql if found else "")
    columns = tuple(_column_audits(ours.columns, theirs.columns, said))
    if found is None:
        return TableAudit(expected.name, purpose, "", columns, ("it is not there",))
    faults = tuple(_shape(ours, theirs))
    if not faults and all(c.holds for c in columns) and _tokens(expected.sql) != _tokens(found.sql):
        faults = ("it is defined otherwise than said",)
    return TableAudit(found.name, purpose, found.sql, columns, faults)


def _unknown_table(found: SchemaObject) -> TableAudit:
    columns = _column_audits({}, _parsed(found.sql).columns, {})
    faults = ("nobody has told what this table is for",)
    return TableAudit(found.name, "", found.sql, tuple(columns), faults)


def _own_tables(study: Study, tables: Mapping[str, SchemaObject]) -> Iterator[TableAudit]:
    """Yield the verdict on the study's own table and on that of its arrivals."""
    columns = columns_of_study(study)
    name, sql = answer_table(study.name, columns)
    said = dict(administrative(study))
    for c in columns:
        codes = f"one of {len(c.codes) + len(c.missing)} codes"
        kind = f"text of up to {c.max_length} characters" if c.max_length else codes
        said[c.name] = f"{c.label} – {kind}"
    for prefix, purpose in (
        ("", "One row for each client who pressed send."),
        (ARRIVING, "Rows that have just come, until they are laid down among the others."),
    ):
        expected = SchemaObject("table", prefix + name, sql.format(name=prefix + name))
        yield _table(expected, tables.get(prefix + name), purpose, said)


def _other_table(found: SchemaObject, tables: Mapping[str, SchemaObject]) -> TableAudit:
    """Return the verdict on answers to another study, by what holds for every such table."""
    theirs = _parsed(found.sql)
    expected = _TableDefinition(theirs.head, ROW_COLUMNS, (), ("STRICT", "WITHOUT ROWID"))
    every = {name: rest for name, rest in theirs.columns.items() if name in ROW_COLUMNS}
    faults = [
        f"its column {c.column} is not as every row has it: {c.verdict}"
        for c in _column_audits(ROW_COLUMNS, every, {})
        if not c.holds
    ]
    faults += [
        f"its column {name} is held to no list of values{_computed(rest)}"
        for name, rest in theirs.columns.items()
        if name not in ROW_COLUMNS
        and not re.fullmatch(_ANSWER.replace("{n}", re.escape(name)), rest)
    ]
    faults += _shape(expected, theirs._replace(columns=every))
    settled = found.name.removeprefix(ARRIVING)
    twin = tables.get(settled if settled != found.name else ARRIVING + found.name)
    if twin is None or _parsed(twin.sql)[1:] != theirs[1:]:
        faults.append("what has just come and what was laid down are not defined alike")
    purpose = "Answers to another study, or to another version of this one."
    return TableAudit(found.name, purpose, found.sql, (), tuple(faults))


def _object_faults(
    expected: Sequence[SchemaObject], found: Sequence[SchemaObject]
) -> Iterator[str]:
    """Yield what is wrong with indexes, triggers and views."""
    ours, theirs = (
        {(one.kind, one.name): one.sql for one in objects if one.kind != "table"}
        for objects in (expected, found)
    )
    for (kind, name), sql in theirs.items():
        if (kind, name) not in ours:
            yield f"A {kind} called {name} that nobody has told of."
        elif _tokens(sql) != _tokens(ours[kind, name]):
            yield f"The {kind} called {name} is defined otherwise than said."
    yield from (f"The {kind} called {name} is not there." for kind, name in ours.keys() - theirs)


def _without_rewriting(defined: Sequence[SchemaObject]) -> Iterator[SchemaObject]:
    """Yield all but what a rewriting under way has made, where that is as the program makes it."""
    tables = {one.name: _parsed(one.sql)[1:] for one in defined if one.kind == "table"}
    made = [
        trigger.format(copy=RELAID + table, table=table, key=key)
        for trigger in COPY_TRIGGERS
        for table in tables
        for key in ("key", "value", "code")
    ]
    made += [UNREAD_TEXTS.replace(" ON texts", f" ON {name}texts") for name in (RELAID, LEAVING)]
    known = [_tokens(sql) for sql in made]
    for one in defined:
        base = one.name.removeprefix(RELAID).removeprefix(LEAVING)
        copy = one.kind == "table" and base != one.name and tables.get(base) == tables[one.name]
        sql = one.sql.replace(UNREAD_COPY, "unread_texts")
        if not copy and _tokens(sql) not in known:
            yield SchemaObject(one.kind, one.name.replace(UNREAD_COPY, "unread_texts"), sql)


def audit_file(file: str, defined: Sequence[SchemaObject], study: Study) -> FileAudit:
    """Return the verdict on ``file`` (responses, pilot, drafts, office), which holds ``defined``.

    Its tables of answers, if it may have some, are held against ``study``.
    """
    program = program_definitions(file)
    defined = tuple(_without_rewriting(defined))
    tables = {one.name: one for one in defined if one.kind == "table"}
    beside = []
    for one in program:
        if one.kind == "table":
            name = one.name.removeprefix(ARRIVING)
            purpose, said = (OFFICE_TABLES[name], {}) if file == "office" else TABLES[name]
            if name != one.name:
                plain = f"{purpose[0].lower()}{purpose[1:]}"
                purpose = f"What has just come, until it is laid down: {plain}"
            beside.append(_table(one, tables.pop(one.name, None), purpose, said))
    faults = list(_object_faults(program, defined))
    # No other file holds answers.
    if file not in ("responses", "pilot"):
        return FileAudit((*beside, *map(_unknown_table, tables.values())), tuple(faults))
    prefixes = ANSWERS_PREFIX, ARRIVING + ANSWERS_PREFIX
    answers = {name: table for name, table in tables.items() if name.startswith(prefixes)}
    own = list(_own_tables(study, answers))
    # A version's table is made when it is first met, so there may be none yet.
    if not any(table.sql for table in own):
        own = []
        faults.append("There is no table for answers yet.")
    theirs = answers.keys() - {table.name for table in own}
    return FileAudit(
        beside=(*beside, *(_unknown_table(t) for n, t in tables.items() if n not in answers)),
        faults=tuple(faults),
        answers=tuple(own),
        others=tuple(_other_table(answers[name], answers) for name in sorted(theirs)),
    )
