"""Facts that archives and catalogues ask for beside a data file: ``[deposit]`` tables.

A study folder's deposit.toml says what holds wherever the study runs, site.toml the rest. They are
no words to clients and no policy: no fingerprint holds them, and a release says them as they are
when it is made.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from forms.authors import Author, read_persons, read_ror
from forms.toml_tables import FaultList, StudyFaults, TomlTable, read_toml

DEPOSIT = "deposit.toml"

# IQSS/dataverse, scripts/api/data/metadatablocks/citation.tsv, field subject.
SUBJECTS = (
    "Agricultural Sciences", "Arts and Humanities", "Astronomy and Astrophysics",
    "Business and Management", "Chemistry", "Computer and Information Science",
    "Earth and Environmental Sciences", "Engineering", "Law", "Mathematical Sciences",
    "Medicine, Health and Life Sciences", "Physics", "Social Sciences", "Other",
)  # fmt: skip
# DDI Alliance, controlled vocabulary SamplingProcedure 1.1, as CESSDA's archives use it.
SAMPLING = (
    "TotalUniverseCompleteEnumeration", "Probability", "Probability.SimpleRandom",
    "Probability.SystematicRandom", "Probability.Stratified",
    "Probability.Stratified.Proportional", "Probability.Stratified.Disproportional",
    "Probability.Cluster", "Probability.Cluster.SimpleRandom",
    "Probability.Cluster.StratifiedRandom", "Probability.Multistage", "Nonprobability",
    "Nonprobability.Availability", "Nonprobability.Purposive", "Nonprobability.Quota",
    "Nonprobability.RespondentAssisted", "MixedProbabilityNonprobability", "Other",
)  # fmt: skip
# DataCite 4.5, relationType, but for the relations of metadata records and of parts.
RELATIONS = (
    "IsCitedBy", "Cites", "IsSupplementTo", "IsSupplementedBy", "IsContinuedBy", "Continues",
    "IsDescribedBy", "Describes", "HasVersion", "IsVersionOf", "IsNewVersionOf",
    "IsPreviousVersionOf", "IsPartOf", "HasPart", "IsReferencedBy", "References",
    "IsDocumentedBy", "Documents", "IsReviewedBy", "Reviews", "IsDerivedFrom", "IsSourceOf",
    "IsRequiredBy", "Requires", "IsObsoletedBy", "Obsoletes",
)  # fmt: skip

# DataCite 4.5, resourceTypeGeneral, of works that go with a survey.
TYPES = (
    "Book", "BookChapter", "ConferencePaper", "DataPaper", "Dataset", "Dissertation", "Instrument",
    "JournalArticle", "OutputManagementPlan", "PeerReview", "Preprint", "Report", "Software",
    "StudyRegistration", "Text", "Other",
)  # fmt: skip

# Fact → the archives that ask for it.
ASKED_BY: Mapping[str, str] = {
    "author": "all", "year": "all", "publisher": "all", "subject": "Dataverse",
    "contact_email": "Dataverse, UKDS", "place": "UKDS, GESIS, FSD, ICPSR",
    "period": "UKDS, GESIS, FSD, ICPSR", "sampling": "UKDS, GESIS, FSD, ICPSR",
    "weights": "UKDS", "grant": "Zenodo, OSF", "related": "Zenodo, OSF",
}  # fmt: skip

_YEARS = (1990, 2199)
_PART_OF_A_YEAR = re.compile(r"(\d{4})(-(0[1-9]|1[0-2]))?")
_MAIL = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>()]+")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant: who gave it (``ror`` without its address), its number and title if known."""

    funder: str
    number: str = ""
    title: str = ""
    ror: str = ""


@dataclass(frozen=True, slots=True)
class RelatedWork:
    """A work and how the data stand to it; ``id`` is a DOI without its address, or an address."""

    relation: str
    id: str
    type: str = ""  # of DataCite's list of resource types

    @property
    def scheme(self) -> str:
        """Return what kind of identifier it is."""
        return "URL" if self.id.startswith("https://") else "DOI"

    @property
    def url(self) -> str:
        """Return where it is found."""
        return self.id if self.scheme == "URL" else f"https://doi.org/{self.id}"


@dataclass(frozen=True, slots=True)
class Deposit:
    """The facts of ``[deposit]`` and the authors; what is not told is empty.

    ``period`` are the first and the last month or year of fieldwork. Of grants and related works
    None is not told, () that there are none.
    """

    author: tuple[Author, ...] = ()
    year: int = 0
    publisher: str = ""
    place: tuple[str, ...] = ()
    period: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sampling: str = ""
    sampling_text: str = ""
    weights: str = ""
    subject: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    contact_name: str = ""
    contact_email: str = ""
    grant: tuple[Grant, ...] | None = None
    related: tuple[RelatedWork, ...] | None = None

    def over(self, other: Deposit) -> Deposit:
        """Return these facts, and those of ``other`` where these do not tell any."""
        told = {name: value for name, value in _items(self) if value != getattr(NOT_TOLD, name)}
        return replace(other, **told)

    @property
    def plain(self) -> dict[str, Any]:
        """Return what is told as JSON can hold it."""
        untold = asdict(NOT_TOLD)
        return {name: value for name, value in asdict(self).items() if value != untold[name]}


NOT_TOLD = Deposit()


def _items(deposit: Deposit) -> Iterator[tuple[str, Any]]:
    return ((f.name, getattr(deposit, f.name)) for f in fields(deposit))


def missing_in(deposit: Deposit, facts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the facts that archives ask for and that neither ``deposit`` nor ``facts`` tell."""
    told = {name for name, value in _items(deposit) if value != getattr(NOT_TOLD, name)}
    # The site tells clients of a house and an address, which serve for archives as well.
    told |= {"contact_email"} if facts.get("contact_email") else set()
    keys = ("orcid",) if facts.get("institution") else ("orcid", "affiliation")
    of_authors = [
        f"{key} of {one.name}" for one in deposit.author for key in keys if not getattr(one, key)
    ]
    return (*(name for name in ASKED_BY if name not in told), *of_authors)


@cache
def language_names() -> Mapping[str, str]:
    """Return ISO 639-1 code → name of the language."""
    return tomllib.loads((files("forms") / "languages.toml").read_text("utf-8"))


def read_deposit(table: TomlTable) -> Deposit:
    """Return the facts of one ``[deposit]`` table; what is wrong is noted in it."""
    return Deposit(
        year=table.integer("year", *_YEARS, default=0),
        publisher=table.text("publisher", required=False),
        place=table.texts("place", required=False),
        period=_period(table),
        languages=table.known("languages", language_names(), required=False),
        sampling=table.one_of("sampling", SAMPLING) if table.has("sampling") else "",
        sampling_text=table.text("sampling_text", required=False),
        weights=table.text("weights", required=False),
        subject=table.known("subject", SUBJECTS, required=False),
        keywords=table.texts("keywords", required=False),
        contact_name=table.text("contact_name", required=False),
        contact_email=_mail(table),
        grant=_grants(table) if table.has("grant") else None,
        related=_related_works(table) if table.has("related") else None,
    )


def read_of_site(table: TomlTable) -> Deposit:
    """Return the facts of ``[… .deposit]`` and the persons of ``[[… .author]]`` in site.toml."""
    persons = read_persons(table) if table.has("author") else ()
    return replace(read_deposit(table.table("deposit")), author=persons)


def read_of_study(folder: Path) -> Deposit:
    """Return the facts of the folder's deposit.toml; none without one. Raises StudyFaults."""
    notes = FaultList()
    top = read_toml(folder / DEPOSIT, notes) if (folder / DEPOSIT).exists() else None
    found = read_deposit(top.table("deposit", required=True)) if top else NOT_TOLD
    if faults := notes.all():
        raise StudyFaults(faults)
    return found


def _period(table: TomlTable) -> tuple[str, ...]:
    """Return first and last month or year; days are refused, since an answer has none."""
    value = [str(part) for part in table.array("period", required=False)]
    if not value:
        return ()
    allowed = '["2027-03", "2028-02"] or ["2027", "2028"]: first and last month or year'
    found = [_PART_OF_A_YEAR.fullmatch(part) for part in value]
    if len(value) != 2 or not all(found) or len(value[0]) != len(value[1]):
        table.fault("period", f"{value} is no period", allowed)
        return ()
    if value[0] > value[1]:
        table.fault("period", f"{value[0]} comes after {value[1]}", allowed)
        return ()
    return tuple(value)


def _mail(table: TomlTable) -> str:
    text = table.text("contact_email", required=False)
    if text and not _MAIL.fullmatch(text):
        table.fault("contact_email", f"{text!r} is no mail address", "name@place.example, or empty")
    return text


def _grants(table: TomlTable) -> tuple[Grant, ...]:
    return tuple(
        Grant(
            one.text("funder"),
            one.text("number", required=False),
            one.text("title", required=False),
            read_ror(one),
        )
        for one in table.tables("grant", "funder")
    )


def _related_works(table: TomlTable) -> tuple[RelatedWork, ...]:
    return tuple(
        RelatedWork(
            one.one_of("relation", RELATIONS),
            _identifier(one),
            one.one_of("type", TYPES) if one.has("type") else "",
        )
        for one in table.tables("related")
    )


def _identifier(table: TomlTable) -> str:
    found = table.text("id").removeprefix("https://doi.org/").removeprefix("doi:")
    if found and not _DOI.fullmatch(found) and not re.fullmatch(r"https://[^\s/]+\.\S+", found):
        table.fault("id", f"{found!r} is no DOI and no address", "10.1037/a0031384, or https://…")
    return found
