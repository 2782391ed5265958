"""The study folders of this installation, found by the settings. No store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forms.site_facts import load_site
from survey.config import Config
from survey.errors import Refusal
from survey.studies.folder import StudyFolder
from survey.studies.version import StudyVersion, read_version


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
        self, folders: Sequence[StudyFolder], left_out: Sequence[UnavailableStudy] = ()
    ) -> None:
        self.folders = {folder.latest.study.name: folder for folder in folders}
        self.left_out = tuple(left_out)

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
