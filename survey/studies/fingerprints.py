"""The three fingerprints that a board approves together. Knows neither study nor store."""

from __future__ import annotations

from typing import NamedTuple


class VersionFingerprints(NamedTuple):
    """SHA-256 (hex) of words and routing, of the release policy, and of the site's facts."""

    words: str
    policy: str
    site: str


FINGERPRINT_LABELS = VersionFingerprints("Words and routing", "Release policy", "Site facts")
