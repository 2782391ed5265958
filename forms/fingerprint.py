"""Fingerprints: SHA-256 over what a study says, the same on any machine.

What counts is content, not layout: table keys are sorted, texts are in Unicode's composed form
(NFC), and a field that has its default value is left out, so that a later version of this program
with one more field gives an old study its old fingerprint.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from hashlib import sha256
from typing import Any

from forms.study import Consent, Fingerprints, ReleasePolicy, Study

# Every sentence that a client reads on the screens S2 to S4 of the consent flow.
CONSENT_TEXTS = (
    "information_title",
    "eligibility_title",
    "consent_title",
    "consent_intro",
    "agree",
    "decline",
)


def canonical(value: object) -> str:
    """``value`` as JSON in one fixed form: dataclasses, mappings, sequences, sets, plain values.

    The order of sequences counts, that of mappings and sets does not. Raises ValueError for a
    number that JSON cannot hold and TypeError for any other kind of object.
    """
    return json.dumps(
        plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


def plain(value: object) -> object:
    """``value`` made of dicts, lists and plain values only."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 8 and 8.0 say the same
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {str(plain(str(key))): plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((plain(inner) for inner in value), key=repr)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if is_dataclass(value):
        named = {f.name: getattr(value, f.name) for f in fields(value)}
        return {f.name: plain(named[f.name]) for f in fields(value) if named[f.name] != default(f)}
    raise TypeError(f"no canonical form for {type(value).__name__}")


def default(of: Field[Any]) -> object:
    """The field's default value; a mark that equals nothing when it has none."""
    if of.default_factory is not MISSING:
        return of.default_factory()
    return of.default


def digest(value: object) -> str:
    """SHA-256 in hex over the canonical form of ``value``."""
    return sha256(canonical(value).encode()).hexdigest()


def content(study: Study) -> str:
    """Canonical JSON of the words and the routing: questionnaire and consent, nothing else."""
    return canonical(
        {
            "title": study.title,
            "address": study.address,
            "version": study.version,
            "language": study.language,
            "exit": study.exit_url,
            "reading_grade": study.reading_grade,
            "duration_bands": study.duration_bands,
            "minutes": study.minutes,
            "missing": study.missing,
            "branches": study.branches,
            "pages": study.pages,
            "scales": {s.name: s for s in study.scales},
            "composites": {s.name: s for s in study.composites},
            "differences": {s.name: s for s in study.differences},
            "quality": study.quality,
            "consent": study.consent,
        }
    )


def words_fingerprint(study: Study) -> str:
    """Fingerprint of words and routing in the study's language."""
    return sha256(content(study).encode()).hexdigest()


def policy_fingerprint(release: ReleasePolicy) -> str:
    """Fingerprint of the release policy."""
    return digest(release)


def consent_version(consent: Consent, language: str) -> str:
    """Fingerprint of what a client reads before agreeing (screens S2 to S4), and nothing else."""
    return digest(
        {
            "language": language,
            "texts": {key: consent.texts[key] for key in CONSENT_TEXTS},
            "key_facts": consent.key_facts,
            "details": consent.details,
            "notice": consent.notice,
            "eligibility": consent.eligibility,
            "statements": consent.statements,
        }
    )


def fingerprints_of_study(study: Study) -> Fingerprints:
    """The parts that the study folder decides."""
    return Fingerprints(
        words=words_fingerprint(study),
        policy=policy_fingerprint(study.policy),
        consent_version=consent_version(study.consent, study.language),
    )


def fingerprint_of_facts(study: Study, facts: Mapping[str, str]) -> str:
    """Fingerprint of the site's facts: those that the study names; an empty one is as none."""
    consent = study.consent
    named = consent.facts | consent.optional_facts | consent.board_facts
    return digest({name: facts[name] for name in named if facts.get(name)})
