"""First guesses at a policy: the role of each column, its hierarchy, and why.

Roles follow from the names of columns and from what they hold; where the two differ, the safer one
is taken. Values are taken over of quasi-identifiers alone; of no other column does one stand here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from exports.tabular.column_content import RARE, READ, ColumnContent
from exports.tabular.column_names import (
    AMOUNT,
    BIRTH,
    CODE,
    FREE_TEXT,
    GROUP,
    IDENTIFIER,
    NUMBERED,
    PLACE,
    SENSITIVE,
    kind_by_name,
    names_a_person,
    tells_a_number,
    tells_households_apart,
)
from exports.tabular.made_hierarchies import MadeHierarchy, NumberBands, digits_of

QUASI_IDENTIFIERS = (AMOUNT, GROUP, CODE, PLACE, BIRTH)
MANY = 20  # different values from which numbers are no list of answers
LONG_NUMBER = 7  # digits from which numbers of one length are given out, not measured
RARER = "rarer values"
BY_NAME = "the name says so"
OWN = "a value of its own in almost every row"
LIKE_PEOPLE = "its values repeat evenly or in blocks of rows, as people do who have several"


@dataclass(frozen=True, slots=True)
class Guess:
    """The role of a column, and why.

    ``rule`` is its hierarchy or number rule as the policy says it; ``lines`` a hierarchy in place
    of a rule. ``no_values`` are cells of a sensitive column that stand for no answer.
    """

    column: str
    role: str
    why: str
    rule: str = ""
    lines: tuple[tuple[str, ...], ...] = ()
    no_values: frozenset[str] = frozenset()


def guess(content: ColumnContent) -> Guess:
    """Return the role that the name and the cells of a column speak for."""
    name, kind = content.name, kind_by_name(content.name)
    if not content.distinct:
        return Guess(name, "empty", "")
    if tells_households_apart(name) and content.distinct < content.rows:
        return Guess(name, "household", BY_NAME)
    if why := _tells_who(content, kind):
        return Guess(name, "identifier", why)
    if why := _not_to_be_shown(content, kind):
        return Guess(name, "left_out", why)
    if kind in QUASI_IDENTIFIERS or (content.dates and kind != SENSITIVE):
        return _quasi_identifier(content, kind)
    if kind == SENSITIVE:
        no_values = content.no_answers | content.codes
        rule = _number_rule(content, always=True)
        return Guess(name, "sensitive", BY_NAME, rule, no_values=no_values)
    why = "numbers" if content.numbers else "words that many rows share"
    return Guess(name, "plain", why, _number_rule(content, always=False))


def telling_cells(column: pl.Series) -> str:
    """Return what a column holds or is called that says who somebody is, "" for nothing."""
    values = column.drop_nulls().unique().sort()
    if contacts := ColumnContent(values).contacts:
        return contacts
    known = kind_by_name(column.name)
    some = ColumnContent(values.gather_every(1 + len(values) // READ))
    labels = known in (*QUASI_IDENTIFIERS, SENSITIVE)
    if known == IDENTIFIER or (names_a_person(column.name) and not some.yes_or_no):
        return "by its name"
    if known != PLACE and some.names_people(labels=labels):
        return "names of people"
    return "free text" if some.reads_like_text(labels=labels) else ""


def _tells_who(content: ColumnContent, kind: str) -> str:
    """Why a column is an identifier, "" if it is none."""
    known = kind in (*QUASI_IDENTIFIERS, SENSITIVE)
    if kind == IDENTIFIER or (names_a_person(content.name) and not content.yes_or_no):
        return BY_NAME
    if content.reads_like_text(labels=known) or (kind == FREE_TEXT and not content.numbers):
        return ""
    contacts = content.contacts
    if contacts and not (kind == CODE and contacts == "telephone numbers"):
        return f"it holds {contacts}"
    if kind != PLACE and content.names_people(labels=known):
        return "it reads like names of people"
    if content.numbers and content.whole:
        return _numbers_people(content, kind, known=known)
    if content.numbered and not known:
        return "its values are numbered through"
    if content.repeats_like_people and not (known or content.dates or content.numbers):
        return LIKE_PEOPLE
    shown = content.numbers or content.dates or kind == CODE
    return OWN if content.tells_rows_apart and not shown else ""


def _numbers_people(content: ColumnContent, kind: str, *, known: bool) -> str:
    lengths = {len(value.strip()) for value in content.numbers if value not in content.codes}
    if lengths and len(lengths) == 1 and min(lengths) >= LONG_NUMBER and content.share > 0.5:
        return "long numbers of one length"
    if kind != CODE and tells_a_number(content.name) and (content.share > 0.5 or kind == NUMBERED):
        few = content.distinct <= MANY and content.share < 0.1
        return "" if few else "the name speaks of a number"
    if known or content.labelled:
        return ""
    if content.tells_rows_apart:
        return OWN
    return LIKE_PEOPLE if content.repeats_like_people else ""


def _not_to_be_shown(content: ColumnContent, kind: str) -> str:
    """Why a column stays behind though it tells nobody apart, "" if it need not."""
    known = kind in (*QUASI_IDENTIFIERS, SENSITIVE)
    if content.dates:
        if content.times and kind != BIRTH:
            return "times of day, which logs of a server or a diary know as well"
        return ""
    if content.reads_like_text(labels=known) or (kind == FREE_TEXT and not content.numbers):
        return "free text: somebody must read it first"
    if known or content.numbers:
        return ""
    if content.has_many_rare:
        return "many values that few rows share"
    return "many different words" if content.distinct > MANY else ""


def _quasi_identifier(content: ColumnContent, kind: str) -> Guess:
    why = "dates" if content.dates and kind not in QUASI_IDENTIFIERS else BY_NAME
    role, name = "quasi_identifier", content.name
    if content.labelled:
        return Guess(name, role, why, lines=_with_declared(content, _grouped(content)))
    if content.dates:
        return Guess(name, role, why, _rule(content, 'dates = ["month", "year", "decade"]'))
    lengths = {len(value.strip()) for value in content.values}
    even = content.numbers and content.whole and len(lengths) == 1 and min(lengths) > 2
    if kind == CODE or (kind in (GROUP, PLACE) and even and content.distinct > MANY):
        most = max(lengths)
        keep = [3, 1] if most > 4 else [2, 1] if most > 2 else [1]
        return Guess(name, role, why, _rule(content, f"prefix = {keep}"))
    by_number = kind in (AMOUNT, BIRTH) or content.distinct > MANY
    if content.numbers and by_number:
        return Guess(name, role, why, _rule(content, _said(bands_of(content))))
    if kind in (AMOUNT, BIRTH) and content.share_of_numbers > 0.5:
        made = MadeHierarchy(bands_of(content), apart=content.no_numbers)
        lines, _ = made.lines(content.values.to_list())
        return Guess(name, role, why, lines=_with_declared(content, lines))
    return Guess(name, role, why, lines=_with_declared(content, _grouped(content)))


def _rule(content: ColumnContent, said: str) -> str:
    apart = sorted(content.no_answers | content.codes) if content.numbers else []
    apart = apart or sorted(content.no_answers)
    listed = f", apart = [{', '.join(map(toml_text, apart))}]" if apart else ""
    return f"{{ {said}{listed} }}"


def toml_text(text: str) -> str:
    """Return a text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _with_declared(
    content: ColumnContent, lines: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    """Return the lines and one for each cell that the file calls missing."""
    levels = len(lines[0])
    apart = [[value] * (levels - 1) + ["*"] for value in content.declared]
    return tuple(tuple(line) for line in (*lines, *apart))


def _grouped(content: ColumnContent) -> list[list[str]]:
    """Return a line for each value; those of few rows are one group, where others are not."""
    few = max(2 * RARE, content.rows // 100)
    pairs = list(zip(content.values, content.counts, strict=True))
    rare = {value for value, rows in pairs if rows < few}
    if not 1 < len(rare) < len(pairs):
        return [[value, "*"] for value, _ in pairs]
    label = RARER if RARER not in rare else f"{RARER}, together"
    return [[value, label if value in rare else value, "*"] for value, _ in pairs]


def bands_of(content: ColumnContent) -> NumberBands:
    """Return bands of which about fifteen hold nine tenths of the rows; the rare ends are open."""
    numbers, rows = content.measured
    cells = np.repeat(numbers, rows)
    low, high = np.quantile(cells, (0.05, 0.95))
    width = _nice((high - low) / 15)
    if content.whole:
        # Years of age are told by fives.
        width = max(width, Decimal(5 if high - low >= 10 else 2))
    few = 2 * RARE
    step, count = float(width), len(cells)
    top = np.floor(np.sort(cells)[max(0, count - few)] / step) * step
    bottom = np.ceil(np.sort(cells)[min(few, count) - 1] / step) * step
    # An open end is worth its row where it spares at least two bands.
    has_top = cells.max() >= top + 2 * step and top > low
    has_bottom = cells.min() < bottom - 2 * step and bottom < (top if has_top else high)
    return NumberBands(
        (width, 2 * width, 4 * width),
        bottom=round(bottom / step) * width if has_bottom else None,
        top=round(top / step) * width if has_top else None,
    )


def _nice(number: float) -> Decimal:
    """Return the next of 1, 2, 5, 10, 20, 50 … (or their tenths) from a number on."""
    if number <= 0:
        return Decimal(1)
    power = int(np.floor(np.log10(number)))
    steps = (Decimal(step).scaleb(power) for step in (1, 2, 5, 10))
    return next(step for step in steps if float(step) >= number * (1 - 1e-9))


def _said(bands: NumberBands) -> str:
    ends = {"bottom": bands.bottom, "top": bands.top}
    parts = [f"bands = [{', '.join(map(digits_of, bands.widths))}]"]
    return ", ".join(parts + [f"{k} = {digits_of(v)}" for k, v in ends.items() if v is not None])


def _number_rule(content: ColumnContent, *, always: bool) -> str:
    """Return how numbers of a column that is no key may be written, "" where nothing speaks for it.

    A twentieth of the middle half of the rows is one step; the ends hold as many rows as a value
    needs not to be rare.
    """
    if (
        content.labelled
        or not content.numbers
        or content.distinct <= MANY
        or (content.share < 0.2 and not always)
    ):
        return ""
    numbers, rows = content.measured
    cells = np.sort(np.repeat(numbers, rows))
    low, high = np.quantile(cells, (0.25, 0.75))
    width = _nice((high - low) / 20)
    step = float(width)
    parts = [] if low == high or (content.whole and step <= 1) else [f"round = {digits_of(width)}"]
    if len(cells) >= 4 * RARE:
        bottom = round(np.ceil(cells[RARE - 1] / step)) * width
        top = round(np.floor(cells[-RARE] / step)) * width
        if bottom < top:
            parts += [f"bottom = {digits_of(bottom)}"] * bool(cells[0] < float(bottom))
            parts += [f"top = {digits_of(top)}"] * bool(cells[-1] > float(top))
    return _rule(content, ", ".join(parts)) if parts else ""
