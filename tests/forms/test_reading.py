from pathlib import Path

import pytest

from forms.load import load_study
from forms.readability import grade, grade_of, sentences, syllables, words

# Sentences whose counts are given in the English Wikipedia, "Flesch-Kincaid readability tests":
# the platypus with its 24 syllables, 13 words and grade 11.3; the lowest grade there can be, -3.40,
# when every sentence is one word of one syllable.
PLATYPUS = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."

GETTYSBURG = (
    "Four score and seven years ago our fathers brought forth on this continent, a new nation, "
    "conceived in Liberty, and dedicated to the proposition that all men are created equal."
)

# Syllables as in the CMU Pronouncing Dictionary 0.7b.
COUNTED = {
    1: "a you the cried felt tears eyes asked through made these lives thought worked we're queue",
    2: "table people little asking being couldn't didn't using prism someone safely hundred",
    3: "therapist family another remember idea radio created happier sincerely royalty everyone",
    4: "information understanding experience invisible psychology confidential",
    5: "uncomfortable university communication immediately opportunity automatically",
    6: "responsibility accountability",
}
CASES = [(word, count) for count, line in COUNTED.items() for word in line.split()]


@pytest.mark.parametrize(("word", "count"), CASES)
def test_syllables_are_those_of_a_pronouncing_dictionary(word, count):
    assert syllables(word) == count


def test_capitals_and_curly_apostrophes_change_no_count():
    assert syllables("DIDN’T") == syllables("didn't") == 2


def test_the_cat_on_the_mat_has_the_grade_of_the_formula():
    assert grade("The cat sat on the mat.") == pytest.approx(-1.45)


def test_the_platypus_has_its_published_grade():
    assert round(grade(PLATYPUS), 1) == 11.3


def test_the_lowest_grade_is_that_of_one_short_word():
    assert grade("Go. Stop.") == pytest.approx(-3.40)


def test_the_gettysburg_address_opens_as_counted_by_hand():
    heard = sum(syllables(word) for word in words(GETTYSBURG))
    assert (len(words(GETTYSBURG)), heard, sentences(GETTYSBURG)) == (30, 48, 1)


def test_published_averages_give_the_published_grade():
    # Green Eggs and Ham: 5.7 words a sentence, 1.02 syllables a word, grade -1.3.
    assert grade_of(words=570, sentences=100, syllables=581.4) == pytest.approx(-1.33, abs=0.01)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three? Four …", 4),
        ('He said "Stop." Then he went.', 2),
        ("A heading\n\nA sentence.", 2),
        ("Ask, e.g. a friend, at 10.30 or on www.example.org.", 1),
        ("", 0),
        ("?!", 0),
    ],
)
def test_sentences_end_where_a_reader_would_stop(text, count):
    assert sentences(text) == count


def test_a_fact_counts_as_two_words():
    assert words("We are {institution}.") == ["We", "are", "two", "words"]


def test_nothing_to_read_has_grade_zero():
    assert grade(" … ") == 0


def test_the_flagships_information_reads_at_about_grade_four():
    flagship = load_study(Path(__file__).parents[2] / "studies" / "therapist-tears")
    information = (*flagship.consent.key_facts, *flagship.consent.details)
    assert 3 < grade("\n\n".join(p.text for p in information)) < 5
