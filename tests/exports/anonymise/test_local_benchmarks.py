"""Local recoding on public data: how little it loses, against the figures of others.

A plain pass, which releases classes by the average loss of lattice nodes and stops there, loses
.0227, .0540, .0790 and .1162 on Adult with eight quasi-identifiers at k = 2, 5, 10 and 25.
"""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exports.anonymise.privacy_models import failing
from exports.anonymise.problem import (
    GeneralisationHierarchy,
    PrivacyModel,
    Problem,
    Recoding,
    loss_of,
)
from exports.anonymise.solve import solve
from tests.exports.anonymise.tables import hierarchy, ints

SPECS = {"adult8": "adult", "adult4": "adult", "bfi3": "bfi"}

Read = Callable[[str], Problem]


@pytest.fixture(scope="module")
def read(shared_data: Path) -> Read:
    """The problem of a benchmark's spec file, losses measured over the values that occur."""

    @cache
    def problem_of(name: str) -> Problem:
        folder = shared_data / SPECS[name]
        spec = json.loads((folder / f"{name}.json").read_text())
        with (folder / spec["data"]).open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        columns = [_column(folder, spec, rows, quasi) for quasi in spec["qi"]]
        codes = np.stack([codes for codes, _ in columns], axis=1).astype(np.int32)
        sensitive = np.unique([row[spec["sensitive"]] for row in rows], return_inverse=True)[1]
        return Problem(
            codes,
            tuple(tree for _, tree in columns),
            PrivacyModel(k=5),
            sensitive=sensitive[:, None].astype(np.int32),
            ordered=(False,),
            suppression_limit=0.001,
        )

    return problem_of


def _column(
    folder: Path, spec: dict[str, Any], rows: list[dict[str, str]], name: str
) -> tuple[np.ndarray, GeneralisationHierarchy]:
    values, codes = np.unique([row[name] for row in rows], return_inverse=True)
    with (folder / spec["hierarchies"][name]).open(newline="") as lines:
        places = {line[0]: line for line in csv.reader(lines)}
    labels = [[f"{at} {cell}" for at, cell in enumerate(places[value])] for value in values]
    nodes, shown = np.unique(labels, return_inverse=True)
    up = ints(shown.reshape(len(labels), -1).tolist())
    if name not in spec["numeric"]:
        return codes, hierarchy(name, up)
    numbers = values.astype(float)
    under = [numbers[(up == node).any(axis=1)] for node in range(nodes.size)]
    widths = np.array([part.max() - part.min() for part in under])
    return codes, GeneralisationHierarchy(name, up, widths / widths.max())


def protected(read: Read, name: str, k: int, distinct_l: int = 1) -> tuple[Problem, Recoding]:
    problem = replace(read(name), model=PrivacyModel(k=k, distinct_l=distinct_l))
    return problem, solve(problem)


@pytest.mark.parametrize(
    ("name", "k", "most"),
    [
        ("adult8", 2, 0.021),
        ("adult8", 5, 0.0520),
        ("adult8", 10, 0.0770),
        ("adult8", 25, 0.1150),
        ("adult4", 5, 0.0065),
        ("bfi3", 5, 0.0066),
    ],
)
def test_no_more_is_lost_than(read, name, k, most):
    problem, found = protected(read, name, k)
    assert loss_of(problem, found) <= most


@pytest.mark.parametrize(("name", "most"), [("adult8", 0.110), ("adult4", 0.033), ("bfi3", 0.0066)])
def test_with_two_sensitive_values_in_each_class_no_more_is_lost_than(read, name, most):
    problem, found = protected(read, name, 5, distinct_l=2)
    assert loss_of(problem, found) <= most


@pytest.mark.parametrize("distinct_l", [1, 2])
def test_every_class_holds_and_hardly_anybody_is_blank(read, distinct_l):
    problem, found = protected(read, "adult8", 5, distinct_l)
    roots = [tree.root for tree in problem.hierarchies]
    assert not failing(problem, found).any()
    assert (found.nodes == roots).all(axis=1).mean() <= 0.001


def test_the_order_of_thirty_thousand_rows_decides_nothing(read):
    problem = read("adult4")
    order = np.random.default_rng(4).permutation(problem.rows)
    turned = replace(problem, codes=problem.codes[order], sensitive=problem.sensitive[order])
    assert _content(turned) == _content(problem)


def _content(problem: Problem) -> list[list[int]]:
    found = solve(problem)
    return sorted(np.hstack([problem.codes, problem.sensitive, found.nodes]).tolist())
