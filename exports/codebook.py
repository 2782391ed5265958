"""The codebook of a release: what every column means, and what this release did to it.

It holds enough to use the data without asking anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exports.coarsen import group_codes, top_of
from exports.columns import CORE, Field
from exports.describe import Entry, describe, missing_labels
from forms.study import WITHHELD, Hierarchy, Study

Levels = Mapping[str, int]


def _at_level(entry: Entry, hierarchy: Hierarchy, level: int) -> Entry:
    """A key column's entry at the level released: its groups, and which answers they cover."""
    groups = group_codes(hierarchy, level)
    covered = "; ".join(
        f"{code} = " + ", ".join(entry["codes"].get(str(c), str(c)) for c in sorted(group.codes))
        for code, group in groups.items()
    )
    return {
        **entry,
        "range": None,
        "codes": {str(code): group.label for code, group in groups.items()},
        "treatment": f"Coarsened to level {level} of {hierarchy.top}: {covered}",
    }


def _treated(study: Study, field: Field, entry: Entry, level: int) -> Entry:
    """The entry of a key column, with what the release did to it."""
    top = top_of(field, study.policy)
    entry = {**entry, "level": level}
    withheld = missing_labels(study, [WITHHELD])
    if level == top:
        return {**entry, "codes": {}, "range": None, "missing": withheld,
                "treatment": "Withheld from every row"}  # fmt: skip
    if level and field.column:
        hierarchy = study.policy.hierarchies[field.column.variable]
        entry = _at_level(entry, hierarchy, level)
    if field.group == CORE:
        entry = {**entry, "missing": {**entry["missing"], **withheld}}
    return entry


def _named(entry: Entry, versions: Mapping[str, str]) -> Entry:
    """The entry of a version column with the digest of the texts behind each version."""
    codes = {version: f"SHA-256 of its texts: {digest}" for version, digest in versions.items()}
    return {**entry, "codes": codes}


def codebook_of(
    study: Study,
    fields: Sequence[Field],
    *,
    levels: Levels,
    rows: int,
    versions: Mapping[str, Mapping[str, str]],
) -> tuple[Entry, ...]:
    """One entry a column of the file, in file order, ``row`` first.

    ``versions`` maps a version column to its versions and the digests of their texts.
    """
    entries = []
    for field in (Field("row", "administrative"), *fields):
        entry = describe(study, field, rows=rows)
        if known := versions.get(field.name):
            entry = _named(entry, known)
        entries.append(_treated(study, field, entry, levels[field.name]) if field.key else entry)
    return tuple(entries)


def with_counts(
    codebook: Sequence[Entry], counts: Mapping[str, Mapping[str, int]]
) -> tuple[Entry, ...]:
    """The codebook with ``n_valid`` and the number of rows for each missing code, as measured."""
    filled = []
    for entry in codebook:
        cells = counts[entry["variable"]]
        lacking = {code: cells[code] for code in entry["missing"] if cells.get(code)}
        if cells.get("") and entry["may_be_empty"]:
            lacking["empty"] = cells[""]
        valid = sum(cells.values()) - sum(lacking.values())
        filled.append({**entry, "n_valid": valid, "n_missing": lacking})
    return tuple(filled)
