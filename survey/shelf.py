"""The studies this installation offers, with the facts of the site. Opens no store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from forms.facts import SiteFacts, facts_for, fill, load_site
from forms.fingerprint import of_facts
from forms.load import load_study
from forms.study import Study
from survey.config import Config
from survey.errors import Refusal


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: one a study
class Offer:
    """A study as this site offers it. ``limit`` closes it by itself at so many answers."""

    study: Study
    folder: Path
    facts: Mapping[str, str]
    site: str  # fingerprint of the facts
    pilot: bool
    limit: int | None = None

    def fill(self, text: str) -> str:
        """``text`` with the site's facts in place of ``{fact}``."""
        return fill(text, self.facts)


class Shelf:
    """Offers by address and by name. Raises what ``forms.load`` raises: nothing half-loads."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._by_address = {o.study.address: o for o in offers}
        self._by_name = {o.study.name: o for o in offers}
        if len(self._by_address) < len(offers):
            raise Refusal(
                "Two studies have the same address: " + ", ".join(sorted(self._by_name)) + "."
            )

    def __iter__(self) -> Iterator[Offer]:
        return iter(self._by_name.values())

    def at(self, address: str) -> Offer | None:
        """The study behind a client's address."""
        return self._by_address.get(address)

    def named(self, name: str) -> Offer | None:
        """The study of this name (its folder's name)."""
        return self._by_name.get(name)


def study_folders(config: Config) -> tuple[Path, ...]:
    """Every study folder on the configured shelves; a shelf may also be a study itself."""
    found: list[Path] = []
    for shelf in config.studies:
        inside = [shelf, *sorted(p for p in shelf.glob("*") if p.is_dir())]
        found += [p for p in inside if (p / "questionnaire.toml").is_file()]
    return tuple(found)


def offer_of(folder: Path, site: SiteFacts, *, pilot: bool) -> Offer:
    """The study in ``folder`` with this site's facts."""
    study = load_study(folder)
    facts = facts_for(site, study)
    return Offer(study, folder, facts, of_facts(study, facts), pilot, site.limits.get(study.name))


def load_shelf(config: Config) -> Shelf:
    """Every study of the configured folders. In the demo all are pilots."""
    site = load_site(config.site)
    folders = study_folders(config)
    if not folders:
        raise Refusal(
            "No study was found in " + ", ".join(str(p) for p in config.studies) + ". "
            "LACRIMA_STUDIES names the folders that hold them."
        )
    return Shelf(
        [offer_of(f, site, pilot=config.demo or f.resolve().name in config.pilots) for f in folders]
    )


def find_offer(config: Config, name: str, *, pilot: bool | None = None) -> Offer:
    """The study of this name on the shelves, or in the folder ``name``. Raises Refusal.

    ``pilot`` True or False takes it as a pilot or not, whatever the settings say.
    """
    folders = [f for f in study_folders(config) if f.resolve().name == name]
    if not folders and (Path(name) / "questionnaire.toml").is_file():
        folders = [Path(name)]
    if not folders:
        known = ", ".join(sorted(f.resolve().name for f in study_folders(config))) or "none"
        raise Refusal(f"There is no study {name!r} here. Known: {known}. A folder works too.")
    as_pilot = folders[0].resolve().name in config.pilots if pilot is None else pilot
    return offer_of(folders[0], load_site(config.site), pilot=as_pilot)
