"""``lacrima study stop-rule``: what was told so far, for hosts and their monitoring."""

from pathlib import Path

import pytest

from survey.cli.main import main
from survey.storage import counters
from survey.storage.stores import Stores

NAME = "therapist-tears"


@pytest.fixture
def ask(runner):
    """Gives (exit status, what was printed) of the command."""

    def run(*words):
        done = runner.invoke(main, ["study", "stop-rule", *words], catch_exceptions=False)
        return done.exit_code, done.stdout

    return run


@pytest.fixture
def tell(runner):
    """Keeps a word as the server does."""

    def keep(answers, met, pilot=False):
        stores = Stores(Path(runner.env["LACRIMA_DATA"]))
        counters.record_verdict(stores.office, NAME, answers, met, pilot=pilot)
        stores.close()

    return keep


def test_before_anything_was_told_it_says_when_it_will_be(ask, runner):
    runner.invoke(main, ["key", "new"])
    assert ask(NAME) == (0, f"{NAME}: compared each day at 08:00, told next at 30 people.\n")


def test_every_word_is_printed_and_the_last_one_decides(ask, tell):
    tell(30, met=False)
    assert ask(NAME)[0] == 0
    tell(50, met=True)
    assert ask(NAME) == (1, (
        f"{NAME}, at 30 people: the stop rule is not met.\n"
        f"{NAME}, at 50 people: the stop rule is met.\n"
        "Speak to the clinician and the board.\n"
        f"{NAME}: compared each day at 08:00, told next at 100 people.\n"
    ))  # fmt: skip
    tell(100, met=False)
    assert ask(NAME)[0] == 0


def test_the_pilots_words_are_apart(ask, tell):
    tell(50, met=True, pilot=True)
    assert ask(NAME)[0] == 0
    status, said = ask(NAME, "--pilot")
    assert (status, "(pilot), at 50 people: the stop rule is met." in said) == (1, True)


def test_a_study_without_a_stop_rule_says_so(ask, runner):
    runner.invoke(main, ["key", "new"])
    assert ask("branch") == (0, "branch: release.toml names no stop rule.\n")


def test_asking_tells_nothing_new(ask, runner):
    ask(NAME)
    stores = Stores(Path(runner.env["LACRIMA_DATA"]))
    assert counters.verdicts(stores.office, NAME, pilot=False) == {}
    stores.close()
