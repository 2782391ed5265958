"""Fingerprints: SHA-256 over what a study says, on any machine and in any later version alike.

Content counts, not layout: keys are sorted, texts are in Unicode's composed form (NFC). The names
under which values are hashed, and the values that are left out, are written down in ``WIRE``:
attributes and defaults of ``forms.study`` may change without moving a fingerprint. A new attribute
gets a wire name and leaves out the value that says what studies said before there was one.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256

from forms import study as objects
from forms.study import Fingerprints, Study

# Of the wire names and of the JSON: another format voids every approval. In format 1 the words did
# not hold the help page.
FORMAT_VERSION = 2
ALWAYS = object()  # marks a wire name whose value is never left out


def _wire(always: str, /, **left_out: object) -> Mapping[str, object]:
    return {**dict.fromkeys(always.split(), ALWAYS), **left_out}


# Class → wire name → the value that is left out.
WIRE: dict[type, Mapping[str, object]] = {
    objects.Wording: _wire("", everybody="", by_branch=()),
    objects.Option: _wire("code label", key=""),
    objects.Missing: _wire("code name label", set_by=""),
    objects.Row: _wire("variable text", construct=""),
    objects.Question: _wire(
        "name kind text", hint="", options=(), missing=(), required=False, show_if=(), rows=(),
        random_order=False, minimum=0, maximum=0, minimum_label="", maximum_label="",
        max_length=0, apart=False, construct="", note="",
    ),
    objects.SupportOffer: _wire("variable at_least offer"),
    objects.Page: _wire(
        "id title intro questions", show_if=(), sensitive=False, answer_once=False, support=None
    ),
    objects.Branch: _wire("code name label when"),
    objects.Scale: _wire("name label items reverse min_answered"),
    objects.Composite: _wire("name label scores min_answered"),
    objects.DifferenceScore: _wire("name label minuend subtrahend"),
    objects.BeforeAfter: _wire("label before after"),
    objects.QualityFlags: _wire("", straight=(), pair=None, pair_reverse=""),
    objects.Passage: _wire("id heading text", only_if=None),
    objects.EligibilityQuestion: _wire("id text yes no ending", youth=False, why=""),
    objects.Statement: _wire("id text required", effect="", only_if=None),
    objects.ChecklistItem: _wire("id source must where passages"),
    objects.Consent: _wire(
        "version receipt_code texts key_facts details notice eligibility statements debrief"
        " checklist board_note optional_facts board_facts facts", leaflet=(), comprehension=(),
    ),
    objects.ComprehensionQuestion: _wire("id text options right passage"),
    objects.HelpLine: _wire(
        "countries name contact url", last_checked="", youth=False, hours="", cost="", languages="",
    ),
    objects.Support: _wire(
        "intro lines emergency passages", emergency_last_checked="", emergency_for={}
    ),
    objects.HierarchyGroup: _wire("label codes"),
    objects.Hierarchy: _wire("variable levels"),
    objects.Tier: _wire(
        "name label audience k", distinct_l=2, max_violating=0.05, min_level={}, leave_out=(),
        needs_open_consent=False, min_rows_per_language=0, singled_out=None,
    ),
    objects.SmallSamples: _wire("", min_rows=20, no_key_under=50, few_key_up_to=300, few_key=3),
    objects.TablePolicy: _wire(
        "", budget=0.5, lifetime=1.0, cap=0.1, predictor="", primary=(), menu=()
    ),
    objects.Hypothesis: _wire("id predictor outcome sign"),
    objects.StopRule: _wire("share signs", first=30, hour=8),
    objects.ReleasePolicy: _wire(
        "roles groups hierarchies order distinct distinct_warning tiers min_new_rows",
        small={}, tables={}, hypotheses=(), caution="", stop=None, population="", repeat=(),
        not_used=(), originals_days=30, daily_limit=0, compare=(),
    ),
}  # fmt: skip
# Class → wire name → the attribute that holds it, where that is called otherwise.
RENAMED: dict[type, Mapping[str, str]] = {objects.SupportOffer: {"offer": "label"}}

# Every sentence that a client reads before agreeing.
CONSENT_TEXTS = (
    "information_title",
    "eligibility_title",
    "consent_title",
    "consent_intro",
    "agree",
    "decline",
)


def attributes(held: type) -> Mapping[str, str]:
    """Return wire name → attribute of a class. Raises TypeError where they do not match."""
    renamed = RENAMED.get(held, {})
    named = {wire: renamed.get(wire, wire) for wire in WIRE[held]}
    if unnamed := set(named.values()) ^ {f.name for f in fields(held)}:
        raise TypeError(f"{held.__name__} and its wire names differ: {', '.join(sorted(unnamed))}")
    return named


ATTRIBUTES = {held: attributes(held) for held in WIRE}


def canonical(value: object) -> str:
    """Return ``value`` as JSON in one fixed form: what ``plain`` takes, keys sorted.

    The order of sequences counts, that of mappings and sets does not. Raises ValueError for a
    number that JSON cannot hold and TypeError for any other kind of object.
    """
    return json.dumps(
        plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


def plain(value: object) -> object:
    """Return ``value`` made of dicts, lists and plain values only, objects by their wire names."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 8 and 8.0 are one number
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {str(plain(str(key))): plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((plain(inner) for inner in value), key=repr)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if type(value) not in WIRE:
        raise TypeError(f"no canonical form for {type(value).__name__}")
    named = {w: plain(getattr(value, a)) for w, a in ATTRIBUTES[type(value)].items()}
    left_out = WIRE[type(value)]
    return {w: p for w, p in named.items() if left_out[w] is ALWAYS or p != plain(left_out[w])}


def digest(value: object) -> str:
    """Return the SHA-256 in hex over the canonical form of ``value``."""
    return sha256(canonical(value).encode()).hexdigest()


def content(study: Study) -> str:
    """Return the canonical JSON of words and routing: questionnaire, consent and help page."""
    return canonical({**_questionnaire_and_consent(study), "support": study.support.undated})


def words_in_format_1(study: Study) -> str:
    """Return the fingerprint that the words had while the help page lay outside of it."""
    return digest(_questionnaire_and_consent(study))


def _questionnaire_and_consent(study: Study) -> dict[str, object]:
    return {
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


def fingerprints_of_study(study: Study) -> Fingerprints:
    """Return what the study folder decides; the consent version what is read before agreeing."""
    consent = study.consent
    agreed_to = {
        "language": study.language,
        "texts": {key: consent.texts[key] for key in CONSENT_TEXTS},
        "key_facts": consent.key_facts,
        "details": consent.details,
        "notice": consent.notice,
        "eligibility": consent.eligibility,
        "statements": consent.statements,
        **({"comprehension": consent.comprehension} if consent.comprehension else {}),
    }
    words = sha256(content(study).encode()).hexdigest()
    return Fingerprints(words, digest(study.policy), digest(agreed_to), FORMAT_VERSION)


# Stands in public facts for those of the board alone: their fingerprint. No fact can be called so.
BOARD_FACTS = "board facts"


def fingerprint_of_facts(study: Study, facts: Mapping[str, str]) -> str:
    """Return the fingerprint of the site's facts that the study names; an empty one is as none.

    Facts for the board alone enter it by a fingerprint of their own, so that it can be checked
    without them.
    """
    consent = study.consent
    board = facts.get(BOARD_FACTS) or fingerprint_of_board_facts(study, facts)
    public = (consent.facts | consent.optional_facts) - consent.board_facts
    named = {name: facts[name] for name in public if facts.get(name)}
    return digest({**named, BOARD_FACTS: board} if board else named)


def fingerprint_of_board_facts(study: Study, facts: Mapping[str, str]) -> str:
    """Return the fingerprint of the facts that only the board is told; nothing without any."""
    given = {name: facts[name] for name in study.consent.board_facts if facts.get(name)}
    return digest(given) if given else ""
