"""Later batches beside earlier ones."""

import pytest

from exports.tables.plan import Plan, tables, together
from tests.exports.tables.people import crossed, entry, people

PLAN = Plan(("a", "b"), pairs=(("a", "b"),))
BOOK = [entry("a", 3), entry("b", 3)]
FIRST = crossed([[30, 20, 11], [40, 15, 17], [22, 33, 44]])
SECOND = crossed([[20, 24, 21], [31, 4, 37], [22, 33, 14]])


@pytest.fixture(scope="module")
def batches():
    return [tables(frame, BOOK, PLAN) for frame in (FIRST, SECOND)]


def test_the_sum_less_the_first_batch_is_what_the_second_shows(batches):
    both = together(batches)
    for whole, first, second in zip(
        *([n for line in t.two_way[0].counts for n in line] for t in (both, *batches)), strict=True
    ):
        assert whole is None or whole - first == second


def test_a_count_hidden_in_one_batch_is_hidden_in_the_sum(batches):
    hidden = [n is None for line in batches[1].two_way[0].counts for n in line]
    summed = [n is None for line in together(batches).two_way[0].counts for n in line]
    assert hidden == summed


def test_the_error_grows_with_the_batches(batches):
    both, true = together(batches), FIRST.vstack(SECOND)["a"].value_counts()
    counts = dict(true.iter_rows())
    shown = zip(both.one_way[0].variable.categories, both.one_way[0].counts, strict=True)
    assert all(abs(counts[c.low] - n) <= 2 * both.parts for c, n in shown if n is not None)


def test_a_missing_code_that_one_batch_lacks_counts_as_nobody(batches):
    more = tables(FIRST.vstack(people({(1, -99): 12}, "a", "b")), BOOK, PLAN)
    summed = together([batches[0], more]).one_way[1]
    assert summed.counts[0] == 10
    assert summed.variable.categories[0].code == "-99"


def test_answers_shown_in_one_batch_only_are_not_in_the_sum(batches):
    fewer = tables(crossed([[30, 20, 11], [40, 15, 17], [2, 3, 4]]), BOOK, PLAN)
    assert [c.code for c in together([batches[0], fewer]).two_way[0].row.categories] == ["1"]


def test_a_single_batch_is_its_own_sum(batches):
    assert together(batches[:1]) == batches[0]


def test_a_variable_that_one_batch_withholds_has_no_sum(batches):
    alone = tables(SECOND, BOOK, Plan(("b",), pairs=()))
    both = together([batches[0], alone])
    assert [table.variable.name for table in both.one_way] == ["b"]
    assert both.two_way == ()
