"""Which versions of a study there are: proposed, served, approved, and words archived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from survey.ethics.version_content import VersionContent, content_of_archive, content_of_version
from survey.storage.studies import Approval
from survey.studies import approvals
from survey.studies.fingerprints import VersionFingerprints
from survey.studies.version import StudyVersion, fingerprints_of


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version and what is known of it, in words; ``fingerprints`` those approved."""

    edition: VersionContent
    standing: tuple[str, ...]
    approved: bool = False

    @property
    def name(self) -> str:
        """As it is chosen from a list."""
        about = "; ".join(self.standing)
        return f"{self.edition.name} ({self.edition.id[:8]}…), {about}"


def known_versions(
    *,
    proposed: StudyVersion,
    served: StudyVersion,
    approvals: Iterable[Approval],
    archived: Mapping[str, str],
    data: Path,
) -> tuple[KnownVersion, ...]:
    """Every version, the newest that we can tell first. ``archived``: words (hex) → content."""
    found: dict[str, KnownVersion] = {}
    _add(found, content_of_version(proposed), "in the study folder now")
    if fingerprints_of(served) != fingerprints_of(proposed):
        _add(found, content_of_version(served), "served now")
    for approval in reversed(list(approvals)):
        edition = _approved(data, approval.study, approval.fingerprints, archived)
        if edition is not None:
            revoked = ", revoked" if approval.revoked else ""
            told = f"approved {approval.approved_on}, {approval.reference}{revoked}"
            _add(found, edition, told, signed=True)
    whole = {one.edition.words for one in found.values()}
    for words, content in archived.items():
        if words not in whole:
            _add(found, content_of_archive(words, content), "offered here once, words only")
    return tuple(found.values())


def _add(
    found: dict[str, KnownVersion], edition: VersionContent, standing: str, *, signed: bool = False
) -> None:
    had = found.get(edition.id)
    if had is None:
        found[edition.id] = KnownVersion(edition, (standing,), signed)
    else:
        found[edition.id] = replace(
            had, standing=(*had.standing, standing), approved=had.approved or signed
        )


@lru_cache(maxsize=64)
def _signed(data: Path, study: str, fingerprints: VersionFingerprints) -> VersionContent:
    """An archived version, read once: it never changes. Raises Unsound."""
    return content_of_version(approvals.load_archived(data, study, fingerprints))


def _approved(
    data: Path, study: str, fingerprints: VersionFingerprints, archived: Mapping[str, str]
) -> VersionContent | None:
    """What was signed: whole where it was archived, else its words, else nothing."""
    try:
        return _signed(data, study, fingerprints)
    except approvals.ArchivedVersionInvalid:
        content = archived.get(fingerprints[0])
        return (
            replace(content_of_archive(fingerprints[0], content), fingerprints=fingerprints)
            if content
            else None
        )


def version_before(versions: tuple[KnownVersion, ...], now: KnownVersion) -> KnownVersion | None:
    """What ``now`` is most likely to be compared with: approved last, else served, else any."""
    others = [one for one in versions if one.edition.id != now.edition.id]
    signed = [one for one in others if one.approved]
    return next(iter((*signed, *others)), None)
