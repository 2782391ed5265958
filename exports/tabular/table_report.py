"""The report of ``lacrima anonymise``: what was asked, what was lost and what the file holds.

No seconds and nothing of the input's order: equal tables and policies have equal reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from exports.anonymise.problem import Ints, Problem, Recoding, loss_of
from exports.documents.markup import DistributionBar, render_page
from exports.output_files import guarded
from exports.tabular.hierarchy import ROOT, EncodedTable, without_formulas
from exports.tabular.number_rules import changes, far_out
from exports.tabular.policy import ROLES, Policy
from exports.tabular.provenance import frequencies, program, sums
from exports.tabular.role_guesses import telling_cells
from exports.verify.findings import Findings
from exports.verify.reading import Claim
from exports.verify.verdict import cautions, figures_in_words

Report = Mapping[str, Any]

# Figures that speak of the order of arrival, which must not change a byte here.
_OF_ARRIVAL = ("order_correlation", "order_follows_input")
_PROMISED = ("k_value", "k_coverage", "l", "entropy_l", "t", "presence")
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class AnonymisedTable:
    """A table as it was asked for, searched and made; ``rows``: the source of each row written."""

    policy: Policy
    sources: EncodedTable
    problem: Problem
    outcome: Recoding
    table: pl.DataFrame
    rows: Ints


def report_of(
    result: AnonymisedTable, found: Findings, claim: Claim, *, digest: str
) -> dict[str, Any]:
    """The report; ``digest`` is the SHA-256 of data.csv. Losses and shares run from 0 to 1.

    ``meaning`` says every measured figure in a sentence, ``cautions`` what they do not promise,
    ``input`` how the table was read where that was not plain.
    """
    figures = {k: v for k, v in found.figures().items() if k not in _OF_ARRIVAL}
    columns = _columns(result)
    for name, reached in found.diversity.items():
        asked = zip(("l", "entropy_l", "t"), result.policy.of_column(name), strict=True)
        worst = (reached.distinct, reached.entropy, reached.distance)
        columns[name] |= {
            key: {"asked": wanted, "reached": round(one, DECIMALS)}
            for (key, wanted), one in zip(asked, worst, strict=True)
        }
    # Of paths the name alone, as folders may name people.
    tables = result.policy.content.items()
    echo = {k: dict(v) if isinstance(v, Mapping) else v for k, v in tables}
    for table in ("hierarchies", "population"):
        if table in echo:
            echo[table] = {
                key: Path(said).name if isinstance(said, str) else said
                for key, said in echo[table].items()
            }
    return {
        "program": program(),
        "ncp": round(loss_of(result.problem, result.outcome), DECIMALS),
        **{key: figures[key] for key in _PROMISED},
        "counted": result.policy.unit,
        "records_in": result.problem.counted,
        "records_out": figures["people"],
        "records_suppressed": result.problem.counted - figures["people"],
        "rows_in": result.problem.rows,
        "rows_out": result.table.height,
        "cells_suppressed": sum(about.get("suppressed", 0) for about in columns.values()),
        "classes": figures["classes"],
        "mode": result.policy.mode,
        "columns": columns,
        "meaning": [
            asdict(said) for said in figures_in_words(found, claim) if said.name not in _OF_ARRIVAL
        ],
        "cautions": [asdict(said) for said in cautions(found, claim)],
        "measured": figures,
        "input": list(result.sources.notes),
        "notes": _notes(result, columns),
        "frequencies": frequencies(result.table),
        "policy": echo,
        **sums(result.policy),
        "data_sha256": digest,
        "files": {},
    }


def _columns(result: AnonymisedTable) -> dict[str, dict[str, Any]]:
    """Each written column's role and, for a quasi-identifier, what became of its cells."""
    roles = {name: role for role in ROLES for name in result.policy.roles[role]}
    # A column without any value has no role.
    about: dict[str, dict[str, Any]] = {
        n: {"role": roles.get(n, "empty")} for n in result.table.columns
    }
    trees = zip(result.sources.trees, result.problem.hierarchies, strict=True)
    for at, (tree, hierarchy) in enumerate(trees):
        shown = result.table[tree.column]
        true = without_formulas(result.sources.table[tree.column])
        # The mean loss of one column is that of the problem with no other column.
        codes, nodes = result.problem.codes[:, at : at + 1], result.outcome.nodes[:, at : at + 1]
        alone = replace(result.problem, codes=codes, hierarchies=(hierarchy,))
        about[tree.column] |= {
            "measured_as": "numbers" if tree.numeric else "groups",
            "ncp": round(loss_of(alone, replace(result.outcome, nodes=nodes)), DECIMALS),
            "values_before": true.n_unique(),
            "values_after": shown.n_unique(),
            "as_it_was": int((shown.eq_missing(true.gather(result.rows))).sum()),
            "suppressed": int((shown == ROOT).sum()),
            "missing": shown.null_count(),
        }
    for name, rule in result.policy.numbers.items():
        true = result.sources.truth[name].gather(result.rows)
        about[name]["numbers"] = changes(rule, true, result.table[name])
    return about


def _notes(result: AnonymisedTable, columns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what a reader should know besides the figures."""
    sources, unit = result.sources, result.policy.unit
    notes = [result.outcome.note] if result.outcome.note else []
    if unit != "rows":
        notes.append(
            f"Every figure of somebody counts {unit} and not rows: the table has"
            f" {result.problem.rows:,} rows of {result.problem.counted:,} {unit}."
        )
    for name, cells in sources.missing.items():
        lacking = sources.table[name].is_null() | sources.table[name].is_in(list(cells))
        if lacking.any():
            called = f" ({', '.join(sorted(cells))})" if cells else ""
            number = int(lacking.sum())
            were = f"1 cell of {name} is" if number == 1 else f"{number:,} cells of {name} are"
            notes.append(f"{were} missing{called}: no values for l and entropy l, one value for t.")
    missing = [n for n in result.policy.quasi_identifiers if result.sources.table[n].null_count()]
    if missing:
        notes.append(f"A missing cell of {', '.join(missing)} was treated as a value of its own.")
    notes += [
        f'Every line of {tree.path.name} ends in "{tree.top}", which was taken as {ROOT}.'
        for tree in result.sources.trees
        if tree.top != ROOT
    ]
    ranked = [n for n in result.policy.ordered if result.sources.table[n].null_count()]
    if ranked:
        notes.append(f"A missing cell of {', '.join(ranked)} ranks after the last value.")
    notes += _formulas(result)
    notes += [
        f"The policy names {name} as known: {who}" for name, who in result.policy.known.items()
    ]
    notes += [f"{name}: {columns[name]['numbers']['in_words']}." for name in result.policy.numbers]
    for name in (*result.policy.sensitive, *result.policy.roles["plain"]):
        no_value = {*sources.missing.get(name, ()), *sources.metadata.missing.get(name, ())}
        shown = result.table[name].filter(~result.table[name].is_in(list(no_value)))
        far = 0 if name in result.policy.numbers else far_out(shown)
        # Of a few people alone; where many lie far out, the numbers are merely skewed.
        if 0 < far < result.policy.k:
            notes.append(
                f"{name}: {far} cell{'s lie' if far > 1 else ' lies'} far beyond the others and may"
                " point at a person: [numbers] in the policy rounds and top-codes."
            )
    if result.policy.roles["plain"]:
        plain = ", ".join(result.policy.roles["plain"])
        notes.append(f"Left as they were, and protected by nothing: {plain}.")
    leaving = (*result.policy.sensitive, *result.policy.roles["plain"])
    if telling := {name: why for name in leaving if (why := telling_cells(result.table[name]))}:
        whats = ", ".join(f"{name} ({why})" for name, why in telling.items())
        notes.append(
            f"These columns leave as they are and may say who somebody is: {whats}. Should they be"
            " identifier or left_out?"
        )
    return notes


def _formulas(result: AnonymisedTable) -> list[str]:
    """Return in which columns cells got an apostrophe, and names of columns that got none."""
    marked = [c.name for c in result.table if c.str.contains(r"^'[=+\-@\t\r]").any()]
    names = [name for name in result.table.columns if guarded(name) != name]
    notes = []
    if marked:
        said = "Text that a spreadsheet would run as a formula has an apostrophe in front, in"
        notes.append(f"{said} {', '.join(marked)}. Numbers are as they were.")
    if names:
        notes.append(f"A spreadsheet would run the name of a column: {', '.join(names)}.")
    return notes


# Figures to see at a glance, beside what was lost; the others follow as a table.
_FIRST = ("k_value", "k_coverage", "l", "t", "rows_left_out", "cells_withheld")


_LOSS = (
    "Mean over all cells that others may know, from 0 (nothing was coarsened) to 1 (everything"
    " withheld): the normalised certainty penalty."
)


def report_page(report: Report) -> bytes:
    """Return the report as one page, without script or other files."""
    said = {s["name"]: (s["label"], s["value"], s["sentence"]) for s in report["meaning"]}
    found = [("Information lost (NCP)", figure(report["ncp"]), _LOSS)]
    keys = ("ncp", "values_before", "values_after", "as_it_was", "suppressed", "missing")
    return render_page(
        "table_report.html",
        title="How this table was protected",
        lead=_lead(report),
        found=found + [words for name, words in said.items() if name in _FIRST],
        further=(),
        mode=report["mode"],
        privacy=dict(_asked(report["policy"]["privacy"])),
        roles=report["policy"]["roles"],
        columns=[
            (name, *(figure(about[key]) for key in keys))
            for name, about in report["columns"].items()
            if about["role"] == "quasi_identifier"
        ],
        sizes=_sizes(report),
        counted=report["counted"],
        others=[words for name, words in said.items() if name not in _FIRST],
        limits=[caution["sentence"] for caution in report["cautions"]],
        notes=report["input"] + report["notes"],
        program=report["program"],
        sums=[
            *report["files"].items(),
            ("The policy", report["policy_sha256"]),
            *((f"Hierarchy of {n}", told) for n, told in report["hierarchies_sha256"].items()),
        ],
    )


def _lead(report: Report) -> str:
    rows = f"{report['rows_out']:,} rows"
    unit, of = report["counted"], ""
    if unit != "rows":
        rows, of = f"{rows} of {report['records_out']:,} {unit}", "rows of "
    return (
        f"{rows} in {report['classes']:,} groups. In each, {of}at least {report['k_value']:,}"
        f" {unit} read the same in every column that others may know."
    )


def _asked(privacy: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what was asked under its name, column by column where each has its own."""
    for key, value in privacy.items():
        if isinstance(value, Mapping):
            yield from ((f"{key} of {column}", one) for column, one in value.items())
        else:
            yield key, value


def figure(value: float | None) -> str:
    """Return a number as a reader wants it: whole, or with the digits that tell something."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}".rstrip("0").rstrip(".")


def _sizes(report: Report) -> list[DistributionBar]:
    """Return rows by the size of their group, in steps that double from k.

    Where people are counted, groups: somebody may be in several.
    """
    k, rows = report["k_value"], Counter[int]()
    noun = "rows" if report["counted"] == "rows" else "groups"
    for size, groups in report["measured"]["class_sizes"].items():
        rows[(int(size) // k).bit_length() - 1] += groups * (int(size) if noun == "rows" else 1)
    most = max(rows.values())
    return [
        DistributionBar(
            f"{k << step:,} to {(k << step + 1) - 1:,}", many / most, f"{many:,} {noun}"
        )
        for step, many in sorted(rows.items())
    ]
