"""Rows in, files out: one release of one study in one tier, measured before anybody sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from exports.coarsen import top_of
from exports.codebook import codebook_of, with_counts
from exports.columns import CORE, INSIDER, Field, Row, check_rows, fields_of, kept_in, table_of
from exports.describe import Entry
from exports.measure import Measured, faults_in, measure
from exports.readme import LIMITS, marks_of, readme
from exports.refused import Refused
from exports.suppress import Protected, protect
from exports.write import codebook_csv, data_csv, data_name, pretty_json, sha256, sums
from forms.study import Study, Tier

# DESIGN.md section 9: tiers nest, so that joining two of them on the answers gains nothing.
MADE_FROM: Mapping[str, tuple[str, ...]] = {"C": ("C",), "B": ("C", "B")}
NO_OPEN_CONSENT = "their senders did not agree to an open file"


@dataclass(frozen=True, slots=True)
class Release:
    """A finished release: file name → bytes, and the report as plain data."""

    files: Mapping[str, bytes]
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a release says about where its rows come from.

    ``words`` and ``consents`` map each version that stands in the rows to the SHA-256 of its
    texts. ``left_out`` maps a reason to the number of rows not handed over for it.
    """

    pilot: bool = False
    synthetic: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    consents: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


ORDINARY = Occasion()


@dataclass(frozen=True, slots=True)
class _Cut:
    """A table on its way through the tiers, with the level of each key column."""

    fields: tuple[Field, ...]
    table: pl.DataFrame
    levels: Mapping[str, int]
    protected: Protected | None = None
    left_out: int = 0


def stages(study: Study, tier: str) -> tuple[Tier, ...]:
    """The tiers to go through, the asked one last. Raises Refused for one that is not built."""
    if tier not in study.policy.tiers:
        known = ", ".join(study.policy.tiers)
        raise Refused(f"The study {study.name} has no tier {tier}; release.toml names {known}.")
    if tier not in MADE_FROM:
        raise Refused(
            f"Tier {tier} ({study.policy.tiers[tier].label}) is not built in this version; "
            f"microdata comes in tiers {' and '.join(sorted(MADE_FROM))}."
        )
    names = [n for n in MADE_FROM[tier] if n in study.policy.tiers]
    return tuple(study.policy.tiers[n] for n in names)


def _through(study: Study, cut: _Cut, tier: Tier, seed: int) -> _Cut:
    """``cut`` after one tier: rows without open consent out, columns out, the rest protected."""
    fields = kept_in(cut.fields, tier)
    table = cut.table.filter(pl.col("c_open") == 1) if tier.needs_open_consent else cut.table
    left_out = len(cut.table) - len(table)
    protected = protect(
        table.select(f.name for f in fields),
        fields,
        study.policy,
        tier,
        start=cut.levels,
        seed=seed,
    )
    return _Cut(fields, protected.table, protected.levels, protected, cut.left_out + left_out)


def _key(cut: _Cut, group: str) -> tuple[str, ...]:
    return tuple(f.name for f in cut.fields if f.key and f.group == group)


def _gate(cut: _Cut, data: bytes, codebook: Sequence[Entry], study: Study, tier: Tier) -> Measured:
    """Measure the finished file; Refused with every fault when it does not hold what it must."""
    measured = measure(
        data, core=_key(cut, CORE), insider=_key(cut, INSIDER), distinct=study.policy.distinct
    )
    faults = faults_in(measured, codebook, k=tier.k)
    if faults:
        raise Refused("The finished file failed its own measurement: " + "; ".join(faults) + ".")
    return measured


def _levels(study: Study, cut: _Cut) -> dict[str, dict[str, int]]:
    """Level of each key column, in file order, and the level at which it would be withheld."""
    return {
        f.name: {"level": cut.levels[f.name], "withheld_at": top_of(f, study.policy)}
        for f in cut.fields
        if f.key
    }


def _distinct(study: Study, measured: Measured) -> dict[str, dict[str, Any]]:
    under = study.policy.distinct_warning
    return {
        name: {"smallest": found, "warn_under": under, "warning": found < under}
        for name, found in measured.distinct.items()
    }


def _cells(levels: Mapping[str, Mapping[str, int]], measured: Measured) -> dict[str, int]:
    """Single cells withheld by column; columns withheld from every row are told by their level."""
    partly = [name for name, at in levels.items() if at["level"] < at["withheld_at"]]
    return {name: measured.withheld[name] for name in partly if measured.withheld[name]}


def _report(
    study: Study, tier: Tier, cut: _Cut, measured: Measured, *, seed: int, occasion: Occasion
) -> dict[str, Any]:
    levels, protected = _levels(study, cut), cut.protected
    assert protected is not None
    left_out = dict(occasion.left_out)
    if cut.left_out:
        left_out[NO_OPEN_CONSENT] = cut.left_out
    return {
        "study": study.name,
        "title": study.title,
        "tier": {"name": tier.name, "label": tier.label, "audience": tier.audience},
        "pilot": occasion.pilot,
        "synthetic": occasion.synthetic,
        "caution": study.policy.caution,
        "rows": measured.rows,
        "rows_left_out": left_out,
        "k": {"asked": tier.k, "reached": measured.smallest_class},
        "classes": sum(measured.class_sizes.values()),
        "class_sizes": {str(size): n for size, n in measured.class_sizes.items()},
        "levels": levels,
        "violating_before": round(protected.violating, 4),
        "rows_touched": protected.touched,
        "rows_touched_allowed": tier.max_violating,
        "cells_withheld": _cells(levels, measured),
        "insider_unique_rows": measured.unique_insider,
        "distinct": _distinct(study, measured),
        "words": dict(occasion.words) or {study.version: study.fingerprints.words},
        "consents": dict(occasion.consents),
        "fingerprints": {
            "words": study.fingerprints.words,
            "policy": study.fingerprints.policy,
            "consent": study.fingerprints.consent_version,
        },
        "seed": seed,
        "limits": list(LIMITS),
    }


def _files(
    study: Study, report: dict[str, Any], *, data: bytes, codebook: Sequence[Entry]
) -> dict[str, bytes]:
    name, mark = data_name(study.name), marks_of(report)
    book = {"study": study.name, "tier": report["tier"]["name"], "mark": mark}
    described = {
        name: data,
        "codebook.csv": codebook_csv(codebook),
        "codebook.json": pretty_json({**book, "variables": codebook}),
    }
    report["files"] = {n: sha256(content) for n, content in described.items()}
    missing = {str(m.code): m.label for m in study.missing}
    files = {
        **described,
        "report.json": pretty_json(report),
        "README.md": readme(report, missing=missing, data_file=name),
    }
    return {**files, "SHA256SUMS": sums(files, mark=mark)}


def make_release(
    study: Study, rows: Sequence[Row], *, tier: str, seed: int = 0, occasion: Occasion = ORDINARY
) -> Release:
    """The files of one release, as bytes. Raises Refused, with figures, and then makes nothing.

    ``rows`` are stored rows (exports.columns.STORED and the study's columns), in any order: the
    same rows, policy and seed give the same bytes.
    """
    path = stages(study, tier)
    check_rows(study, rows)
    fields = fields_of(study, pilot=occasion.pilot, synthetic=occasion.synthetic)
    cut = _Cut(fields, table_of(study, rows, fields), {})
    for stage in path:
        try:
            cut = _through(study, cut, stage, seed)
        except Refused as refused:
            made_from = f"Tier {tier} is made from tier {stage.name}. " * (stage.name != tier)
            raise Refused(f"{made_from}{refused}") from None
    data = data_csv(cut.table, cut.fields)
    versions = {"study_version": occasion.words, "consent_version": occasion.consents}
    blank = codebook_of(
        study, cut.fields, levels=cut.levels, rows=len(cut.table), versions=versions
    )
    measured = _gate(cut, data, blank, study, path[-1])
    report = _report(study, path[-1], cut, measured, seed=seed, occasion=occasion)
    codebook = with_counts(blank, measured.counts)
    return Release(_files(study, report, data=data, codebook=codebook), report)
