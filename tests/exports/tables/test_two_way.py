"""Tables of two variables."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from exports.tables.plan import Plan, Tables, tables
from tests.exports.tables.people import crossed, entry, few, people

PLAN = Plan(("a", "b"), pairs=(("a", "b"),))


def made(frame, codes=3, plan=PLAN) -> Tables:
    return tables(frame, [entry("a", codes), entry("b", codes)], plan)


def test_every_total_is_the_one_published_figure_of_its_own_table():
    found = made(crossed([[30, 20, 11], [40, 15, 17], [22, 33, 44]]))
    single = {table.variable.name: table.counts for table in found.one_way}
    assert found.two_way[0].row_totals == single["a"]
    assert found.two_way[0].column_totals == single["b"]


def test_answers_hidden_in_their_own_table_are_gathered_with_missing_ones():
    frame = crossed([[30, 20, 11], [40, 15, 17], [2, 3, 2]]).vstack(
        people({(-99, 1): 12}, "a", "b")
    )
    row = made(frame).two_way[0].row
    assert [c.code for c in row.categories] == ["1", "2", "rest"]


def test_the_total_of_the_gathered_ones_is_not_shown():
    frame = crossed([[30, 20, 11], [40, 15, 17], [22, 33, 44]])
    found = made(frame.vstack(people({(-99, 1): 12}, "a", "b"))).two_way[0]
    assert found.row_totals[-1] is None


def test_nothing_is_shown_where_one_variable_shows_no_answer():
    frame = people({(1, -96): 400, (2, -96): 300, (1, 1): 4, (2, 2): 3}, "a", "b")
    assert {n for line in made(frame, 2).two_way[0].counts for n in line} == {None}


def test_those_asked_neither_question_do_not_hide_a_small_count():
    both = crossed([[5, 30, 30], [30, 40, 21], [20, 20, 20]])
    unasked = both.vstack(people({(-96, -96): 500}, "a", "b"))
    assert _answers(made(unasked)) == _answers(made(both))


def _answers(found):
    return [line[:3] for line in found.two_way[0].counts[:3]]


@few
@given(st.lists(st.tuples(st.sampled_from([1, 1, 1, 2, 3, -99]), st.integers(1, 3)), min_size=60))
def test_the_order_of_the_rows_decides_nothing(rows):
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row")
    assert made(frame) == made(frame.sort("b", "a"))
