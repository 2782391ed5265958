"""A release looked at before it is made: the same process, but nothing is entered or kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from exports.anonymise.problem import Progress, unheard
from exports.refused import Refused
from exports.report import Report
from exports.sums import sha256_of
from exports.tiers import tier_of
from exports.tree import SUMS
from forms.study import Study, Tier
from survey.errors import Refusal
from survey.releasing.against import against
from survey.releasing.release import Attempt, LastWord, Order, attempted, granted
from survey.releasing.segments import waiting_in_words
from survey.store import ledger
from survey.store.connect import Stores

# Tier → tiers that show less, in the order in which somebody would rather have them.
COARSER: Mapping[str, tuple[str, ...]] = {"C": ("B", "A"), "B": ("A",)}


class Changed(Refusal):
    """What was seen is not what would be made."""

    def __init__(self) -> None:
        super().__init__(
            "Something has changed since the preview: newer frozen answers, another release, a "
            "recall, or the study itself. Nothing was made."
        )
        self.helps = ("See a new preview: it holds what has changed.",)


class NotMade(Refusal):
    """The release would be refused; ``helps`` are sentences on what would change that."""

    def __init__(self, why: str, helps: Sequence[str]) -> None:
        super().__init__(why)
        self.helps = tuple(helps)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a release would hold: its report, its sum, and what else a person has to know.

    ``against`` says what comparing it with earlier releases would reveal, ``basis`` is a digest of
    everything that the release would be made from.
    """

    report: Report
    sums: str
    against: tuple[str, ...]
    waiting: str
    basis: str


def new_folder(attempt: Attempt, tier: Tier) -> Path:
    """Where the files of the attempt go."""
    folder = attempt.shop.folder / f"{attempt.study.name}-{tier.name}"
    folder.mkdir()
    return folder


def preview(
    stores: Stores,
    study: Study,
    order: Order,
    *,
    progress: Progress = unheard,
    last_word: LastWord = granted,
) -> Preview:
    """Everything that ``release.run`` would do, thrown away. Raises Refusal, of it NotMade.

    ``last_word`` is asked before anything is told, also of why there would be no release.
    """
    tier = tier_of(study, order.tier)
    with attempted(stores, study, order, progress) as (attempt, waiting):
        folder = new_folder(attempt, tier)
        try:
            report = attempt.write(tier, folder)
        except (Refused, Refusal) as refused:
            helps = list(_helps(attempt, tier))
            _agreed(attempt, last_word)
            raise NotMade(str(refused), helps) from None
        _agreed(attempt, last_word)
        sums = sha256_of(folder / SUMS)
        return Preview(
            report,
            sums,
            tuple(against(attempt, tier, sums)),
            waiting_in_words(study, waiting),
            basis_of(attempt),
        )


def _agreed(attempt: Attempt, last_word: LastWord) -> None:
    last_word(attempt)
    attempt.tell()


def basis(stores: Stores, study: Study, order: Order) -> str:
    """The digest of what a release would be made from now."""
    with attempted(stores, study, order, unheard) as (attempt, _):
        return basis_of(attempt)


def basis_of(attempt: Attempt) -> str:
    """A digest of what ``attempt`` is made from. A pilot has none: it is only a trial."""
    if attempt.order.pilot:
        return ""
    office, name = attempt.stores.office, attempt.study.name
    prints = attempt.study.fingerprints
    made_from = {
        "segments": [(s.number, s.batches, s.rows) for s in attempt.segments],
        "parts": [(p.segment, p.tier, p.edition, p.sha256) for p in ledger.parts(office, name)],
        "errata": [e.release for e in ledger.errata(office, name)],
        "study": (prints.words, prints.policy),
        "facts": dict(attempt.order.facts or {}),
        "texts": _texts(attempt) if attempt.order.tier == "D" else "",
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _texts(attempt: Attempt) -> str:
    """A digest of what was read and approved."""
    from survey.releasing.review import reviewed

    found = reviewed(attempt.shop.answers, attempt.study.name, pilot=attempt.order.pilot)
    return hashlib.sha256("\n".join(sorted(map(repr, found))).encode()).hexdigest()


# What would help.


def _helps(attempt: Attempt, tier: Tier) -> Iterator[str]:
    """Coarser tiers that would be made of the same answers just now."""
    if not _has_rows(attempt):
        return
    for name in COARSER.get(tier.name, ()):
        if name in attempt.study.policy.tiers and _would_be_made(attempt, name):
            label = attempt.study.policy.tiers[name].label
            yield f"Tier {name} ({label}) shows less, and would be made of the same answers now."
            return


def _has_rows(attempt: Attempt) -> bool:
    """Whether the tier that all others are made from came about for the first segment."""
    return any((s.number, "C") in attempt.shop.made for s in attempt.segments[:1])


def _would_be_made(attempt: Attempt, name: str) -> bool:
    other = replace(attempt, order=replace(attempt.order, tier=name), left_out=[])
    tier = attempt.study.policy.tiers[name]
    try:
        other.write(tier, new_folder(other, tier))
    except (Refused, Refusal):
        return False
    return True
