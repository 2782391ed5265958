"""dataset_description.json: the release described as Psych-DS asks, in schema.org's terms.

One ``PropertyValue`` for each column, with its codes and missing codes as ``valueReference``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exports.describe import Entry
from exports.documents.licence import CC_BY, authors, citation, description, keywords, urn
from exports.documents.told import Told, asked_in, pretty_json

PRIVACY = (
    "No name, address, contact, time or order of arrival was stored. Quasi-identifiers were "
    "coarsened or withheld (-93) so that each row looks like enough others; see "
    "documentation/report.html. Do not try to recognise anybody, and do not join this file with "
    "other data about persons."
)
# Files that the standard does not cover; without this list its validator warns of each.
IGNORED = (
    "CITATION.cff",
    "LICENSE",
    "SHA256SUMS",
    "*.sav",
    "*.dta",
    "*.parquet",
)  # fmt: skip


def _value(code: str, label: str, *, missing: bool) -> dict[str, Any]:
    value: dict[str, Any] = {"@type": "PropertyValue", "name": label, "value": code}
    return {**value, "description": "missing"} if missing else value


def _values(entry: Entry) -> list[dict[str, Any]]:
    codes: Mapping[str, str] = entry["codes"]
    missing: Mapping[str, str] = entry["missing"]
    return [
        *(_value(code, label, missing=False) for code, label in codes.items()),
        *(_value(code, label, missing=True) for code, label in missing.items()),
    ]


def _sentences(entry: Entry) -> str:
    """Label, question, routing, rule and treatment in one text."""
    asked = asked_in(entry)
    treatment = entry.get("treatment", "")
    said = [
        entry["label"],
        f"Question: {asked}" * bool(asked and asked != entry["label"]),
        entry.get("routing", ""),
        f"Rule: {entry['rule']}" if entry.get("rule") else "",
        f"This release: {treatment}" * (treatment not in ("", "As asked")),
    ]
    return " | ".join(part for part in said if part)


def variable(entry: Entry) -> dict[str, Any]:
    """One column as a schema.org PropertyValue; absent facts are left out."""
    low, high = entry.get("range") or (None, None)
    said: dict[str, Any] = {
        "@type": "PropertyValue",
        "name": entry["variable"],
        "description": _sentences(entry),
        "minValue": low,
        "maxValue": high,
        "measurementTechnique": entry.get("construct") or None,
        "unitText": entry["type"],
        "valueReference": _values(entry) or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _makers(told: Told) -> list[dict[str, str]]:
    institution = told.facts.get("institution")
    makers = [{"@type": "Organization", "name": authors(told)}]
    return makers + ([{"@type": "Organization", "name": institution}] if institution else [])


def dataset_description(told: Told) -> bytes:
    """The file as bytes; what the site does not say (funder, address) is left out."""
    mark = f"{told.mark}. " * bool(told.mark)
    funder = told.facts.get("funder")
    said: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"{told.study.title} (tier {told.tier['name']})",
        "description": mark + description(told),
        "author": _makers(told),
        "citation": citation(told),
        "license": CC_BY if told.open else "LICENSE",
        "funder": {"@type": "Organization", "name": funder} if funder else None,
        "url": told.facts.get("results_url") or None,
        "identifier": urn(told) or None,
        "keywords": keywords(told),
        "version": ", ".join(told.versions),
        "inLanguage": sorted({a.language for a in told.archived}) or [told.study.language],
        "privacyPolicy": PRIVACY,
        "usageInfo": f"{told.tier['label']}, for {told.tier['audience']}. See LICENSE.",
        "variableMeasured": [variable(entry) for entry in told.codebook],
    }
    return pretty_json({key: value for key, value in said.items() if value is not None})


def ignore_file() -> bytes:
    """.psychds-ignore."""
    return ("\n".join(IGNORED) + "\n").encode()
