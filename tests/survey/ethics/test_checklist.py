"""Elements that boards look for: found where they are said, and missed where they are not."""

from dataclasses import replace

import pytest

from survey.ethics.checklist import answered, elements, grades, missing_elements, unwaived


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


def test_there_are_74_elements():
    assert len({e.id for e in elements()}) == 74


def test_the_flagship_says_every_one_of_them(flagship):
    assert missing_elements(flagship) == ()


def test_the_list_says_what_the_flagships_checklist_says(flagship):
    said = [(i.id, i.must) for i in flagship.consent.checklist]
    assert said == [(e.id, e.must) for e in elements()]


def test_an_element_without_a_passage_is_missing(flagship):
    assert [e.id for e in missing_elements(without(flagship, "US-08"))] == ["US-08"]


def test_an_element_that_the_study_leaves_out_is_missing_too(flagship):
    bare = without(flagship, "EU-05", passages=False)
    assert [e.id for e in missing_elements(bare)] == ["EU-05"]


def test_a_study_without_a_checklist_has_said_nothing(flagship):
    bare = without(flagship, *(e.id for e in elements()), passages=False)
    assert len(missing_elements(bare)) == 74


def test_a_waived_element_no_longer_stands_in_the_way(flagship):
    bare = without(flagship, "US-08", "EU-05")
    assert [e.id for e in unwaived(bare, {"US-08"})] == ["EU-05"]


def test_what_a_study_adds_to_the_list_is_asked_of_it_as_well(flagship):
    own = replace(flagship.consent.checklist[0], id="OUR-1", passages=())
    items = (*flagship.consent.checklist, own)
    more = replace(flagship, consent=replace(flagship.consent, checklist=items))
    assert [e.id for e in missing_elements(more)] == ["OUR-1"]


def test_every_passage_of_the_flagship_has_its_place(flagship):
    spots = [spot for line in answered(flagship) for spot in line.spots]
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
