"""What the database file really defines, beside what the study says is stored; with a verdict.

Works on definitions alone (``survey.storage.schema_reader``): no answer is read to make it.

Definitions of tables, read: their columns, and which values a column of answers lets in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from forms.kinds import columns_of_study
from forms.study import Column, Study
from survey.ethics.stored_data import administrative
from survey.storage.answer_tables import ROW_COLUMNS
from survey.storage.schema import ANSWERS_PREFIX, ARRIVING, UNREAD_TEXTS
from survey.storage.schema_reader import SchemaObject

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


AS_SAID = "as said"
NOT_THERE = "said, but not there"
NOT_SAID = "there, but not said"

# Tables beside those of answers: table → (what for, column → what it holds).
BESIDE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "texts": (
        "Texts in a client’s own words, each by itself. No column leads to a row of answers.",
        {
            "key": "16 random bytes, made for this text",
            "study": "the study",
            "variable": "which question it answers",
            "lang": "language; nothing where only some people are asked",
            "c_quote": "whether it may be quoted",
            "deletion": "keyed hash of the client’s code, or random bytes",
            "batch": "0, or the frozen batch it belongs to",
            "text": "the text",
            "state": "whether it has been reviewed",
            "redacted": "what was left after review",
        },
    ),
    "accepted": (
        "So that pressing send twice stores one row. Gone with the draft.",
        {"value": "keyed hash of a draft’s token"},
    ),
    "withdrawals": (
        "Deletions asked for and not carried out yet.",
        {"value": "keyed hash of a code"},
    ),
    "invitations": (
        "Invitations that nobody has used. A used one is gone.",
        {"code": "keyed hash of the code", "study": "the study"},
    ),
    "tallies": (
        "Totals such as page loads.",
        {"study": "the study", "event": "what is counted", "count": "how often"},
    ),
    "wordings": (
        "Every version of the words that this site has offered.",
        {
            "study": "the study",
            "fingerprint": "SHA-256 of the words",
            "answers": "the table that answers to them are in",
            "content": "the words",
            "current": "whether new answers go to that table",
        },
    ),
    "row_totals": (
        "How many answers there are, so that nobody has to read them to count them.",
        {
            "answers": "a table of answers",
            "batch": "0, or a frozen batch",
            "count": "how many answers",
        },
    ),
    "text_totals": (
        "How many texts there are, so that nobody has to read them to count them.",
        {
            "study": "the study",
            "variable": "which question they answer",
            "lang": "language; blank where only some people are asked",
            "batch": "0, or the frozen batch they belong to",
            "state": "whether they have been reviewed",
            "count": "how many texts",
        },
    ),
    "levelling": (
        "One line of totals, for laying answers down in random order.",
        {
            "settled": "answers laid down since the last levelling",
            "stored": "answers there were then",
            "resting": "arrivals that lie in random order already",
        },
    ),
    "filler": (
        "Always empty at rest; used to overwrite free space.",
        {"key": "random", "space": "zeros"},
    ),
    "_sqlite_migrations": (
        "Which changes to this file’s tables have been made. Its times are blank.",
        {"migration_set": "name", "name": "name", "applied_at": "blank", "id": "number"},
    ),
    "drafts": (
        "Unfinished answers, sealed: half of the key is in the client’s browser.",
        {
            "id": "keyed hash of the browser’s half of the key",
            "sealed": "sealed bytes",
            "expires": "when it is deleted, rounded up to half an hour",
        },
    ),
}
# These hold nothing that a client brought, so the order of their lines tells nothing.
ORDER_TELLS_NOTHING = frozenset({"levelling", "_sqlite_migrations"})

INDEX_OF_MIGRATIONS = "idx__sqlite_migrations_migration_set_name"


@dataclass(frozen=True, slots=True)
class ColumnAudit:
    """One column: what the study says of it, how the file defines it, and the verdict."""

    column: str
    said: str
    defined: str
    verdict: str

    @property
    def holds(self) -> bool:
        """Whether the two agree."""
        return self.verdict == AS_SAID


@dataclass(frozen=True, slots=True)
class TableAudit:
    """One table: what for, its definition word by word, its columns, and what is wrong with it."""

    name: str
    purpose: str
    sql: str
    lines: tuple[ColumnAudit, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the table is as told, in every column."""
        return not self.faults and all(line.holds for line in self.lines)


@dataclass(frozen=True, slots=True)
class SchemaAudit:
    """The study's own table, the tables beside it, tables of other studies, and other findings."""

    answers: tuple[TableAudit, ...]
    beside: tuple[TableAudit, ...]
    others: tuple[TableAudit, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as told."""
        return not self.faults and all(t.holds for t in (*self.answers, *self.beside, *self.others))


def _told(column: Column) -> str:
    if column.max_length:
        return f"{column.label} – text of up to {column.max_length} characters"
    return f"{column.label} – one of {len(column.codes) + len(column.missing)} codes"


def _verdict(column: Column, rest: str | None) -> str:
    """Whether the file lets in exactly what the study says."""
    if rest is None:
        return NOT_THERE
    lets_in = allowed(column.name, rest)
    if lets_in is None:
        return "held to no list of values"
    codes, length = lets_in
    said = {*column.missing} if column.max_length else {*column.codes, *column.missing}
    if length != column.max_length:
        return "another length of text than said"
    return AS_SAID if codes == said else "other codes than said"


def _row_verdict(name: str, rest: str | None) -> str:
    """The same for a column that holds no answer: as the program makes it, word for word."""
    if rest is None:
        return NOT_THERE
    return AS_SAID if rest == ROW_COLUMNS.get(name) else "defined otherwise than said"


def _shape(definition: SchemaObject) -> Iterator[str]:
    """What is wrong with a table as a whole."""
    after = options_of(definition.sql)
    if definition.name in ORDER_TELLS_NOTHING:
        return
    if "WITHOUT ROWID" not in after:
        yield "it numbers its rows, so it keeps the order in which they came"
    if "STRICT" not in after:
        yield "it is not strict: a column could hold anything"


def _own(study: Study, definition: SchemaObject) -> TableAudit:
    """The table as the study's, column by column."""
    there = columns_of(definition.sql)
    row = dict(administrative(study))
    lines = [
        ColumnAudit(name, said, there.get(name, ""), _row_verdict(name, there.get(name)))
        for name, said in row.items()
    ]
    asked = columns_of_study(study)
    lines += [
        ColumnAudit(c.name, _told(c), there.get(c.name, ""), _verdict(c, there.get(c.name)))
        for c in asked
    ]
    told = {*row, *(c.name for c in asked)}
    lines += [
        ColumnAudit(n, "", rest, "there, but not said")
        for n, rest in there.items()
        if n not in told
    ]
    purpose = "One row for each client who pressed send."
    if definition.name.startswith(ARRIVING):
        purpose = "Rows that have just come, until they are laid down among the others."
    return TableAudit(
        definition.name, purpose, definition.sql, tuple(lines), tuple(_shape(definition))
    )


def _other(study: Study, definition: SchemaObject) -> TableAudit:
    """A table of another study's answers: what holds for every table of answers holds for it."""
    there, row = columns_of(definition.sql), dict(administrative(study))
    missing = [name for name in row if _row_verdict(name, there.get(name)) != AS_SAID]
    loose = [n for n, rest in there.items() if n not in row and allowed(n, rest) is None]
    faults = [f"its column {name} is not as every row has it" for name in missing]
    faults += [f"its column {name} is held to no list of values" for name in loose]
    purpose = "Answers to another study, or to another version of this one."
    return TableAudit(definition.name, purpose, definition.sql, (), (*faults, *_shape(definition)))


def _beside(definition: SchemaObject) -> TableAudit:
    """A table that is not of answers."""
    name = definition.name.removeprefix(ARRIVING)
    purpose, said = BESIDE.get(name, ("", {}))
    there = columns_of(definition.sql)
    lines = [
        ColumnAudit(
            column, said.get(column, ""), rest, AS_SAID if column in said else "there, but not said"
        )
        for column, rest in there.items()
    ]
    faults = list(_shape(definition)) if purpose else ["nobody has told what this table is for"]
    if definition.name.startswith(ARRIVING) and purpose:
        purpose = f"What has just come, until it is laid down: {purpose[0].lower()}{purpose[1:]}"
    return TableAudit(definition.name, purpose, definition.sql, tuple(lines), tuple(faults))


def _beside_verdict(said: bool, rest: str) -> str:  # noqa: FBT001 - one of two
    if not said:
        return NOT_SAID
    return "worked out by the file itself" if worked_out(rest) else AS_SAID


def _is_answers(definition: SchemaObject) -> bool:
    return definition.name.removeprefix(ARRIVING).startswith(ANSWERS_PREFIX)


def _nearest(study: Study, tables: Sequence[SchemaObject]) -> str:
    """Name of the table that fits the study: as said, or else with most columns in common."""
    told = {*dict(administrative(study)), *(c.name for c in columns_of_study(study))}

    def fit(definition: SchemaObject) -> tuple[bool, int, int]:
        there = columns_of(definition.sql).keys()
        return _own(study, definition).holds, len(told & there), -len(there - told)

    return max(tables, key=fit).name


def _told_of(index: SchemaObject) -> bool:
    """One finds a text that waits for its reader, by its random key; one is the program's own."""
    return index.name == INDEX_OF_MIGRATIONS or index.sql == UNREAD_TEXTS


def audit_answers(study: Study, defined: Sequence[SchemaObject]) -> SchemaAudit:
    """The verdict on a file of answers that defines ``defined``."""
    tables = [d for d in defined if d.kind == "table"]
    answers = [d for d in tables if _is_answers(d)]
    settled = [d for d in answers if not d.name.startswith(ARRIVING)]
    own = _nearest(study, settled) if settled else ""
    faults = [f"A {d.kind} called {d.name} that nobody has told of." for d in defined
              if d.kind != "table" and not _told_of(d)]  # fmt: skip
    if not own:
        faults.append("There is no table for answers yet.")
    return SchemaAudit(
        answers=tuple(_own(study, d) for d in answers if d.name in (own, ARRIVING + own)),
        beside=tuple(_beside(d) for d in tables if not _is_answers(d)),
        others=tuple(_other(study, d) for d in answers if d.name not in (own, ARRIVING + own)),
        faults=tuple(faults),
    )


def audit_drafts(defined: Sequence[SchemaObject]) -> tuple[TableAudit, ...]:
    """The verdict on the file of unfinished answers."""
    return tuple(_beside(d) for d in defined if d.kind == "table")
