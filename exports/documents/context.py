"""The context that all documents of a release are made from, and the words that they share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exports.codebook import Entry
from forms.deposit import NOT_TOLD, Deposit
from forms.study import Study
from forms.tiers import TIERS

Report = Mapping[str, Any]

PILOT = "PILOT DATA: collected before approval, not for analysis or publication"
SYNTHETIC = "SYNTHETIC: holds simulated clients, not people"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True, slots=True)
class ArchivedDocuments:
    """One wording that clients answered: its versions as released, and its archived content.

    ``content`` is the parsed canonical JSON of the words and the routing (forms.fingerprint).
    """

    version: str  # as in the column study_version
    consent: str  # as in the column consent_version
    content: Mapping[str, Any]

    @property
    def language(self) -> str:
        """The language in which it was shown."""
        return str(self.content.get("language", "en"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentContext:
    """The source of everything the documents say; what is absent is left out of them.

    ``counts`` maps a column of the data file to cell → rows, for the distributions. ``files`` are
    further files of the release, ``path → what it is``. ``tallies`` are totals of the collection
    that already follow the step rule, 0 where one is too small to tell. ``findings`` are (label,
    value, sentence), the verifier's figures in words; ``deposit`` is what archives ask for.
    """

    study: Study
    codebook: Sequence[Entry]
    report: Report
    data_file: str  # its path in the release, or its name, which stands for data/NAME
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    wordings: Sequence[ArchivedDocuments] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    tallies: Mapping[str, int] = field(default_factory=dict)
    findings: Sequence[tuple[str, str, str]] = ()
    deposit: Deposit = NOT_TOLD

    @property
    def approval(self) -> str:
        """Return board and reference as the site says them, and how the approval stood."""
        said = (self.facts.get("ethics_board"), self.facts.get("ethics_ref"))
        named = ", ".join(part for part in said if part)
        stood = str(self.report.get("approval", ""))
        return ". ".join(filter(None, (named, f"When this was made: {stood}" * bool(stood))))

    @property
    def mark(self) -> str:
        """Return how every file is marked; empty for a real release."""
        return marks_of(self.report)

    @property
    def holds(self) -> str:
        """Return what the release is made of: ``rows``, ``tables`` or ``texts``."""
        return str(self.report.get("holds", "rows" if self.codebook else "tables"))

    @property
    def tier(self) -> Mapping[str, str]:
        """Name, label and audience of the tier."""
        return {"name": "", "label": "", "audience": "", **self.report.get("tier", {})}

    @property
    def data_path(self) -> str:
        """Return where the data file lies in the release."""
        return self.data_file if "/" in self.data_file else f"data/{self.data_file}"

    @property
    def open(self) -> bool:
        """Return whether the file is open, without an agreement."""
        return self.tier["name"] in TIERS and TIERS[self.tier["name"]].is_open

    @property
    def sample(self) -> str:
        """Return of whom the rows are a sample, as a sentence; empty where they are none."""
        taken = str(self.report.get("sample", ""))
        return f"The rows are {taken}." if taken else ""

    @property
    def caution(self) -> str:
        """Return how the figures must not be read, in the study's own words."""
        return str(self.report.get("caution", self.study.policy.caution))

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of the questions that stand in the rows."""
        return tuple(self.report.get("words", {})) or (self.study.version,)

    @property
    def digest(self) -> str:
        """SHA-256 of the data file; empty when the report does not say it."""
        files: Mapping[str, str] = self.report.get("files", {})
        by_name = {path.rpartition("/")[2]: digest for path, digest in files.items()}
        return by_name.get(self.data_file.rpartition("/")[2], "")

    @property
    def archived(self) -> tuple[ArchivedDocuments, ...]:
        """The wordings answered; the study folder's own where none was handed over."""
        # Before a release there are no wordings: the words are those of the folder.
        if self.wordings or not self.study.content:
            return tuple(self.wordings)
        content = json.loads(self.study.content)
        return (ArchivedDocuments(self.study.version, self.study.consent.version, content),)


def marks_of(report: Report) -> str:
    """Return how the files of a pilot are marked; empty for a real release."""
    said = [PILOT] * bool(report.get("pilot")) + [SYNTHETIC] * bool(report.get("synthetic"))
    return "; ".join(said)


def file_word(text: str) -> str:
    """``text`` as part of a file name: letters, digits, dots and hyphens."""
    return _NOT_IN_NAMES.sub("-", text).strip("-.") or "unnamed"


def pretty_json(content: object) -> bytes:
    """JSON for people and programs: UTF-8, two spaces, keys as given."""
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def joined(parts: Iterable[str], between: str = "\n\n") -> bytes:
    """The parts that say something, as one text file ending in a line break."""
    return (between.join(part for part in parts if part).rstrip("\n") + "\n").encode()


def number(value: float) -> str:
    """A bound without idle decimals: 5, 0.5."""
    return f"{value:g}"
