"""TOML tables read key by key, and the list of what is wrong with a study folder.

A wrong value is noted as a fault and replaced by an empty one, so that one run finds every fault.
Keys that no reader asked for are unknown; ``FaultList.all`` reports them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from calendar import monthrange
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from forms.study import Page, Question

QUESTIONNAIRE = "questionnaire.toml"
CONSENT = "consent.toml"
RELEASE = "release.toml"
SUPPORT = "support.toml"

ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")

# A longer list of what is allowed does not help; the nearest name does.
MOST_PARTS = 200  # of a key, a.b.c
LISTED = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: file, table and key it stands in, what is wrong and what is allowed."""

    file: str
    table: str
    key: str
    problem: str
    allowed: str = ""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.table, self.key) if part)
        line = f"{place}: {self.problem}" + (f"; allowed: {self.allowed}" if self.allowed else "")
        return " ".join(line.split())


class StudyFaults(ValueError):
    """The study cannot be loaded; ``faults`` lists everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def at(page: Page, question: Question | None = None) -> str:
    """Return the table in which ``page``, or ``question`` on it, is written."""
    return f"page {page.id}, question {question.name}" if question else f"page {page.id}"


def listed(allowed: Iterable[object]) -> str:
    """Return what is allowed as one phrase, cut short when it is long."""
    names = [str(name) for name in allowed]
    if len(names) <= LISTED:
        return ", ".join(names)
    return ", ".join(names[:4]) + f" … ({len(names)} in all)"


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return " – did you mean …?" when one of ``allowed`` looks like ``name``, else nothing."""
    close = get_close_matches(name, list(allowed), n=1)
    return f" – did you mean {close[0]!r}?" if close else ""


T = TypeVar("T", bound=Hashable)

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}")
NAME_RULE = "a lower-case letter, then up to 30 lower-case letters, digits or underscores"
ID_RULE = "a letter, then up to 60 letters, digits, hyphens or underscores"


class FaultList:
    """The faults found so far, and every table that was opened."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.tables: list[TomlTable] = []

    def add(self, file: str, table: str, key: str, problem: str, allowed: str = "") -> None:
        """Note one fault."""
        self.faults.append(Fault(file, table, key, problem, allowed))

    def all(self) -> tuple[Fault, ...]:
        """Return every fault once, unknown keys included."""
        for table in self.tables:
            for key in table.data:
                if key not in table.asked:
                    hint, known = nearest(key, table.asked), listed(dict.fromkeys(table.asked))
                    table.fault(key, f"unknown key{hint}", known)
        self.tables.clear()
        return tuple(dict.fromkeys(self.faults))


class TomlTable:
    """One TOML table, with its file and where in it the table stands."""

    def __init__(
        self, data: Mapping[str, object], notes: FaultList, file: str, where: str = ""
    ) -> None:
        self.data = data
        self.notes = notes
        self.file = file
        self.where = where
        self.asked: list[str] = []  # in the order asked, in which a fault lists them
        notes.tables.append(self)

    def fault(self, key: str, problem: str, allowed: str = "") -> None:
        """Note that something is wrong with ``key``."""
        self.notes.add(self.file, self.where, key, problem, allowed)

    def has(self, key: str) -> bool:
        """Return true when the key is there; asking makes it a known one."""
        self.asked.append(key)
        return key in self.data

    def value(self, key: str, *, required: bool) -> object:
        """Return the value; None, and a fault if it is required, when it is missing."""
        if not self.has(key) and required:
            self.fault(key, "is missing")
        return self.data.get(key)

    def text(self, key: str, *, required: bool = True, blank: bool = False) -> str:
        """Return a text, stripped; it may be empty if it is ``blank`` or not required."""
        value = self.value(key, required=required)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault(key, f"must be text in quotes, not {toml_type(value)}")
            return ""
        if any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in value):
            self.fault(key, "has a control character in it")
        if required and not blank and not value.strip():
            self.fault(key, "is empty")
        return value.strip()

    def matching(self, key: str, pattern: re.Pattern[str], rule: str) -> str:
        """Return a text that ``pattern`` matches as a whole."""
        text = self.text(key)
        if text and not pattern.fullmatch(text):
            self.fault(key, f"{text!r} is not a name that can stand here", rule)
        return text

    def name(self, key: str) -> str:
        """Return a variable's name or the like."""
        return self.matching(key, NAME, NAME_RULE)

    def id(self, key: str = "id") -> str:
        """Return an id, at which checklists and links point."""
        return self.matching(key, ID, ID_RULE)

    def one_of(self, key: str, allowed: Iterable[str]) -> str:
        """Return a text that is one of ``allowed``."""
        text = self.text(key)
        known = tuple(allowed)
        if text and text not in known:
            self.fault(key, f"unknown: {text!r}{nearest(text, known)}", listed(known))
            return ""
        return text

    def https(self, key: str, *, blank: bool = False) -> str:
        """Return an https:// address, or nothing if it may be ``blank``."""
        text = self.text(key, blank=blank)
        if text and not re.fullmatch(r"https://[^\s/]+\.[^\s/]+(/\S*)?", text):
            self.fault(key, f"{text!r} is not a secure web address", "https://…")
        return text

    def day(self, key: str) -> str:
        """Return a day of the calendar as ISO 8601 has it, in quotes or not; empty when missing."""
        value = self.value(key, required=False)
        text = str(value or "").strip()  # TOML's own dates have this form as well
        if text and not is_date(text):
            self.fault(key, f"{text!r} is not a date", "2027-03-31, or empty")
            return ""
        return text

    def flag(self, key: str, *, required: bool = False) -> bool:
        """Return true or false; false when it is missing."""
        value = self.value(key, required=required)
        if value is not None and not isinstance(value, bool):
            self.fault(key, f"must be true or false, not {toml_type(value)}")
        return value is True

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from ``low`` to ``high``; required when it has no default."""
        value = self.value(key, required=default is None)
        if is_integer(value) and low <= value <= high:
            return value
        if is_integer(value):
            self.fault(key, f"{value} is out of range", f"{low} to {high}")
        elif value is not None:
            self.fault(key, f"must be a whole number, not {toml_type(value)}", f"{low} to {high}")
        return low if default is None else default

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number from ``low`` to ``high``; required when it has no default."""
        value = self.value(key, required=default is None)
        if is_integer(value) or isinstance(value, float):
            if low <= value <= high:  # never of nan
                return float(value)
            self.fault(key, f"{value} is out of range", f"{low:g} to {high:g}")
        elif value is not None:
            self.fault(key, f"must be a number, not {toml_type(value)}", f"{low:g} to {high:g}")
        return low if default is None else default

    def array(self, key: str, *, required: bool = True) -> list[object]:
        """Return the values of an array; none when it is missing."""
        value = self.value(key, required=required)
        if value is not None and not isinstance(value, list):
            self.fault(key, f"must be an array in square brackets, not {toml_type(value)}")
        return value if isinstance(value, list) else []

    def texts(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """Return an array of different texts."""
        found = self.array(key, required=required)
        texts = [v.strip() for v in found if isinstance(v, str) and v.strip()]
        return self._different(key, texts, found, "texts in quotes")

    def integers(self, key: str) -> tuple[int, ...]:
        """Return an array of different whole numbers."""
        found = self.array(key)
        return self._different(key, [v for v in found if is_integer(v)], found, "whole numbers")

    def _different(self, key: str, kept: list[T], found: list[object], kind: str) -> tuple[T, ...]:
        if len(kept) != len(found):
            self.fault(key, f"must hold nothing but {kind}")
        for twice in duplicates(kept):
            self.fault(key, f"{twice!r} stands there twice")
        return tuple(kept)

    def known(self, key: str, allowed: Iterable[str], *, required: bool = True) -> tuple[str, ...]:
        """Return an array of texts, each one of ``allowed``."""
        names = tuple(allowed)
        texts = self.texts(key, required=required)
        for text in texts:
            if text not in names:
                self.fault(key, f"unknown: {text!r}{nearest(text, names)}", listed(names))
        return tuple(text for text in texts if text in names)

    def table(self, key: str, *, required: bool = False) -> TomlTable:
        """Return the table under ``key``; an empty one when it is missing."""
        value = self.value(key, required=required)
        return self._open({} if value is None else value, key, self._inner(key))

    def tables(self, key: str, *named: str, required: bool = False) -> tuple[TomlTable, ...]:
        """Return the tables of the array ``[[key]]``; ``named`` keys tell them apart."""
        found = self.array(key, required=required)
        if required and not found and key in self.data:
            self.fault(key, "is empty")
        opened = []
        for place, value in enumerate(found, 1):
            names = [value.get(k) for k in named or ("id",)] if isinstance(value, dict) else []
            # A table without a name that could be told is told by its place.
            name = next((n for n in names if isinstance(n, str) and n), f"no. {place}")
            opened.append(self._open(value, key, f"{self._inner(key)} {name}"))
        return tuple(opened)

    def entries(self) -> Iterator[tuple[str, TomlTable]]:
        """Yield every key with its table, as in ``[scale.NAME]``."""
        for key in self.data:
            yield key, self._open(self.value(key, required=True), key, f"{self.where} {key}")

    def _open(self, value: object, key: str, where: str) -> TomlTable:
        if not isinstance(value, dict):
            self.fault(key, f"must be a table, not {toml_type(value)}")
            value = {}  # what reads on finds nothing, and fails nowhere
        return TomlTable(value, self.notes, self.file, where)

    def _inner(self, key: str) -> str:
        return f"{self.where}, {key}" if self.where else key


def is_date(text: str) -> bool:
    """Return true for a day of the calendar, written as ISO 8601 has it."""
    found = ISO_DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    return year > 0 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def is_integer(value: object) -> TypeGuard[int]:
    """Return true for a whole number; a bare true or false is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def toml_type(value: object) -> str:
    """Return the researcher's word for this kind of value."""
    # TOML's other types are dates and times.
    names = {bool: "true or false", int: "a whole number", float: "a decimal number", str: "text"}
    names |= {list: "an array", dict: "a table"}
    return names.get(type(value), "a date or time without quotes")


def duplicates(values: Iterable[T]) -> list[T]:
    """Return the values that occur more than once, each once."""
    return [value for value, times in Counter(values).items() if times > 1]


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a file holds. Raises ValueError, also for what would take very long to read."""
    for number, line in enumerate(text.splitlines(), start=1):
        # Python's reader goes through a key's parts anew for each of them.
        if line.count(".") > MOST_PARTS and line.partition("=")[0].count(".") > MOST_PARTS:
            raise ValueError(f"a key of more than {MOST_PARTS} parts (at line {number})")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_toml(path: Path, notes: FaultList) -> TomlTable | None:
    """Return the file's top table; None, and a fault, when it cannot be read."""
    try:
        # Editors on Windows begin a file with a byte order mark; TOML knows none.
        text = path.read_bytes().decode("utf-8-sig")
        return TomlTable(parse_toml(text), notes, path.name)
    except FileNotFoundError:
        problem = "is missing"
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = f"is not UTF-8 text (line {line}); save it as UTF-8"
    except ValueError as error:
        problem = f"is not valid TOML: {error}"
    notes.add(path.name, "", "", problem)
    return None
