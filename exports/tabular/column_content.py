"""Columns as their cells tell them: numbers, dates, contacts, names of people, free text."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal
from functools import cached_property

import numpy as np
import polars as pl

from exports.anonymise.problem import Floats, Ints
from exports.tabular.column_names import is_given_name
from exports.tabular.made_hierarchies import date_in, number_in, slashed_order
from exports.texts.patterns import fold, is_name, is_ordinary

# One such cell is reason enough: the column is never shown.
_CONTACTS = {
    "e-mail addresses": r"[\w.+-]+@[\w-]+\.[\w.-]+",
    "web addresses": r"(?i)https?://|\bwww\.",
    "account numbers": r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
    "network addresses": r"^\s*(?:\d{1,3}\.){3}\d{1,3}\s*$"
    r"|^\s*(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F:]*\s*$",
    "long keys": r"^[0-9a-fA-F]{16,}$|^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$",
    "telephone numbers": r"^\s*(?:\+|00)\d[\d ()./-]{6,20}$|^\s*\(?0\d[\d ()./-]{6,18}$"
    r"|^\s*\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\s*$",
}
_NUMERIC = r"^\s*[+-]?\d+(?:[.,]\d+)?\s*$"
_CLOCK = r"\d{1,2}:\d\d"
_DATE = (
    r"^\s*(?:\d{4}(?:-\d\d?(?:-\d\d?)?|/\d\d?/\d\d?)|\d\d?\.\d\d?\.\d{4}|\d\d?[-/]\d\d?[-/]\d{4}"
    r"|[1-4] Q \d{4}|[A-Z]{3} \d{4}|\d{1,2} WK \d{4}|\d{4}[qmw]\d{1,2})(?:[T ]\d{1,2}:\d\d.*)?\s*$"
)
_NUMBERED = re.compile(r"([^\W\d_]{1,6}[-_ ]?)(\d{1,9})")
_MISSING_CODE = re.compile(r"-\d{1,2}|-(\d)\1+|-9+\d|77+|88+|9+[789]")
_NO_ANSWER = frozenset(
    [
        "na",
        "n/a",
        "nan",
        "nil",
        "none",
        "null",
        "missing",
        "unknown",
        "?",
        "-",
        "--",
        ".",
        "..",
        "dk",
        "refused",
        "noanswer",
        "notstated",
        "prefernottosay",
        "prefernottoanswer",
        "dontknow",
        "k.a.",
        "ka",
        "keineangabe",
        "weißnicht",
        "weissnicht",
        "unbekannt",
        "nr",
        "inconnu",
        "nsp",
        "sansréponse",
        "desconocido",
        "nosabe",
        "nc",
        "ns/nc",
        "onbekend",
        "weetniet",
        "geenantwoord",
        "άγνωστο",
        "δξ",
        "δα",
    ]
)
_PERSONAL = frozenset(
    [
        "i",
        "me",
        "my",
        "mine",
        "she",
        "he",
        "her",
        "him",
        "his",
        "ich",
        "mich",
        "mir",
        "mein",
        "meine",
        "meinem",
        "sie",
        "er",
        "ihr",
        "je",
        "j",
        "moi",
        "mon",
        "ma",
        "elle",
        "il",
        "lui",
        "yo",
        "mi",
        "ella",
        "el",
        "ik",
        "mij",
        "mijn",
        "hij",
        "zij",
        "haar",
        "μου",
        "εγώ",
        "με",
        "της",
        "του",
    ]
)
_NO = frozenset(("0", "no", "nein", "non", "false", "falsch", "faux", "falso", "nee", "n", "οχι"))
_WORD = re.compile(r"[^\W\d_]+")

UNIQUE = 0.9  # share of different cells from which a column tells people apart
FEWEST = 10  # rows from which shares mean something
RARE = 5  # rows under which a value is rare, as k = 5 has it
LONG_TEXT = 100  # letters that no label has
FAR = Decimal("1.5")  # times the highest number, from where 99 is a code and no number
CODES = 6  # negative numbers that may be codes for no answer: a scale has more
READ = 2000  # values whose words are read, spread over all
MOST_LABELS = 20
LABEL_WORDS = 6  # words from which a cell reads like a text where nothing speaks for a label


class ColumnContent:
    """The cells of one column, missing ones left out, each value once with its rows.

    ``declared``: cells of it that the file itself calls missing, which are left out as well;
    ``labels``: cells to which it gives labels.
    """

    def __init__(
        self, column: pl.Series, declared: Collection[str] = (), labels: Collection[str] = ()
    ) -> None:
        filled = column.drop_nulls()
        self.declared = sorted({*declared} & {*filled.unique()})
        cells = filled.filter(~filled.is_in([*self.declared, "*"]))
        counts = cells.value_counts(name="\0rows").sort(column.name)
        self._runs = int(cells.rle_id().max() or 0) + 1  # type: ignore[arg-type]
        self.name, self.rows = column.name, len(cells)
        self.values = counts[column.name]
        self.counts = counts["\0rows"]
        # Codes that a file labels are words, not numbers.
        self.labelled = (
            self.distinct > 0 and int(self.values.is_in([*labels]).sum()) * 2 > self.distinct
        )

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(self.values)

    @property
    def share(self) -> float:
        """Different values as a share of the rows that have one."""
        return self.distinct / max(1, self.rows)

    @property
    def tells_rows_apart(self) -> bool:
        """Whether almost every row has a value of its own."""
        return self.share >= UNIQUE if self.rows >= FEWEST else 2 < self.rows == self.distinct

    @cached_property
    def contacts(self) -> str:
        """What some cell holds by which people are reached, "" for none."""
        for what, pattern in _CONTACTS.items():
            dates = what == "telephone numbers" and self.dates
            if not dates and self.values.str.contains(pattern).any():
                return what
        return ""

    @cached_property
    def no_answers(self) -> frozenset[str]:
        """Words that stand for no answer, such as n/a, in whatever capitals."""
        plain = self.values.str.to_lowercase().str.replace_all(r"[\s'’]", "")
        return frozenset(self.values.filter(plain.is_in(list(_NO_ANSWER))))

    @cached_property
    def numbers(self) -> dict[str, Decimal]:
        """Each value that is a number, where all others stand for no answer; else nothing."""
        numeric = int(self.values.str.contains(_NUMERIC).sum())
        if numeric + len(self.no_answers) < self.distinct:
            return {}
        found = {v: n for v in self.values.to_list() if (n := number_in(v)) is not None}
        return found if len(found) + len(self.no_answers - {*found}) == self.distinct else {}

    @cached_property
    def share_of_numbers(self) -> float:
        """Rows with a number as a share of all."""
        numeric = self.values.str.contains(_NUMERIC)
        return int(self.counts.filter(numeric).sum()) / max(1, self.rows)

    @cached_property
    def codes(self) -> frozenset[str]:
        """Numbers that stand for no answer: negative ones, or 99 far from all others."""
        if not self.numbers:
            words = self.values.filter(self.values.str.contains(r"^-\d{1,4}$"))
            return frozenset(word for word in words if _MISSING_CODE.fullmatch(word))
        coded = {v: n for v, n in self.numbers.items() if _MISSING_CODE.fullmatch(v.strip())}
        others = [n for v, n in self.numbers.items() if v not in coded]
        few = sum(number < 0 for number in coded.values()) <= CODES
        if not others or min(others) < 0 or not few:
            return frozenset()
        far = FAR * max(others)
        return frozenset(v for v, n in coded.items() if n < 0 or n > max(far, max(others)))

    @property
    def no_numbers(self) -> frozenset[str]:
        """Values that are no number, or a code for no answer."""
        return frozenset(v for v in self.values if number_in(v) is None) | self.codes

    @property
    def measured(self) -> tuple[Floats, Ints]:
        """The numbers that are no codes, and the rows of each."""
        told = [
            (float(number), rows)
            for value, rows in zip(self.values, self.counts, strict=True)
            if (number := number_in(value)) is not None and value not in self.codes
        ]
        return np.array([n for n, _ in told], float), np.array([rows for _, rows in told], int)

    @cached_property
    def yes_or_no(self) -> bool:
        """Whether there are no more than two values, of which one is a plain no."""
        return self.distinct <= 2 and not _NO.isdisjoint(v.strip().lower() for v in self.values)

    @property
    def whole(self) -> bool:
        """Whether every number is a whole one."""
        return all(n == n.to_integral_value() for n in self.numbers.values())

    @cached_property
    def dates(self) -> bool:
        """Whether every value that is an answer is a date."""
        answers = self.values.filter(~self.values.is_in(list(self.no_answers)))
        if not len(answers) or not answers.str.contains(_DATE).all():
            return False
        order = slashed_order(answers)
        return all(date_in(value, order) for value in answers)

    @cached_property
    def times(self) -> bool:
        """Whether some cell says a time of day."""
        return bool(self.values.str.contains(_CLOCK).any())

    @cached_property
    def _words(self) -> list[tuple[str, list[str]]]:
        """Values that are no numbers, spread over all where they are many, with their words."""
        texts = self.values.filter(~self.values.str.contains(_NUMERIC))
        some = texts.gather_every(1 + len(texts) // READ)
        return [(text, _WORD.findall(text)) for text in some]

    @property
    def has_many_rare(self) -> bool:
        """Whether a tenth of the rows has a rare value; of few rows, half a value of its own."""
        if self.rows < 10 * RARE:
            return self.rows >= FEWEST and self.share >= 0.5
        return int(self.counts.filter(self.counts < RARE).sum()) >= 0.1 * self.rows

    @cached_property
    def numbered(self) -> bool:
        """Whether the values are one long count, as people are numbered: P001, P002."""
        found = [_NUMBERED.fullmatch(value.strip()) for value in self.values]
        matches = [match for match in found if match]
        if len(matches) < max(FEWEST, len(found)) or len({m[1] for m in matches}) > 1:
            return False
        numbers = {int(match[2]) for match in matches}
        return len(numbers) >= 0.8 * (max(numbers) - min(numbers) + 1)

    @property
    def repeats_like_people(self) -> bool:
        """Whether many values stand in equally many rows each, or each in one block of rows."""
        if self.distinct < FEWEST or self.distinct == self.rows:
            return False
        return self.counts.n_unique() == 1 or (
            self._runs == self.distinct and self.rows >= 1.5 * self.distinct
        )

    def reads_like_text(self, *, labels: bool) -> bool:
        """Whether people wrote in their own words; ``labels``: the name speaks for labels."""
        if self.dates or not self._words:
            return False
        count, own, many = len(self._words), 0, 0
        for text, words in self._words:
            ended = len(words) > 2 and text.rstrip().endswith((".", "!", "?", "…"))
            personal = len(words) > 3 and not _PERSONAL.isdisjoint(w.lower() for w in words)
            own += ended or personal
            many += len(words) >= LABEL_WORDS
        long = int(self.values.str.len_chars().max()) > LONG_TEXT  # type: ignore[arg-type]
        as_labels = labels and self.distinct <= MOST_LABELS
        return long or own >= 0.2 * count or (many >= 0.3 * count and not as_labels)

    def names_people(self, *, labels: bool) -> bool:
        """Whether the values read like names; ``labels``: the column's own name speaks for none."""
        if self.dates or not self._words:
            return False
        count, listed, full, both = len(self._words), 0, 0, 0
        for text, words in self._words:
            if 1 <= len(words) <= 4 and not any(sign.isdigit() for sign in text):
                known = any(is_given_name(word) or _is_listed(word) for word in words)
                whole = len(words) > 1 and all(word[0].isupper() for word in words)
                listed, full, both = listed + known, full + whole, both + (known and whole)
        if labels and count < FEWEST and not self.share_of_numbers:
            # One cell is enough where a label would hardly be a first name and another.
            return both > 0
        if listed >= (1 if count < 3 else 0.4) * count:
            return True
        return count >= 8 and self.share >= 0.2 and full >= 0.8 * count


def _is_listed(word: str) -> bool:
    """Return whether a word is in the list of names, and no everyday word besides."""
    plain = fold(word)
    return is_name(plain) and not is_ordinary(plain)
