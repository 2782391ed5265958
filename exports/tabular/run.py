"""From a table and a policy to a folder with the protected table and its report.

The table is checked before it is protected; the written file is verified by code that shares
nothing with what made it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from exports.anonymise.problem import Infeasible, Ints, Problem, Progress, Recoding, no_progress
from exports.anonymise.solve import solve
from exports.errors import ExportRefused
from exports.output_files import hidden_beside, sha256_of
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
from exports.tabular.input_table import AS_IT_SAYS, BESIDE_DATA, InputTable, ReadOptions
from exports.tabular.open_table import read_table
from exports.tabular.policy import Mode, Policy, read_policy, suggestion
from exports.tabular.table_report import AnonymisedTable, Report, report_of, report_page
from exports.verify.findings import Findings
from exports.verify.reading import Claim
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
        ordered={name: values_of(policy, sources.table[name]) for name in policy.ordered},
        covers={tree.column: _covers(tree) for tree in sources.trees},
        suppressed={tree.column: ROOT for tree in sources.trees},
    )


def _covers(tree: TableHierarchy) -> dict[str, frozenset[str]]:
    """Label → the values below it, for labels that are groups; the root is known without."""
    below: dict[str, set[str]] = defaultdict(set)
    for leaf, nodes in zip(tree.values, tree.up.tolist(), strict=True):
        for node in nodes:
            below[tree.labels[node]].add(leaf)
    return {
        label: frozenset(leaves)
        for label, leaves in below.items()
        if label != ROOT and leaves != {label}
    }


def refuse_unfit(policy: Policy, table: pl.DataFrame) -> None:
    """Raise ExportRefused with the first thing that makes the table unfit for the policy."""
    # First, as the other checks look columns up by the policy's names.
    _refuse_no_header(policy, table.columns)
    _refuse_unfit_columns(policy, table.columns)
    rows = table.height
    if rows == 0:
        raise ExportRefused("The data have no rows.")
    if rows == 1:
        raise ExportRefused("The data have 1 row: nobody can hide in a table of one.")
    if rows < policy.k:
        raise ExportRefused(f"k = {policy.k} rows alike cannot be had from {rows} rows.")
    for name in policy.sensitive:
        distinct = table[name].n_unique()
        distinct_l, entropy_l, _ = policy.of_column(name)
        for key, wanted in (("l", distinct_l), ("entropy_l", entropy_l)):
            if distinct < wanted:
                raise ExportRefused(
                    f"{key} = {wanted:g} distinct values cannot be had from {name}, which has"
                    f" {distinct}."
                )


def _refuse_no_header(policy: Policy, known: Sequence[str]) -> None:
    """Raise ExportRefused where the policy knows no name: the first line may be somebody's."""
    asked = [name for names in policy.roles.values() for name in names]
    if not set(asked) & set(known):
        raise ExportRefused(
            f"{policy.path}: the data have no column of those it names ({asked[0]}, …). Their first"
            " line must name the columns."
        )


def _refuse_unfit_columns(policy: Policy, known: list[str]) -> None:
    for role, names in policy.roles.items():
        for name in names:
            if name not in known:
                hint = suggestion(name, known) or f" It has: {_listed(known)}."
                raise ExportRefused(
                    f"{policy.path}: {role} names {name}, which the data lack.{hint}"
                )

    marked = {name for names in policy.roles.values() for name in names}
    if unmarked := [name for name in known if name not in marked]:
        raise ExportRefused(
            f"{policy.path}: no role for {', '.join(unmarked)}. Give each column one in [roles]:"
            " identifier, quasi_identifier, sensitive or plain."
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' if "," in name else name for name in names)


def anonymise(
    data: Path,
    policy: Path,
    out: Path,
    progress: Progress = no_progress,
    how: ReadOptions = AS_IT_SAYS,
) -> Report:
    """Protect the table in ``data`` as ``policy`` asks, write the folder ``out``, give the report.

    The folder holds data.csv, report.json and report.html. It appears whole, after its table has
    been read back and verified, or not at all: ExportRefused says why, in one line.
    """
    try:
        policy_read = read_policy(policy)
        refuse_taken(out)
        return _anonymise(read_sources(data, policy_read, how), policy_read, out, progress)
    except ExportRefused as fault:
        raise ExportRefused(" ".join(str(fault).split())) from None


def _anonymise(sources: EncodedTable, policy: Policy, out: Path, progress: Progress) -> Report:
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
        folder.mkdir()
        report = _written(folder, result)
        folder.replace(out)
    return report


def _written(folder: Path, result: AnonymisedTable) -> Report:
    """Write the table, have it verified as written, and write what was found."""
    path = folder / "data.csv"
    # A blank line would be no row at all: the only column of a table quotes its missing cells.
    table = result.table.fill_null("") if result.table.width == 1 else result.table
    table.write_csv(path)
    claim = claim_of(result.policy, result.sources)
    found = proven(path, claim, result.sources, result.rows)
    report = report_of(result, found, claim, digest=sha256_of(path))
    written = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    (folder / "report.json").write_text(written, encoding="utf-8", newline="\n")
    (folder / "report.html").write_bytes(report_page(report))
    return report


def _solved(problem: Problem, mode: Mode, progress: Progress) -> Recoding:
    """The outcome within the limit; a row that would say nothing but ``*`` counts as left out."""
    try:
        return solve(problem, mode, progress)
    except Infeasible as fault:
        other = (
            'mode = "one-coding" was tried as well'
            if mode == "local"
            else 'mode = "local" may reach it'
        )
        raise ExportRefused(
            f"Nothing was released: {fault}. Raise suppression_limit, ask for less (k, l,"
            f" entropy_l, t, presence) or take fewer quasi-identifiers; {other}."
        ) from None


def read_sources(data: Path, policy: Policy, how: ReadOptions = AS_IT_SAYS) -> EncodedTable:
    """Return the table, hierarchies and population of the policy, checked, without identifiers."""
    trees = tuple(
        read_hierarchy(policy.hierarchies[name], name) for name in policy.quasi_identifiers
    )
    read = read_table(data, how)
    try:
        refuse_unfit(policy, read.cells)
    except ExportRefused as fault:
        # A header cut in the wrong places shows as columns that nobody knows.
        raise ExportRefused(" ".join([str(fault), *_how_read({data: read.read_as})])) from None
    table = in_own_order(read.cells.drop(policy.roles["identifier"]))
    population, files = None, {data: read.read_as}
    if policy.population is not None:
        people = _read_population(policy.population, policy.quasi_identifiers)
        population, files[policy.population] = people.cells, people.read_as
    files |= {tree.path: tree.read_as for tree in trees}
    notes = (*_how_read(files), *read.notes, *_on_empty(table))
    return EncodedTable(table, trees, population, read.metadata, notes)


def _read_population(path: Path, columns: Sequence[str]) -> InputTable:
    people = read_table(path, BESIDE_DATA)
    lacking = [name for name in columns if name not in people.cells.columns]
    if lacking:
        raise ExportRefused(f"{path} has no column {', '.join(lacking)}.")
    if not people.cells.height:
        raise ExportRefused(f"{path} has no rows.")
    return replace(people, cells=in_own_order(people.cells.select(columns)))


def _how_read(files: Mapping[Path, str]) -> list[str]:
    """Return a sentence for each way in which files were read that was not plain."""
    ways: dict[str, list[str]] = defaultdict(list)
    for path, way in files.items():
        if way:
            ways[way].append(path.name)
    return [f"Read as {way}: {', '.join(names)}." for way, names in ways.items()]


def _on_empty(table: pl.DataFrame) -> list[str]:
    empty = [name for name in table.columns if table[name].null_count() == table.height]
    has = "has" if len(empty) == 1 else "have"
    return [f"{', '.join(empty)} {has} no value in any row."] if empty else []
