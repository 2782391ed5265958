"""One version of a study with the facts of this site. Opens no store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from forms.fingerprint import BOARD_FACTS, fingerprint_of_board_facts, fingerprint_of_facts
from forms.load import load_study
from forms.site_facts import (
    STOP_RULE,
    SiteFacts,
    facts_for,
    fill,
    made_up,
    read_example,
    researchers_of,
)
from forms.stop_signs import rule_in_words
from forms.study import HelpLine, Study, Support
from forms.toml_tables import Fault, StudyFaults
from forms.variants import shown_at
from survey.studies.fingerprints import VersionFingerprints

BOARD_ALONE = "(told to the board alone)"  # on public pages, in the place of such a fact

# First parts of the rooms' own addresses. A test holds the list against the addresses served.
RESERVED = frozenset({"account", "audit", "code", "keys", "seen", "set-up", "sign-in", "sign-out"})


def check_name(folder: Path) -> None:
    """Raise StudyFaults for a folder whose study would have the address of a page of ours."""
    name = folder.resolve().name
    if name.lower() in RESERVED:
        problem = f"no study can be called {name!r}: /research/{name} is a page of the platform"
        fault = Fault(str(folder), "", "", problem, "any other name of the folder")
        raise StudyFaults((fault,))


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: one a study
class StudyVersion:
    """One version of a study with this site's facts: its folder's, or one that was approved.

    ``limit`` closes it once so many answers were sent; ``invited``: only an invitation opens it;
    ``shown_help`` is the help page where clients are shown another than the study's own.
    ``researchers`` are named by site.toml, whether the words name them or not; of a folder's alone.
    ``example``: its facts are made up, as in the demo.
    """

    study: Study
    folder: Path
    facts: Mapping[str, str]
    site: str  # fingerprint of the facts
    pilot: bool
    limit: int | None = None
    invited: bool = False
    shown_help: Support | None = None
    example: bool = False
    researchers: str = ""

    @property
    def help(self) -> Support:
        """Return the help page as clients are shown it: ``study.support`` is what is signed."""
        return self.shown_help or self.study.support

    @cached_property
    def public(self) -> StudyVersion:
        """Return the version without the facts that only the board is told, for public pages."""
        board = fingerprint_of_board_facts(self.study, self.facts)
        if not board:
            return self
        kept = {
            name: BOARD_ALONE if name in self.study.consent.board_facts and value else value
            for name, value in self.facts.items()
        }
        return replace(self, facts={**kept, BOARD_FACTS: board})

    def as_signed(self) -> StudyVersion:
        """Return the version with the help page that is signed, for what does not change daily."""
        return replace(self, shown_help=None)

    @property
    def corrections(self) -> tuple[tuple[HelpLine, HelpLine], ...]:
        """Return each help line as signed and as shown, where the shown contact is not signed."""
        shown = {line.label: line for line in self.help.lines}
        pairs = ((line, shown.get(line.label, line)) for line in self.study.support.lines)
        return tuple(
            (one, now) for one, now in pairs if (one.contact, one.url) != (now.contact, now.url)
        )

    @property
    def hidden_lines(self) -> tuple[HelpLine, ...]:
        """Return the help lines that clients are not shown, as nobody has checked them lately."""
        shown = {line.label for line in self.help.lines}
        return tuple(line for line in self.study.support.lines if line.label not in shown)

    def fill(self, text: str) -> str:
        """Return ``text`` with the site's facts, and the stop rule, in place of ``{fact}``."""
        facts = self.facts
        if STOP_RULE in text:
            facts = {**facts, STOP_RULE: rule_in_words(self.study)}
        return fill(text, facts, self.study.language)


@dataclass(frozen=True, slots=True)
class PublishedVersions:
    """The versions that respondents meet: the one in force, and earlier ones still in force.

    ``signed`` is False while nothing was ever opened: then it is whatever the folder says.
    """

    version: StudyVersion
    earlier: tuple[StudyVersion, ...] = ()
    signed: bool = False


def fingerprints_of(version: StudyVersion) -> VersionFingerprints:
    """Return the fingerprints that an approval of this version names."""
    fingerprints = version.study.fingerprints
    return VersionFingerprints(fingerprints.words, fingerprints.policy, version.site)


def read_version(folder: Path, site: SiteFacts, *, pilot: bool) -> StudyVersion:
    """Return the study in ``folder`` with this site's facts.

    Raises StudyFaults, also where a study that is no pilot has the facts of its example.
    """
    check_name(folder)
    study = load_study(folder)
    facts = facts_for(site, study)
    examples = made_up(facts, read_example(folder))
    if examples and not pilot:
        raise StudyFaults(examples)
    return StudyVersion(
        shown_at(study, facts),
        folder,
        facts,
        fingerprint_of_facts(study, facts),
        pilot,
        limit=site.limits.get(study.name),
        invited=study.name in site.invited,
        example=bool(examples),
        researchers=researchers_of(site, study.name),
    )
