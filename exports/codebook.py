"""The codebook of a release: what every column means, and what this release did to it.

It holds enough to use the data without asking anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exports.coarsen import group_codes, hierarchy_of, top_of
from exports.columns import CORE, Field
from exports.describe import Entry, describe, missing_labels
from forms.study import WITHHELD, Hierarchy, Study

Levels = Mapping[str, int]


def _levels(entry: Entry, hierarchy: Hierarchy, least: int) -> tuple[dict[str, str], list[str]]:
    """Cell → label at every level from ``least`` up, and what each group covers, in words."""
    codes: dict[str, str] = dict(entry["codes"]) if least == 0 else {}
    said = ["level 0: as asked"] if least == 0 else []
    for level in range(max(1, least), hierarchy.top):
        groups = group_codes(hierarchy, level)
        codes |= {str(code): group.label for code, group in groups.items()}
        covered = "; ".join(
            f"{code} = " + ", ".join(entry["codes"].get(str(c), str(c)) for c in sorted(g.codes))
            for code, g in groups.items()
        )
        said.append(f"level {level}: {covered}")
    return codes, [*said, "withheld: -93"]


BY_CELL = (
    "Recoded cell by cell: each shows the finest of these levels at which it stands among enough "
    "others alike"
)
BY_COLUMN = "The whole column at one level"


def _treated(study: Study, field: Field, entry: Entry, least: int) -> Entry:
    """The entry of a key column, with what a release in this tier does to it."""
    withheld = missing_labels(study, [WITHHELD])
    entry = {**entry, "level": least, "missing": {**entry["missing"], **withheld}}
    if least >= top_of(field, study.policy):
        nothing = {"codes": {}, "range": None, "missing": withheld}
        return {**entry, **nothing, "treatment": "Withheld from every row"}
    hierarchy = hierarchy_of(field, study.policy)
    if hierarchy is None:
        return {**entry, "treatment": f"{BY_CELL}. level 0: as it was; withheld: -93"}
    codes, said = _levels(entry, hierarchy, least)
    how = BY_CELL if field.group == CORE else f"{BY_COLUMN} (or withheld, in a small batch)"
    treatment = f"{how}. {' | '.join(said)}"
    groups = {
        str(code): sorted(group.codes)
        for level in range(max(1, least), hierarchy.top)
        for code, group in group_codes(hierarchy, level).items()
    }
    return {**entry, "codes": codes, "groups": groups, "range": None, "treatment": treatment}


def _named(entry: Entry, versions: Mapping[str, str]) -> Entry:
    """The entry of a version column with the digest of the texts behind each version."""
    codes = {version: f"SHA-256 of its texts: {digest}" for version, digest in versions.items()}
    return {**entry, "codes": codes}


def codebook_of(
    study: Study,
    fields: Sequence[Field],
    *,
    least: Levels,
    rows: int,
    versions: Mapping[str, Mapping[str, str]],
) -> tuple[Entry, ...]:
    """One entry a column of the file, in file order, ``row`` first.

    ``least`` gives the finest level that the tier allows each key column; ``versions`` maps a
    version column to its versions and the digests of their texts.
    """
    entries = []
    for field in (Field("row", "administrative"), *fields):
        entry = describe(study, field, rows=rows)
        if known := versions.get(field.name):
            entry = _named(entry, known)
        entries.append(_treated(study, field, entry, least[field.name]) if field.key else entry)
    return tuple(entries)


def asked_codebook(study: Study, fields: Sequence[Field]) -> tuple[Entry, ...]:
    """The columns with every code that they may hold at any level, before a release counts them."""
    least = {f.name: 0 for f in fields if f.key}
    return codebook_of(study, fields, least=least, rows=1, versions={})


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
