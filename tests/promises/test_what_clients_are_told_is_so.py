"""Sentences of the flagship that say what the program does, held against what does it."""

from fractions import Fraction

import pytest

from exports.documents.readme import licence
from forms.load import load_study
from forms.parse_documents import client_words
from forms.tiers import TIERS
from forms.validate_wording import questionnaire_words, support_words
from survey.ethics.stored_data import TABLES, administrative
from survey.storage.drafts import IDLE_SECONDS
from tests.conftest import FLAGSHIP
from tests.exports.documents.desk import context, report

STUDY = load_study(FLAGSHIP)
PASSAGES = {
    p.id: " ".join(p.text.split())
    for p in (*STUDY.consent.key_facts, *STUDY.consent.details, *STUDY.consent.notice)
}
SAID = " ".join(text for _, _, text in client_words(STUDY.consent))

# Each column that is kept beside the answers, and the words that tell clients of it.
ROW = {
    "key": "a random number",
    "fingerprint": "the version of these words that you saw",
    "lang": "your language",
    "c_open": "your choice about the open file",
    "completion": "whether you came to the end",
    "dur_band": "about how long you took (in four broad spans)",
    "deletion": "a scrambled form of your code",
    "batch": "the batch they belong to",
}
TEXT = {
    "key": "a random number",
    "study": "the study",
    "variable": "the question",
    "lang": "your language",
    "c_quote": "your choice about quoting",
    "deletion": "a scrambled form of your code",
    "batch": "the batch",
    "text": "Your own words are kept in a separate list, each text by itself",
    "state": "whether it was read",
    "redacted": "what a reader left of it",
}


def test_clients_are_told_of_every_column_that_is_kept_beside_their_answers():
    row, _, texts = PASSAGES["detail-kept"].partition("Your own words")
    assert [name for name, _ in administrative(STUDY)] == [*ROW]
    assert [said for said in ROW.values() if said not in row] == []
    assert len(STUDY.duration_bands) + 1 == 4
    del texts


def test_clients_are_told_of_everything_that_is_kept_beside_a_text():
    _, own, texts = PASSAGES["detail-kept"].partition("Your own words")
    assert [*TABLES["texts"][1]] == [*TEXT]
    assert [said for said in TEXT.values() if said not in own + texts] == []


@pytest.mark.parametrize("where", ["detail-draft", "notice-retention"])
def test_unsent_answers_wait_two_hours_and_are_deleted_within_half_an_hour_more(where):
    assert IDLE_SECONDS == 2 * 60 * 60
    assert "two hours after your last page" in PASSAGES[where]
    assert "within half an hour after that" in PASSAGES[where]


def test_the_open_file_is_told_as_the_policy_makes_it():
    tier = STUDY.policy.tiers["B"]
    told = PASSAGES["detail-who-sees"]
    assert (tier.needs_open_consent, TIERS["B"].sample) == (True, 0.8)
    assert "In it are only people who said yes to it. Of these, 8 in 10 are drawn by lot." in told


def test_tables_are_told_as_they_are_made():
    assert STUDY.policy.tiers["A"].kind.holds == "tables"
    assert Fraction(str(STUDY.policy.tables.budget)) <= Fraction(1, 2)
    told = " ".join(PASSAGES["detail-who-sees"].split())
    assert "Each figure in them is changed a little by chance." in told
    assert (
        "So it is hard to work out what one person said, even for somebody who knows what all "
        "others said."
    ) in told


def test_what_clients_are_told_of_the_licences_stands_in_the_licences():
    openly = licence(context(report=report(tier={"name": "B", "label": "", "audience": ""})))
    restricted = " ".join(licence(context()).decode().split())
    told = PASSAGES["detail-who-sees"]
    assert "CC BY 4.0" in told
    assert b"CC BY 4.0" in openly
    assert "an AI service of others" in told
    assert "Do not feed rows, cells or texts to a model or an AI service that runs" in restricted
    assert (
        "people who treat clients of a service that gave out the link may not have the file"
        in (PASSAGES["detail-risks"])
    )
    assert "Whoever treats clients of a service that handed out the link" in restricted


def test_the_ethnic_group_is_named_where_people_agree_to_the_study():
    said = {s.id: s.text for s in STUDY.consent.statements}
    assert all("ethnic group" in " ".join(said[name].split()) for name in ("c_health", "c_ethics"))


def test_each_text_box_says_when_it_is_read_and_that_it_is_no_call_for_help():
    boxes = [q for q in STUDY.questions.values() if q.kind == "text" and q.max_length > 100]
    assert [q.name for q in boxes] == ["ff_open", "final_open"]
    for box in boxes:
        assert "We read this weeks or months later and cannot tell who you are." in box.hint
        assert "If somebody is in danger" in box.hint


def test_words_as_written_are_overwritten_when_clients_are_told():
    told = f"{STUDY.policy.originals_days} days after that, the words as you wrote them are over"
    assert told in PASSAGES["detail-no-names"]


def test_nobody_is_told_that_they_are_anonymous():
    assert "anonym" not in SAID.lower()


def test_every_country_with_a_help_line_has_an_emergency_number():
    support = STUDY.support
    assert [one for one in support.countries if not support.emergency_in(one)] == []


def test_whoever_is_under_18_finds_a_line_for_young_people_in_nearly_every_country():
    young = {c for line in STUDY.support.lines if line.youth for c in line.countries}
    assert {*STUDY.support.countries} - young == {"Israel", "Brazil"}


def test_nothing_that_clients_read_is_in_capitals_or_straight_quotes():
    read = [*client_words(STUDY.consent), *questionnaire_words(STUDY), *support_words(STUDY)]
    known = {"GDPR", "EEA", "EU", "DPO", "UK", "AI", "BACP", "CC", "BY"}
    loud = {w for _, _, text in read for w in text.replace(".", " ").split() if w.isupper()}
    assert {w.strip("(),:?") for w in loud if len(w.strip("(),:?")) > 1} <= known
    assert [text for _, _, text in read if "'" in text or '"' in text] == []
