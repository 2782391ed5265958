"""From a table and a policy to a folder with the protected table and its report.

The table is checked before it is protected; the written file is verified by code that shares
nothing with what made it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import polars as pl

from exports.anonymise.problem import Infeasible, Ints, Problem, Progress, Recoding, no_progress
from exports.anonymise.solve import solve
from exports.errors import ExportRefused
from exports.label_hierarchy import fully_generalised
from exports.output_files import LINE_END, PRIVATE, files_in, guarded, hidden_beside, sha256_of
from exports.tabular.hierarchy import (
    ROOT,
    EncodedTable,
    TableHierarchy,
    in_own_order,
    problem_of,
    read_hierarchy,
    released,
    values_of,
)
from exports.tabular.open_table import read_table
from exports.tabular.other_formats import OtherFile, ProtectedTable, write_like
from exports.tabular.policy import Mode, Policy, read_policy, suggestion
from exports.tabular.provenance import (
    private_path,
    private_report,
    refuse_private,
    write_private,
)
from exports.tabular.table_codebook import codebook_csv
from exports.tabular.table_report import AnonymisedTable, Report, report_of, report_page
from exports.verify.findings import Findings
from exports.verify.other_formats import differing
from exports.verify.reading import Claim
from exports.verify.reading import read_table as read_written
from exports.verify.verdict import faults
from exports.verify.verify import verify


def refuse_taken(out: Path) -> None:
    """Raise ExportRefused unless ``out`` is a new name or an empty folder."""
    if out.is_dir():
        if any(out.iterdir()):
            raise ExportRefused(f"{out} is not empty: name a new folder.")
    elif out.exists() or out.is_symlink():
        raise ExportRefused(f"{out} is a file: name a new folder.")


def proven(path: Path, claim: Claim, sources: EncodedTable, rows: Ints) -> Findings:
    """Return what the verifier measured on the file. Raise ExportRefused if any promise is broken.

    ``rows`` has shape (rows written,): the position of each in the table.
    """
    people, table = sources.population, sources.table
    found = verify(path, claim, truth=table, truth_rows=rows, population=people)
    if broken := faults(found, claim):
        raise ExportRefused(
            "Nothing was released, for the written file failed: " + "; ".join(broken)
        )
    return found


def claim_of(policy: Policy, sources: EncodedTable) -> Claim:
    """Return what the policy promises of the file."""
    return Claim(
        core=policy.quasi_identifiers,
        k=policy.k,
        sensitive=policy.sensitive,
        columns=tuple(sources.table.columns),
        distinct_l=policy.l,
        entropy_l=policy.entropy_l,
        t=policy.t,
        presence=policy.presence,
        limit=policy.suppression_limit,
        ordered={
            name: tuple(map(guarded, values_of(policy, sources.table[name])))
            for name in policy.ordered
        },
        covers={tree.column: _covers(tree) for tree in sources.trees},
        suppressed={tree.column: ROOT for tree in sources.trees},
    )


def _covers(tree: TableHierarchy) -> dict[str, frozenset[str]]:
    """Cell → the values below it, for labels that are groups; the root is known without."""
    below: dict[str, set[str]] = defaultdict(set)
    for leaf, nodes in zip(tree.values, tree.up.tolist(), strict=True):
        for node in nodes:
            below[tree.labels[node]].add(leaf)
    return {
        guarded(label): frozenset(leaves)
        for label, leaves in below.items()
        if label != ROOT and leaves != {label}
    }


def refuse_unfit(policy: Policy, table: pl.DataFrame) -> None:
    """Raise ExportRefused with the first thing that makes the table unfit for the policy."""
    # First, as the other checks look columns up by the policy's names.
    _refuse_unfit_columns(policy, table.columns)
    rows = table.height
    if rows == 0:
        raise ExportRefused("The data have no rows.")
    if rows == 1:
        raise ExportRefused("The data have 1 row: nobody can hide in a table of one.")
    if rows < policy.k:
        raise ExportRefused(f"k = {policy.k} rows alike cannot be had from {rows} rows.")
    kept = [name for name in table.columns if name not in policy.roles["identifier"]]
    empty = [name for name in kept if table[name].null_count() == table.height]
    if empty:
        raise ExportRefused(
            f"Every cell of {', '.join(empty)} is missing: take such a column out of the data, or"
            " mark it as an identifier, which never leaves."
        )
    for name in policy.sensitive:
        distinct = table[name].n_unique()
        for key, wanted in (("l", policy.l), ("entropy_l", policy.entropy_l)):
            if distinct < wanted:
                raise ExportRefused(
                    f"{key} = {wanted:g} distinct values cannot be had from {name}, which has"
                    f" {distinct}."
                )


def _refuse_unfit_columns(policy: Policy, known: list[str]) -> None:
    for role, names in policy.roles.items():
        for name in names:
            if name not in known:
                hint = suggestion(name, known) or f" It has: {', '.join(known)}."
                raise ExportRefused(
                    f"{policy.path}: {role} names {name}, which the data lack.{hint}"
                )

    marked = {name for names in policy.roles.values() for name in names}
    if unmarked := [name for name in known if name not in marked]:
        raise ExportRefused(
            f"{policy.path}: no role for {', '.join(unmarked)}. Give each column one in [roles]:"
            " identifier, quasi_identifier, sensitive or plain."
        )


def anonymise(
    data: Path,
    policy: Path,
    out: Path,
    progress: Progress = no_progress,
    *,
    private: Path | None = None,
) -> Report:
    """Protect the table in ``data`` as ``policy`` asks, write the folder ``out``, give the report.

    The folder holds data.csv, the same in the input's format, codebook.csv, report.json and
    report.html. It appears whole, after its tables have been read back and verified, or not at
    all: ExportRefused says why, in one line. ``private`` is the file of the private report, which
    lies beside ``out`` if none is named.
    """
    try:
        return _anonymise(data, read_policy(policy), out, progress, private or private_path(out))
    except ExportRefused as fault:
        raise ExportRefused(" ".join(str(fault).split())) from None


def _anonymise(data: Path, policy: Policy, out: Path, progress: Progress, private: Path) -> Report:
    refuse_taken(out)
    refuse_private(private, out)
    sources = read_sources(data, policy)
    problem = problem_of(policy, sources)
    outcome = _solved(problem, policy.mode, progress)
    table, rows = released(sources, outcome)
    result = AnonymisedTable(policy, sources, problem, outcome, table, rows)
    out = out.resolve()
    # Once more: before the search it spares waiting, after it somebody may have taken the name.
    refuse_taken(out)
    with hidden_beside(
        out, lambda fault, _: ExportRefused(f"{out} cannot be written: {fault.strerror or fault}.")
    ) as hidden:
        folder = hidden / out.name
        folder.mkdir(mode=PRIVATE)
        report = _written(folder, result, data)
        write_private(private, private_report(data, policy, sources.table, report))
        try:
            folder.replace(out)
        except OSError:
            private.unlink()
            raise
    return report


def _written(folder: Path, result: AnonymisedTable, data: Path) -> Report:
    """Write the table in its formats, have each verified as written, and write what was found."""
    path = folder / "data.csv"
    # A blank line would be no row at all: the only column of a table quotes its missing cells.
    table = result.table.fill_null("") if result.table.width == 1 else result.table
    table.write_csv(path, line_terminator=LINE_END)
    claim = claim_of(result.policy, result.sources)
    found = proven(path, claim, result.sources, result.rows)
    other = _written_like(data, result, folder)
    report = report_of(result, found, claim, digest=sha256_of(path))
    metadata = result.sources.metadata
    codebook = codebook_csv(result.table, metadata, report["columns"], other)
    (folder / "codebook.csv").write_bytes(codebook)
    report["files"] = {name: sha256_of(folder / name) for name in files_in(folder)}
    written = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    (folder / "report.json").write_text(written, encoding="utf-8", newline="\n")
    (folder / "report.html").write_bytes(report_page(report))
    return report


def _written_like(data: Path, result: AnonymisedTable, folder: Path) -> OtherFile | None:
    """Write the table in the format of ``data`` as well, and hold it against data.csv."""
    sources = result.sources
    trees = {tree.column: tree for tree in sources.trees}
    table = ProtectedTable(result.table, sources.table, sources.metadata, trees)
    other = write_like(data, table, folder, folder.parent)
    if other is None:
        return None
    written = read_written(folder / "data.csv")
    if wrong := differing(other.path, written, other.names, other.codes):
        raise ExportRefused(
            f"Nothing was released: {other.path.name} and data.csv differ in {', '.join(wrong)}."
        )
    return other


def _solved(problem: Problem, mode: Mode, progress: Progress) -> Recoding:
    """The outcome within the limit; a row that would say nothing but ``*`` counts as withheld."""
    try:
        outcome = solve(problem, mode, progress)
    except Infeasible as fault:
        raise ExportRefused(f"Nothing was released: {fault}") from None
    withheld = outcome.suppressed | fully_generalised(problem.hierarchies, outcome.nodes)
    out, allowed = int(withheld.sum()), problem.suppressible
    if out == problem.rows or out > allowed:
        which = "every row" if out == problem.rows else f"{out} of {problem.rows} rows"
        raise ExportRefused(
            f"Nothing was released: {which} would say nothing but *, and suppression_limit ="
            f" {problem.suppression_limit:g} allows {allowed}. Ask for a smaller k, l or t or fewer"
            " quasi-identifiers."
        )
    return replace(outcome, suppressed=withheld)


def read_sources(data: Path, policy: Policy) -> EncodedTable:
    """Return the table, hierarchies and population of the policy, checked, without identifiers."""
    trees = tuple(
        read_hierarchy(policy.hierarchies[name], name) for name in policy.quasi_identifiers
    )
    read = read_table(data)
    refuse_unfit(policy, read.cells)
    table = in_own_order(read.cells.drop(policy.roles["identifier"]))
    sources = EncodedTable(table, trees, metadata=read.metadata, notes=read.notes)
    if policy.population is None:
        return sources
    population = read_table(policy.population).cells
    lacking = [name for name in policy.quasi_identifiers if name not in population.columns]
    if lacking:
        raise ExportRefused(f"{policy.population} has no column {', '.join(lacking)}.")
    if not population.height:
        raise ExportRefused(f"{policy.population} has no rows.")
    people = in_own_order(population.select(policy.quasi_identifiers))
    return replace(sources, population=people)
