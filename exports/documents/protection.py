"""The protection of a release in sentences, from its report, and documentation/report.html.

The report may say more or less, by tier and by the caller; an absent key is an absent line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exports.documents.context import DocumentContext, Report
from exports.documents.markup import render_page
from exports.fragility import MEASURED, TURNED
from exports.missingness import LEAST_GROUP
from exports.report import NO_ANSWER

HOW = """\
Answers were stored without name, address, time or order. Variables by which an outsider could \
recognise somebody were coarsened, each row no more than needed, until every row looks like enough \
others; single cells were withheld (-93) where even that was not enough. In these variables an \
answer that is missing has the same code, whatever the reason, so that rows alike read alike. Rows \
of which other columns show that they were not asked are not counted as company for those who \
were. The rows were sorted by their content. What is told below was measured on the finished file, \
by a program that shares no code with the one that made it. The same answers, policy and seed give \
the same bytes."""


def how(context: DocumentContext) -> str:
    """Return how the release was made: as its report says, else as microdata are."""
    return str(context.report.get("how", HOW))


def segments(report: Report) -> Iterator[str]:
    """One sentence a batch: each is anonymous alone, so that releases can be joined."""
    tables = report.get("holds") == "tables"
    what, done = (
        ("people", "measured by itself, once,") if tables else ("rows", "recoded by itself")
    )
    for batch in report.get("segments", ()):
        yield (
            f"Batch {batch['number']}: {batch['rows']} {what}. "
            f"It was {done} and stays as it is in every later release."
        )


def left_out(report: Report) -> Iterator[str]:
    """Rows that are not in the file, by reason."""
    for reason, n in report.get("rows_left_out", {}).items():
        yield f"{n} rows were left out: {reason}."


def policy_notes(report: Report) -> tuple[str, ...]:
    """Rules for small samples that took effect."""
    return tuple(report.get("policy_notes", ()))


def treatments(report: Report) -> Iterator[tuple[str, str]]:
    """(key column, what was done to it): rows as asked, at each level, withheld, missing."""
    columns: Mapping[str, Mapping[str, Any]] = report.get("columns", {})
    for name, done in columns.items():
        counted = {k: n for k, n in done.items() if k != "top" and isinstance(n, int) and n}
        if set(counted) in ({"withheld"}, {NO_ANSWER}):
            yield name, "withheld from every row"
        elif set(counted) <= {"as asked", "missing"}:
            yield name, "as asked in every row"
        else:
            yield name, ", ".join(f"{n} rows {k}" for k, n in counted.items())


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def interval_of(found: Mapping[str, Any] | None) -> str:
    """Return a share in percent with its 95 % interval, a dash for none."""
    if not found:
        return "–"
    low, high = map(_percent, found["interval"])
    return f"{_percent(found['share'])} % [{low}; {high}]"


def attack_rows(report: Report) -> list[tuple[str, str, str, str, str, str]]:
    """Return each attack that was tried: what, by whom, tries, success, on the control group, more.

    Empty for a release that was not attacked.
    """
    return [
        (
            f"{one['test']} of {one['target']}" if "target" in one else str(one["test"]),
            one["adversary"],
            f"{one['tries']:,}",
            interval_of(one),
            interval_of(one.get("control") or one.get("baseline")),
            interval_of(one.get("advantage")),
        )
        for one in report.get("attacks", {}).get("tests", ())
    ]


def attacks_in_words(report: Report) -> list[str]:
    """Return a sentence on each attack that was tried, and one on the control group."""
    attacks = report.get("attacks", {})
    tried = [f"{test.capitalize()}. {said}" for test, said in attacks.get("tried", {}).items()]
    if tried and any("control" in one for one in attacks["tests"]):
        tried.append(f"The control group is {attacks['control_group']}.")
    return tried


# At most so many figures stand on top; the rest follow as a table.
AT_A_GLANCE = 6


def _digests(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the name and the digest of everything that the release was made from and holds."""
    for name, digest in report.get("fingerprints", {}).items():
        if isinstance(digest, str):
            yield name.capitalize(), digest
    for key, word in (("words", "Words "), ("consents", "Consent "), ("files", "")):
        for name, digest in report.get(key, {}).items():
            yield word + name, digest


def missing_by_variable(report: Report) -> list[tuple[str, ...]]:
    """(column, rows without an answer and their share, rows by missing code) of each column."""
    found: Mapping[str, Mapping[str, int]] = report.get("missingness", {}).get("by_variable", {})
    lines: list[tuple[str, ...]] = []
    for name, by_code in found.items():
        gone = sum(by_code.values())
        each = ", ".join(f"{code}: {n}" for code, n in by_code.items())
        lines.append((name, f"{gone} ({gone / report['rows']:.0%})", each))
    return lines


def withheld_by_key(report: Report) -> tuple[list[str], list[tuple[str, ...]]]:
    """Key columns that are withheld in part, and by another's cell the share of each that is."""
    found: Mapping[str, Mapping[str, str]] = report.get("missingness", {}).get("withheld_by", {})
    cells = dict.fromkeys(cell for by_cell in found.values() for cell in by_cell)
    # A column has no line of its own cells; those of one key stand together.
    keys = list(dict.fromkeys(cell.partition(" ")[0] for cell in cells))
    lines = sorted(cells, key=lambda cell: keys.index(cell.partition(" ")[0]))
    return list(found), [(c, *(by.get(c, "–") for by in found.values())) for c in lines]


def fragility_lines(report: Report) -> tuple[list[tuple[Any, ...]], list[str]]:
    """One line a hypothesis that was measured, and sentences about those that were not."""
    lines: list[tuple[Any, ...]] = []
    unsaid = []
    for one in report.get("fragility", ()):
        if why := one.get("not_measured"):
            unsaid.append(f"{one['hypothesis']} is not measured: {why}.")
            continue
        counts = (one[done][turned] for done in MEASURED for turned in TURNED)
        relation = f"{one['hypothesis']}: {one['predictor']} → {one['outcome']}, {one['sign']}"
        verdict = "supported" if one["supported"] else "not supported"
        told = ("none found" if n is None else n for n in counts)
        lines.append((relation, one["rows"], f"{one['r']:.2f}", verdict, *told))
    return lines, unsaid


def report_page(context: DocumentContext) -> bytes:
    """Return the report as a page; sections that have nothing to say are left out."""
    report, tier, found = context.report, context.tier, context.findings
    seen = {k for done in report.get("columns", {}).values() for k in done if k != "top"}
    # The mildest treatment first.
    levels = sorted(s for s in seen if s.startswith("level"))
    order = ["as asked", *levels, NO_ANSWER, "withheld", "missing"]
    steps = [step for step in order if step in seen]
    given = ", ".join(f"{k}: {v}" for k, v in (report.get("recipient") or {}).items() if v)
    done = [*segments(report), *left_out(report), *policy_notes(report)]
    if isinstance(report.get("ncp"), int | float):
        done.append(
            f"Information lost in the key columns: {report['ncp']:.4f} on a scale from 0 (nothing "
            "coarsened) to 1 (everything withheld); normalised certainty penalty."
        )
    if lacking := report.get("not_answered"):
        each = ", ".join(f"{name} {n}" for name, n in lacking.items())
        done.append(f"Not answered to begin with, in rows of the file: {each}.")
    done += [f"Given to {given}."] if given else []
    rows = report.get("rows")
    rests_on, unsaid = fragility_lines(report)
    withheld, by_key = withheld_by_key(report)
    size = f" {rows} rows. {context.sample}".rstrip() if rows is not None else ""
    return render_page(
        "report.html",
        title=f"Anonymisation report: {context.study.title}",
        lead=f"Tier {tier['name']}, {tier['label'].lower()}, for {tier['audience']}.{size}",
        mark=context.mark,
        caution=context.caution,
        found=found[:AT_A_GLANCE],
        further=found[AT_A_GLANCE:],
        how=how(context),
        done=done,
        steps=steps,
        columns=[
            (name, *(column.get(step) or "–" for step in steps))
            for name, column in report.get("columns", {}).items()
        ],
        attacks=attack_rows(report),
        tried=attacks_in_words(report),
        missing=missing_by_variable(report),
        withheld=withheld,
        by_key=by_key,
        least_group=LEAST_GROUP,
        rests_on=rests_on,
        unsaid=unsaid,
        limits=report.get("limits", ()),
        corrections=report.get("corrections", ()),
        approval=context.approval,
        digests=list(_digests(report)),
        seed=report.get("seed"),
    )
