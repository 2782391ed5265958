"""Figures about a collection move in steps, for every viewer, across restarts."""

from dataclasses import replace

import pytest

from forms.study import StopRule
from survey import invitations
from survey.figures import STOP_SIGN, figures_of, next_due, passed, tallies_for_release
from survey.seal import Seal
from survey.store.connect import Stores
from survey.store.tallies import Tallies
from tests.conftest import folder_of


@pytest.fixture
def counted(stores, study):
    """Counts events of the study ``branch`` and gives its figures."""
    return Counted(stores, study("branch"))


class Counted:
    def __init__(self, stores, study):
        self.stores, self.study = stores, study

    def add(self, **events):
        tallies = Tallies()
        for event, times in events.items():
            for _ in range(times):
                tallies.add(self.study.name, event)
        tallies.flush(self.stores.responses)
        return self

    def figures(self, *, over=False):
        return figures_of(self.stores, self.study, pilot=False, over=over)

    def with_stop_rule(self, share):
        rule = StopRule(share, (("mood", frozenset({1})),))
        self.study = replace(self.study, policy=replace(self.study.policy, stop=rule))
        return self


@pytest.mark.parametrize("events", [
    {}, {"landing": 19, "completed": 10}, {"landing": 20, "completed": 9},
    {"completed": 900}, {"landing": 900},
])  # fmt: skip
def test_nothing_is_told_before_the_first_step(counted, events):
    assert counted.add(**events).figures().totals == {}


def test_the_first_step_tells_everything_rounded_down_to_five(counted):
    totals = counted.add(landing=24, info=22, completed=14, declined=4).figures().totals
    assert (totals["landing"], totals["info"], totals["completed"]) == (20, 20, 10)
    assert (totals["declined"], totals["support"]) == (0, 0)


@pytest.mark.parametrize(("more", "moves"), [
    ({"landing": 19, "completed": 50}, False),
    ({"landing": 50, "completed": 9}, False),
    ({"landing": 20, "completed": 10}, True),
])  # fmt: skip
def test_a_total_moves_after_twenty_more_loads_and_ten_more_completions(counted, more, moves):
    before = counted.add(landing=23, completed=13, quick_exit=5).figures().totals
    after = counted.add(**more, quick_exit=5).figures().totals
    assert (after != before, after["quick_exit"] == 10) == (moves, moves)


def test_many_viewers_see_what_one_sees(counted):
    counted.add(landing=20, completed=10)
    seen = []
    for _ in range(12):  # a curious one looks after every single completion
        counted.add(landing=2, completed=1)
        seen.append(counted.figures().totals["completed"])
    assert seen == [10] * 10 + [20] * 2


def test_a_restart_does_not_move_a_figure(counted, tmp_path):
    counted.add(landing=20, completed=10).figures()
    counted.add(landing=19, completed=19)
    counted.stores.close()
    again = Stores(counted.stores.folder)
    assert tallies_for_release(again, counted.study)["landing"] == 20
    again.close()


def test_the_pilots_figures_are_apart(counted):
    counted.add(landing=40, completed=40)
    assert tallies_for_release(counted.stores, counted.study, pilot=True) == {}


def test_a_release_is_told_what_staff_are_shown(counted):
    shown = counted.add(landing=30, completed=20, withdrawn=6).figures().totals
    assert tallies_for_release(counted.stores, counted.study) == shown
    assert shown["withdrawn"] == 5


@pytest.mark.parametrize(("sent", "told"), [(0, 0), (49, 0), (50, 50), (149, 100), (1000, 1000)])
def test_progress_is_told_in_steps_of_fifty(counted, sent, told):
    counted.add(completed=sent - sent // 3, stopped_sent=sent // 3)
    assert counted.figures().progress == told


# Where people left.


def test_pages_are_told_only_after_the_close(counted):
    page, way = counted.study.pages[0].id, counted.study.branches[0].name
    counted.add(landing=40, completed=30, **{passed(page, way): 33, passed(page, None): 4})
    assert counted.figures().dropoff == ()
    first = counted.figures(over=True).dropoff[0]
    assert (first.page, first.everybody, first.by_branch[way]) == (page, 35, 30)


def test_pages_stand_on_the_step_of_the_totals_also_after_the_close(counted):
    page = counted.study.pages[0].id
    counted.add(landing=40, completed=30, **{passed(page, None): 30}).figures()
    counted.add(completed=9, **{passed(page, None): 9})
    assert counted.figures(over=True).dropoff[0].everybody == 30


def test_before_a_first_step_the_close_tells_no_page(counted):
    page = counted.study.pages[0].id
    counted.add(landing=3, completed=3, **{passed(page, None): 3})
    assert counted.figures(over=True).dropoff == ()


def test_going_from_page_to_page_writes_nothing_by_itself():
    tallies = Tallies()
    for n in range(100):
        tallies.add("branch", passed(f"p{n}", None))
    assert tallies.waiting() == 0


# The stop rule.


@pytest.mark.parametrize(("signs", "met"), [(3, False), (4, True)])
def test_the_stop_rule_is_met_by_more_than_its_share(counted, signs, met):
    counted.with_stop_rule(0.1).add(completed=30, **{STOP_SIGN: signs})
    assert counted.figures().verdicts == {30: met}


def test_the_stop_rule_is_told_at_thirty_fifty_and_every_further_fifty(counted):
    counted.with_stop_rule(0.1)
    told = []
    for _ in range(40):
        counted.add(completed=5)
        told.append(max(counted.figures().verdicts, default=0))
    assert sorted({*told}) == [0, 30, 50, 100, 150, 200]


def test_between_two_steps_the_stop_rule_is_not_told_anew(counted):
    counted.with_stop_rule(0.1).add(completed=30).figures()
    counted.add(completed=15, **{STOP_SIGN: 15})
    assert counted.figures().verdicts == {30: False}
    assert next_due(counted.figures()) == 50


def test_a_study_without_a_stop_rule_tells_none(counted):
    assert counted.add(completed=100).figures().verdicts == {}


# Invitations move with the rest.


def test_unspent_invitations_are_told_with_the_step_and_not_before(counted):
    seal, codes = Seal([bytes(32)]), invitations.draw(40)
    db, name = counted.stores.responses, counted.study.name
    invitations.keep(counted.stores, seal, name, codes, pilot=False)
    for code in codes[:13]:
        db.conn.execute("DELETE FROM invitations WHERE code = ?", (seal.invitation_value(code),))
    shown = [invitations.unspent_shown(counted.stores, name, pilot=False)]
    counted.add(landing=20, completed=13).figures()
    shown.append(invitations.unspent_shown(counted.stores, name, pilot=False))
    assert shown == [40, 25]


def test_the_flagships_stop_rule_is_the_one_of_its_protocol(study):
    rule = study(folder_of("therapist-tears").name).policy.stop
    assert rule.share == 0.1
    assert [rule.shown_by(a) for a in (
        {"distress_now": 8}, {"part_feel": 1}, {"distress_now": 7, "part_feel": 2}, {},
    )] == [True, True, False, False]  # fmt: skip
