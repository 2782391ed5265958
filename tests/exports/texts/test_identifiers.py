"""What the assist marks, what it leaves alone, and how much of the corpus it finds."""

import time
from itertools import pairwise

import pytest

from exports.texts.identifiers import find, marked, redact
from tests.exports.texts.corpus import comments, halves, score


def said(text, lang="en"):
    return [text[s.start : s.end] for s in find(text, lang)]


def kinds(text):
    return [s.kind for s in find(text)]


# The corpus.


def test_there_are_enough_comments_with_and_without_identifiers():
    every = comments()
    planted = sum(len(c.planted) for c in every)
    bare = sum(not c.planted for c in every)
    assert (len(every) >= 200, planted >= 200, 0.3 < bare / len(every) < 0.5) == (True,) * 3


@pytest.mark.parametrize("part", [0, 1], ids=["tuned on", "held out"])
def test_more_than_nine_in_ten_planted_identifiers_are_marked(part):
    assert score(halves()[part]).recall > 0.95


def test_of_comments_written_when_all_was_finished_nine_in_ten_are_marked():
    assert score(comments("comments_later.txt")).recall > 0.9


def test_a_reader_meets_few_false_marks():
    every = score([*comments(), *comments("comments_later.txt")])
    assert every.false_per_100_words < 1.5
    assert every.precision > 0.8


def test_thousands_of_texts_take_seconds():
    texts = [f"{c.text} {n}" for n in range(4) for c in comments()]
    began = time.process_time()
    for text in texts:
        find(text)
    assert time.process_time() - began < 0.002 * len(texts)


@pytest.mark.parametrize("piece", ["a ", "1 ", "Aa ", "at dot ", "St ", "one ", ".a", "the x "])
def test_a_text_made_to_be_slow_is_not(piece):
    began = time.process_time()
    find(piece * (4000 // len(piece)))
    assert time.process_time() - began < 2


# Kinds.


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("write to a.b+c@mail.example.org now", "email", "a.b+c@mail.example.org"),
        ("anna [at] gmail [dot] com", "email", "anna [at] gmail [dot] com"),
        ("see www.example.org/x", "url", "www.example.org/x"),
        ("I am @tearful.one there", "handle", "@tearful.one"),
        ("ring 07700 900461 please", "phone", "07700 900461"),
        ("ring +49 30 23125417 please", "phone", "+49 30 23125417"),
        ("ring (555) 555-0143 please", "phone", "(555) 555-0143"),
        ("oh seven seven double oh nine is it", "phone", "oh seven seven double oh nine"),
        ("on 3.10.2017 it was", "date", "3.10.2017"),
        ("on March 14th, 2019 it was", "date", "March 14th, 2019"),
        ("on the twelfth of may it was", "date", "the twelfth of may"),
        ("it was last tuesday", "date", "last tuesday"),
        ("it was 3:15 pm", "time", "3:15 pm"),
        ("at half past four", "time", "half past four"),
        ("she is 43 years old", "age", "43 years old"),
        ("aged nineteen", "age", "nineteen"),
        ("near LS6 3QF", "postcode", "LS6 3QF"),
        ("near K1A 0B1", "postcode", "K1A 0B1"),
        ("near 3512 JE", "postcode", "3512 JE"),
        ("at 412 Maple Street", "address", "412 Maple Street"),
        ("in St Mary's hospital", "organisation", "St Mary's hospital"),
        ("dr smith cried", "name", "smith"),
        ("my therapist Anna cried", "name", "Anna"),
        ("her name is Mwajuma", "name", "Mwajuma"),
        ("i told gráinne", "name", "gráinne"),
        ("in leeds", "place", "leeds"),
        ("moving to hull", "place", "hull"),
        ("the minibus crash took him", "event", "the minibus crash"),
    ],
)
def test_an_identifier_is_marked_by_its_kind(text, kind, words):
    assert (words, kind) in [(text[s.start : s.end], s.kind) for s in find(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Will I ever get over it? I may.",
        "Mum and Dad thanked God at Christmas.",
        "CBT, EMDR and DBT did nothing, my GP said.",
        "I rose to leave. There was grace and hope in it, a mark of trust.",
        "It took ten minutes, 6 sessions and 18 months.",
        "SHE was crying, NOT me!",
        "i dont no why she cryed, probaly tired",
        "I rate it 10/10, 90% sure it cost £60.",
    ],
)
def test_ordinary_words_are_left_alone(text):
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("grace cried with me", "grace"),
        ("Hope never cried.", "Hope"),
        ("Then I told Will about it.", "Will"),
        ("my counsellor mark was kind", "mark"),
    ],
)
def test_a_word_that_is_also_a_name_is_marked_where_it_acts_like_one(text, name):
    assert name in said(text)


def test_a_full_name_is_one_mark():
    assert said("I am Deborah Hindle.") == ["Deborah Hindle"]


def test_a_word_that_nobody_knows_is_marked_in_lower_case():
    assert kinds("then xqwolda cried") == ["unknown"]


def test_another_language_is_marked_by_lists_and_shapes_alone():
    assert said("Die Frau weinte, Anna aus Leipzig, am 3.10.2017", "de") == [
        "Anna", "Leipzig", "3.10.2017",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "\n", "…", "😢😢", "a\x00b", "'" * 50, "[name]"])
def test_odd_texts_have_no_marks(text):
    assert find(text) == ()


def test_marks_stand_in_order_and_apart():
    for comment in comments():
        spans = find(comment.text)
        assert all(a.end <= b.start for a, b in pairwise(spans))


# Showing and replacing.


def test_marks_are_numbered_for_the_reader():
    text = "Anna in Leeds"
    assert marked(text, find(text)) == "[1 name: Anna] in [2 place: Leeds]"


def test_marks_are_replaced_by_their_kind():
    text = "Anna in Leeds"
    assert redact(text, find(text)) == "[name] in [place]"


def test_what_was_replaced_is_not_marked_again():
    assert said("[name] in [organisation] on [date], [unknown]") == []
