"""Passages and statements that hang on a fact of the site: ``only_if = { fact = "value" }``.

So a text that differs by law from site to site is written once for each case, and exactly one of
them is shown and signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from forms.parse_documents import facts_of
from forms.study import Passage, Statement, Study
from forms.toml_tables import CONSENT, FaultList

Part = TypeVar("Part", Passage, Statement)


def shown_at(study: Study, facts: Mapping[str, str]) -> Study:
    """Return ``study`` with the passages and statements that these facts choose.

    Its fingerprints stay those of the whole. Where a fact that chooses is not given, each of its
    variants is there, under a mark that says for which value it is meant.
    """

    def chosen(parts: tuple[Part, ...]) -> tuple[Part, ...]:
        return tuple(one for part in parts if (one := _at_site(part, facts)))

    consent = study.consent
    served = replace(
        consent,
        key_facts=chosen(consent.key_facts),
        details=chosen(consent.details),
        notice=chosen(consent.notice),
        debrief=chosen(consent.debrief),
        leaflet=chosen(consent.leaflet),
        board_note=chosen(consent.board_note),
        statements=chosen(consent.statements),
    )
    # What only the others name is not asked of the site; what chooses is, chosen or not.
    named = facts_of(served) | frozenset(consent.variants)
    return replace(study, consent=replace(served, facts=named))


def _at_site(part: Part, facts: Mapping[str, str]) -> Part | None:
    """Return the passage or statement as it is shown with these facts; None where it is not."""
    if part.only_if is None:
        return part
    fact, value = part.only_if
    if given := facts.get(fact):
        return part if given == value else None
    return replace(part, text=f"[{fact}: {value}] {part.text}")


def check_variants(study: Study, notes: FaultList) -> None:
    """Note facts that choose nothing, and values under which nobody would consent to anything."""
    consent = study.consent
    for fact, values in consent.variants.items():
        if fact in consent.optional_facts | consent.board_facts:
            problem = f"{fact} chooses what is shown (only_if), so it is not optional"
            key = "optional_facts" if fact in consent.optional_facts else "board_facts"
            notes.add(CONSENT, "", key, problem)
        if len(values) == 1:
            problem = f"{fact} has the one value {values[0]!r}, so a site has no choice"
            notes.add(CONSENT, "", "only_if", problem, "a passage for each of two values or more")
        for value in values:
            statements = shown_at(study, {fact: value}).consent.required_statements
            if not any(s.only_if is None or s.only_if[0] == fact for s in statements):
                problem = f"with {fact} = {value!r} none is required"
                notes.add(CONSENT, "statement", "only_if", problem, "one that everybody agrees to")
