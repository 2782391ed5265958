"""Whatever the table, its hierarchies and its privacy model: every mode keeps what it promises.

Checked by plain counting, which shares no code with the engine.
"""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exports.anonymise.problem import Problem, Recoding, loss_of
from tests.exports.anonymise.plain import smallest_loss, wrongs
from tests.exports.anonymise.tables import MODES, problems, solved


@settings(deadline=None, max_examples=400)
@given(problems(), MODES)
def test_every_class_holds_and_every_cell_is_true(problem, mode):
    found = solved(problem, mode)
    assert found is None or wrongs(problem, found) == []


@settings(deadline=None)
@given(problems(), MODES, st.randoms(use_true_random=False))
def test_rows_in_another_order_show_the_same(problem, mode, chance):
    order = list(range(problem.rows))
    chance.shuffle(order)
    turned = replace(problem, codes=problem.codes[order], sensitive=problem.sensitive[order])
    here, there = solved(problem, mode), solved(turned, mode)
    assert (here is None) == (there is None)
    if here is not None and there is not None:
        assert _content(problem, here) == _content(turned, there)


def _content(problem: Problem, recoding: Recoding) -> list[tuple[object, ...]]:
    rows = zip(problem.codes.tolist(), problem.sensitive.tolist(), strict=True)
    shown = zip(recoding.nodes.tolist(), recoding.suppressed.tolist(), strict=True)
    return sorted((row, *cells) for row, cells in zip(rows, shown, strict=True))


@settings(deadline=None)
@given(problems(), MODES)
def test_the_same_problem_has_the_same_answer(problem, mode):
    first, second = solved(problem, mode), solved(problem, mode)
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert first.nodes.tolist() == second.nodes.tolist()


@settings(deadline=None, max_examples=200)
@given(problems(), MODES)
def test_what_one_level_a_column_can_reach_is_reached(problem, mode):
    least = smallest_loss(problem)
    found = solved(problem, mode)
    if least is not None and problem.rows >= problem.model.k:
        assert found is not None
        assert loss_of(problem, found) <= least + 1e-9 or mode == "local"
