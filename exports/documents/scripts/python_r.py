"""Scripts in plain Python and in base R, and the scoring plan that all four languages share.

The plan holds every score whose items are in the release as they were asked. A script uses a
package only where it is installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from exports.codebook import AS_ASKED, LIFTED, Entry
from exports.columns import SCORE, bounds_of
from exports.documents.context import DocumentContext
from exports.files.source import distinct_labels

# Half of the last released digit, and a little for binary fractions.
TOLERANCE = 0.0005001
LONGEST_LABEL = 1_000  # bytes


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """Mean of at least ``least`` answered items; ``mirrors`` maps a reversed item to low + high."""

    column: str
    items: tuple[str, ...]
    mirrors: Mapping[str, int]
    least: int


@dataclass(frozen=True, slots=True)
class CompositeRule:
    """Mean of at least ``least`` of other scores, before they are rounded."""

    column: str
    scores: tuple[str, ...]
    least: int


@dataclass(frozen=True, slots=True)
class DifferenceRule:
    """One answer minus another; empty where either is missing."""

    column: str
    minuend: str
    subtrahend: str


@dataclass(frozen=True, slots=True)
class ScoringPlan:
    """The rules in the order in which they can be computed.

    ``released`` are the score columns to compare with, ``skipped`` those that this release does not
    hold the items of.
    """

    scales: tuple[ScaleRule, ...]
    composites: tuple[CompositeRule, ...]
    differences: tuple[DifferenceRule, ...]
    released: frozenset[str]
    skipped: tuple[str, ...]

    @property
    def scored(self) -> tuple[str, ...]:
        """Every score that is recomputed, in order."""
        return (
            *(rule.column for rule in self.scales),
            *(rule.column for rule in self.composites),
            *(rule.column for rule in self.differences),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is recomputed and released, in order."""
        return tuple(column for column in self.scored if column in self.released)


def scoring_plan_of(context: DocumentContext) -> ScoringPlan:
    """Return what can be recomputed from the file of this release."""
    study, bounds = context.study, bounds_of(context.study)
    # Answers as they were given: a coarsened item would give another score.
    whole = frozenset(
        e["variable"]
        for e in context.codebook
        if e["part"] == "answer" and e.get("treatment", AS_ASKED) == AS_ASKED
    )
    # A released score was worked out from the items that its entry names.
    entries = {e["variable"]: tuple(e["items"]) for e in context.codebook if e["part"] == "score"}
    scales = tuple(
        ScaleRule(
            SCORE + s.name,
            items,
            {item: sum(bounds[item]) for item in items if item in s.reverse},
            max(1, s.min_answered),
        )
        for s in study.scales
        if whole.issuperset(items := entries.get(SCORE + s.name, s.items))
    )
    # Composites are means of scores: all of these have to be recomputed first.
    known = {rule.column for rule in scales}
    composites = tuple(
        CompositeRule(SCORE + c.name, scores, max(1, c.min_answered))
        for c in study.composites
        if known.issuperset(
            scores := entries.get(SCORE + c.name, tuple(SCORE + name for name in c.scores))
        )
    )
    differences = tuple(
        DifferenceRule(SCORE + d.name, d.minuend, d.subtrahend)
        for d in study.differences
        if {d.minuend, d.subtrahend} <= whole
    )
    released = frozenset(entries)
    plan = ScoringPlan(scales, composites, differences, released, ())
    return replace(plan, skipped=tuple(sorted(released.difference(plan.scored))))


@dataclass(frozen=True, slots=True)
class LiftRule:
    """A column of one level: ``up`` maps the cells of ``source`` to its own; others are coarser."""

    column: str
    source: str
    up: Mapping[int, int]

    @property
    def groups(self) -> dict[int, list[int]]:
        """Cell of the level → the cells that become it, itself included."""
        found: dict[int, list[int]] = {}
        for cell, group in self.up.items():
            found.setdefault(group, []).append(cell)
        return found


def _covered(entry: Entry, cell: str) -> frozenset[int]:
    """The codes as asked that a cell of a key column stands for."""
    return frozenset(entry["groups"].get(cell, [int(cell)]))


def lift_rules_of(context: DocumentContext) -> tuple[LiftRule, ...]:
    """Return how each lifted column is made, as the codebook alone tells it."""
    entries = {e["variable"]: e for e in context.codebook}
    rules = []
    for entry in (e for e in context.codebook if e["part"] == LIFTED):
        source = entries[entry["items"][0]]
        groups = {int(code): _covered(entry, code) for code in entry["codes"]}
        cells = {int(code): _covered(source, code) for code in source["codes"]}
        up = {
            cell: group
            for cell, codes in cells.items()
            for group, covered in groups.items()
            if codes <= covered
        }
        rules.append(LiftRule(entry["variable"], source["variable"], up))
    return tuple(rules)


def head(context: DocumentContext, comment: str, *lines: str) -> str:
    """The opening comment of a script: mark, title, and what it does."""
    said = [context.mark, f"{context.study.title}, tier {context.tier['name']}", *lines]
    return "\n".join(f"{comment} {line}".rstrip() for line in said if line)


def renamed(names: Mapping[str, str]) -> list[str]:
    """One line for each column that has another name in this program."""
    return [f"{name} is called {short} here." for name, short in names.items() if name != short]


def number(text: str) -> bool:
    """Return whether a code is a number."""
    return text.removeprefix("-").isdigit()


def in_missing_range(context: DocumentContext) -> list[str]:
    """Columns that take the missing range; a difference does not, its values are negative too."""
    return [
        e["variable"]
        for e in context.codebook
        if e["type"] != "text" and e["missing"] and not e.get("may_be_empty")
    ]


_HERE = Path(__file__).parent


def template(name: str, filled: Mapping[str, str]) -> bytes:
    """A script beside this module with its ``@@PLACES@@`` filled."""
    text = _HERE.joinpath(name).read_text("utf-8")
    for place, value in filled.items():
        text = text.replace(f"@@{place}@@", value)
    return text.encode()


def _literal(rules: Mapping[str, object]) -> str:
    """A dict of one line a rule, which JSON and Python write alike."""
    lines = [f"    {json.dumps(k)}: {json.dumps(v)},\n" for k, v in rules.items()]
    return "{\n" + "".join(lines) + "}"


def import_py(context: DocumentContext) -> bytes:
    """Read data and codebook into a dict of columns, or a polars frame where that is there."""
    return template("import.py.txt", {"HEAD": head(context, "#"), "DATA": context.data_path})


def score_py(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Recompute every score and compare; the script exits with 1 when one differs."""
    scales = {
        rule.column: {"items": rule.items, "mirrors": rule.mirrors, "least": rule.least}
        for rule in plan.scales
    }
    composites = {r.column: {"scores": r.scores, "least": r.least} for r in plan.composites}
    differences = {r.column: [r.minuend, r.subtrahend] for r in plan.differences}
    filled = {
        "HEAD": head(context, "#"),
        "DATA": context.data_path,
        "SCALES": _literal(scales),
        "COMPOSITES": _literal(composites),
        "DIFFERENCES": _literal(differences),
        "SKIPPED": json.dumps(plan.skipped),
        "TOLERANCE": str(TOLERANCE),
    }
    return template("score.py.txt", filled)


def lift_py(context: DocumentContext, rules: Sequence[LiftRule]) -> bytes:
    """Make every column of one level anew; the script exits with 1 when one differs."""
    lifts = _literal({rule.column: {"from": rule.source, "up": rule.up} for rule in rules})
    filled = {"HEAD": head(context, "#"), "DATA": context.data_path, "LIFTS": lifts}
    return template("lift.py.txt", filled)


_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def quoted(text: str) -> str:
    """A string of R in ASCII, so that it reads the same in every locale."""
    known = ((c, _ESCAPED.get(c)) for c in text)
    said = (e or (c if " " <= c <= "~" else f"\\U{{{ord(c):X}}}") for c, e in known)
    return '"' + "".join(said) + '"'


def _vector(codes: Mapping[str, str]) -> str:
    """Codes named by their labels."""
    pairs = [f"{quoted(label)} = {code}" for code, label in codes.items() if number(code)]
    return f"c({', '.join(pairs)})" if pairs else "numeric(0)"


def _names(names: Iterable[str]) -> str:
    return f"c({', '.join(quoted(name) for name in names)})"


def _truth(value: object) -> str:
    return "TRUE" if value else "FALSE"


def _entry(entry: Entry) -> str:
    text = entry["type"] == "text"
    labels = distinct_labels({**entry["codes"], **entry["missing"]}, LONGEST_LABEL)
    codes, missing = ({code: labels[code] for code in entry[key]} for key in ("codes", "missing"))
    return (
        f"  {quoted(entry['variable'])} = list(label = {quoted(entry['label'])},\n"
        f"    text = {_truth(text)}, may_be_empty = {_truth(entry.get('may_be_empty'))}, "
        f"whole = {_truth(entry['codes'] and not entry.get('range'))},\n"
        f"    codes = {'numeric(0)' if text else _vector(codes)},\n"
        f"    missing = {'numeric(0)' if text else _vector(missing)})"
    )


def import_r(context: DocumentContext) -> bytes:
    """Read the data into raw codes, numbers with NA, and labelled columns or factors."""
    book = _list(_entry(entry) for entry in context.codebook)
    filled = {"HEAD": head(context, "#"), "DATA": context.data_path, "CODEBOOK": book}
    return template("import.R.txt", filled)


def _list(lines: Iterable[str]) -> str:
    return "list(\n" + ",\n".join(lines) + "\n)"


def score_r(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Recompute every score and compare; the script ends with an error when one differs."""
    scales = []
    for rule in plan.scales:
        mirrors = ", ".join(f"{quoted(item)} = {sum_}" for item, sum_ in rule.mirrors.items())
        scales.append(
            f"  {quoted(rule.column)} = list(items = {_names(rule.items)},\n"
            f"    mirrors = c({mirrors}), least = {rule.least})"
        )
    composites = (
        f"  {quoted(r.column)} = list(scores = {_names(r.scores)}, least = {r.least})"
        for r in plan.composites
    )
    differences = (
        f"  {quoted(r.column)} = {_names([r.minuend, r.subtrahend])}" for r in plan.differences
    )
    filled = {
        "HEAD": head(context, "#"),
        "DATA": context.data_path,
        "SCALES": _list(scales),
        "COMPOSITES": _list(composites),
        "DIFFERENCES": _list(differences),
        "SKIPPED": f"c({', '.join(quoted(name) for name in plan.skipped)})",
        "TOLERANCE": str(TOLERANCE),
    }
    return template("score.R.txt", filled)


def lift_r(context: DocumentContext, rules: Sequence[LiftRule]) -> bytes:
    """Make every column of one level anew; the script ends with an error when one differs."""
    lifts = []
    for rule in rules:
        up = ", ".join(f'"{cell}" = {group}' for cell, group in rule.up.items())
        lifts.append(f"  {quoted(rule.column)} = list(from = {quoted(rule.source)}, up = c({up}))")
    filled = {"HEAD": head(context, "#"), "DATA": context.data_path, "LIFTS": _list(lifts)}
    return template("lift.R.txt", filled)
