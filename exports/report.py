"""The report of a release as plain data: every figure was measured on the written files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add, or_
from pathlib import Path
from typing import Any

import polars as pl

from exports.columns import CORE, Field
from exports.documents.context import ArchivedDocuments
from exports.generalise import level_of, top_of
from exports.recode import loss_of_cell
from forms.deposit import NOT_TOLD, Deposit
from forms.study import MISSING_RANGE, WITHHELD, ReleasePolicy, Study, Tier

Report = dict[str, Any]
Counts = Mapping[str, Mapping[str, int]]  # column → cell as written → rows

# Figures that only a comparison with the stored answers can give, taken when a part is made, and
# how those of all parts become one.
BESIDE_TRUTH: Mapping[str, Callable[..., Any]] = {
    "k_coverage": min, "k_coverage_reverse": min, "k_stratum": min,
    "unique_before": add, "unique_after": add,
    "cells_untrue": add, "order_follows_input": or_,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseContext:
    """The origin of a release's rows, and the person to whom it goes.

    ``words`` and ``consents`` map each version that stands in the rows to the SHA-256 of its
    texts, ``archived`` are those texts. ``left_out`` maps a reason to the rows not handed over for
    it. ``recipient`` names person, agreement and date; ``corrections`` are recalled releases;
    ``approval`` says how the ethics approval stood, ``program`` what made the release; ``tallies``
    are totals of the collection as they may be published (exports.documents.context), ``deposit``
    is what archives ask for.
    """

    pilot: bool = False
    synthetic: bool = False
    people: bool = True  # whether any answer is a person's
    words: Mapping[str, str] = field(default_factory=dict)
    consents: Mapping[str, str] = field(default_factory=dict)
    archived: tuple[ArchivedDocuments, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    recipient: Mapping[str, str] | None = None
    corrections: tuple[str, ...] = ()
    approval: str = ""
    program: str = ""
    tallies: Mapping[str, int] = field(default_factory=dict)
    deposit: Deposit = NOT_TOLD


ORDINARY = ReleaseContext()


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A written part: its segment's number, its rows, and what its making has to tell."""

    path: Path
    segment: int
    rows: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)  # BESIDE_TRUTH
    # Core column → rows without an answer before anything was withheld.
    not_answered: Mapping[str, int] = field(default_factory=dict)
    attacks: Sequence[Mapping[str, Any]] = ()  # what they reached (exports.segment_attacks)


NO_ANSWER = "withheld or not answered"  # cells of a core column with its one missing code


def _level_word(key: Field, cell: str) -> str:
    """The heading under which a cell of a key column is counted."""
    if cell == str(WITHHELD):
        return NO_ANSWER if has_answers_missing(key) else "withheld"
    if not cell.removeprefix("-").isdigit():
        return "as asked"
    if int(cell) in MISSING_RANGE:
        return "missing"
    level = level_of(int(cell))
    return f"level {level}" if level else "as asked"


def levels_shown(
    fields: Sequence[Field], counts: Counts, policy: ReleasePolicy
) -> dict[str, dict[str, int]]:
    """Key column → how many of its cells stand at each level, and the level that withholds."""
    shown = {}
    for key in (f for f in fields if f.key):
        found: Counter[str] = Counter()
        for cell, rows in counts[key.name].items():
            found[_level_word(key, cell)] += rows
        shown[key.name] = {**dict(sorted(found.items())), "top": top_of(key, policy)}
    return shown


def has_answers_missing(field: Field) -> bool:
    """Return whether -93 in the column stands for whatever is missing, not only for withheld."""
    return field.key and field.group == CORE and field.column is not None


def not_answered(fields: Sequence[Field], stored: pl.DataFrame) -> dict[str, int]:
    """Core column → rows of stored answers without one, for columns that have any."""
    names = [f.name for f in fields if has_answers_missing(f)]
    counts = {name: int(stored[name].is_in(list(MISSING_RANGE)).sum()) for name in names}
    return {name: n for name, n in counts.items() if n}


def not_answered_in(parts: Sequence[SegmentEntry]) -> Counter[str]:
    """Core column → rows of all parts without an answer before anything was withheld."""
    found = Counter[str]()
    for part in parts:
        found.update(part.not_answered)
    return found


def ncp_of(
    fields: Sequence[Field], counts: Counts, policy: ReleasePolicy, lacking: Mapping[str, int]
) -> float:
    """Normalised certainty penalty (Xu et al. 2006) of the core variables, 0 (as asked) to 1.

    A cell that was missing from the start (``lacking`` by column) has lost nothing.
    """
    keys = [f for f in fields if has_answers_missing(f)]
    total = sum(sum(counts[key.name].values()) for key in keys)
    loss = sum(
        loss_of_cell(key, policy, cell) * rows
        for key in keys
        for cell, rows in counts[key.name].items()
    )
    return (loss - sum(lacking.get(key.name, 0) for key in keys)) / total if total else 0.0


def about_release(
    study: Study, tier: Tier, parts: Sequence[SegmentEntry], *, seed: int, occasion: ReleaseContext
) -> Report:
    """Return what every release says, whatever it holds; ``rows`` are those of its parts."""
    return {
        "study": study.name,
        "title": study.title,
        "tier": {"name": tier.name, "label": tier.label, "audience": tier.audience},
        "pilot": occasion.pilot,
        "synthetic": occasion.synthetic,
        "caution": study.policy.caution,
        "rows": sum(part.rows for part in parts),
        "segments": [{"number": p.segment, "rows": p.rows, **p.figures} for p in parts],
        "policy_notes": [
            *occasion.notes,
            *(
                f"Segment {part.segment}: {note}" if len(parts) > 1 else note
                for part in parts
                for note in part.notes
            ),
        ],
        "recipient": occasion.recipient,
        "corrections": list(occasion.corrections),
        "approval": occasion.approval,
        "program": occasion.program,
        "words": dict(occasion.words) or {study.version: study.fingerprints.words},
        "consents": dict(occasion.consents),
        "fingerprints": {
            "words": study.fingerprints.words,
            "policy": study.fingerprints.policy,
            "consent": study.fingerprints.consent_version,
        },
        "seed": seed,
    }


FEW_VALUES = (
    "In at least one group of rows alike the sensitive answers differ little (different values: "
    "{counted}). The policy asks for a warning below {least}: whoever knows that a person is in "
    "such a group can guess what the person answered."
)


def diversity_warnings(policy: ReleasePolicy, figures: Mapping[str, Any]) -> list[str]:
    """A sentence where classes of the written file hold too few values of a sensitive column."""
    found = figures.get("diversity", {})
    measured = {n: one["distinct"] for n, one in found.items() if n in policy.named}
    few = [f"{name} {n}" for name, n in measured.items() if n < policy.distinct_warning]
    said = FEW_VALUES.format(least=policy.distinct_warning, counted=", ".join(few))
    return [said] if few else []


def report_of(
    study: Study,
    tier: Tier,
    parts: Sequence[SegmentEntry],
    *,
    figures: Mapping[str, Any],
    limits: Sequence[str],
    levels: Mapping[str, Mapping[str, int]],
    ncp: float,
    attacks: Mapping[str, Any],
    missing: Mapping[str, Any],
    rests_on: Sequence[Mapping[str, Any]],
    seed: int,
    occasion: ReleaseContext,
) -> Report:
    """The report of a release of microdata; ``figures`` are the verifier's of the whole file."""
    # Each figure over all segments, if every one of them was compared.
    segments = [part.figures for part in parts]
    beside = {
        name: reduce(over, [figures[name] for figures in segments])
        for name, over in BESIDE_TRUTH.items()
        if segments and all(segments)
    }
    left_out = Counter(occasion.left_out)
    for part in parts:
        left_out.update(part.left_out)
    lacking = not_answered_in(parts)
    withheld = {
        name: at.get("withheld", 0) + at.get(NO_ANSWER, 0) - lacking.get(name, 0)
        for name, at in levels.items()
    }
    return {
        **about_release(study, tier, parts, seed=seed, occasion=occasion),
        **({"sample": tier.taken} if tier.kind.sample < 1 else {}),
        "rows_left_out": dict(left_out),
        "k": {
            "asked": tier.k,
            "reached": figures.get("k_exact"),
            "by_row": figures.get("k_rows"),
            "complete": figures.get("k_complete"),
        },
        "l": {"asked": tier.distinct_l, "reached": figures.get("l")},
        "ncp": round(ncp, 6),
        "columns": levels,
        "cells_withheld": {name: n for name, n in withheld.items() if n},
        "not_answered": dict(sorted(lacking.items())),
        "verification": {**figures, **beside},
        "attacks": attacks,
        "missingness": missing,
        "fragility": list(rests_on),
        "limits": [*diversity_warnings(study.policy, figures), *limits],
    }
