"""Facts that differ from site to site: read from site.toml and filled into a study's words.

An optional fact that is empty vanishes from the text; any other one that is missing stays visible
as its name in square brackets, so that an unfinished text is never taken for a finished one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from forms import dates
from forms.authors import authors_of, in_words, read_authors
from forms.deposit import NOT_TOLD, Deposit, read_of_site, read_of_study
from forms.study import Study
from forms.toml_tables import Fault, FaultList, StudyFaults, TomlTable, listed, read_toml

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,30})\}")
STOP_RULE = "stop_rule"  # in a note to the board: the program fills in the rule in words
AUTHORS = "authors"  # the fact that keeps the persons of [[site.author]]
EXAMPLE = "example.toml"  # of a study folder: the facts of site.toml, made up for the demo
NO_FACTS = ("limit", "invited")  # keys of a study's table that say how it is served


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """The contents of site.toml: facts for every study, and facts and limits by study name.

    ``invited`` are the studies that only an invitation opens; ``deposit`` is what archives ask for,
    by study name, and for every study under "".
    """

    shared: Mapping[str, str] = field(default_factory=dict)
    by_study: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    invited: frozenset[str] = frozenset()
    deposit: Mapping[str, Deposit] = field(default_factory=dict)


def load_site(path: Path) -> SiteFacts:
    """Return the installation's facts; none when there is no such file.

    Raises StudyFaults listing every fault of the file.
    """
    if not path.exists():
        return SiteFacts()
    notes = FaultList()
    top = read_toml(path, notes) or TomlTable({}, notes, path.name)
    studies = dict(top.table("study").entries())
    shared = top.table("site")
    facts = SiteFacts(
        shared=read_facts(shared),
        by_study={name: read_facts(table, besides=NO_FACTS) for name, table in studies.items()},
        limits={
            name: table.integer("limit", 1, 1_000_000)
            for name, table in studies.items()
            if table.has("limit")
        },
        invited=frozenset(name for name, table in studies.items() if table.flag("invited")),
        deposit={name: read_of_site(table) for name, table in {"": shared, **studies}.items()},
    )
    for name, table in studies.items():
        check_order(table, {**facts.shared, **facts.by_study[name]})
    if faults := notes.all():
        raise StudyFaults(faults)
    return facts


def read_example(folder: Path) -> Mapping[str, str]:
    """Return the facts of a site that does not exist, from the study's example.toml; else none.

    Raises StudyFaults listing every fault of the file.
    """
    notes = FaultList()
    top = read_toml(folder / EXAMPLE, notes) if (folder / EXAMPLE).exists() else None
    facts = read_facts(top.table("site")) if top else {}
    if faults := notes.all():
        raise StudyFaults(faults)
    return facts


def made_up(facts: Mapping[str, str], example: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return a fault for each fact that is a made-up name or address of the study's example."""
    same = [name for name, value in facts.items() if value and value == example.get(name)]
    problem = f"is the made-up one of the study's {EXAMPLE}"
    return tuple(
        Fault("site.toml", "", name, problem, "your own")
        for name in same
        if "example" in facts[name].lower()
    )


def check_order(table: TomlTable, facts: Mapping[str, str]) -> None:
    """Note last days on which something is kept that come before answers may be frozen at all."""
    first = facts.get(dates.FREEZE, "")
    for name in dates.LAST_DAYS:
        if facts.get(name) and facts[name] < first:
            problem = f"{facts[name]} comes before {dates.FREEZE}"
            table.fault(name, problem, f"{first} or later")


def read_facts(table: TomlTable, *, besides: tuple[str, ...] = ()) -> Mapping[str, str]:
    """Return every fact of one table, empty ones too."""
    texts = {
        key: table.day(key) if key in dates.DATES else table.text(key, required=False)
        for key in table.data
        if key not in (*besides, "author", "deposit")
    }
    return {**texts, AUTHORS: read_authors(table)} if "author" in table.data else texts


def researchers_of(site: SiteFacts, study: str) -> str:
    """Return the names of everybody whom the site names as a researcher or author of the study."""
    given = {**site.shared, **site.by_study.get(study, {})}
    authors = in_words(authors_of(given[AUTHORS])) if given.get(AUTHORS) else ""
    return f"{given.get('researcher_names', '')}; {authors}"


def deposit_for(site: SiteFacts, folder: Path, study: str) -> Deposit:
    """Return what archives are told of a study: the site's facts win over the folder's.

    Raises StudyFaults listing every fault of the folder's deposit.toml.
    """
    shared, own = (site.deposit.get(name, NOT_TOLD) for name in ("", study))
    return own.over(shared).over(read_of_study(folder))


def facts_for(site: SiteFacts, study: Study) -> Mapping[str, str]:
    """Return fact → value for the facts that this study names, and its authors.

    Its own win over the site's. Without a fact ``researcher_names`` the authors are these.

    An optional fact that is empty is there as an empty text; a required one (and one for the board
    only) is left out, so that ``fill`` marks it. Raises StudyFaults for a fact that chooses a
    variant of the words (only_if) with a value that the words do not have.
    """
    given = {**site.shared, **site.by_study.get(study.name, {})}
    if given.get(AUTHORS) and not given.get("researcher_names"):
        given["researcher_names"] = in_words(authors_of(given[AUTHORS]))
    consent = study.consent
    for fact, values in consent.variants.items():
        if given.get(fact) and given[fact] not in values:
            table = f"study {study.name}" if fact in site.by_study.get(study.name, {}) else "site"
            problem, allowed = f"{given[fact]!r} is none of its values", listed(map(repr, values))
            raise StudyFaults((Fault("site.toml", table, fact, problem, allowed),))
    empty = dict.fromkeys(consent.optional_facts, "")
    named = consent.facts | consent.optional_facts | consent.board_facts
    return empty | {name: given[name] for name in sorted({*named, AUTHORS}) if given.get(name)}


def missing_facts(study: Study, facts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the required facts that are empty, sorted."""
    consent = study.consent
    required = consent.facts - consent.optional_facts - consent.board_facts
    return tuple(sorted(name for name in required if not facts.get(name)))


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names of the facts that ``text`` asks for, in order."""
    return tuple(PLACEHOLDER.findall(text))


def fill(text: str, facts: Mapping[str, str], language: str = "en") -> str:
    """Return ``text`` with its facts; one that is not in ``facts`` shows as ``[its_name]``.

    A date is told in words. An empty fact goes with the space and the full stop beside it: the
    loader has made sure that an optional fact stands alone between sentences.
    """
    for name in placeholders(text):
        if facts.get(name) == "":
            # At the start of a line the space behind goes, elsewhere the one before.
            alone = rf"\{{{name}\}}[.!?]?"
            text = re.sub(rf"(?m)^{alone}[ \t]*|[ \t]*{alone}", "", text)
    # An empty fact may have been a paragraph by itself.
    text = re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    def filled(found: re.Match[str]) -> str:
        value = dates.shown(found[1], facts, language)
        return f"[{found[1]}]" if value is None else value

    return PLACEHOLDER.sub(filled, text)
