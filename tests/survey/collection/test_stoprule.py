"""The stop rule is compared once a day, pauses the study by itself, and is told once."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from forms.stop_signs import COUNTED, SIGN, rule_in_words
from forms.study import StopRule
from survey.collection import stop_rule
from survey.collection.figures import SIMULATED
from survey.storage import accounts, board, mail_queue, studies
from survey.storage.counters import EventCounters
from survey.storage.stores import Stores
from survey.studies.version import StudyVersion
from tests.conftest import FLAGSHIP, TOP, folder_of
from tests.signing import seat

RULE = StopRule(0.1, (("mood", frozenset({1})),))
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, 8, tzinfo=BERLIN)


@pytest.fixture
def asked(stores, study):
    """A study with a stop rule, what was counted of it, and what is told."""
    return Asked(stores, study("branch"))


class Asked:
    pilot = False

    def __init__(self, stores, study):
        self.stores, self.now = stores, MONDAY
        self.study = replace(study, policy=replace(study.policy, stop=RULE))

    def add(self, **events):
        tallies = EventCounters()
        for event, times in events.items():
            for _ in range(times):
                tallies.add(self.study.name, event, pilot=self.pilot)
        tallies.flush(self.stores.answers(pilot=self.pilot), pilot=self.pilot)
        return self

    def look(self, **facts):
        """What the server does every few seconds."""
        stop_rule.compare_all_due(self.stores, [self.version(**facts)], self.now)
        return self

    def day(self, **facts):
        """The next day at the hour of the rule."""
        self.now += timedelta(days=1)
        return self.look(**facts)

    def version(self, **facts):
        return StudyVersion(self.study, folder_of("branch"), facts, "", self.pilot)

    def open(self, status="open"):
        studies.set_status(self.stores.office, self.study.name, status, "2026")
        return self

    @property
    def rulings(self):
        return board.rulings(self.stores.office, self.study.name)

    @property
    def paused(self):
        return stop_rule.paused(self.stores, self.version())

    @property
    def audit(self):
        return [(line["who"], line["what"]) for line in studies.audit(self.stores.office)]

    @property
    def verdicts(self):
        return stop_rule.verdicts_of(self.stores, self.version())

    def alarm(self, **facts):
        return stop_rule.alarm(self.stores, self.version(**facts))


@pytest.mark.parametrize(("signs", "met"), [(3, False), (4, True)])
def test_it_is_met_by_more_than_its_share(asked, signs, met):
    asked.add(**{COUNTED: 30, SIGN: signs}).day()
    assert asked.verdicts == {30: met}


def test_it_is_told_at_thirty_fifty_and_every_further_fifty(asked):
    told = [max(asked.add(**{COUNTED: 5}).day().verdicts, default=0) for _ in range(40)]
    assert sorted({*told}) == [0, 30, 50, 100, 150, 200]


def test_between_two_steps_it_is_not_told_anew(asked):
    asked.add(**{COUNTED: 30}).day().add(**{COUNTED: 15, SIGN: 15}).day()
    assert asked.verdicts == {30: False}
    assert stop_rule.next_due(asked.study, asked.verdicts) == 50


def test_what_was_told_stands_after_a_restart(asked):
    asked.add(**{COUNTED: 30}).day()
    asked.stores.close()
    again = Asked(Stores(asked.stores.folder), asked.study)
    assert again.add(**{SIGN: 30}).day().verdicts == {30: False}
    again.stores.close()


def test_looking_works_nothing_out(asked):
    asked.add(**{COUNTED: 30})
    assert (asked.verdicts, asked.alarm()) == ({}, None)


def test_a_study_without_a_stop_rule_tells_none(asked):
    asked.study = replace(asked.study, policy=replace(asked.study.policy, stop=None))
    assert asked.add(**{COUNTED: 100}).day().verdicts == {}


@pytest.mark.parametrize(("sent", "following"), [
    ((), 30), ((30,), 50), ((30, 50), 100), ((250,), 300), ((7_000,), 7_050),
])  # fmt: skip
def test_the_next_one_is_announced(asked, sent, following):
    assert stop_rule.next_due(asked.study, dict.fromkeys(sent, False)) == following


def test_the_first_comparison_comes_when_the_policy_says(asked):
    policy = replace(asked.study.policy, stop=replace(RULE, first=70))
    asked.study = replace(asked.study, policy=policy)
    assert asked.add(**{COUNTED: 69}).day().verdicts == {}
    assert asked.add(**{COUNTED: 1}).day().verdicts == {70: False}
    assert asked.add(**{COUNTED: 35}).day().verdicts == {70: False, 100: False}


# Once a day.


def times(asked, *moments):
    """How often the rule was compared, looked at by the clock at these moments."""
    for moment in moments:
        asked.now = moment
        asked.look()
    found = asked.stores.office.conn.execute("SELECT count(*) FROM comparisons").fetchone()
    return found[0]


def test_before_its_hour_nothing_is_compared_and_after_it_once(asked):
    minute = timedelta(minutes=1)
    assert times(asked, MONDAY - minute) == 0
    assert times(asked, MONDAY, MONDAY + minute, MONDAY + 10 * 60 * minute) == 1
    assert times(asked, MONDAY + timedelta(hours=23, minutes=59)) == 1
    assert times(asked, MONDAY + timedelta(days=1)) == 2


def test_a_server_that_was_down_at_the_hour_compares_when_it_is_back(asked):
    assert times(asked, MONDAY + timedelta(hours=9)) == 1


def test_a_clock_set_back_compares_no_day_twice_and_one_set_forward_stops_nothing(asked):
    day = timedelta(days=1)
    assert times(asked, MONDAY, MONDAY + day, MONDAY, MONDAY + day) == 2
    assert times(asked, MONDAY + 400 * day, MONDAY + 2 * day) == 4


@pytest.mark.parametrize("hour", [1, 2, 3])
@pytest.mark.parametrize("day", [datetime(2026, 3, 29), datetime(2026, 10, 25)])  # noqa: DTZ001
def test_the_days_on_which_the_clocks_change_have_one_comparison(asked, hour, day):
    policy = replace(asked.study.policy, stop=replace(RULE, hour=hour))
    asked.study = replace(asked.study, policy=policy)
    midnight = day.replace(tzinfo=BERLIN).timestamp()
    through = [datetime.fromtimestamp(midnight + 600 * n, BERLIN) for n in range(6 * 22)]
    assert times(asked, *through) == 1


COMPARE = """
import sys; from dataclasses import replace; from datetime import UTC, datetime
from pathlib import Path
from forms.load import load_study; from forms.study import StopRule
from survey.collection import stop_rule; from survey.storage.stores import Stores
from survey.studies.version import StudyVersion
folder = Path(sys.argv[2]); study = load_study(folder); stores = Stores(Path(sys.argv[1]))
rule = StopRule(0.1, (("mood", frozenset({1})),))
study = replace(study, policy=replace(study.policy, stop=rule))
version = StudyVersion(study, folder, {}, "", False)
print("ready", flush=True); sys.stdin.readline()
stop_rule.compare_all_due(stores, [version], datetime(2026, 3, 3, 8, tzinfo=UTC))
stores.close()
"""


def test_two_processes_at_once_pause_once(asked):
    asked.open().add(**{COUNTED: 30, SIGN: 30})
    words = [sys.executable, "-c", COMPARE, str(asked.stores.folder), str(folder_of("branch"))]
    here = {**os.environ, "PYTHONPATH": str(TOP)}
    pipe = subprocess.PIPE
    both = [subprocess.Popen(words, stdin=pipe, stdout=pipe, env=here) for _ in range(3)]
    assert {one.stdout.readline() for one in both if one.stdout} == {b"ready\n"}
    for one in both:
        one.communicate(b"go\n", timeout=60)
    assert [one.returncode for one in both] == [0, 0, 0]
    assert [ruled.what for ruled in asked.rulings] == ["suspended"]
    assert len(asked.audit) == 1


# The pause.


def test_a_rule_that_is_met_pauses_an_open_study_by_itself(asked):
    asked.open().add(**{COUNTED: 30, SIGN: 4}).day()
    (ruled,) = asked.rulings
    assert (ruled.what, ruled.who, ruled.why) == (
        "suspended", "the program", "Paused by the stop rule.",
    )  # fmt: skip
    assert asked.audit == [("the program", "branch: paused by its stop rule")]
    assert asked.alarm().startswith("Paused by the stop rule, which was met at 30 people.")


@pytest.mark.parametrize("status", ["draft", "closed"])
def test_what_is_not_open_is_not_paused(asked, status):
    asked.open(status).add(**{COUNTED: 30, SIGN: 30}).day()
    assert (asked.rulings, asked.verdicts) == ([], {30: True})


def test_a_pilot_is_never_paused(asked):
    asked.pilot = True
    asked.open().add(**{COUNTED: 30, SIGN: 30}).day()
    assert (asked.rulings, asked.verdicts) == ([], {30: True})


def test_the_clinician_lifts_a_pause_once_and_it_holds_until_the_next_step(asked):
    asked.open().add(**{COUNTED: 30, SIGN: 30}).day()
    version = asked.version()
    assert stop_rule.lift(asked.stores, version, who="Ada", why="We have spoken.")
    assert not stop_rule.lift(asked.stores, version, who="Ada", why="Again.")
    assert asked.day().paused is None
    assert asked.add(**{COUNTED: 20}).day().paused.who == "the program"
    assert [ruled.what for ruled in asked.rulings] == ["suspended", "lifted", "suspended"]


def test_a_suspension_by_the_board_is_none_of_the_clinicians(asked):
    asked.open()
    board.rule(asked.stores.office, "branch", "suspended", at="2026", who="Bea", why="No.")
    assert not stop_rule.lift(asked.stores, asked.version(), who="Ada", why="Yes.")


def test_board_and_clinician_are_mailed_that_there_is_a_pause_and_no_number(asked):
    office = asked.stores.office
    seat(office, "branch", "Bea")
    seat(office, "another", "Cem")
    for name in ("Ada", "Rob"):
        accounts.add(office, name=name, role="researcher", at="2026")
    for name in ("Ada", "Bea", "Cem", "Rob"):
        mail_queue.set_address(office, name, f"{name.lower()}@example.org")
    asked.open().add(**{COUNTED: 30, SIGN: 4}).day(clinician_account="ada")
    waiting = mail_queue.waiting(office)
    assert [one.recipient for one in waiting] == ["ada@example.org", "bea@example.org"]
    (said,) = {(one.subject, one.body) for one in waiting}
    words, _, head = said[1].partition("Head of the record: ")
    assert not any(letter.isdigit() for letter in said[0] + words)
    assert re.fullmatch(r"[0-9]+:[0-9a-f]+\. Keep it with the day\.\s*", head)
    assert "is paused by its stop rule" in said[1]


def test_a_rule_that_is_not_met_mails_nobody(asked):
    seat(asked.stores.office, "branch", "Bea")
    mail_queue.set_address(asked.stores.office, "Bea", "bea@example.org")
    asked.open().add(**{COUNTED: 30, SIGN: 3}).day()
    assert mail_queue.waiting(asked.stores.office) == []


# What staff read.


def test_nothing_is_said_while_it_was_not_met(asked):
    assert asked.add(**{COUNTED: 60}).day().alarm() is None


def test_staff_read_that_it_was_met_and_whom_to_tell(asked):
    asked.add(**{COUNTED: 50, SIGN: 6}).day()
    assert asked.alarm(clinician_contact="Dr Ada Example, 555 0100") == (
        "The stop rule is met at 50 people: speak to the clinician (Dr Ada Example, 555 0100) and "
        "the board."
    )
    assert asked.alarm().endswith("speak to the clinician and the board.")


def test_a_rule_that_was_met_once_is_not_forgotten(asked):
    asked.add(**{COUNTED: 50, SIGN: 6}).day().add(**{COUNTED: 50}).day()
    assert "was met at 50 people, and at 100 no longer" in asked.alarm()


@pytest.mark.parametrize(("events", "mark"), [
    ({}, "Pilot: "), ({SIMULATED: 1}, "Synthetic answers, no people: "),
])  # fmt: skip
def test_a_trial_is_not_taken_for_the_study(asked, events, mark):
    asked.pilot = True
    assert asked.add(**{COUNTED: 50, SIGN: 6}, **events).day().alarm().startswith(mark)


def test_the_flagships_stop_rule_is_the_one_of_its_protocol(study):
    rule = study(FLAGSHIP.name).policy.stop
    assert rule.share == 0.1
    assert [rule.shown_by(a) for a in (
        {"distress_now": 8}, {"part_feel": 1}, {"distress_now": 7, "part_feel": 2}, {},
    )] == [True, True, False, False]  # fmt: skip


def test_the_rule_is_told_as_the_policy_has_it(study):
    flagship = study(FLAGSHIP.name)
    rule = replace(flagship.policy.stop, share=0.2, first=40, hour=17)
    said = rule_in_words(replace(flagship, policy=replace(flagship.policy, stop=rule)))
    for part in ("more than 20 %", "at 17:00", "once 40 are counted", "each multiple of 50"):
        assert part in said
    assert "distress_now" not in said
    assert "names no stop rule" in rule_in_words(study("branch"))
