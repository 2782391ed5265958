"""Elements that boards look for: found where they are said, and missed where they are not."""

from dataclasses import replace

import pytest

from forms.dates import DATES
from forms.elements import elements
from forms.study import ChecklistItem
from survey.ethics.checklist import answered, grades, unsettled
from survey.storage.board import ElementVerdict
from survey.studies import submission_documents


@pytest.fixture
def flagship(study):
    return study("therapist-tears")


def without(study, *ids, passages=True):
    """The study with these elements left out of its checklist, or left without a passage."""
    items = study.consent.checklist
    kept = tuple(
        replace(i, passages=()) if i.id in ids and passages else i
        for i in items
        if passages or i.id not in ids
    )
    return replace(study, consent=replace(study.consent, checklist=kept))


def lacking(study, facts=None, slots=(), **verdicts):
    """The ids that stand in the way of an approval, with these verdicts."""
    filled = dict.fromkeys(study.consent.facts, "filled in")
    filled |= dict.fromkeys(DATES, "2031-03-31") | (facts or {})
    given = {e: ElementVerdict(e, v, "why", "2026-01-02", "Ada") for e, v in verdicts.items()}
    return [line.element.id for line in unsettled(answered(study, filled, slots), given)]


SLOTS = {e.slot for e in elements()} - {""}


def test_there_are_98_elements():
    assert len({e.id for e in elements()}) == 98


def test_the_slots_that_satisfy_elements_are_slots_of_the_submission():
    assert {slot.id for slot in submission_documents.SLOTS} >= SLOTS


def test_the_flagship_leaves_to_the_board_what_only_a_member_can_find(flagship):
    assert lacking(flagship, slots=SLOTS) == [
        "US-15", "US-19", "US-25", "US-26", "EU-20", "EU-21", "DOH-8", "X-09", "CH-3",
    ]  # fmt: skip


def test_what_only_a_document_says_is_missing_until_its_slot_has_one(flagship):
    held = {e.id for e in elements() if e.slot}
    assert held <= set(lacking(flagship))
    assert not held & set(lacking(flagship, slots=SLOTS))


@pytest.mark.parametrize("verdict", ["met", "weak", "not applicable", "waived"])
def test_a_verdict_settles_what_no_passage_says(flagship, verdict):
    given = {"US_15": verdict}
    assert "US-15" not in lacking(flagship, **{e.replace("_", "-"): v for e, v in given.items()})


def test_a_passage_that_a_member_finds_missing_stands_in_the_way(flagship):
    assert "US-02" in lacking(flagship, **{"US-02": "missing"})


@pytest.mark.parametrize(("fact", "element"), [("injury_text", "US-11"), ("target_n", "US-20")])
def test_a_fact_that_the_site_leaves_empty_satisfies_nothing(flagship, fact, element):
    assert element in lacking(flagship, {fact: ""})


def test_what_an_element_asks_for_stands_in_the_platforms_list_alone(flagship):
    assert {(i.source, i.must) for i in flagship.consent.checklist} == {("", "")}
    assert not [e for e in elements() if "[" in e.source + e.must]


def test_an_element_without_a_passage_is_missing(flagship):
    assert "US-08" in lacking(without(flagship, "US-08"))


def test_an_element_that_the_study_leaves_out_is_missing_too(flagship):
    bare = without(flagship, "EU-05", passages=False)
    assert "EU-05" in lacking(bare)


def test_a_study_without_a_checklist_has_said_nothing(flagship):
    bare = without(flagship, *(e.id for e in elements()), passages=False)
    assert len(lacking(bare)) == 98


def test_what_a_study_adds_to_the_list_is_asked_of_it_as_well(flagship):
    own = ChecklistItem("OUR-1", "we", "ours", "nowhere", ())
    items = (*flagship.consent.checklist, own)
    more = replace(flagship, consent=replace(flagship.consent, checklist=items))
    assert lacking(more)[-1] == "OUR-1"


def test_every_passage_of_the_flagship_has_its_place(flagship):
    spots = [spot for line in answered(flagship, {}) for spot in line.spots]
    named = sum(len(i.passages) for i in flagship.consent.checklist)
    assert (len(spots), all(s.screen or s.text for s in spots)) == (named, True)


def test_the_flagships_sections_read_within_its_ceiling(flagship):
    assert {g.verdict for g in grades(flagship)} == {"within"}


def test_statements_notice_help_and_leaflet_have_the_ceiling_too(flagship):
    held = {g.section: g.ceiling for g in grades(flagship)}
    named = ("Consent statements", "Data protection notice", "Help page", "Leaflet")
    assert {held[name] for name in named} == {8}


def test_another_language_has_no_grade(flagship):
    assert grades(replace(flagship, language="de")) == ()
