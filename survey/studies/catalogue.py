"""The study folders of this installation, each read again by itself when its files changed."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from forms.load import ALL
from forms.parse_documents import read_support
from forms.site_facts import load_site
from forms.study import Support
from forms.toml_tables import SUPPORT, Fault, FaultList, StudyFaults, read_toml
from survey.config import Config
from survey.errors import Refusal
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.version import StudyVersion, fingerprints_of, read_version


def help_lines_in(folder: Path) -> Support | None:
    """Return the help lines of the folder's support.toml; None where it has a fault."""
    notes = FaultList()
    top = read_toml(folder / SUPPORT, notes)
    support = read_support(top) if top else None
    return None if notes.all() else support


# How often a study folder is looked at for a change, in seconds.
LOOK_SECONDS = 2.0
REMEMBERED = 5  # versions that the folder had before, to tell what changed


class StudyFolder:
    """A study folder that is read again when its files or the site's facts change.

    A version with a fault is not taken: the last sound one stays, with the help lines of today as
    far as they can be read, and ``fault`` says why. ``is_archived``: no sound version of the folder
    was read yet, so that ``latest`` is the one that was approved.
    """

    def __init__(
        self,
        version: StudyVersion,
        site: Path | None,
        *,
        folder: Path | None = None,
        fault: str = "",
    ) -> None:
        self.latest, self.fault, self.is_archived = version, fault, bool(fault)
        self.folder = folder or version.folder
        self._site = site
        self._before: tuple[StudyVersion, ...] = ()
        self._lock = threading.Lock()
        self._seen, self._looked = self._stamps(), monotonic()
        self._had_site = has_words(site)

    def _stamps(self) -> tuple[object, ...]:
        """Return what differs once a file was written, made or taken away."""
        stamps: list[tuple[int, int] | None] = []
        for file in (*(self.folder / name for name in ALL), *filter(None, (self._site,))):
            try:
                found = file.stat()
                stamps.append((found.st_mtime_ns, found.st_size))
            except OSError:
                stamps.append(None)
        return tuple(stamps)

    @property
    def name(self) -> str:
        """Name of the study, that of its folder."""
        return self.latest.study.name

    def version(self, *, now: bool = False) -> StudyVersion:
        """Return the study as the folder has it; looked at every two seconds, or ``now``."""
        if self._site is None or (not now and monotonic() - self._looked < LOOK_SECONDS):
            return self.latest
        with self._lock:
            stamps = self._stamps()
            if stamps != self._seen:
                self._read_again(self._site)
            # Those from before the reading: what is written meanwhile is read at the next look.
            self._seen, self._looked = stamps, monotonic()
        return self.latest

    def _read_again(self, site: Path) -> None:
        try:
            if self._had_site and not has_words(site):
                raise StudyFaults((Fault(str(site), "", "", "is gone, or empty now"),))
            read = read_version(self.folder, load_site(site), pilot=self.latest.pilot)
        except StudyFaults as faults:
            self.fault = first_fault(faults)
            # A wrong number is corrected at once, whatever else is wrong with the folder.
            support = help_lines_in(self.folder)
            if support is not None and support != self.latest.help:
                self.latest = replace(self.latest, shown_help=support)
            return
        self.fault, self.is_archived, self._had_site = "", False, has_words(site)
        if not self._had_site:  # then it does not say who may come in
            read = replace(read, limit=self.latest.limit, invited=self.latest.invited)
        if _seen_by_respondents(read) != _seen_by_respondents(self.latest):
            self._before = (self.latest, *self._before)[:REMEMBERED]
            self.latest = read

    @property
    def site_is_current(self) -> bool:
        """Return whether limit and invitation are what site.toml said at the last look."""
        return self._had_site and not self.fault

    def earlier(self, fingerprints: VersionFingerprints) -> StudyVersion | None:
        """Return the version that the folder had lately under these fingerprints, if remembered."""
        return next((o for o in self._before if fingerprints_of(o) == fingerprints), None)


def has_words(site: Path | None) -> bool:
    """Return whether site.toml is there; one that a save or a full disk left empty is not."""
    try:
        return site is not None and site.stat().st_size > 0
    except OSError:
        return False


def first_fault(faults: StudyFaults) -> str:
    """Return the first fault, without a full stop, and how many more there are."""
    first, more = str(faults.faults[0]).rstrip("."), len(faults.faults) - 1
    return first + (f"; and {more} more" if more else "")


def _seen_by_respondents(version: StudyVersion) -> tuple[object, ...]:
    """Return everything that a change of a file can change for respondents."""
    return *fingerprints_of(version), version.limit, version.invited, version.help


@dataclass(frozen=True, slots=True)
class UnavailableStudy:
    """A study that is left out of the catalogue, and why, in whole sentences."""

    name: str
    why: str


class StudyCatalogue:
    """Each study as its folder has it now; ``Availability`` knows what is published of it.

    ``survey.studies.loading`` fills it: one faulty folder takes no other study down.
    """

    def __init__(
        self,
        folders: Sequence[StudyFolder],
        left_out: Sequence[UnavailableStudy] = (),
        still_real: Collection[str] = (),
    ) -> None:
        self.folders = {folder.name: folder for folder in folders}
        self.left_out = tuple(left_out)
        self.still_real = tuple(still_real)  # named as pilots after they were opened

    def __iter__(self) -> Iterator[StudyFolder]:
        return iter(self.folders.values())

    def folder(self, name: str) -> StudyFolder | None:
        """Return the folder of this study, which may differ from what is published."""
        return self.folders.get(name)


def study_folders(config: Config) -> tuple[Path, ...]:
    """Return every study folder below the configured ones, which may be studies themselves."""
    found: list[Path] = []
    for place in config.studies:
        inside = [place, *sorted(p for p in place.glob("*") if p.is_dir())]
        found += [p for p in inside if (p / "questionnaire.toml").is_file()]
    return tuple(found)


def find_folder(config: Config, name: str) -> Path:
    """Return the study folder of this name, or ``name`` itself as a path. Raises Refusal."""
    folders = [f for f in study_folders(config) if f.resolve().name == name]
    if not folders and (Path(name) / "questionnaire.toml").is_file():
        folders = [Path(name)]
    if not folders:
        known = ", ".join(sorted(f.resolve().name for f in study_folders(config))) or "none"
        raise Refusal(f"There is no study {name!r} here. Known: {known}. A folder works too.")
    return folders[0]


def find_version(config: Config, name: str, *, pilot: bool | None = None) -> StudyVersion:
    """Return the study of this name, or in the folder ``name``. Raises Refusal.

    ``pilot`` True or False takes it as a pilot or not, whatever the settings say.
    """
    folder = find_folder(config, name)
    as_pilot = folder.resolve().name in config.pilots if pilot is None else pilot
    return read_version(folder, load_site(config.site), pilot=as_pilot)
