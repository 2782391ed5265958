"""Loading the studies of an installation, and the problems found, in whole sentences.

One faulty folder takes no other study down. A study that was signed goes on as it was signed; any
other is left out. Either is told to the operator, with what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forms.site_facts import SiteFacts, load_site
from forms.toml_tables import StudyFaults
from survey.clock import today_here
from survey.config import Config
from survey.errors import Refusal
from survey.storage import admission, studies
from survey.storage.admission import AdmissionRule
from survey.storage.stores import Stores
from survey.studies import approvals
from survey.studies.availability import LOST, Availability, prepare
from survey.studies.catalogue import (
    StudyCatalogue,
    StudyFolder,
    UnavailableStudy,
    find_folder,
    find_version,
    first_fault,
    has_words,
    help_lines_in,
    study_folders,
)
from survey.studies.version import StudyVersion, read_version


def open_studies(config: Config) -> tuple[Stores, StudyCatalogue]:
    """Open the stores of this installation and its studies, with a table ready for each."""
    stores = Stores(config.data)
    try:
        catalogue = load_catalogue(config, stores)
        for folder in catalogue:
            prepare(stores, folder.latest)
    except BaseException:
        stores.close()
        raise
    return stores, catalogue


def load_catalogue(config: Config, stores: Stores) -> StudyCatalogue:
    """Return every study of the configured folders; in the demo all are pilots.

    Raises Refusal where there is none to be served.
    """
    loader = _CatalogueLoader.at(config, stores)
    # A folder once, under whichever names it was given.
    folders = {folder.resolve(): folder for folder in reversed(study_folders(config))}
    tried = [loader.study(folder) for folder in reversed(folders.values())]
    known = {one.name for one in tried}
    tried += [loader.study(_usual_place(config, name)) for name in loader.opened - known]
    sound, left_out = _without_clashes(tried, loader.opened)
    if not sound:
        raise loader.fault or Refusal(_nothing_left(config, left_out))
    return StudyCatalogue([one.found for one in sound], left_out)


def load_for_command(
    config: Config, stores: Stores, name: str, *, pilot: bool | None = None
) -> StudyFolder:
    """Return the study of this name: its folder or, where that fails, what was signed.

    ``pilot`` as in ``find_version``. Raises Refusal and StudyFaults as that does.
    """
    try:
        return StudyFolder(find_version(config, name, pilot=pilot), config.site)
    except (StudyFaults, Refusal):
        as_pilot = name in config.pilots if pilot is None else pilot
        if as_pilot or not (stores.folder / "office.db").exists():
            raise
        try:
            folder = find_folder(config, name)
        except Refusal:
            folder = _usual_place(config, name)
        tried = _CatalogueLoader.at(config, stores).study(folder)
        if isinstance(tried, UnavailableStudy):
            raise
        return tried.found


def folder_problem(read: StudyFolder) -> str:
    """Return what is wrong with a folder whose study goes on without it, and what to do."""
    if not read.fault:
        return ""
    name, folder = read.latest.study.name, read.folder
    meanwhile = "the version that was approved" if read.is_archived else "the last sound version"
    gone = f"the folder {folder} is gone. It goes on as {meanwhile}. Put the folder back"
    faulty = (
        f"the folder {folder} cannot be used as it is now: {read.fault}. It goes on as "
        f"{meanwhile}. Mend the folder (`lacrima study check {folder}` lists every fault)"
    )
    return f"{name}: {faulty if folder.is_dir() else gone}; it is then read again by itself."


@dataclass(frozen=True, slots=True)
class _UsableStudy:
    """A study that can be served, from its folder or its archive."""

    found: StudyFolder

    @property
    def name(self) -> str:
        return self.found.latest.study.name


@dataclass(frozen=True, slots=True)
class _CatalogueLoader:
    """Loads one study after another, with the site's facts or what is wrong with them."""

    config: Config
    stores: Stores
    site: SiteFacts
    fault: StudyFaults | None
    opened: frozenset[str]  # studies that were opened once, as real ones

    @classmethod
    def at(cls, config: Config, stores: Stores) -> _CatalogueLoader:
        site, fault = SiteFacts(), None
        try:
            site = load_site(config.site)
        except StudyFaults as faults:
            fault = faults
        lives = [] if config.demo else studies.lived(stores.office)
        return cls(config, stores, site, fault, frozenset(lives) - config.pilots)

    def study(self, folder: Path) -> _UsableStudy | UnavailableStudy:
        """Return the study of this folder, or of the name that it should have."""
        name = folder.resolve().name
        pilot = self.config.demo or name in self.config.pilots
        try:
            if self.fault is not None:
                raise self.fault
            version = read_version(folder, self.site, pilot=pilot)
        except StudyFaults as faults:
            fault = first_fault(faults)
            return _unavailable(name, folder, fault) if pilot else self._signed(folder, fault)
        return _UsableStudy(StudyFolder(self._with_admission_rule(version), self.config.site))

    def _signed(self, folder: Path, fault: str) -> _UsableStudy | UnavailableStudy:
        """Return the version signed last, in the place of a folder with a fault."""
        name = folder.resolve().name
        noted = studies.approvals(self.stores.office, name)
        signed = studies.latest_effective(noted, today_here().isoformat())
        if signed is None:
            return _unavailable(name, folder, fault)
        try:
            version = approvals.load_archived(self.stores.folder, name, signed.fingerprints)
        except approvals.ArchivedVersionInvalid as invalid:
            return _unavailable(name, folder, f"{fault}. Nor can what was signed: {invalid}")
        study = replace(version.study, support=help_lines_in(folder) or version.study.support)
        version = self._with_admission_rule(replace(version, study=study))
        return _UsableStudy(StudyFolder(version, self.config.site, folder=folder, fault=fault))

    def _with_admission_rule(self, version: StudyVersion) -> StudyVersion:
        """Return ``version`` with its limit and whether it needs an invitation.

        Where site.toml cannot be read, they are as they were last; and a study with unspent codes
        stays closed to people without one.
        """
        name, site = version.study.name, self.site
        if name not in self.opened or (self.fault is None and has_words(self.config.site)):
            return replace(version, limit=site.limits.get(name), invited=name in site.invited)
        rule = admission.of(self.stores.office, name) or AdmissionRule(limit=None, invited=False)
        invited = rule.invited or admission.any_unspent(self.stores.responses, name)
        return replace(version, limit=rule.limit, invited=invited)


def _unavailable(name: str, folder: Path, fault: str) -> UnavailableStudy:
    why = (
        f"{name}: left out. Its folder {folder} cannot be used as it is now: {fault.rstrip('.')}. "
        f"Mend it (`lacrima study check {folder}` lists every fault) and start the server again."
    )
    return UnavailableStudy(name, why)


def _usual_place(config: Config, name: str) -> Path:
    """Return where the folder of a study should be that is nowhere."""
    itself = (place for place in config.studies if place.name == name)
    return next(itself, config.studies[0] / name)


def _without_clashes(
    tried: Sequence[_UsableStudy | UnavailableStudy], opened: frozenset[str]
) -> tuple[list[_UsableStudy], list[UnavailableStudy]]:
    """Return those that can be served side by side, and the others. Opened ones come first."""
    sound: list[_UsableStudy] = []
    left_out = [one for one in tried if isinstance(one, UnavailableStudy)]
    found = [one for one in tried if isinstance(one, _UsableStudy)]
    for one in sorted(found, key=lambda one: one.name not in opened):
        clash = next((other for other in sound if _clash(one, other)), None)
        if clash is None:
            sound.append(one)
        else:
            left_out.append(UnavailableStudy(one.name, _clashing(one, clash)))
    return sorted(sound, key=lambda one: one.name), left_out


def _clash(one: _UsableStudy, other: _UsableStudy) -> bool:
    mine, theirs = one.found.latest.study, other.found.latest.study
    return mine.name == theirs.name or mine.address == theirs.address


def _clashing(one: _UsableStudy, other: _UsableStudy) -> str:
    mine, theirs = one.found, other.found
    if one.name == other.name:
        what = f"a study of this name lies in {theirs.folder} too. Rename one of the two folders"
    else:
        what = (
            f"it has the same address as {other.name}, /s/{mine.latest.study.address}/. If it is a "
            "copy, give it an address of its own in questionnaire.toml; if the folder was only "
            "renamed, give it its name back"
        )
    return f"{one.name}: {mine.folder} is left out: {what}. Then start the server again."


def _nothing_left(config: Config, left_out: Sequence[UnavailableStudy]) -> str:
    if left_out:
        return "\n".join(one.why for one in left_out)
    return (
        "No study was found in " + ", ".join(str(p) for p in config.studies) + ". "
        "LACRIMA_STUDIES names the folders that hold them."
    )


def find_problems(catalogue: StudyCatalogue, stores: Stores) -> list[str]:
    """Return studies left out, faulty folders, invalid archived copies and lost records."""
    return list(dict.fromkeys(_problems(catalogue, stores)))


def _problems(catalogue: StudyCatalogue, stores: Stores) -> Iterator[str]:
    yield from (left_out.why for left_out in catalogue.left_out)
    availability = Availability(stores, catalogue)
    for folder in catalogue:
        name = folder.latest.study.name
        if folder.fault:
            yield folder_problem(folder)
        if folder.latest.pilot:
            continue
        yield from _about_the_copy(stores, name)
        found = availability.state_of(name)
        if found.reason == LOST:
            yield f"{name}: {found.problem}"


def _about_the_copy(stores: Stores, name: str) -> Iterator[str]:
    """Yield what is wrong with the archived copy, even while the folder is what is served."""
    signed = studies.latest_effective(
        studies.approvals(stores.office, name), today_here().isoformat()
    )
    if signed is None or signed.revoked:
        return
    try:
        approvals.load_archived(stores.folder, name, signed.fingerprints)
    except approvals.ArchivedVersionInvalid as invalid:
        yield f"{name}: {invalid}"
