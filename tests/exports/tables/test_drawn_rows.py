"""Rows drawn from tables follow them, and nothing else."""

from random import Random

import numpy as np
import pytest

from exports.columns import fields_of, frame_of, table_of
from exports.tables.drawn_rows import DrawnRows
from exports.tables.estimate import Estimates, Table
from exports.tables.menu import Menu, Statistic
from forms.load import load_study
from tests.conftest import FLAGSHIP

VIEW, CONNECT = "sc_view_total", "sc_int_connect"


@pytest.fixture(scope="module")
def study():
    return load_study(FLAGSHIP)


@pytest.fixture(scope="module")
def known(study):
    menu = Menu(study)
    return {s.name: s for s in (*menu.routing, *menu.every)}


def told(statistic: Statistic, *cells: tuple[int, ...]) -> Table:
    """A table with 100 people in each of these cells, and nobody elsewhere."""
    counts = np.zeros(statistic.shape, dtype=np.int64)
    for cell in cells:
        counts[cell] = 100
    flat = counts.ravel()
    spread = np.zeros((len(flat), len(flat)))
    return Table(statistic, int(flat.sum()), flat, flat.astype(float), spread)


def drawn(study, *tables: Table, many: int = 200):
    figures = Estimates(100, tables, ())
    rows = list(DrawnRows(study, figures, Random(1)).rows(many))
    versions = {"study_version": "1", "consent_version": "1"}
    frame = frame_of(
        study, {n: [{**r, **versions}[n] for r in rows] for n in {**rows[0], **versions}}
    )
    return rows, table_of(study, frame, fields_of(study))


def test_an_answer_follows_its_table(study, known):
    rows, _ = drawn(study, told(known["concern"], (0,), (2,)))
    assert {row["concern"] for row in rows} == {1, 3}


def test_two_answers_follow_the_table_of_both(study, known):
    pair = known["gender x concern"]
    rows, _ = drawn(study, told(pair, (0, 1), (2, 0)))
    first, second = pair.axes
    assert {(first.column, second.column)} == {("gender", "concern")}
    assert {(row["gender"], row["concern"]) for row in rows} == {(1, 2), (3, 1)}


def test_items_lean_to_the_bands_of_two_scores(study, known):
    pair = known[f"{VIEW} x {CONNECT}"]
    _, table = drawn(study, told(pair, (0, 2), (2, 0)))
    seen = table.filter(table[CONNECT] >= 0, table[VIEW] >= 0)
    low = seen.filter(seen[VIEW] < 3)
    high = seen.filter(seen[VIEW] > 3)
    assert min(len(low), len(high)) > 20
    assert low[CONNECT].mean() > 3.3
    assert high[CONNECT].mean() < 2.7


def test_nobody_gets_answers_that_the_study_would_not_keep(study, known):
    rows, _ = drawn(study)
    assert not any(study.policy.unused(row) for row in rows)


def test_the_same_figures_give_the_same_rows(study, known):
    table = told(known["concern"], (0,), (2,))
    assert drawn(study, table)[0] == drawn(study, table)[0]
