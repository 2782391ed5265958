"""Cosmetic or substantive: a rule that nobody can talk round."""

import pytest

from survey.ethics.version_content import PROSE
from survey.ethics.version_diff import classify_change

HARMLESS = [
    ("You may  stop .", "You may stop."),
    ("It is so; you know.", "It is so, you know"),
    ("we *never* keep it", "We never keep it"),
    ("recieve an answer", "receive an answer"),
    ("anonimous answers", "anonymous answers"),
    ("publised results", "published results"),
]
HARMFUL = [
    ("You may stop.", "You must stop.", "what is permitted, required or limited"),
    ("We do not keep it.", "We do now keep it.", "a negation"),
    ("You can't stop.", "You can stop.", "a negation"),
    ("kept for 10 years", "kept for 100 years", "a number or a span of time"),
    ("at 3.5", "at 35", "a number or a span of time"),
    ("kept for two hours", "kept for two weeks", "a number or a span of time"),
    ("from -5 on", "from 5 on", "a number or a span of time"),
    ("your answers", "our answers", "words changed"),
    ("your therapist", "your therapists", "words changed"),
    ("he is identified", "he is unidentified", "words changed"),
    ("stored safely", "shared safely", "words changed"),
    ("personal data", "personnel data", "words changed"),
    ("form it", "from it", "words changed"),
    ("You agree.", "You agree?", "words changed"),
    ("on {freeze_not_before}", "on {results_when}", "a fact of the site comes or goes"),
    ("sent ✓", "sent ✗", "words changed"),
    ("data in the US", "data in the us", "words changed"),
    ("a b c d", "a c b d", "words changed"),
    ("We keep it.", "", "words removed"),
]


@pytest.mark.parametrize(("old", "new"), HARMLESS)
def test_what_leaves_every_word_in_its_place_is_cosmetic(old, new):
    assert classify_change(old, new, kind=PROSE, language="en").nature == "cosmetic"


@pytest.mark.parametrize(("old", "new", "why"), HARMFUL)
def test_what_changes_a_meaning_is_substantive_and_says_why(old, new, why):
    verdict = classify_change(old, new, kind=PROSE, language="en")
    assert (verdict.nature, verdict.why) == ("substantive", why)


@pytest.mark.parametrize(("old", "new"), HARMLESS)
def test_in_a_consent_statement_every_change_is_substantive(old, new):
    verdict = classify_change(old, new, kind="a consent statement", language="en")
    assert (verdict.nature, verdict.why) == ("substantive", "a consent statement")


def test_spelling_is_judged_in_english_alone():
    assert (
        classify_change("recieve it", "receive it", kind=PROSE, language="de").nature
        == "substantive"
    )
