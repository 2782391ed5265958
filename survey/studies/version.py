"""One version of a study with the facts of this site. Opens no store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forms.fingerprint import fingerprint_of_facts
from forms.load import load_study
from forms.site_facts import SiteFacts, facts_for, fill
from forms.study import Study
from forms.toml_tables import Fault, StudyFaults
from forms.variants import shown_at
from survey.studies.fingerprints import VersionFingerprints

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

    ``limit`` closes it once so many answers were sent; ``invited``: only an invitation opens it.
    """

    study: Study
    folder: Path
    facts: Mapping[str, str]
    site: str  # fingerprint of the facts
    pilot: bool
    limit: int | None = None
    invited: bool = False

    def fill(self, text: str) -> str:
        """Return ``text`` with the site's facts in place of ``{fact}``."""
        return fill(text, self.facts, self.study.language)


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
    """Return the study in ``folder`` with this site's facts. Raises StudyFaults."""
    check_name(folder)
    study = load_study(folder)
    facts = facts_for(site, study)
    return StudyVersion(
        shown_at(study, facts),
        folder,
        facts,
        fingerprint_of_facts(study, facts),
        pilot,
        limit=site.limits.get(study.name),
        invited=study.name in site.invited,
    )
