"""import.do, score.do and lift.do for Stata 14 or later.

Missing codes are extended missing values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from exports.documents.context import DocumentContext, joined
from exports.documents.scripts.python_r import (
    TOLERANCE,
    LiftRule,
    ScoringPlan,
    head,
    in_missing_range,
    number,
    renamed,
)
from exports.files.source import STATA, distinct_labels, names_in
from exports.files.stata import LABEL, LETTER, VALUE_LABEL
from forms.study import WITHHELD

LETTERS = {str(code): f".{letter}" for code, letter in LETTER.items()}


def _plain(text: str) -> str:
    """``text`` in one line and without what would end a quote or open a comment."""
    flat = " ".join(text.split()).replace("`", "'").replace('"', "'")
    return flat.replace("/*", "/ *")


def quoted(text: str) -> str:
    """A compound quote; what would start a macro is taken literally."""
    return '`"' + _plain(text).replace("$", "\\$") + "\"'"


def names_of(context: DocumentContext) -> dict[str, str]:
    """Column → its name in Stata."""
    return names_in((e["variable"] for e in context.codebook), STATA)


def _read(context: DocumentContext, names: Mapping[str, str]) -> str:
    numbered = list(enumerate(context.codebook, start=1))
    strings = " ".join(str(n) for n, e in numbered if e["type"] == "text")
    numbers = " ".join(str(n) for n, e in numbered if e["type"] != "text")
    # No names from the header, which Stata would alter: the renames below set them.
    options = [
        'varnames(nonames) rowrange(2) encoding("utf-8") bindquote(strict) asdouble',
        f"numericcols({numbers})",
        f"stringcols({strings})" * bool(strings),
        "clear",
    ]
    said = " ///\n    ".join(o for o in options if o)
    renames = [f"rename v{n} {names[e['variable']]}" for n, e in numbered]
    return "\n".join([f'import delimited using "{context.data_path}", ///\n    {said}', *renames])


def _value_labels(context: DocumentContext, names: Mapping[str, str]) -> Iterator[str]:
    """Each set of labels once, under a number."""
    sets: dict[tuple[tuple[str, str], ...], str] = {}
    for entry in context.codebook:
        said = {code: label for code, label in entry["codes"].items() if number(code)}
        said |= {LETTERS[c]: label for c, label in entry["missing"].items() if c in LETTERS}
        plain = {code: _plain(label) for code, label in said.items()}
        codes = tuple(distinct_labels(plain, VALUE_LABEL).items())
        if entry["type"] == "text" or not codes:
            continue
        if codes not in sets:
            sets[codes] = f"codes{len(sets) + 1}"
            lines = " ///\n    ".join(f"{code} {quoted(label)}" for code, label in codes)
            yield f"label define {sets[codes]} ///\n    {lines}, replace"
        yield f"label values {names[entry['variable']]} {sets[codes]}"


def import_do(context: DocumentContext) -> bytes:
    """Commands that read the CSV with labels and extended missing values."""
    names = names_of(context)
    how = "Reads the data with labels. Change to the folder of the release first: cd"
    letters = ", ".join(f"{code} is {letter}" for code, letter in LETTERS.items())
    lines = [how, f"Missing codes: {letters}", *renamed(names)]
    coded = " \\ ".join(f"{code}={letter}" for code, letter in LETTERS.items())
    ranged = " ///\n    ".join(names[name] for name in in_missing_range(context))
    return joined(
        [
            head(context, "*", *lines),
            "version 14",
            _read(context, names),
            f"mvdecode ///\n    {ranged} ///\n    , mv({coded})" * bool(ranged),
            "\n".join(
                f"label variable {names[e['variable']]} {quoted(e['label'][:LABEL])}"
                for e in context.codebook
            ),
            "\n".join(_value_labels(context, names)),
        ]
    )


def _rules(plan: ScoringPlan, scored: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    for rule in plan.scales:
        score, items = scored[rule.column], []
        for at, item in enumerate(rule.items, start=1):
            if item in rule.mirrors:
                yield f"generate double {score}_{at} = {rule.mirrors[item]} - {names[item]}"
                items.append(f"{score}_{at}")
            else:
                items.append(names[item])
        yield from _mean(score, items, rule.least)
    for composite in plan.composites:
        scores = [scored[name] for name in composite.scores]
        yield from _mean(scored[composite.column], scores, composite.least)
    for difference in plan.differences:
        first, second = names[difference.minuend], names[difference.subtrahend]
        yield f"generate double {scored[difference.column]} = {first} - {second}"


def _mean(score: str, items: list[str], least: int) -> Iterator[str]:
    listed = " ".join(items)
    yield f"egen double {score} = rowmean({listed})"
    yield f"egen {score}_n = rownonmiss({listed})"
    yield f"replace {score} = . if {score}_n < {least}"


def score_do(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Commands that recompute every score; they stop with an error when one differs."""
    names = names_of(context)
    scored = {column: f"re{at}" for at, column in enumerate(plan.scored, start=1)}
    how = "Recomputes every score from the items; do import.do first."
    skipped = [f"Not recomputed, its items are not all here: {name}" for name in plan.skipped]
    compared = [
        f"count if missing({again}) != missing({released}) | "
        f"(!missing({again}, {released}) & abs({again} - {released}) > {TOLERANCE:.7f})\n"
        f'display "{released}: differs in " r(N) " rows"\n'
        "local wrong = `wrong' + (r(N) > 0)"
        for again, released in ((scored[column], names[column]) for column in plan.columns)
    ]
    return joined(
        [
            head(context, "*", how, *skipped),
            "version 14",
            "\n".join(_rules(plan, scored, names)),
            "local wrong = 0",
            *compared,
            "assert `wrong' == 0",
        ]
    )


def _lifted(rule: LiftRule, names: Mapping[str, str], into: str) -> Iterator[str]:
    coarser, released = LETTERS[str(WITHHELD)], names[rule.column]
    groups = " ///\n    ".join(
        f"({' '.join(map(str, cells))} = {group})" for group, cells in rule.groups.items()
    )
    # Values that are missing fit no rule and stay.
    yield (
        f"recode {names[rule.source]} ///\n    {groups} ///\n"
        f"    (nonmissing = {coarser}), generate({into})"
    )
    yield f"count if {into} != {released}"
    yield f'display "{released}: differs in " r(N) " rows"'
    yield "local wrong = `wrong' + (r(N) > 0)"


def lift_do(context: DocumentContext, rules: Sequence[LiftRule]) -> bytes:
    """Commands that make every column of one level anew; they stop when one differs."""
    names = names_of(context)
    made = {rule.column: f"lift{at}" for at, rule in enumerate(rules, start=1)}
    how = "Makes each column of one level from that of mixed levels; do import.do first."
    told = [f"{into} is {names[column]} made anew." for column, into in made.items()]
    return joined(
        [
            head(context, "*", how, *told),
            "version 14",
            "local wrong = 0",
            *("\n".join(_lifted(rule, names, made[rule.column])) for rule in rules),
            "assert `wrong' == 0",
        ]
    )
