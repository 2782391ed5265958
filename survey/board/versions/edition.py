"""One version of a study as plain data: what there is to compare, from a folder or an archive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from forms.fingerprint import plain
from survey.served.offer import Offer

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edition:
    """A version: ``words`` is its fingerprint, ``said`` the canonical content it stands for.

    Where only the words were archived, ``policy``, ``support`` and ``facts`` are None.
    """

    words: str
    said: Said
    policy: Said | None = None
    support: Said | None = None
    facts: Mapping[str, str] | None = None
    prints: tuple[str, str, str] | None = None  # words, policy, site facts

    @property
    def id(self) -> str:
        """Short and unique: of all three fingerprints, or of the words alone."""
        whole = sha256("\n".join(self.prints).encode()).hexdigest() if self.prints else self.words
        return whole[:16]

    @property
    def name(self) -> str:
        """The version's own name."""
        return str(self.said.get("version", ""))

    @property
    def language(self) -> str:
        """Language of the words."""
        return str(self.said.get("language", "en"))

    @property
    def whole(self) -> bool:
        """Whether everything is there, or only the words."""
        return self.prints is not None


def of_offer(offer: Offer) -> Edition:
    """The version that ``offer`` is."""
    study = offer.study
    return Edition(
        words=study.fingerprints.words,
        said=json.loads(study.content),
        policy=_mapping(study.policy),
        support=_mapping(study.support),
        facts=dict(offer.facts),
        prints=(study.fingerprints.words, study.fingerprints.policy, offer.site),
    )


def of_archive(words: str, content: str) -> Edition:
    """The version whose words and routing are archived as ``content`` (canonical JSON)."""
    return Edition(words=words, said=json.loads(content))


def _mapping(value: object) -> Said:
    found = plain(value)
    assert isinstance(found, dict)
    return found
