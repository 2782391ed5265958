"""Readers who want to know more than the tables say, on simulated answers of the flagship."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import polars as pl
import pytest

from exports.tables.plan import Plan, Tables, default_plan, tables
from exports.tables.table_files import Heading, files
from exports.tables.variables import SMALLEST
from forms.kinds import columns_of_study
from forms.load import load_study
from forms.routing import branch_of
from forms.simulation import load_recipe
from survey.synthetic.simulate import simulate
from tests.conftest import FLAGSHIP
from tests.exports.tables.people import attack, entry, people

KEPT = 10  # how far apart the bounds of every small count must stay


@dataclass(frozen=True)
class Sample:
    frame: pl.DataFrame
    codebook: list[dict[str, object]]
    plan: Plan

    @property
    def tables(self) -> Tables:
        return tables(self.frame, self.codebook, self.plan)

    def true(self, condition: pl.Expr) -> int:
        return len(self.frame.filter(condition))


@cache
def flagship():
    study = load_study(FLAGSHIP)
    return study, load_recipe(study, FLAGSHIP)


@cache
def sample(number: int) -> Sample:
    study, recipe = flagship()
    columns = [c for c in columns_of_study(study) if not c.max_length]
    codes = {b.name: b.code for b in study.branches}
    rows = [
        {
            **{c.name: p.values[c.name] for c in columns},
            "branch": codes[branch_of(study, p.values) or ""],
        }
        for p in simulate(study, count=number, seed=4, recipe=recipe)
    ]
    book = [entry(c.name, dict(c.labels), _limits(c)) for c in columns] + [
        entry("branch", {b.code: b.label for b in study.branches})
    ]
    names = {e["variable"] for e in book}
    return Sample(pl.DataFrame(rows), book, default_plan(study, columns=names))


def _limits(column):
    ranged = column.question.kind in ("vas", "number")
    return (min(column.codes), max(column.codes)) if ranged else None


def small_counts(sample: Sample, found: Tables):
    """(cell as the attacker names it, true count) of every count under ten."""
    for table in found.one_way:
        for c in table.variable.categories:
            true = sample.true(pl.col(table.variable.name).is_between(c.low, c.high))
            if true < SMALLEST:
                yield (table.variable.name, c.code), true
    for two in found.two_way:
        a, b = two.row.name, two.column.name
        for i, j in product(two.row.categories, two.column.categories):
            here = pl.col(a).is_between(i.low, i.high) & pl.col(b).is_between(j.low, j.high)
            if not (i.rest or j.rest) and (true := sample.true(here)) < SMALLEST:
                yield (a, i.code, b, j.code), true


def insider(sample: Sample, found: Tables):
    """Every count that is shown for a single question, exactly: more than the files tell."""
    return {
        (t.variable.name, c.code): sample.true(pl.col(t.variable.name).is_between(c.low, c.high))
        for t in found.one_way
        for c, shown in zip(t.variable.categories, t.counts, strict=True)
        if shown is not None
    }


def published(found: Tables):
    return files([found], Heading("Flagship"))


@pytest.mark.parametrize("number", [100, 300, 600])
def test_all_files_together_leave_every_small_count_open(number):
    drawn = sample(number)
    found = drawn.tables
    known = attack(published(found), number, insider(drawn, found))
    small = dict(small_counts(drawn, found))
    assert len(small) > 100
    assert [cell for cell in small if known[cell][1] - known[cell][0] < KEPT] == []


def test_the_attacker_is_never_wrong_about_a_small_count():
    drawn = sample(300)
    found = drawn.tables
    known = attack(published(found), 300, insider(drawn, found))
    for cell, true in small_counts(drawn, found):
        assert known[cell][0] <= true <= known[cell][1]


def test_the_attacker_works_out_a_small_count_that_has_no_companion():
    safe = tables(people({1: 5, 2: 100, 3: 195}, "a"), [entry("a", 3)], Plan(("a",)))
    naive = replace(safe, one_way=(replace(safe.one_way[0], counts=(None, 100, 195)),))
    low, high = attack(published(naive), 300)["a", "1"]
    assert high - low < KEPT


def thresholded(frame: pl.DataFrame, names):
    """What a threshold alone publishes: exact counts of ten or more."""
    return {
        (name, code): n
        for name in names
        for code, n in frame[name].value_counts().iter_rows()
        if n >= SMALLEST
    }


def test_a_threshold_alone_shows_nearly_every_difference_of_one_person():
    frame, names = sample(300).frame, sample(300).plan.one_way
    before = thresholded(frame, [n for n in names if n in frame.columns])
    seen = 0
    for at in range(50):
        without = pl.concat([frame[:at], frame[at + 1 :]])
        seen += thresholded(without, [n for n in names if n in frame.columns]) != before
    assert seen >= 48


def test_people_who_come_later_change_no_figure_of_those_before():
    drawn = sample(300)
    first = replace(drawn, frame=drawn.frame[:200]).tables
    later = replace(drawn, frame=drawn.frame[200:]).tables
    both = files([first, later], Heading("Flagship"))["tables/one-way.csv"].decode()
    alone = files([first], Heading("Flagship"))["tables/one-way.csv"].decode()
    assert [line for line in both.splitlines() if line.startswith(("1,", "batch"))] == (
        alone.splitlines()
    )
