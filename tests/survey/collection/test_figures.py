"""Figures about a collection move in steps, for every viewer, across restarts."""

from dataclasses import replace

import pytest

from forms.routing import page_passed_event
from survey.collection.figures import figures_of
from survey.crypto import KeyRing
from survey.releases.disclosure_control import totals_for_release
from survey.respondents import invitations
from survey.storage.counters import PASSED, EventCounters
from survey.storage.stores import Stores
from tests.counting import Collection


@pytest.fixture
def counted(stores, study):
    """Counts events of the study ``branch`` and gives its figures."""
    return Counted(stores, study("branch"))


class Counted(Collection):
    def figures(self, *, over=False):
        return figures_of(self.stores, self.study, pilot=False, over=over)

    def with_branches(self, *names):
        branches = tuple(replace(self.study.branches[0], name=name) for name in names)
        self.study = replace(self.study, branches=branches)
        return self

    def going_on(self, **times):
        """Events of going on: ``page=30``, or ``page__branch=30``; ``page__`` before a branch."""
        events = {}
        for name, count in times.items():
            page, _, branch = name.partition("__")
            events[page_passed_event(page, branch or None)] = count
        return self.add(**events)


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
    assert figures_of(again, counted.study, pilot=False, over=False).totals["landing"] == 20
    again.close()


def test_the_pilots_figures_are_apart(counted):
    counted.add(landing=40, completed=40)
    assert figures_of(counted.stores, counted.study, pilot=True, over=False).totals == {}


def test_a_release_is_told_what_staff_are_shown(counted):
    shown = counted.add(landing=30, completed=20).figures().totals
    told = totals_for_release(counted.stores, counted.study, None, pilot=False)
    assert told["landing"] == shown["landing"] == 30


@pytest.mark.parametrize(("sent", "told"), [(49, 0), (50, 50), (149, 100), (1000, 1000)])
def test_progress_is_told_in_steps_of_fifty(counted, sent, told):
    counted.add(landing=20, completed=sent - sent // 3, stopped_sent=sent // 3)
    assert counted.figures().progress == told


def test_progress_moves_with_the_totals_and_not_with_a_single_answer(counted):
    counted.add(landing=40, completed=45).figures()
    told = [counted.add(landing=4, completed=1).figures().progress for _ in range(10)]
    assert told == [0] * 9 + [50]


def test_synthetic_clients_are_said_to_be_such(counted):
    before = counted.add(landing=20, completed=10).figures().synthetic
    assert (before, counted.add(simulated=1).figures().synthetic) == (False, True)


# Where people stopped.


def test_pages_are_told_only_after_the_close(counted):
    counted.add(landing=80, completed=60).going_on(p1_been__went=64, p1_been__stayed=23)
    assert counted.figures().dropoff == ()
    first = counted.figures(over=True).dropoff[0]
    assert (first.page, first.everybody, first.by_branch) == (
        "p1_been", 85, {"went": 60, "stayed": 20},
    )  # fmt: skip


def test_pages_stand_on_the_step_of_the_totals_also_after_the_close(counted):
    counted.add(landing=40, completed=30).going_on(p1_been=30).figures()
    counted.add(completed=9).going_on(p1_been=9)
    assert counted.figures(over=True).dropoff[0].everybody == 30


@pytest.mark.parametrize("events", [
    {"landing": 3, "completed": 3}, {"landing": 400, "completed": 9},
])  # fmt: skip
def test_before_a_first_step_the_close_tells_no_page(counted, events):
    counted.add(**events).going_on(p1_been=300)
    assert counted.figures(over=True).dropoff == ()


def test_where_few_went_on_no_page_is_told(counted):
    counted.add(landing=40, completed=19).going_on(p1_been__went=10, p1_been__stayed=9)
    assert counted.figures(over=True).dropoff == ()


def test_a_page_that_few_went_on_from_is_not_told(counted):
    counted.add(landing=40, completed=30).going_on(p1_been=40, p3_all=19)
    told = {page.page: page.everybody for page in counted.figures(over=True).dropoff}
    assert told == {"p1_been": 40, "p2_there": 0, "p3_all": 0}


def test_a_branch_that_few_took_does_not_follow_from_the_other(counted):
    counted.add(landing=90, completed=60).going_on(p1_been__went=60, p1_been__stayed=19)
    first = counted.figures(over=True).dropoff[0]
    assert (first.everybody, first.by_branch) == (75, {})


def test_of_several_branches_only_as_many_are_left_out_as_it_takes(counted):
    many = counted.with_branches("often", "seldom", "never", "now")
    many.add(landing=900, completed=60)
    many.going_on(p1_been__often=80, p1_been__seldom=3, p1_been__never=30, p1_been__now=90)
    told = many.figures(over=True).dropoff[0].by_branch
    assert told == {"often": 80, "now": 90}


def test_going_from_page_to_page_writes_nothing_by_itself():
    tallies = EventCounters()
    for n in range(100):
        tallies.add("branch", page_passed_event(f"p{n}", None))
    assert tallies.waiting() == 0


# Invitations move with the rest.


def test_unspent_invitations_are_told_with_the_step_and_not_before(counted):
    seal, codes = KeyRing([bytes(32)]), invitations.draw(40)
    db, name = counted.stores.responses, counted.study.name
    invitations.keep(counted.stores, seal, name, codes, pilot=False)
    for code in codes[:13]:
        db.conn.execute("DELETE FROM invitations WHERE code = ?", (seal.invitation_value(code),))
    shown = [invitations.unspent_shown(counted.stores, name, pilot=False)]
    counted.add(landing=20, completed=13).figures()
    shown.append(invitations.unspent_shown(counted.stores, name, pilot=False))
    assert shown == [40, 25]


def test_pages_passed_are_told_apart_from_other_events_where_they_are_stored():
    assert page_passed_event("p1", "went").startswith(PASSED)
