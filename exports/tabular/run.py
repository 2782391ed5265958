"""From a table and a policy to a folder with the protected table and its report.

The table is checked before it is protected; the written file is verified by code that shares
nothing with what made it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from exports.anonymise.problem import Infeasible, Ints, Problem, Progress, Recoding, no_progress
from exports.anonymise.solve import solve
from exports.errors import ExportRefused
from exports.output_files import LINE_END, PRIVATE, files_in, guarded, hidden_beside, sha256_of
from exports.tabular.hierarchy import (
    MISSING,
    ROOT,
    EncodedTable,
    TableHierarchy,
    in_own_order,
    make_hierarchy,
    problem_of,
    read_hierarchy,
    released,
    values_of,
)
from exports.tabular.input_table import AS_IT_SAYS, BESIDE_DATA, InputTable, ReadOptions
from exports.tabular.made_hierarchies import MadeHierarchy
from exports.tabular.missing_values import Cells, missing_values_of
from exports.tabular.number_rules import with_rules
from exports.tabular.open_table import read_table
from exports.tabular.other_formats import OtherFile, ProtectedTable, write_like
from exports.tabular.people import ids_of, people_of, refuse_unknown_people, without_blank_rows
from exports.tabular.policy import ROLES, Policy, read_policy, suggestion
from exports.tabular.provenance import (
    private_path,
    private_report,
    refuse_private,
    write_private,
)
from exports.tabular.table_codebook import codebook_csv
from exports.tabular.table_report import AnonymisedTable, Report, report_of, report_page
from exports.tabular.values_without_place import refuse_unplaced
from exports.verify.coded_numbers import NumberCoding
from exports.verify.compared_formats import differing
from exports.verify.findings import Findings
from exports.verify.reading import Claim
from exports.verify.reading import read_table as read_written
from exports.verify.verdict import faults, unknown_sources
from exports.verify.verify import verify

TELLING = (
    ". Mark such a column as an identifier, make it coarser or, if all who will have the file know"
    " it of everybody anyway, say in [known] who they are."
)


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
    people, table = sources.population, sources.truth
    ids = sources.ids if sources.ids.width else None
    found = verify(path, claim, truth=table, truth_rows=rows, population=people, ids=ids)
    if broken := faults(found, claim):
        said = "Nothing was released, for the written file failed: " + "; ".join(broken)
        raise ExportRefused(said + TELLING * bool(unknown_sources(found, claim)))
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
        ordered={n: tuple(map(guarded, values_of(policy, sources, n))) for n in policy.ordered},
        covers={tree.column: _covers(tree) for tree in sources.trees},
        suppressed={tree.column: ROOT for tree in sources.trees},
        known=tuple(policy.known),
        numbers={
            name: NumberCoding(rule.step, rule.bottom, rule.top, rule.apart)
            for name, rule in policy.numbers.items()
        },
        missing={
            name: frozenset(map(guarded, cells)) | {MISSING}
            for name, cells in sources.missing.items()
        },
        unit=policy.unit,
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


def empty_columns(table: pl.DataFrame) -> list[str]:
    """Return the columns without any value: they need no role and protect nobody."""
    return [column.name for column in table if column.null_count() == table.height]


def refuse_unfit(policy: Policy, table: pl.DataFrame, missing: Cells) -> None:
    """Raise ExportRefused with the first thing that makes the table unfit for the policy.

    ``missing`` are the cells of each sensitive column that are no value.
    """
    rows = table.height
    if rows == 0:
        raise ExportRefused("The data have no rows.")
    if rows == 1:
        raise ExportRefused("The data have 1 row: nobody can hide in a table of one.")
    refuse_unknown_people(policy, table)
    whose = people_of(table.select(policy.ids))
    people = rows if whose is None else len(np.unique(whose))
    if people < policy.k:
        unit = policy.unit
        of_rows = "" if unit == "rows" else f" ({rows} rows)"
        raise ExportRefused(
            f"k = {policy.k} {unit} alike cannot be had from {people} {unit}{of_rows}."
        )
    if not policy.quasi_identifiers:
        raise ExportRefused("Every cell of every quasi-identifier is missing.")
    for name in policy.sensitive:
        distinct = table[name].drop_nulls().n_unique() - len(missing[name])
        distinct_l, entropy_l, _ = policy.of_column(name)
        for key, wanted in (("l", distinct_l), ("entropy_l", entropy_l)):
            if 0 < distinct < wanted:
                raise ExportRefused(
                    f"{key} = {wanted:g} distinct values cannot be had from {name}, which has"
                    f" {distinct} that are not missing."
                )


def _refuse_no_header(policy: Policy, known: Sequence[str]) -> None:
    """Raise ExportRefused where the policy knows no name: the first line may be somebody's."""
    asked = [name for names in policy.roles.values() for name in names]
    if not set(asked) & set(known):
        raise ExportRefused(
            f"{policy.path}: the data have no column of those it names ({asked[0]}, …). Their first"
            " line must name the columns."
        )


def refuse_unfit_columns(policy: Policy, known: list[str], empty: list[str]) -> None:
    """Raise ExportRefused for a column that the data lack, or one with values and no role."""
    _refuse_no_header(policy, known)
    for role, names in policy.roles.items():
        for name in names:
            if name not in known:
                hint = suggestion(name, known) or f" It has: {_listed(known)}."
                raise ExportRefused(
                    f"{policy.path}: {role} names {name}, which the data lack.{hint}"
                )

    marked = {name for names in policy.roles.values() for name in names}
    if unmarked := [name for name in known if name not in marked and name not in empty]:
        raise ExportRefused(
            f"{policy.path}: no role for {', '.join(unmarked)}. Give each column one in [roles]:"
            f" {', '.join(ROLES)}."
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' if "," in name else name for name in names)


def anonymise(
    data: Path,
    policy: Path,
    out: Path,
    progress: Progress = no_progress,
    how: ReadOptions = AS_IT_SAYS,
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
        files = _Files(data, out, private or private_path(out))
        return _anonymise(files, policy, how, progress)
    except ExportRefused as fault:
        raise ExportRefused(" ".join(str(fault).split())) from None


@dataclass(frozen=True, slots=True)
class _Files:
    """The table to protect, the folder to write, and the file of the private report."""

    data: Path
    out: Path
    private: Path


def _anonymise(files: _Files, asked: Path, how: ReadOptions, progress: Progress) -> Report:
    refuse_taken(files.out)
    refuse_private(files.private, files.out)
    policy, sources = read_sources(files.data, asked, how)
    refuse_unplaced(policy, sources)
    problem = problem_of(policy, sources)
    outcome = _solved(problem, policy, progress)
    table, rows = released(sources, outcome)
    result = AnonymisedTable(policy, sources, problem, outcome, table, rows)
    out = files.out.resolve()
    # Once more: before the search it spares waiting, after it somebody may have taken the name.
    refuse_taken(out)
    with hidden_beside(
        out, lambda fault, _: ExportRefused(f"{out} cannot be written: {fault.strerror or fault}.")
    ) as hidden:
        folder = hidden / out.name
        folder.mkdir(mode=PRIVATE)
        report = _written(folder, result, files.data)
        told = private_report(files.data, policy, sources.table, report)
        write_private(files.private, told)
        try:
            folder.replace(out)
        except OSError:
            files.private.unlink()
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


# Keys of [privacy] that may ask for too much.
_ASKED = ("k", "l", "entropy_l", "t", "presence")


def _solved(problem: Problem, policy: Policy, progress: Progress) -> Recoding:
    """The outcome within the limit; a row that would say nothing but ``*`` counts as left out."""
    try:
        return solve(problem, policy.mode, progress)
    except Infeasible as fault:
        asked = [key for key in _ASKED if key in policy.content["privacy"]]
        other = 'mode = "local" may reach it'
        if policy.mode == "local":
            other = 'mode = "one-coding" was tried as well'
        raise ExportRefused(
            f"Nothing was released: {fault}. Raise suppression_limit, ask for less"
            f" ({', '.join(asked)}) or take fewer quasi-identifiers; {other}."
        ) from None


def _notes_of_blank_rows(blank: int) -> tuple[str, ...]:
    if not blank:
        return ()
    is_blank = "row is blank or holds" if blank == 1 else "rows are blank or hold"
    was = "was" if blank == 1 else "were"
    return (f"{blank:,} {is_blank} only identifiers, and {was} left out.",)


def read_sources(
    data: Path, asked: Path, how: ReadOptions = AS_IT_SAYS
) -> tuple[Policy, EncodedTable]:
    """Return the policy, and its table, hierarchies and population, checked, without identifiers.

    The table is read last, unless the policy cannot be understood without its columns.
    """
    opened = cache(lambda: read_table(data, how))
    policy = read_policy(asked, lambda: opened().cells.columns)
    # Before the data, as files hold the more faults.
    trees = {
        name: read_hierarchy(said, name)
        for name, said in policy.hierarchies.items()
        if isinstance(said, Path)
    }
    read = opened()
    empty = empty_columns(read.cells) if read.cells.height else []
    try:
        # First, as all that follows looks columns up by the policy's names.
        refuse_unfit_columns(policy, read.cells.columns, empty)
        policy = policy.without(empty)
        cells, blank = without_blank_rows(policy, read.cells)
        missing = missing_values_of(policy, cells, read.metadata.missing)
        policy = policy.leaving_apart({**read.metadata.missing, **missing})
        refuse_unfit(policy, cells, missing)
    except ExportRefused as fault:
        # A header cut in the wrong places shows as columns that nobody knows.
        raise ExportRefused(" ".join([str(fault), *_how_read({data: read.read_as})])) from None
    told = [name for name in cells.columns if name not in policy.hidden]
    # Of rows that read the same whose they are decides, so that the order of arrival does not.
    cells = in_own_order(cells.select(*told, *policy.ids))
    population, files = None, {data: read.read_as}
    if policy.population is not None:
        people = _read_population(policy, policy.population)
        population, files[policy.population] = people.cells, people.read_as
    everybody = [cells] if population is None else [cells, population]
    for name, said in policy.hierarchies.items():
        if isinstance(said, MadeHierarchy):
            column = pl.concat([rows[name] for rows in everybody])
            trees[name] = make_hierarchy(policy.path, said, column)
    files |= {tree.path: tree.read_as for tree in trees.values()}
    ids = cells.select(policy.ids)
    return policy, EncodedTable(
        with_rules(cells.select(told), policy.numbers),
        tuple(trees[name] for name in policy.quasi_identifiers),
        population,
        metadata=read.metadata,
        notes=(
            *_how_read(files),
            *read.notes,
            *_notes_of_blank_rows(blank),
            *_on_empty(name for name in empty if name in told),
        ),
        ids=ids,
        people=people_of(ids),
        missing=missing,
        read=cells.select(told),
    )


def _read_population(policy: Policy, path: Path) -> InputTable:
    people = read_table(path, BESIDE_DATA)
    # A blank row is no person here either: it would make every share smaller.
    told = people.cells.filter(pl.any_horizontal(pl.all().is_not_null()))
    people = replace(people, cells=told)
    for name in policy.ids:
        if name in people.cells.columns and ids_of(people.cells[name]).is_duplicated().any():
            raise ExportRefused(
                f"{path} has several rows of a person in {name}: presence counts each row there as"
                " a person, so give one for each."
            )
    lacking = [name for name in policy.quasi_identifiers if name not in people.cells.columns]
    if lacking:
        raise ExportRefused(f"{path} has no column {', '.join(lacking)}.")
    if not people.cells.height:
        raise ExportRefused(f"{path} has no rows.")
    return replace(people, cells=in_own_order(people.cells.select(policy.quasi_identifiers)))


def _how_read(files: Mapping[Path, str]) -> list[str]:
    """Return a sentence for each way in which files were read that was not plain."""
    ways: dict[str, list[str]] = defaultdict(list)
    for path, way in files.items():
        if way:
            ways[way].append(path.name)
    return [f"Read as {way}: {', '.join(names)}." for way, names in ways.items()]


def _on_empty(columns: Iterable[str]) -> list[str]:
    empty = list(columns)
    has = "has" if len(empty) == 1 else "have"
    return [f"{', '.join(empty)} {has} no value in any row."] if empty else []
