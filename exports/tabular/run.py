"""From a table and a policy to a folder with the protected table and its report."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import file_digest
from math import floor
from pathlib import Path

import numpy as np

from exports.anonymise.problem import Outcome, Problem, Progress, Unreachable, unheard
from exports.anonymise.solve import solve
from exports.refused import Refused
from exports.tabular.checks import refuse_unfit, refuse_unfit_population
from exports.tabular.coding import Sources, in_own_order, problem_of, released
from exports.tabular.folder import refuse_taken, whole_folder
from exports.tabular.hierarchy import read_hierarchy
from exports.tabular.page import report_page
from exports.tabular.policy import Mode, Policy, read_policy
from exports.tabular.proof import claim_of, proven
from exports.tabular.report import Made, Report, report_of
from exports.tabular.table import read_table


def anonymise(data: Path, policy: Path, out: Path, progress: Progress = unheard) -> Report:
    """Protect the table in ``data`` as ``policy`` asks, write the folder ``out``, give the report.

    The folder holds data.csv, report.json and report.html. It appears whole, after its table has
    been read back and verified, or not at all: Refused says why, in one line.
    """
    try:
        return _anonymise(data, read_policy(policy), out, progress)
    except Refused as fault:
        raise Refused(" ".join(str(fault).split())) from None


def _anonymise(data: Path, policy: Policy, out: Path, progress: Progress) -> Report:
    refuse_taken(out)
    sources = read_sources(data, policy)
    problem = problem_of(policy, sources)
    outcome = _solved(problem, policy.mode, progress)
    table, rows = released(sources, outcome)
    made = Made(policy, sources, problem, outcome, table, rows)
    with whole_folder(out) as folder:
        return _written(folder, made)


def _written(folder: Path, made: Made) -> Report:
    """Write the table, have it verified as written, and write what was found."""
    path = folder / "data.csv"
    # A blank line would be no row at all: the only column of a table quotes its missing cells.
    table = made.table.fill_null("") if made.table.width == 1 else made.table
    table.write_csv(path)
    claim = claim_of(made.policy, made.sources)
    found = proven(path, claim, made.sources, made.rows)
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    report = report_of(made, found, claim, digest=digest)
    written = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    (folder / "report.json").write_text(written, encoding="utf-8", newline="\n")
    (folder / "report.html").write_bytes(report_page(report))
    return report


def _solved(problem: Problem, mode: Mode, progress: Progress) -> Outcome:
    """The outcome within the limit; a row that would say nothing but ``*`` counts as withheld."""
    try:
        outcome = solve(problem, mode, progress)
    except Unreachable as fault:
        raise Refused(f"Nothing was released: {fault}") from None
    roots = np.array([tree.root for tree in problem.taxonomies])
    withheld = outcome.withheld | (outcome.nodes == roots).all(axis=1)
    out, allowed = int(withheld.sum()), floor(problem.limit * problem.rows + 1e-9)
    if out == problem.rows or out > allowed:
        which = "every row" if out == problem.rows else f"{out} of {problem.rows} rows"
        raise Refused(
            f"Nothing was released: {which} would say nothing but *, and suppression_limit ="
            f" {problem.limit:g} allows {allowed}. Ask for a smaller k, l or t or fewer"
            " quasi-identifiers."
        )
    return replace(outcome, withheld=withheld)


def read_sources(data: Path, policy: Policy) -> Sources:
    """Everything the policy speaks of, checked. Identifiers go no further than here."""
    trees = tuple(
        read_hierarchy(policy.hierarchies[name], name) for name in policy.quasi_identifiers
    )
    table = read_table(data)
    refuse_unfit(policy, table)
    table = in_own_order(table.drop(policy.roles["identifier"]))
    if policy.population is None:
        return Sources(table, trees)
    population = read_table(policy.population)
    refuse_unfit_population(policy, population)
    return Sources(table, trees, in_own_order(population.select(policy.quasi_identifiers)))
