"""The stop rule is worked out by the server, told once, and told to staff wherever they look."""

from dataclasses import replace

import pytest

from forms.study import StopRule
from survey.collection import stop_rule
from survey.collection.figures import SIMULATED, STOP_SIGN
from survey.storage.counters import EventCounters
from survey.storage.stores import Stores
from survey.studies.version import StudyVersion
from tests.conftest import FLAGSHIP, folder_of

RULE = StopRule(0.1, (("mood", frozenset({1})),))


@pytest.fixture
def asked(stores, study):
    """A study with a stop rule, what was counted of it, and what is told."""
    return Asked(stores, study("branch"))


class Asked:
    pilot = False

    def __init__(self, stores, study):
        self.stores = stores
        self.study = replace(study, policy=replace(study.policy, stop=RULE))

    def add(self, **events):
        tallies = EventCounters()
        for event, times in events.items():
            for _ in range(times):
                tallies.add(self.study.name, event, pilot=self.pilot)
        tallies.flush(self.stores.answers(pilot=self.pilot), pilot=self.pilot)
        return self

    def hour(self):
        """What the server does each hour."""
        stop_rule.record_all_due(self.stores, [self.version()])
        return self

    def version(self, **facts):
        return StudyVersion(self.study, folder_of("branch"), facts, "", self.pilot)

    @property
    def verdicts(self):
        return stop_rule.verdicts_of(self.stores, self.version())

    def alarm(self, **facts):
        return stop_rule.alarm(self.stores, self.version(**facts))


@pytest.mark.parametrize(("signs", "met"), [(3, False), (4, True)])
def test_it_is_met_by_more_than_its_share(asked, signs, met):
    asked.add(completed=20, stopped_sent=10, **{STOP_SIGN: signs}).hour()
    assert asked.verdicts == {30: met}


def test_it_is_told_at_thirty_fifty_and_every_further_fifty(asked):
    told = [max(asked.add(completed=5).hour().verdicts, default=0) for _ in range(40)]
    assert sorted({*told}) == [0, 30, 50, 100, 150, 200]


def test_between_two_steps_it_is_not_told_anew(asked):
    asked.add(completed=30).hour().add(completed=15, **{STOP_SIGN: 15}).hour()
    assert asked.verdicts == {30: False}
    assert stop_rule.next_due(asked.verdicts) == 50


def test_what_was_told_stands_after_a_restart(asked):
    asked.add(completed=30).hour()
    asked.stores.close()
    again = Asked(Stores(asked.stores.folder), asked.study)
    assert again.add(**{STOP_SIGN: 30}).hour().verdicts == {30: False}
    again.stores.close()


def test_looking_works_nothing_out(asked):
    asked.add(completed=30)
    assert (asked.verdicts, asked.alarm()) == ({}, None)


def test_a_study_without_a_stop_rule_tells_none(asked):
    asked.study = replace(asked.study, policy=replace(asked.study.policy, stop=None))
    assert asked.add(completed=100).hour().verdicts == {}


@pytest.mark.parametrize(("sent", "following"), [
    ((), 30), ((30,), 50), ((30, 50), 100), ((250,), 300), ((7_000,), 7_050),
])  # fmt: skip
def test_the_next_one_is_announced(sent, following):
    assert stop_rule.next_due(dict.fromkeys(sent, False)) == following


# What staff read.


def test_nothing_is_said_while_it_was_not_met(asked):
    assert asked.add(completed=60).hour().alarm() is None


def test_staff_read_to_pause_and_whom_to_tell(asked):
    asked.add(completed=50, **{STOP_SIGN: 6}).hour()
    assert asked.alarm(clinician_contact="Dr Ada Example, 555 0100") == (
        "The stop rule is met at 50 answers: pause, and speak to the clinician "
        "(Dr Ada Example, 555 0100) and the board."
    )
    assert asked.alarm().endswith("speak to the clinician and the board.")


def test_a_rule_that_was_met_once_is_not_forgotten(asked):
    asked.add(completed=50, **{STOP_SIGN: 6}).hour().add(completed=50).hour()
    assert "was met at 50 answers, and at 100 no longer" in asked.alarm()


@pytest.mark.parametrize(("events", "mark"), [
    ({}, "Pilot: "), ({SIMULATED: 1}, "Synthetic answers, no people: "),
])  # fmt: skip
def test_a_trial_is_not_taken_for_the_study(asked, events, mark):
    asked.pilot = True
    assert asked.add(completed=50, **{STOP_SIGN: 6}, **events).hour().alarm().startswith(mark)


def test_the_flagships_stop_rule_is_the_one_of_its_protocol(study):
    rule = study(FLAGSHIP.name).policy.stop
    assert rule.share == 0.1
    assert [rule.shown_by(a) for a in (
        {"distress_now": 8}, {"part_feel": 1}, {"distress_now": 7, "part_feel": 2}, {},
    )] == [True, True, False, False]  # fmt: skip
