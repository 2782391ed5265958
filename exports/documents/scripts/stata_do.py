"""import.do and score.do: Stata 14 or later, with extended missing values for the missing codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exports.codebook import Entry
from exports.documents.context import DocumentContext, joined
from exports.documents.scripts.python_r import TOLERANCE, ScoringPlan, head, number, renamed
from exports.files.source import STATA, names_in
from forms.study import MISSING_RANGE

# -99 is .a, -98 is .b … -90 is .j: the same letters as in the .dta file.
LETTERS: Mapping[str, str] = {
    str(code): f".{letter}" for code, letter in zip(MISSING_RANGE, "abcdefghij", strict=True)
}
LONGEST_LABEL = 80


def quoted(text: str) -> str:
    """A compound quote; what would start a macro is taken literally."""
    flat = " ".join(text.split()).replace("`", "'").replace('"', "'").replace("$", "\\$")
    flat = flat.replace("/*", "/ *")
    return f'`"{flat}"\''


def names_of(context: DocumentContext) -> dict[str, str]:
    """Column → its name in Stata."""
    return names_in((e["variable"] for e in context.codebook), STATA)


def _columns(context: DocumentContext, *, text: bool) -> str:
    """Positions of the text columns, or of all others, from 1."""
    at = [str(n) for n, e in enumerate(context.codebook, start=1) if (e["type"] == "text") is text]
    return " ".join(at)


def _read(context: DocumentContext, names: Mapping[str, str]) -> str:
    strings = _columns(context, text=True)
    options = [
        'varnames(nonames) rowrange(2) encoding("utf-8") bindquote(strict) asdouble',
        f"numericcols({_columns(context, text=False)})",
        f"stringcols({strings})" * bool(strings),
        "clear",
    ]
    said = " ///\n    ".join(o for o in options if o)
    renames = [
        f"rename v{n} {names[e['variable']]}" for n, e in enumerate(context.codebook, start=1)
    ]
    return "\n".join([f'import delimited using "{context.data_path}", ///\n    {said}', *renames])


def _labels(context: DocumentContext, names: Mapping[str, str]) -> str:
    return "\n".join(
        f"label variable {names[e['variable']]} {quoted(e['label'][:LONGEST_LABEL])}"
        for e in context.codebook
    )


def _missing(context: DocumentContext, names: Mapping[str, str]) -> str:
    """Missing codes become .a to .j; a difference stays out, its own values are negative too."""
    ranged = [
        names[e["variable"]]
        for e in context.codebook
        if e["type"] != "text" and e["missing"] and not e.get("may_be_empty")
    ]
    if not ranged:
        return ""
    pairs = " \\ ".join(f"{code}={letter}" for code, letter in LETTERS.items())
    return "mvdecode ///\n    " + " ///\n    ".join(ranged) + f" ///\n    , mv({pairs})"


def _codes(entry: Entry) -> dict[str, str]:
    """Value as Stata writes it → label."""
    missing = {LETTERS[code]: label for code, label in entry["missing"].items() if code in LETTERS}
    return {code: label for code, label in entry["codes"].items() if number(code)} | missing


def _value_labels(context: DocumentContext, names: Mapping[str, str]) -> Iterator[str]:
    """Each set of labels once, under a number."""
    sets: dict[tuple[tuple[str, str], ...], str] = {}
    for entry in context.codebook:
        codes = tuple(_codes(entry).items())
        if entry["type"] == "text" or not codes:
            continue
        if codes not in sets:
            sets[codes] = f"codes{len(sets) + 1}"
            pairs = " ///\n    ".join(f"{code} {quoted(label)}" for code, label in codes)
            yield f"label define {sets[codes]} ///\n    {pairs}, replace"
        yield f"label values {names[entry['variable']]} {sets[codes]}"


def import_do(context: DocumentContext) -> bytes:
    """Commands that read the CSV with labels and extended missing values."""
    names = names_of(context)
    how = "Reads the data with labels. Change to the folder of the release first: cd"
    letters = ", ".join(f"{code} is {letter}" for code, letter in LETTERS.items())
    lines = [how, f"Missing codes: {letters}", *renamed(names)]
    return joined(
        [
            head(context, "*", *lines),
            "version 14",
            _read(context, names),
            _missing(context, names),
            _labels(context, names),
            "\n".join(_value_labels(context, names)),
        ]
    )


def _scale(plan: ScoringPlan, scored: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    for rule in plan.scales:
        score, items = scored[rule.column], []
        for at, item in enumerate(rule.items, start=1):
            if item in rule.mirrors:
                yield f"generate double {score}_{at} = {rule.mirrors[item]} - {names[item]}"
                items.append(f"{score}_{at}")
            else:
                items.append(names[item])
        yield from _mean(score, items, rule.least)


def _mean(score: str, items: list[str], least: int) -> Iterator[str]:
    listed = " ".join(items)
    yield f"egen double {score} = rowmean({listed})"
    yield f"egen {score}_n = rownonmiss({listed})"
    yield f"replace {score} = . if {score}_n < {least}"


def _rules(plan: ScoringPlan, scored: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    yield from _scale(plan, scored, names)
    for composite in plan.composites:
        yield from _mean(
            scored[composite.column], [scored[s] for s in composite.scores], composite.least
        )
    for rule in plan.differences:
        yield (
            f"generate double {scored[rule.column]} = {names[rule.minuend]} - "
            f"{names[rule.subtrahend]}"
        )


def _compare(scored: str, released: str) -> str:
    both = f"!missing({scored}, {released})"
    return (
        f"count if missing({scored}) != missing({released}) | "
        f"({both} & abs({scored} - {released}) > {TOLERANCE:.7f})\n"
        f'display "{released}: differs in " r(N) " rows"\n'
        "local wrong = `wrong' + (r(N) > 0)"
    )


def score_do(context: DocumentContext, plan: ScoringPlan) -> bytes:
    """Commands that recompute every score; they stop with an error when one differs."""
    names = names_of(context)
    scored = {column: f"re{at}" for at, column in enumerate(plan.scored, start=1)}
    how = "Recomputes every score from the items; do import.do first."
    skipped = [f"Not recomputed, its items are not all here: {name}" for name in plan.skipped]
    return joined(
        [
            head(context, "*", how, *skipped),
            "version 14",
            "\n".join(_rules(plan, scored, names)),
            "local wrong = 0",
            *(_compare(scored[column], names[column]) for column in plan.columns),
            "assert `wrong' == 0",
        ]
    )
