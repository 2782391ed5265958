import json
from dataclasses import replace
from typing import Any

import pytest

from exports.documents.context import ArchivedDocuments
from exports.documents.instruments import wordings
from forms.dates import DATES
from forms.site_facts import fill
from tests.exports.documents.desk import FLAGSHIP, context

CONTENT = json.loads(FLAGSHIP.content)
ASKED = "materials/questionnaire-1-en"
AGREED = "documentation/consent-c1-en"
BASIS = ["legal_basis", "consent"]
FACTS = (
    dict.fromkeys(CONTENT["consent"]["facts"], "Example")
    | dict.fromkeys(DATES, "2026-01-31")
    | dict([BASIS])
)


def text(name: str, **changes: Any) -> str:
    return wordings(context(**changes))[name].decode()


@pytest.mark.parametrize("end", [".md", ".html"])
def test_every_question_row_and_option_is_told(end):
    said = text(ASKED + end).replace("&#39;", "'").replace("&lt;", "<")
    questions = [q for p in CONTENT["pages"] for q in p["questions"]]
    rows = [r["text"] for q in questions for r in q.get("rows", ())]
    options = [o["label"] for q in questions for o in q.get("options", ())]
    assert [words for words in (*rows, *options) if words not in said] == []


def test_routing_is_told_in_words():
    assert "Asked only if saw_tears is 1 (Yes, I am sure they did) or 2" in text(ASKED + ".md")


@pytest.mark.parametrize("part", ["key_facts", "details", "notice", "statements", "debrief"])
def test_every_passage_of_the_consent_is_told(part):
    said = text(AGREED + ".md", facts=FACTS)
    shown = [p["text"] for p in CONTENT["consent"][part] if p.get("only_if") in (None, BASIS)]
    assert [passage for passage in shown if fill(passage, FACTS) not in said] == []


def test_of_two_variants_the_one_that_clients_saw_is_told():
    said = text(AGREED + ".md", facts=FACTS)
    other = next(p for p in CONTENT["consent"]["notice"] if p.get("only_if") not in (None, BASIS))
    assert fill(other["text"], FACTS) not in said


def test_the_sites_facts_are_filled_in():
    assert "University of Example" in text(
        AGREED + ".html", facts={"institution": "University of Example"}
    )


def test_a_fact_the_site_has_not_given_stays_visible():
    assert "[institution]" in text(AGREED + ".md")


def test_what_is_for_the_board_alone_is_not_told():
    notes = CONTENT["consent"]["board_note"]
    assert notes
    assert notes[0]["text"] not in text(AGREED + ".md")


def test_words_come_from_the_archive_and_not_from_the_folder_of_today():
    changed = json.loads(FLAGSHIP.content.replace("Did you see tears?", "An older title"))
    release = context(wordings=[ArchivedDocuments("0.9", "c0", changed)])
    said = wordings(release)["materials/questionnaire-0.9-en.md"].decode()
    assert "Page 1: An older title" in said


def test_the_page_is_in_the_language_that_was_shown():
    greek = replace(context().archived[0], content={**CONTENT, "language": "el"})
    page = wordings(context(wordings=[greek]))["materials/questionnaire-1-el.html"]
    assert b'<html lang="el">' in page
