"""The studies this installation offers: what their folders say, and what is served. No store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forms.facts import load_site
from survey.config import Config
from survey.errors import Refusal
from survey.offer import Offer, offer_of
from survey.watched import Watched

__all__ = ["PROPOSED", "Offer", "Served", "Shelf", "find_offer", "load_shelf", "study_folders"]

# ``NAME@proposed`` on the board's pages: the folder as it is now, which may not be served yet.
PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class Served:
    """What clients meet of a study: the version in force, and earlier ones still in force.

    ``signed`` is False while nothing was ever opened: then it is whatever the folder says.
    """

    offer: Offer
    earlier: tuple[Offer, ...] = ()
    signed: bool = False


class Shelf:
    """Each study as its folder has it now, and as it is served. Opens no store itself.

    What is served is told by ``ask`` (``survey.availability``); until then it is the folder. Raises
    what ``forms.load`` raises: nothing half-loads.
    """

    def __init__(self, offers: Sequence[Offer], *, site: Path | None = None) -> None:
        self._folders = {o.study.name: Watched(o, site) for o in offers}
        if len({o.study.address for o in offers}) < len(offers):
            raise Refusal(
                "Two studies have the same address: " + ", ".join(sorted(self._folders)) + "."
            )
        self._known: dict[str, Served] = {}
        self.ask: Callable[[Offer], Served] = Served

    def __iter__(self) -> Iterator[Offer]:
        return iter([self.served(name).offer for name in self._folders])

    def served(self, name: str) -> Served:
        """What is served of this study just now, asked for anew. Raises KeyError."""
        self._known[name] = found = self.ask(self._folders[name].offer())
        return found

    def versions_at(self, address: str) -> tuple[Offer, ...]:
        """What is served behind a client's address, the version in force first; or nothing."""
        likely = sorted(self._folders, key=lambda name: address not in self._addresses(name))
        for name in likely:
            found = self.served(name)
            versions = (found.offer, *found.earlier)
            if any(offer.study.address == address for offer in versions):
                return versions
        return ()

    def _addresses(self, name: str) -> set[str]:
        known = self._known.get(name)
        offers = (known.offer, *known.earlier) if known else (self._folders[name].latest,)
        return {offer.study.address for offer in offers}

    def at(self, address: str) -> Offer | None:
        """The version in force behind a client's address, to the shelf's last knowledge."""
        named = (name for name in self._folders if address in self._addresses(name))
        return next((self.named(name) for name in named), None)

    def named(self, name: str) -> Offer | None:
        """The study of this name (its folder's) as it is served, to the shelf's last knowledge.

        ``NAME@proposed`` is the study as its folder has it now. Neither asks a store.
        """
        study, _, edition = name.partition("@")
        if study not in self._folders or edition not in ("", PROPOSED):
            return None
        known = self._known.get(study)
        if edition or known is None or not known.signed:
            return self._folders[study].offer()
        return known.offer

    def proposed(self, name: str) -> Watched | None:
        """The folder of this study, which may differ from what is served."""
        return self._folders.get(name)


def study_folders(config: Config) -> tuple[Path, ...]:
    """Every study folder on the configured shelves; a shelf may also be a study itself."""
    found: list[Path] = []
    for shelf in config.studies:
        inside = [shelf, *sorted(p for p in shelf.glob("*") if p.is_dir())]
        found += [p for p in inside if (p / "questionnaire.toml").is_file()]
    return tuple(found)


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
        [
            offer_of(f, site, pilot=config.demo or f.resolve().name in config.pilots)
            for f in folders
        ],
        site=config.site,
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
