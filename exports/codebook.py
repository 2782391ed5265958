"""The codebook of a release: the meaning of every column, and what this release did to it.

One entry a column, plain and JSON-able, with enough to use the data without asking anybody.
``codes`` and ``missing`` map a cell as written to its label; ``range`` bounds a number or a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from exports.columns import CORE, SCORE, Field, bounds_of
from exports.generalise import group_codes, hierarchy_of, top_of
from forms.kinds import kind_of
from forms.routing import condition_in_words
from forms.study import NOT_REACHED, NOT_SCORED, WITHHELD, Column, Hierarchy, Study

Entry = dict[str, Any]

AS_ASKED = "As asked"
MULTIPLE = "multiple"  # a kind of question: several options may be ticked, each a column
LIFTED = "lifted"  # the part of columns that show a key column at one level (exports.lifted)

ADMINISTRATIVE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "row": ("Position of the row in this file; says nothing about when it arrived", {}),
    "pilot": ("Mark: answers of a pilot, collected before approval", {"1": "Pilot"}),
    "synthetic": ("Mark: the file holds simulated clients, not people", {"1": "Synthetic"}),
    "study_version": ("Version of the questions that were asked", {}),
    "consent_version": ("Version of the consent texts that were shown", {}),
    "lang": ("Language in which the questions were shown", {}),
    "branch": ("Way through the questionnaire", {}),
    "completion": (
        "How the questionnaire ended",
        {"1": "Reached the end", "2": "Stopped early and sent what was answered"},
    ),
    "c_open": ("May be part of an open file", {"0": "No", "1": "Yes"}),
    "dur_band": ("About how long answering took; no clock time is stored", {"1": "Any time"}),
}  # fmt: skip


def missing_labels(study: Study, codes: Sequence[int]) -> dict[str, str]:
    """Missing code, as written in a cell → its label."""
    return {str(c): study.missing_by_code[c].label for c in sorted(codes)}


def blank(field: Field) -> Entry:
    """An entry with every key that every entry has."""
    return {
        "variable": field.name, "label": "", "part": field.part, "kind": field.part,
        "type": field.type, "question": {}, "page": "", "hint": "", "routing": "",
        "required": False,
        "codes": {}, "range": None, "missing": {}, "may_be_empty": False, "decimals": 0,
        "construct": "", "note": "", "role": field.role, "group": field.group,
        "multiple_response": "", "scales": [], "rule": "", "items": [], "reversed": [],
        "level": 0, "groups": {}, "treatment": AS_ASKED,
        "reliability": {}, "item_rest": {}, "withheld_by": {},
    }  # fmt: skip


def _answer(study: Study, field: Field, column: Column) -> Entry:
    question, numeric = column.question, kind_of(column.question).is_number
    page = study.page_of[question.name]
    conditions = (condition_in_words(study, c) for c in (page.show_if, question.show_if))
    asked_if = " and ".join(filter(None, conditions))
    return {
        **blank(field),
        "label": column.label or page.title,
        "kind": question.kind,
        "multiple_response": column.variable if question.kind == MULTIPLE else "",
        "question": dict(question.text.by_branch) or {"everybody": question.text.everybody},
        "page": page.title,
        "hint": question.hint,
        "routing": f"Asked if {asked_if}" if asked_if else "Asked of everybody",
        "required": question.required,
        "codes": {str(code): label for code, label in column.labels.items()},
        "range": [min(column.codes), max(column.codes)] if numeric else None,
        "missing": missing_labels(study, column.missing),
        "construct": next(
            (r.construct for r in question.rows if r.variable == column.name), question.construct
        ),
        "note": question.note,
        "scales": [
            {"score": SCORE + s.name, "reversed": column.name in s.reverse}
            for s in study.scales
            if column.name in s.items
        ],
    }


def _score_range(study: Study, items: Sequence[str]) -> list[float]:
    bounds = bounds_of(study)
    return [float(min(bounds[i][0] for i in items)), float(max(bounds[i][1] for i in items))]


def _score(study: Study, field: Field) -> Entry:
    """What the entry of a score says beyond a blank one; its items are those of the field."""
    name, items = field.name.removeprefix(SCORE), field.items
    not_scored = missing_labels(study, [NOT_SCORED])
    if scale := next((s for s in study.scales if s.name == name), None):
        return {
            "label": scale.label, "items": list(items), "decimals": 3,
            "reversed": [i for i in items if i in scale.reverse],
            "rule": f"mean of the answered items, at least {scale.min_answered} of "
            f"{_number(items, scale.items)}; reversed items first become lowest + highest code "
            "- answer",
            "range": _score_range(study, items), "missing": not_scored,
        }  # fmt: skip
    if composite := next((c for c in study.composites if c.name == name), None):
        # A mean of means lies between the bounds of the items below it.
        below = {SCORE + s.name: s.items for s in study.scales}
        return {
            "label": composite.label, "items": list(items), "decimals": 3,
            "rule": f"mean of the scores, at least {composite.min_answered} of "
            f"{_number(items, composite.scores)}, worked out before rounding",
            "range": _score_range(study, [i for score in items for i in below[score]]),
            "missing": not_scored,
        }  # fmt: skip
    difference = next(d for d in study.differences if d.name == name)
    low, high = _score_range(study, [difference.minuend, difference.subtrahend])
    return {
        "label": difference.label, "items": [difference.minuend, difference.subtrahend],
        "rule": f"{difference.minuend} minus {difference.subtrahend}; empty when either has no "
        "answer. Never apply the missing-code range here: its own values are negative too",
        "range": [low - high, high - low], "may_be_empty": True,
    }  # fmt: skip


def _number(items: Sequence[str], asked: Sequence[str]) -> str:
    """How many items there are, and how many of those asked take no part."""
    gone = len(asked) - len(items)
    if not gone:
        return str(len(items))
    return f"{len(items)} ({gone} of {len(asked)} not shown in this file as answered: no part)"


def _quality(study: Study, field: Field) -> Entry:
    # What an answer may lack: the two codes left out are set by a release alone.
    codes = [m.code for m in study.missing if m.code not in (WITHHELD, NOT_SCORED)]
    lacking = missing_labels(study, codes)
    if field.name == "dq_share":
        return {
            "label": "Share of shown items with an answer",
            "rule": "items with an answer / items shown (0-1), of the answers in this file that "
            "are no quasi-identifiers; a multiple choice is one item, a stopped questionnaire "
            "counts up to where it stopped",
            "range": [0.0, 1.0], "decimals": 3, "missing": missing_labels(study, [NOT_REACHED]),
        }  # fmt: skip
    if field.name == "dq_straight":
        grids = study.quality.straight
        whole = {row.variable for grid in grids for row in study.questions[grid].rows}
        return {
            "label": "All rows of these grids carry the same answer",
            "rule": "1 if every row has the same answer, 0 if not; where all rows carry one and "
            "the same missing code, that code",
            "codes": {"0": "No", "1": "Yes"},
            "items": list(grids if whole == {*field.items} else field.items),
            "missing": lacking,
        }  # fmt: skip
    pair = field.items
    low, high = _score_range(study, pair)
    return {
        "label": "Distance between two items that ought to mirror each other",
        "rule": "absolute difference after reversing one of them; where one has no answer, its "
        "missing code",
        "items": list(pair), "reversed": [study.quality.pair_reverse or pair[1]],
        "range": [0, int(high - low)], "missing": lacking,
    }  # fmt: skip


def _administrative(study: Study, field: Field, rows: int) -> Entry:
    label, codes = ADMINISTRATIVE[field.name]
    extra: Entry = {"label": label, "codes": dict(codes)}
    if field.name == "branch":
        extra["codes"] = {str(b.code): b.label for b in study.branches}
        extra["missing"] = missing_labels(study, [NOT_REACHED])
        extra["rule"] = "; ".join(
            f"{b.code} if {condition_in_words(study, b.when)}" for b in study.branches
        )
    if field.name == "dur_band" and (bounds := study.duration_bands):
        inner = [f"{low} to under {high} minutes" for low, high in pairwise(bounds)]
        words = [f"Under {bounds[0]} minutes", *inner, f"{bounds[-1]} minutes or more"]
        extra["codes"] = {str(at): label for at, label in enumerate(words, start=1)}
    if field.name == "row":
        extra["range"] = [1, rows]
    return extra


def describe(study: Study, field: Field, *, rows: int) -> Entry:
    """The entry of one column as asked; ``rows`` bounds the row number."""
    if field.column:
        return _answer(study, field, field.column)
    if field.part == "score":
        return {**blank(field), **_score(study, field)}
    if field.name.startswith("dq_"):
        return {**blank(field), **_quality(study, field)}
    return {**blank(field), **_administrative(study, field, rows)}


Levels = Mapping[str, int]


def _levels(
    entry: Entry, column: Column, hierarchy: Hierarchy, least: int
) -> tuple[dict[str, str], list[str]]:
    """Cell → label at every level from ``least`` up, and what each group covers, in words.

    A number without a label is its own: beside groups, no range can explain it.
    """
    asked = {str(code): column.labels.get(code, str(code)) for code in column.codes}
    codes = asked if least == 0 else {}
    said = ["level 0: as asked"] if least == 0 else []
    for level in range(max(1, least), hierarchy.top):
        groups = group_codes(hierarchy, level)
        for code, group in groups.items():
            # A code as asked, or of a finer level, keeps the label that it has there.
            codes.setdefault(str(code), column.labels.get(code, group.label))
        covered = "; ".join(
            f"{code} = " + ", ".join(entry["codes"].get(str(c), str(c)) for c in sorted(g.codes))
            for code, g in groups.items()
        )
        said.append(f"level {level}: {covered}")
    return codes, said


BY_CELL = (
    "Recoded cell by cell: each shows the finest of these levels at which it stands among enough "
    "others alike"
)
BY_COLUMN = "The whole column at one level"


ONE_CODE = "Withheld, or not answered"
WHY_ONE = (
    "-93 stands for every reason: withheld, left blank, not wanted, not known, not asked or not "
    "reached. With a code for each, rows that are alike would differ; report.json says how many "
    "had no answer to begin with (not_answered)"
)


def _treated(study: Study, field: Field, entry: Entry, least: int) -> Entry:
    """The entry of a key column, with what a release in this tier does to it."""
    withheld = missing_labels(study, [WITHHELD])
    missing = {**entry["missing"], **withheld}
    if field.group == CORE and field.column:
        missing = dict.fromkeys(withheld, ONE_CODE)
    entry = {**entry, "level": least, "missing": missing}
    if least >= top_of(field, study.policy):
        nothing = {"codes": {}, "range": None, "missing": withheld}
        return {**entry, **nothing, "treatment": "Withheld from every row"}
    hierarchy = hierarchy_of(field, study.policy)
    if hierarchy is None or field.column is None:
        return {**entry, "treatment": f"{BY_CELL}. level 0: as it was; withheld: -93"}
    codes, said = _levels(entry, field.column, hierarchy, least)
    # The engine recodes core variables only; others are coarsened as a whole before it.
    how = BY_CELL if field.group == CORE else f"{BY_COLUMN} (or withheld, in a small batch)"
    last = WHY_ONE if field.group == CORE else "withheld: -93"
    treatment = f"{how}. {' | '.join([*said, last])}"
    groups = {
        str(code): sorted(group.codes)
        for level in range(max(1, least), hierarchy.top)
        for code, group in group_codes(hierarchy, level).items()
        if len(group.codes) > 1
    }
    return {**entry, "codes": codes, "groups": groups, "range": None, "treatment": treatment}


def codebook_of(
    study: Study,
    fields: Sequence[Field],
    *,
    least: Levels,
    rows: int,
    versions: Mapping[str, Mapping[str, str]],
) -> tuple[Entry, ...]:
    """One entry a column of the file, in file order, ``row`` first.

    ``least`` is the finest level that the tier allows each key column; ``versions`` maps a
    version column to its versions and the digests of their texts.
    """
    entries = []
    items = {field.name: field.items for field in fields}
    for field in (Field("row", "administrative"), *fields):
        entry = describe(study, field, rows=rows)
        entry["scales"] = [s for s in entry["scales"] if field.name in items.get(s["score"], ())]
        if known := versions.get(field.name):
            entry["codes"] = {version: f"Version {version}" for version in known}
            digests = "; ".join(f"{version} = {digest}" for version, digest in known.items())
            entry["note"] = f"SHA-256 of the texts of each version: {digests}"
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
        # A difference that is missing is an empty cell: its own values are negative too.
        if cells.get("") and entry["may_be_empty"]:
            lacking["empty"] = cells[""]
        valid = sum(cells.values()) - sum(lacking.values())
        filled.append({**entry, "n_valid": valid, "n_missing": lacking})
    return tuple(filled)
