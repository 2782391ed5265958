"""The studies this installation offers: what their folders say, and what is served. No store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forms.site_facts import load_site
from survey.config import Config
from survey.errors import Refusal
from survey.studies.folder import StudyFolder
from survey.studies.version import StudyVersion, read_version

__all__ = [
    "PROPOSED",
    "PublishedVersions",
    "StudyCatalogue",
    "StudyVersion",
    "UnavailableStudy",
    "find_folder",
    "find_version",
    "study_folders",
]  # fmt: skip

# ``NAME@proposed`` on the board's pages: the folder as it is now, which may not be served yet.
PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class PublishedVersions:
    """What clients meet of a study: the version in force, and earlier ones still in force.

    ``signed`` is False while nothing was ever opened: then it is whatever the folder says.
    """

    version: StudyVersion
    earlier: tuple[StudyVersion, ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class UnavailableStudy:
    """A study that could not be put on the shelf, and why, in whole sentences."""

    name: str
    why: str


class StudyCatalogue:
    """Each study as its folder has it now, and as it is served. Opens no store itself.

    What is served is told by ``ask`` (``survey.studies.availability``), until then the folder.
    ``survey.studies.loading`` fills it: one faulty folder takes no other study down.
    """

    def __init__(
        self, studies: Sequence[StudyFolder], left_out: Sequence[UnavailableStudy] = ()
    ) -> None:
        self._folders = {watched.latest.study.name: watched for watched in studies}
        self.left_out = tuple(left_out)
        self._known: dict[str, PublishedVersions] = {}
        self.ask: Callable[[StudyVersion], PublishedVersions] = PublishedVersions

    def __iter__(self) -> Iterator[StudyVersion]:
        return iter([self.served(name).version for name in self._folders])

    def served(self, name: str) -> PublishedVersions:
        """What is served of this study just now, asked for anew. Raises KeyError."""
        self._known[name] = found = self.ask(self._folders[name].version())
        return found

    def versions_at(self, address: str) -> tuple[StudyVersion, ...]:
        """What is served behind a client's address, the version in force first; or nothing."""
        likely = sorted(self._folders, key=lambda name: self._likely(name, address))
        for name in likely:
            found = self.served(name)
            versions = (found.version, *found.earlier)
            if any(version.study.address == address for version in versions):
                return versions
        return ()

    def _likely(self, name: str, address: str) -> tuple[bool, bool]:
        """What was signed comes first: an edited folder draws nobody away from it."""
        known = self._known.get(name)
        return address not in self._addresses(name), not (known and known.signed)

    def refresh(self, name: str) -> None:
        """Ask anew what is served of this study, if there is one."""
        if name in self._folders:
            self.served(name)

    def _addresses(self, name: str) -> set[str]:
        known = self._known.get(name)
        versions = (known.version, *known.earlier) if known else (self._folders[name].latest,)
        return {version.study.address for version in versions}

    def at(self, address: str) -> StudyVersion | None:
        """The version in force behind a client's address, to the shelf's last knowledge."""
        named = (name for name in self._folders if address in self._addresses(name))
        return next((self.named(name) for name in named), None)

    def named(self, name: str) -> StudyVersion | None:
        """The study of this name (its folder's) as it is served, to the shelf's last knowledge.

        ``NAME@proposed`` is the study as its folder has it now. Neither asks a store.
        """
        study, _, edition = name.partition("@")
        if study not in self._folders or edition not in ("", PROPOSED):
            return None
        known = self._known.get(study)
        if edition or known is None or not known.signed:
            return self._folders[study].version()
        return known.version

    def proposed(self, name: str) -> StudyFolder | None:
        """The folder of this study, which may differ from what is served."""
        return self._folders.get(name)

    def folders(self) -> Iterator[StudyFolder]:
        """The folder of each study."""
        return iter(self._folders.values())


def study_folders(config: Config) -> tuple[Path, ...]:
    """Every study folder on the configured shelves; a shelf may also be a study itself."""
    found: list[Path] = []
    for catalogue in config.studies:
        inside = [catalogue, *sorted(p for p in catalogue.glob("*") if p.is_dir())]
        found += [p for p in inside if (p / "questionnaire.toml").is_file()]
    return tuple(found)


def find_folder(config: Config, name: str) -> Path:
    """The study folder of this name on the shelves, or ``name`` itself. Raises Refusal."""
    folders = [f for f in study_folders(config) if f.resolve().name == name]
    if not folders and (Path(name) / "questionnaire.toml").is_file():
        folders = [Path(name)]
    if not folders:
        known = ", ".join(sorted(f.resolve().name for f in study_folders(config))) or "none"
        raise Refusal(f"There is no study {name!r} here. Known: {known}. A folder works too.")
    return folders[0]


def find_version(config: Config, name: str, *, pilot: bool | None = None) -> StudyVersion:
    """The study of this name on the shelves, or in the folder ``name``. Raises Refusal.

    ``pilot`` True or False takes it as a pilot or not, whatever the settings say.
    """
    folder = find_folder(config, name)
    as_pilot = folder.resolve().name in config.pilots if pilot is None else pilot
    return read_version(folder, load_site(config.site), pilot=as_pilot)
