"""import.sps and score.sps: syntax for SPSS (and PSPP), with one user-missing range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from exports.codebook import Entry
from exports.documents.context import DocumentContext, joined
from exports.documents.scripts.python_r import TOLERANCE, ScaleRule, ScoringPlan, number, renamed
from exports.files.source import SPSS, level_of, names_in

# Bytes; what is longer is cut by SPSS with a warning, so we cut at a character first.
LONGEST_LABEL, LONGEST_VALUE_LABEL = 255, 120
# A line of syntax may hold 256 bytes; long literals are joined with +.
LITERAL = 160


def quoted(text: str, most: int) -> str:
    """Return a literal on one or more lines, at most ``most`` bytes, cut between characters."""
    flat = " ".join(text.split()).encode()[:most].decode(errors="ignore")
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


def _format(entry: Entry) -> str:
    if entry["type"] == "text":
        return "A255"
    return "F8.3" if entry["type"] == "decimal" else "F8.0"


def _read(context: DocumentContext, names: Mapping[str, str]) -> str:
    columns = "\n".join(f"    {names[e['variable']]} {_format(e)}" for e in context.codebook)
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


def _labels(context: DocumentContext, names: Mapping[str, str]) -> str:
    lines = [
        f"  {names[e['variable']]} {quoted(e['label'], LONGEST_LABEL)}" for e in context.codebook
    ]
    return "VARIABLE LABELS\n" + "\n".join(lines) + "."


def _value_labels(context: DocumentContext, names: Mapping[str, str]) -> Iterator[str]:
    for entry in context.codebook:
        codes = {**entry["codes"], **entry["missing"]}
        if entry["type"] != "text" and codes:
            lines = [
                f"  {code} {quoted(label, LONGEST_VALUE_LABEL)}"
                for code, label in codes.items()
                if number(code)
            ]
            yield f"VALUE LABELS {names[entry['variable']]}\n" + "\n".join(lines) + "."


def _missing(context: DocumentContext, names: Mapping[str, str]) -> str:
    """One range for all; a difference stays out, its own values are negative too."""
    ranged = [
        names[e["variable"]]
        for e in context.codebook
        if e["type"] != "text" and e["missing"] and not e.get("may_be_empty")
    ]
    return f"MISSING VALUES\n{_lines(ranged)}\n  (LO THRU -90)." if ranged else ""


def _lines(names: Iterable[str]) -> str:
    return "\n".join(f"  {name}" for name in names)


def _levels(context: DocumentContext, names: Mapping[str, str]) -> str:
    lines = [f"  /{names[e['variable']]} ({level_of(e).upper()})" for e in context.codebook]
    return "VARIABLE LEVEL\n" + "\n".join(lines).replace("/", "", 1) + "."


def import_sps(context: DocumentContext) -> bytes:
    """Syntax that reads the CSV with labels, missing range and measurement levels."""
    names = names_of(context)
    how = "Reads the data with labels; set the folder of the release first: CD 'the folder'"
    return joined(
        [
            _head(context, how, *renamed(names)),
            _read(context, names),
            _labels(context, names),
            *_value_labels(context, names),
            _missing(context, names),
            _levels(context, names),
            "EXECUTE.",
        ]
    )


def _mean(rule: ScaleRule, scored: str, names: Mapping[str, str]) -> str:
    items = [
        f"{rule.mirrors[i]} - {names[i]}" if i in rule.mirrors else names[i] for i in rule.items
    ]
    arguments = ",\n    ".join(items)
    return f"COMPUTE {scored} = MEAN.{rule.least}(\n    {arguments})."


def _compare(scored: str, released: str, flag: str) -> str:
    return (
        f"COMPUTE {flag} = (MISSING({scored}) <> MISSING({released}))\n"
        f"  OR (ABS({scored} - {released}) > {TOLERANCE:.7f}).\n"
        f"RECODE {flag} (SYSMIS=0).\n"
        f"VARIABLE LABELS {flag} '{released} differs from the released score'."
    )


def _rules(plan: ScoringPlan, scored: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    for rule in plan.scales:
        yield _mean(rule, scored[rule.column], names)
    for composite in plan.composites:
        scores = ", ".join(scored[s] for s in composite.scores)
        yield f"COMPUTE {scored[composite.column]} = MEAN.{composite.least}({scores})."
    for difference in plan.differences:
        first, second = names[difference.minuend], names[difference.subtrahend]
        yield f"COMPUTE {scored[difference.column]} = {first} - {second}."


def score_sps(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Syntax that recomputes every score; run it after import.sps."""
    names = names_of(context)
    scored = {column: f"re_{at}" for at, column in enumerate(plan.scored, start=1)}
    flags = {column: scored[column].replace("re_", "off_") for column in plan.columns}
    how = "Recomputes every score; run import.sps first. Every maximum in the table must be 0"
    skipped = [f"Not recomputed, its items are not all here: {name}" for name in plan.skipped]
    table = f"DESCRIPTIVES VARIABLES=\n{_lines(flags.values())}\n  /STATISTICS=MAX."
    return joined(
        [
            _head(context, how, *skipped),
            *_rules(plan, scored, names),
            *(_compare(scored[column], names[column], flag) for column, flag in flags.items()),
            table if flags else "",
        ]
    )
