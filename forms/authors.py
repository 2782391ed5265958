"""Authors of a study's data as persons: from site.toml, and as the fact that is kept of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forms.toml_tables import TomlTable

_NAME = re.compile(r"[^\s;,()][^;,()\n]*")
_ORCID = re.compile(r"(\d{4}-){3}\d{3}[\dX]")
# No vowel-like letters, then two digits (ROR, "ROR identifier pattern").
_ROR = re.compile(r"0[a-hj-km-np-tv-z0-9]{6}\d{2}")
_KEPT = re.compile(r"(?P<family>[^;,()]+), (?P<given>[^;,()]+?)(?: \((?P<orcid>[\dX-]+)\))?")


@dataclass(frozen=True, slots=True)
class Author:
    """One person. ``orcid`` and ``ror`` (of the affiliation) stand without their address."""

    family: str
    given: str
    orcid: str = ""
    affiliation: str = ""
    ror: str = ""

    @property
    def name(self) -> str:
        """The name as people say it."""
        return f"{self.given} {self.family}"


def read_persons(table: TomlTable) -> tuple[Author, ...]:
    """Return the persons of the ``[[… .author]]`` tables."""
    return tuple(_read_person(one) for one in table.tables("author", "family"))


def _read_person(one: TomlTable) -> Author:
    rule = "a name without commas, semicolons and parentheses"
    family, given = (one.matching(key, _NAME, rule) for key in ("family", "given"))
    orcid = one.text("orcid", required=False).removeprefix("https://orcid.org/")
    if orcid and not _is_orcid(orcid):
        one.fault("orcid", f"{orcid!r} is no ORCID iD", "such as 0000-0002-1825-0097, or empty")
    return Author(family, given, orcid, one.text("affiliation", required=False), read_ror(one))


def read_ror(table: TomlTable) -> str:
    """Return the ROR iD of an organisation under ``ror``, without its address; or nothing."""
    ror = table.text("ror", required=False).removeprefix("https://ror.org/")
    if ror and not _ROR.fullmatch(ror):
        table.fault("ror", f"{ror!r} is no ROR iD", "such as https://ror.org/03yrm5c26, or empty")
    return ror


def read_authors(table: TomlTable) -> str:
    """Return the fact that the ``[[… .author]]`` tables make: Family, Given (ORCID); …"""
    return "; ".join(
        f"{one.family}, {one.given}" + f" ({one.orcid})" * bool(one.orcid)
        for one in read_persons(table)
    )


def _is_orcid(text: str) -> bool:
    """Return whether the last sign is the check digit of the others (ISO 7064, mod 11-2)."""
    if not _ORCID.fullmatch(text):
        return False
    total = 0
    for digit in text.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11] == text[-1]


def authors_of(fact: str) -> tuple[Author, ...]:
    """Return the persons that the fact names."""
    found = (_KEPT.fullmatch(part.strip()) for part in fact.split(";"))
    return tuple(Author(one["family"], one["given"], one["orcid"] or "") for one in found if one)


def in_words(authors: tuple[Author, ...]) -> str:
    """Return the names in a row: Ada Example, Bob Sample and Cleo Third."""
    names = [author.name for author in authors]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
