"""Reading texts at the command line: what is typed decides, and the end of the input ends it."""

import re

import pytest

from survey.cli.main import main
from survey.storage import texts as text_storage
from survey.storage.answers import Text, accept
from survey.storage.stores import Stores
from tests.survey.storage.samples import answer, mark, open_study

TEXTS = ("my therapist Anna cried in Leeds",)


@pytest.fixture
def stored(tmp_path):
    """A pilot of the tiny study ``minimal`` with one text."""
    stores = Stores(tmp_path / "data")
    table = open_study(stores.pilot, study="minimal")
    for number, words in enumerate(TEXTS):
        text = Text("minimal", "why", "en", 1, mark("text", number), words)
        accept(stores.pilot, answer(table, number, study="minimal", texts=(text,)))
    yield stores
    stores.close()


@pytest.fixture
def read(runner, stored):
    """Types lines; gives (exit status, printed, told, the texts as they are then)."""

    def run(*lines, options=("--pilot",), **environ):
        done = runner.invoke(
            main, ["review", "minimal", *options], input="".join(f"{x}\n" for x in lines),
            env=environ, catch_exceptions=False,
        )  # fmt: skip
        texts = text_storage.all_texts(stored.pilot, "minimal", frozen_only=False)
        return done.exit_code, done.stdout, done.stderr, texts

    return run


def test_marks_stand_in_brackets_where_there_are_no_colours(read):
    _, said, _, _ = read()
    assert "my therapist [1 name: Anna] cried in [2 place: Leeds]" in said


def test_it_says_that_the_marks_are_not_enough(read):
    assert "they miss some names" in read()[1]


def test_the_end_of_the_input_decides_nothing(read):
    status, _, _, [text] = read()
    assert (status, text.state) == (0, "new")


@pytest.mark.parametrize(
    ("typed", "state", "words"),
    [
        (["a"], "approved", TEXTS[0]),
        (["all", "a"], "redacted", "my therapist [name] cried in [place]"),
        (["1 2", "a"], "redacted", "my therapist [name] cried in [place]"),
        (["2", "1", "a"], "redacted", "my therapist [name] cried in [place]"),
        (["2 organisation", "a"], "redacted", "my therapist Anna cried in [organisation]"),
        (["/in leeds/", "a"], "redacted", "my therapist Anna cried [detail]"),
        (["/in leeds/place", "a"], "redacted", "my therapist Anna cried [place]"),
        (["all", "o", "a"], "approved", TEXTS[0]),
        (["w"], "withheld", TEXTS[0]),
        (["s"], "new", TEXTS[0]),
        (["q", "a"], "new", TEXTS[0]),
        (["a", "u"], "approved", TEXTS[0]),
        (["7", "/nobody/", "nonsense", "", "?", "a"], "approved", TEXTS[0]),
    ],
)
def test_what_is_typed_decides(read, typed, state, words):
    status, _, _, [text] = read(*typed)
    assert (status, text.state, text.words) == (0, state, words)


def test_the_last_decision_can_be_taken_back_while_another_text_is_shown(read, stored):
    table = open_study(stored.pilot, study="minimal")
    text = Text("minimal", "why", "en", 1, mark("text", 9), "another one")
    accept(stored.pilot, answer(table, 9, study="minimal", texts=(text,)))
    _, said, _, texts = read("a", "u", "q")
    assert ("undone" in said, {t.state for t in texts}) == (True, {"new"})


def test_a_typed_mistake_is_told_and_the_text_stays(read):
    said = read("7", "red")[1]
    assert "There is no mark 7; the text has 2." in said
    assert "'red' is nothing I know" in said


def test_the_standing_is_told_at_the_end(read):
    assert "why: 1 approved" in read("a")[1]


def test_the_status_alone_shows_no_text(read):
    _, said, _, _ = read(options=("--pilot", "--status"))
    assert (said, "Anna" in said) == ("why: 1 new\n", False)


def test_where_nothing_waits_it_says_so(read):
    read("a")
    status, _, told, _ = read()
    assert (status, told) == (1, "Every text of minimal that may be released has been read.\n")


def test_texts_that_are_not_frozen_are_not_shown(read):
    status, said, told, _ = read(options=())
    assert (status, said, "No approval of it has begun" in told) == (1, "", True)


def test_with_two_readers_a_second_person_is_asked_for(read):
    _, said, _, [text] = read("a", LACRIMA_TEXT_READERS="2")
    assert ("a second person has to agree" in said, text.state) == (True, "once")
    status, _, told, _ = read("a", LACRIMA_TEXT_READERS="2")
    assert (status, "another person" in told) == (1, True)


def test_a_text_cannot_steer_the_terminal(read, stored):
    table = open_study(stored.pilot, study="minimal")
    text = Text("minimal", "why", "en", 1, mark("text", 9), "red \x1b[31m\x07 and Anna\u202eannA")
    accept(stored.pilot, answer(table, 9, study="minimal", texts=(text,)))
    said = read("s", "s")[1]
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", said)
