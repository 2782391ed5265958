"""What a column outside the key tells by itself: who it is, when it was, and that it is unlike all.

A near-identifier has a value of its own in nearly every row and is no measured number: a name, an
address, a number of a list, a time stamp, a remark. Income and weight are measured: what is rare
among them is a value that stands apart. Nothing here is proof; each is told for a person to judge.
"""

from __future__ import annotations

import re

import numpy as np

from exports.verify.inference import number_of
from exports.verify.reading import Claim, CodedColumn, Floats, Table

OWN = 0.9  # share of rows with a value of their own from which a column nearly names them
SEVERAL = 0.2  # the same for a column whose heading says that it names people
FAR = 10.0  # spans of the middle half beyond which a number stands apart
SHORT = 1_100  # days within which dates are those of a study, and no birthdays
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*|\d{1,2}[./]\d{1,2}[./]\d{4},? \d{1,2}:\d{2}.*"
)
_WHOLE = re.compile(r"[0-9]+")
_MAIL = re.compile(r"\S+@\S+\.\S+")
_NAMES_PEOPLE = frozenset((
    "name", "names", "surname", "firstname", "lastname", "forename", "givenname", "familyname",
    "vorname", "nachname", "nom", "prenom", "nombre", "apellido", "mail", "email", "phone",
    "telephone", "tel", "mobile", "address", "street", "strasse", "url", "ip", "initials",
    "username", "login", "nickname",
))  # fmt: skip
_NUMBERS_PEOPLE = frozenset((
    "id", "ids", "rid", "uid", "uuid", "guid", "pid", "sid", "nr", "no", "num", "number", "code",
    "key", "ref", "case", "record", "respondent", "participant", "patient", "subject", "ssn",
    "iban", "account", "card", "passport", "insurance", "lat", "lon", "lng", "latitude",
    "longitude",
))  # fmt: skip


def _words(heading: str) -> set[str]:
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", heading)
    found = re.findall(r"[a-z]+", parted.casefold())
    return {*found, "".join(found)}


def _filled(column: CodedColumn, claim: Claim) -> tuple[tuple[str, ...], Floats]:
    """Return the cells that are answers, and in how many rows each stands."""
    counts = zip(column.cells, column.counts().tolist(), strict=True)
    found = [(cell.strip(), count) for cell, count in counts if cell not in claim.no_answer]
    return tuple(cell for cell, _ in found), np.array([count for _, count in found], float)


def near_identifiers(table: Table, claim: Claim) -> tuple[str, ...]:
    """Return the columns outside the key that nearly name each row."""
    return tuple(
        name
        for name, column in table.items()
        if name not in claim.core and name not in claim.insider and _names(name, column, claim)
    )


def _names(name: str, column: CodedColumn, claim: Claim) -> bool:
    cells, counts = _filled(column, claim)
    rows = counts.sum()
    if rows < 2 or len(cells) < 2:
        return False
    # Dates and long numbers look like telephone numbers: of these the heading decides.
    reached = [bool(_MAIL.fullmatch(cell)) for cell in cells]
    if counts[reached].sum() > rows / 2:
        return True
    numeric = all(not np.isnan(number_of(cell)) and not _is_date(cell) for cell in cells)
    if _words(name) & _NAMES_PEOPLE and not numeric:
        return bool(len(cells) >= SEVERAL * rows)
    if counts[counts == 1].sum() < OWN * rows:
        return False
    return not numeric or bool(_words(name) & _NUMBERS_PEOPLE) or _numbers_rows(cells, rows)


def _is_date(cell: str) -> bool:
    return len(re.findall(r"[0-9]+", cell)) >= 3


def _numbers_rows(cells: tuple[str, ...], rows: float) -> bool:
    """Return whether whole numbers run on, or all have one length of six digits or more."""
    if not all(_WHOLE.fullmatch(cell) for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    if max(numbers) - min(numbers) < 1.5 * rows:
        return True
    return min(map(len, cells)) == max(map(len, cells)) >= 6


def tell_arrival(table: Table, claim: Claim) -> tuple[str, ...]:
    """Return the columns that hold a time or a running number, by which rows have an order."""
    found = []
    for name, column in table.items():
        cells, counts = _filled(column, claim)
        rows = counts.sum()
        if name in claim.core or len(cells) < 2:
            continue
        timed = all(_TIME.fullmatch(cell) for cell in cells) and len(cells) >= rows / 2
        days = [number_of(cell) for cell in cells if _is_date(cell)]
        dated = len(days) == len(cells) >= 5 and max(days) - min(days) <= SHORT
        whole = counts.max() == 1 and all(_WHOLE.fullmatch(cell) for cell in cells)
        if timed or dated or (whole and _numbers_rows(cells, rows)):
            found.append(name)
    return tuple(found)


def stand_apart(table: Table, claim: Claim) -> dict[str, int]:
    """Return column → rows, fewer than k, whose number lies far from all others."""
    found = {}
    for name, column in table.items():
        cells, counts = _filled(column, claim)
        if name in claim.core or name in claim.insider or len(cells) < 5:
            continue
        numbers = np.repeat([number_of(cell) for cell in cells], counts.astype(int))
        if np.isnan(numbers).any() or any(_is_date(cell) for cell in cells):
            continue
        low, high = np.quantile(numbers, [0.25, 0.75])
        reach = FAR * (high - low)
        far = int(((numbers < low - reach) | (numbers > high + reach)).sum()) if reach else 0
        if 0 < far < max(claim.k, 2):
            found[name] = far
    return found
