"""What tier A will measure follows from the study and from how many people there are."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest

from exports.tables.margins import SIZES, assumed_sizes, expected, margin
from exports.tables.menu import (
    MOST_PAIRS,
    Menu,
    account_of,
    budget_of,
    choose,
    plan_routing,
    ways_of,
)
from forms.load import load_study
from forms.study import TablePolicy
from tests.conftest import FLAGSHIP
from tests.serving import ROOT

STUDIES = [FLAGSHIP, *sorted((ROOT / "tests" / "studies").iterdir())]
TEARS = load_study(FLAGSHIP)
MENU = Menu(TEARS)
BUDGET = budget_of(TEARS)


def names(study):
    return [statistic.name for statistic in Menu(study).statistics]


def chosen(people, menu=MENU):
    return choose(menu, people, assumed_sizes(menu, people), budget_of(menu.study))


def tiny(name, **tables):
    study = load_study(ROOT / "tests" / "studies" / name)
    return replace(study, policy=replace(study.policy, tables=TablePolicy(**tables)))


def test_the_flagship_tells_first_what_it_was_made_for():
    assert names(TEARS)[:9] == [
        "saw_tears", "talk_happened", "own_cry", "mean sc_int_connect", "mean sc_int_strain",
        "sc_view_total x sc_int_connect", "sc_view_total x sc_int_strain", "concern", "int_main",
    ]  # fmt: skip


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_every_study_has_a_menu_of_cells_that_it_fixes_itself(folder):
    study = load_study(folder)
    menu = Menu(study)
    assert menu.statistics
    assert len({s.name for s in menu.statistics}) == len(menu.statistics)
    for statistic in menu.statistics:
        assert statistic.cells[-1].split(" x ")[-1] == "none"
        assert len(set(statistic.cells)) == len(statistic.cells)
        for axis in statistic.axes:
            codes = [code for category in axis.categories for code in category.codes]
            assert len(set(codes)) == len(codes)
            assert all(category.label for category in axis.categories)


def test_texts_are_never_on_the_menu():
    study = load_study(ROOT / "tests" / "studies" / "kinds")
    texts = {name for name, role in study.policy.roles.items() if role == "free_text"}
    assert not texts & {axis.column for s in Menu(study).every for axis in s.axes}


def test_a_study_names_its_own_menu_in_its_own_order():
    wanted = ("calm_1 x before", "mean sc_well", "completion", "sc_calm x sc_glad")
    assert tuple(names(tiny("scores", menu=wanted))) == wanted


def test_figures_of_the_policy_are_taken_as_their_decimals_say():
    said = budget_of(tiny("scores", budget=0.3, lifetime=0.7, cap=0.05))
    exact = (Fraction(3, 10), Fraction(7, 10), Fraction(1, 20))
    assert (said.release, said.lifetime, said.cap) == exact


@pytest.mark.parametrize("people", [100, 300, 600, 1080, 3000, 10_000])
def test_whoever_pays_most_pays_no_more_than_the_budget_and_no_statistic_more_than_the_cap(people):
    plan = [*plan_routing(MENU, BUDGET), *chosen(people)]
    assert all(p.rho <= BUDGET.cap for p in plan)
    pays = [
        sum(
            (p.statistic.cost(p.variance, joins=joins == 1) for p in plan
             if (joins := (p.statistic.condition in one) + (p.statistic.condition in other))),
            Fraction(0),
        )
        for one, other in combinations_with_replacement(
            ways_of([p.statistic.condition for p in plan]), 2
        )
    ]  # fmt: skip
    assert max(pays) == account_of(plan).most <= BUDGET.release


def test_what_is_left_over_lowers_all_noise_down_to_half_of_what_a_base_can_bear():
    full = {p.statistic.name: p.variance for p in chosen(10_000)}
    for statistic in MENU.statistics:
        base = assumed_sizes(MENU, 10_000)[statistic.condition]
        assert full[statistic.name] == statistic.planned_variance(base) / 4
    assert account_of(chosen(10_000)).most < BUDGET.release


def test_more_people_are_told_more():
    told = [{p.statistic.name for p in chosen(people)} for people in (100, 300, 600, 1080, 3000)]
    assert [len(one) for one in told] == sorted(len(one) for one in told)
    assert told[-1] == set(names(TEARS))
    assert {"mean sc_int_connect", "mean sc_int_strain", "saw_tears"} <= told[0]


def test_few_people_are_told_few_pairs_and_under_100_nothing():
    study = tiny("coarse", menu=tuple(
        f"{a} x {b}" for a, b in [("age", "reason"), ("moved", "reason"), ("visits", "reason"),
                                  ("age", "moved"), ("age", "visits"), ("moved", "visits"),
                                  ("completion", "reason"), ("completion", "age")]))  # fmt: skip
    menu = Menu(study)
    assert len(chosen(2999, menu)) == MOST_PAIRS
    assert len(chosen(3000, menu)) == 8
    assert chosen(99) == ()


def test_a_board_reads_every_margin_before_anybody_has_answered():
    lines = {e.statistic.name: e.margins for e in expected(TEARS)}
    assert list(lines) == names(TEARS)
    for at, people in enumerate(SIZES):
        bases = assumed_sizes(MENU, people)
        plan = {p.statistic.name: p for p in chosen(people)}
        told = {name: margins[at] for name, margins in lines.items() if margins[at] is not None}
        assert told == {n: margin(p, bases[p.statistic.condition]) for n, p in plan.items()}
    primary = lines["mean sc_int_connect"][2]
    assert primary is not None
    assert 0.08 < primary < 0.11


def test_each_answer_of_a_routing_question_counts_as_given_equally_often():
    sizes = assumed_sizes(MENU, 600)
    by_name = {s.name: sizes[s.condition] for s in MENU.statistics}
    assert (by_name["saw_tears"], by_name["int_main"], by_name["hyp_main"]) == (600, 400, 200)


def test_the_manual_says_how_many_figures_the_budget_bears():
    manual = " ".join((ROOT / "docs" / "researcher.md").read_text("utf-8").split())
    few, some, many = (len(chosen(people)) for people in (100, 600, 2000))
    every = f"of the {len(names(TEARS))} figures of `therapist-tears`"
    assert f"{every}, {few} at 100 answers, {some} at 600 and {many} at 2,000" in manual
