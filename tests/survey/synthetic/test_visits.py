"""Synthetic clients leave in a pilot's totals what people would leave; in real ones, nothing."""

from itertools import pairwise

import pytest

from forms.routing import PASSED, page_passed_event, shown_to_few
from survey.collection import stop_rule
from survey.collection.figures import figures_of
from survey.errors import Refusal
from survey.storage import answer_tables, counters
from survey.storage.counters import totals
from survey.storage.stores import Stores
from survey.synthetic.simulate import populate
from tests.answering import simulate_into
from tests.conftest import FLAGSHIP


@pytest.fixture(scope="module")
def flagship(study):
    return study(FLAGSHIP.name)


def populated(folder, flagship, count=120, seed=1):
    stores = Stores(folder)
    populate(stores, flagship, FLAGSHIP, count=count, seed=seed)
    return stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory, flagship):
    made = populated(tmp_path_factory.mktemp("data"), flagship)
    yield made
    made.close()


@pytest.fixture(scope="module")
def counted(stores, flagship):
    return totals(stores.pilot, flagship.name)


def test_the_same_seed_leaves_the_same_totals(tmp_path, flagship, counted):
    again = populated(tmp_path, flagship)
    assert totals(again.pilot, flagship.name) == counted
    again.close()


def test_another_seed_leaves_others(tmp_path, flagship, counted):
    other = populated(tmp_path, flagship, seed=2)
    assert totals(other.pilot, flagship.name) != counted
    other.close()


def test_whoever_is_stored_has_sent(stores, counted, flagship):
    sent = counted["completed"] + counted["stopped_sent"]
    assert answer_tables.count(stores.pilot, flagship.name) == sent == counted["simulated"] == 120


def test_fewer_come_to_each_next_step(counted):
    steps = ("landing", "info", "eligible", "consented", "completed")
    assert all(counted[before] > counted[after] for before, after in pairwise(steps))


def test_some_leave_in_every_way_there_is(counted):
    ways = {
        "screened_out", "not_now", "declined", "stopped_deleted", "stopped_sent", "quick_exit",
        "support",
    }  # fmt: skip
    assert ways <= {event for event, times in counted.items() if times}


def test_of_each_branch_fewer_go_on_from_page_to_page(flagship, counted):
    for branch in flagship.branches:
        went_on = [
            counted.get(page_passed_event(page.id, branch.name), 0)
            for page in flagship.pages
            if not shown_to_few(flagship, page)
        ]
        shown = [n for n in went_on if n]
        assert shown == sorted(shown, reverse=True)
    assert not [e for e in counted if e.startswith(PASSED) and e.endswith(":")]


def test_whoever_sent_all_went_on_from_the_last_page_and_few_left_after_it(flagship, counted):
    last = sum(
        counted.get(page_passed_event(flagship.pages[-1].id, b.name), 0) for b in flagship.branches
    )
    assert counted["completed"] <= last < counted["consented"] - 10


def test_the_figures_of_a_demo_have_something_to_show_and_say_what_it_is(stores, flagship):
    found = figures_of(stores, flagship, pilot=True, over=True)
    assert (found.progress, found.synthetic) == (100, True)
    assert found.totals["landing"] >= 150
    assert {"seen", "not_seen"} == {*found.dropoff[0].by_branch}


def test_the_stop_rule_is_told_on_the_way(stores, flagship):
    assert counters.verdicts(stores.office, flagship.name, pilot=True) == {
        30: False, 50: False, 100: False,
    }  # fmt: skip


def test_real_answers_and_real_figures_stay_untouched(stores, flagship):
    real = stores.responses.conn
    assert real.execute("SELECT count(*) FROM tallies").fetchone() == (0,)
    assert answer_tables.count(stores.responses, flagship.name) == 0
    assert figures_of(stores, flagship, pilot=False, over=True).totals == {}
    stop_rule.record_due(stores, flagship, pilot=False)
    assert counters.verdicts(stores.office, flagship.name, pilot=False) == {}


def test_synthetic_clients_are_refused_among_real_answers(stores, flagship):
    with pytest.raises(Refusal, match="never among real answers"):
        simulate_into(stores.responses, flagship, FLAGSHIP, count=3, seed=1)
    assert answer_tables.count(stores.responses, flagship.name) == 0
