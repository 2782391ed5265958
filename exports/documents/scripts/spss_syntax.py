"""import.sps, score.sps and lift.sps: syntax for SPSS (and PSPP), with one user-missing range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import fill

from exports.documents.context import DocumentContext, joined
from exports.documents.scripts.python_r import (
    TOLERANCE,
    LiftRule,
    ScoringPlan,
    in_missing_range,
    number,
    renamed,
)
from exports.files.source import (
    SPSS,
    TICKED,
    cut_bytes,
    distinct_labels,
    level_of,
    multiple_response_sets,
    names_in,
)
from exports.files.spss import SET_LABEL
from forms.study import LABEL_BYTES, WITHHELD

# Bytes; what is longer is cut by SPSS with a warning, so we cut at a character first.
LONGEST_LABEL = 255
# A line of syntax may hold 256 bytes; long literals are joined with +.
LITERAL = 160
LINE = 98  # characters of a line of codes


FIRST = "Set the folder of the release first: CD 'the folder'"


def quoted(text: str, most: int) -> str:
    """Return a literal on one or more lines, at most ``most`` bytes, cut between characters."""
    flat = cut_bytes(" ".join(text.split()), most)
    pieces = [flat[at : at + LITERAL] for at in range(0, len(flat), LITERAL)] or [""]
    return " +\n    ".join("'" + piece.replace("'", "''") + "'" for piece in pieces)


def names_of(context: DocumentContext) -> dict[str, str]:
    """Column → its name in SPSS."""
    return names_in((e["variable"] for e in context.codebook), SPSS)


def _head(context: DocumentContext, *lines: str) -> str:
    """Comments; each ends with a full stop, as SPSS wants it."""
    title = f"{context.study.title}, tier {context.tier['name']}"
    said = [context.mark, title, *lines]
    flat = (" ".join(line.split()).rstrip(".") for line in said if line)
    return "\n".join(f"* {line}." for line in flat)


def _read(context: DocumentContext, names: Mapping[str, str]) -> str:
    formats = {"text": "A255", "decimal": "F8.3", "integer": "F8.0"}
    columns = "\n".join(
        f"    {names[e['variable']]} {formats[e['type']]}" for e in context.codebook
    )
    return (
        "SET DECIMAL=DOT.\n"
        "GET DATA\n"
        "  /TYPE=TXT\n"
        f"  /FILE='{context.data_path}'\n"
        "  /ENCODING='UTF8'\n"
        "  /ARRANGEMENT=DELIMITED\n"
        "  /DELIMITERS=','\n"
        "  /QUALIFIER='\"'\n"
        "  /FIRSTCASE=2\n"
        f"  /VARIABLES=\n{columns}."
    )


def _value_labels(context: DocumentContext, names: Mapping[str, str]) -> Iterator[str]:
    for entry in context.codebook:
        said = {**entry["codes"], **entry["missing"]}
        codes = {code: " ".join(label.split()) for code, label in said.items() if number(code)}
        if entry["type"] != "text" and codes:
            labels = distinct_labels(codes, LABEL_BYTES)
            lines = [f"  {code} {quoted(label, LABEL_BYTES)}" for code, label in labels.items()]
            yield f"VALUE LABELS {names[entry['variable']]}\n" + "\n".join(lines) + "."


def _lines(names: Iterable[str]) -> str:
    return "\n".join(f"  {name}" for name in names)


def _sets(context: DocumentContext, names: Mapping[str, str]) -> Iterator[str]:
    for one in multiple_response_sets(context.codebook):
        yield (
            f"MRSETS\n  /MDGROUP NAME=${one.name} CATEGORYLABELS=VARLABELS\n"
            f"  LABEL={quoted(one.label, SET_LABEL)}\n  VALUE={TICKED}\n"
            f"  VARIABLES=\n{_lines(names[variable] for variable in one.variables)}."
        )


def _labelled(context: DocumentContext, names: Mapping[str, str]) -> Iterator[str]:
    """Read the data and label them, which every script does by itself."""
    labels = [
        f"  {names[e['variable']]} {quoted(e['label'], LONGEST_LABEL)}" for e in context.codebook
    ]
    levels = [f"{names[e['variable']]} ({level_of(e).upper()})" for e in context.codebook]
    ranged = _lines(names[name] for name in in_missing_range(context))
    yield _read(context, names)
    yield "VARIABLE LABELS\n" + "\n".join(labels) + "."
    yield from _value_labels(context, names)
    # SPSS takes one range a variable, and below -90 there are missing codes only.
    yield f"MISSING VALUES\n{ranged}\n  (LO THRU -90)." * bool(ranged)
    yield "VARIABLE LEVEL\n  " + "\n  /".join(levels) + "."
    yield from _sets(context, names)
    yield "EXECUTE."


def import_sps(context: DocumentContext) -> bytes:
    """Syntax that reads the CSV with labels, missing range, measurement levels and sets."""
    names = names_of(context)
    how = "Reads the data with labels"
    said = _head(context, how, FIRST, *renamed(names))
    return joined([said, *_labelled(context, names)])


def _rules(plan: ScoringPlan, scored: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    for rule in plan.scales:
        items = [
            f"{rule.mirrors[i]} - {names[i]}" if i in rule.mirrors else names[i] for i in rule.items
        ]
        arguments = ",\n    ".join(items)
        yield f"COMPUTE {scored[rule.column]} = MEAN.{rule.least}(\n    {arguments})."
    for composite in plan.composites:
        scores = ", ".join(scored[s] for s in composite.scores)
        yield f"COMPUTE {scored[composite.column]} = MEAN.{composite.least}({scores})."
    for difference in plan.differences:
        first, second = names[difference.minuend], names[difference.subtrahend]
        yield f"COMPUTE {scored[difference.column]} = {first} - {second}."


def score_sps(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Syntax that reads the data, recomputes every score and compares."""
    names = names_of(context)
    scored = {column: f"re_{at}" for at, column in enumerate(plan.scored, start=1)}
    flags = {column: scored[column].replace("re_", "off_") for column in plan.columns}
    how = "Recomputes every score. Every maximum in the table must be 0"
    skipped = [f"Not recomputed, its items are not all here: {name}" for name in plan.skipped]
    # Of two missing values the comparison is missing in SPSS, and is no difference: SYSMIS=0.
    compared = [
        f"COMPUTE {flag} = (MISSING({scored[name]}) <> MISSING({names[name]}))\n"
        f"  OR (ABS({scored[name]} - {names[name]}) > {TOLERANCE:.7f}).\n"
        f"RECODE {flag} (SYSMIS=0).\n"
        f"VARIABLE LABELS {flag} '{names[name]} differs from the released score'."
        for name, flag in flags.items()
    ]
    table = f"DESCRIPTIVES VARIABLES=\n{_lines(flags.values())}\n  /STATISTICS=MAX."
    rules = _rules(plan, scored, names)
    said = _head(context, how, FIRST, *skipped)
    return joined([said, *_labelled(context, names), *rules, *compared, table * bool(flags)])


def _recoded(rule: LiftRule, names: Mapping[str, str], into: str) -> str:
    groups = "\n".join(
        fill(f"({', '.join(map(str, cells))}={group})", LINE, initial_indent="  ",
             subsequent_indent="    ")
        for group, cells in rule.groups.items()
    )  # fmt: skip
    released = names[rule.column]
    return (
        f"RECODE {names[rule.source]}\n{groups}\n"
        f"  (MISSING=COPY) (ELSE={WITHHELD}) INTO {into}.\n"
        f"MISSING VALUES {into} (LO THRU -90).\n"
        f"COMPUTE off_{into} = (VALUE({into}) <> VALUE({released})).\n"
        f"VARIABLE LABELS off_{into} '{released} differs from the released column'."
    )


def lift_sps(context: DocumentContext, rules: Sequence[LiftRule]) -> bytes:
    """Syntax that reads the data, makes every column of one level anew and compares."""
    names = names_of(context)
    made = {rule.column: f"lift_{at}" for at, rule in enumerate(rules, start=1)}
    how = "Makes each column of one level from that of mixed levels. Every maximum must be 0"
    told = [f"{into} is {names[column]} made anew" for column, into in made.items()]
    recoded = (_recoded(rule, names, made[rule.column]) for rule in rules)
    table = (
        f"DESCRIPTIVES VARIABLES=\n{_lines(f'off_{m}' for m in made.values())}\n  /STATISTICS=MAX."
    )
    return joined([_head(context, how, FIRST, *told), *_labelled(context, names), *recoded, table])
