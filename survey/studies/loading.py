"""Loading the studies of an installation, and the problems found, in whole sentences.

One faulty folder takes no other study down. A study that was signed goes on as it was signed; any
other is left out. Either is told to the operator, with what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forms.site_facts import SiteFacts, load_site
from forms.toml_tables import StudyFaults
from survey.clock import today_here
from survey.config import Config
from survey.data_folder import open_data
from survey.errors import Refusal
from survey.releases import destruction
from survey.storage import admission, batches, record_check, studies
from survey.storage.admission import AdmissionRule
from survey.storage.stores import Stores
from survey.studies import approvals
from survey.studies.approvals import other_platform
from survey.studies.availability import LOST, NO_HELP, Availability, prepare
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
    stores = open_data(config)
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
    still_real = _opened(config, stores) & config.pilots
    config = _as_real(config, stores)
    loader = _CatalogueLoader.at(config, stores)
    # A folder once, under whichever names it was given.
    folders = {folder.resolve(): folder for folder in reversed(study_folders(config))}
    tried = [loader.study(folder) for folder in reversed(folders.values())]
    known = {one.name for one in tried}
    tried += [loader.study(_usual_place(config, name)) for name in loader.opened - known]
    sound, left_out = _without_clashes(tried, loader.opened)
    if not sound:
        why = "\n".join(one.why for one in left_out) or (
            "No study was found in " + ", ".join(str(p) for p in config.studies) + ". "
            "LACRIMA_STUDIES names the folders that hold them."
        )
        # One sound study starts: people may be half-way through it (docs/decisions/0014).
        raise loader.fault or Refusal(why)
    return StudyCatalogue(sound, left_out, still_real)


def _opened(config: Config, stores: Stores) -> frozenset[str]:
    """Return the studies that were opened once, as real ones."""
    known = not config.demo and (stores.folder / "office.db").exists()
    return frozenset(studies.lived(stores.office) if known else ())


def _as_real(config: Config, stores: Stores) -> Config:
    """Return the settings without the pilots that were opened as real studies.

    Else a setting would put unsigned words in the place of signed ones, take deletions by code
    away, and lift what a board has stopped.
    """
    return replace(config, pilots=config.pilots - _opened(config, stores))


def load_for_command(
    config: Config, stores: Stores, name: str, *, pilot: bool | None = None
) -> StudyFolder:
    """Return the study of this name: its folder or, where that fails, what was signed.

    ``pilot`` as in ``find_version``. Raises Refusal and StudyFaults as that does.
    """
    config = _as_real(config, stores)
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
        return tried


def folder_problem(read: StudyFolder) -> str:
    """Return what is wrong with a folder whose study goes on without it, and what to do."""
    if not read.fault:
        return ""
    name, folder = read.name, read.folder
    meanwhile = "the version that was approved" if read.is_archived else "the last sound version"
    gone = f"the folder {folder} is gone. It goes on as {meanwhile}. Put the folder back"
    faulty = (
        f"the folder {folder} cannot be used as it is now: {read.fault}. It goes on as "
        f"{meanwhile}. Mend the folder (`lacrima study check {folder}` lists every fault)"
    )
    return f"{name}: {faulty if folder.is_dir() else gone}; it is then read again by itself."


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
        return cls(config, stores, site, fault, _opened(config, stores))

    def study(self, folder: Path) -> StudyFolder | UnavailableStudy:
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
        return StudyFolder(self._with_admission_rule(version), self.config.site)

    def _signed(self, folder: Path, fault: str) -> StudyFolder | UnavailableStudy:
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
        present = replace(version, shown_help=help_lines_in(folder))
        version = self._with_admission_rule(present)
        return StudyFolder(version, self.config.site, folder=folder, fault=fault)

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
    tried: Sequence[StudyFolder | UnavailableStudy], opened: frozenset[str]
) -> tuple[list[StudyFolder], list[UnavailableStudy]]:
    """Return those that can be served side by side, and the others. Opened ones come first."""
    sound: list[StudyFolder] = []
    left_out = [one for one in tried if isinstance(one, UnavailableStudy)]
    found = [one for one in tried if isinstance(one, StudyFolder)]
    for one in sorted(found, key=lambda one: one.name not in opened):
        name, address = one.name, one.latest.study.address
        if same := next((other for other in sound if other.name == name), None):
            what = f"a study of this name lies in {same.folder} too. Rename one of the two folders"
        elif same := next((o for o in sound if o.latest.study.address == address), None):
            what = (
                f"it has the same address as {same.name}, /s/{address}/. If it is a copy, give it "
                "an address of its own in questionnaire.toml; if the folder was only renamed, give "
                "it its name back"
            )
        else:
            sound.append(one)
            continue
        why = f"{name}: {one.folder} is left out: {what}. Then start the server again."
        left_out.append(UnavailableStudy(name, why))
    return sorted(sound, key=lambda one: one.name), left_out


def help_notices(catalogue: StudyCatalogue, stores: Stores) -> list[str]:
    """Return what is hidden of the help pages of signed studies, and what will be soon."""
    availability = Availability(stores, catalogue)
    pages = ((folder.name, availability.state_of(folder.name).help) for folder in catalogue)
    return [f"{name}: {sentence}" for name, page in pages if page for sentence in page.sentences()]


def find_problems(catalogue: StudyCatalogue, stores: Stores) -> list[str]:
    """Return studies left out, faulty folders, invalid copies, lost records, a broken record."""
    found = [left_out.why for left_out in catalogue.left_out]
    found += [
        f"{name}: LACRIMA_PILOTS names it, but it was opened as a real study and goes on as one. "
        "Take it out of LACRIMA_PILOTS."
        for name in sorted(catalogue.still_real)
    ]
    found += [f"The office's record: {fault}" for fault in record_check.check(stores.office).faults]
    availability = Availability(stores, catalogue)
    for folder in catalogue:
        name = folder.name
        if folder.fault:
            found.append(folder_problem(folder))
        if folder.latest.pilot:
            continue
        unnoted = {*batches.batches(stores.responses, name)} - {
            0,
            *batches.begun(stores.office, name),
        }
        if unnoted:
            found.append(
                f"{name}: answers are frozen of which the record has no freeze: an older version "
                "of the program froze them, or somebody did with other tools, and their codes "
                "delete nothing any more. Tell the board."
            )
        noted = studies.approvals(stores.office, name)
        signed = studies.latest_effective(noted, today_here().isoformat())
        # Even while the folder is what is served: the copy has to be there once it changes.
        if signed and not signed.revoked:
            try:
                approvals.load_archived(stores.folder, name, signed.fingerprints)
            except approvals.ArchivedVersionInvalid as invalid:
                found.append(f"{name}: {invalid}")
        if signed and signed.in_force(today_here().isoformat()) and other_platform(signed):
            found.append(
                f"{name}: this program says other sentences of its own to clients than those "
                f"signed under {signed.reference}. Nobody new can begin before the version is "
                f"signed anew; `lacrima study platform {name}` shows what changed."
            )
        found += destruction.reminders(stores, folder.latest, today_here().isoformat())
        state = availability.state_of(name)
        if state.reason in (LOST, NO_HELP):
            found.append(f"{name}: {state.problem}")
    return list(dict.fromkeys(found))
