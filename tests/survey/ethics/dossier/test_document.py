"""A dossier says every word that a client can meet, every column, and where each element is met."""

from collections.abc import Iterator
from typing import Any

import pytest

from forms.kinds import columns_of_study
from forms.site_facts import fill
from survey.ethics.checklist import answered
from tests.journeys.test_board import words
from tests.survey.ethics.dossier.conftest import SIGNED

NAMES = ["therapist-tears", "branch", "kinds", "once", "minimal"]


def texts(part: Any) -> Iterator[str]:
    """Every text in a document, a paragraph's runs joined."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for inner in part.values():
            yield from texts(inner)
    elif isinstance(part, list | tuple):
        if part and all(isinstance(run, tuple) for run in part):
            yield " ".join("".join(run[1] for run in part).split())
        for inner in part:
            yield from texts(inner)


def links(part: Any) -> Iterator[str]:
    if isinstance(part, tuple) and part[0] == "ref":
        yield part[2]
    elif isinstance(part, dict | list | tuple):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from links(inner)


@pytest.mark.parametrize("name", NAMES)
def test_every_word_a_client_can_read_is_in_the_dossier(said, study, name):
    told = " ".join(" ".join(texts(said(name))).split())
    facts = dict.fromkeys(study(name).consent.optional_facts, "")
    paragraphs = [p for w in words(study(name)) for p in fill(w, facts).split("\n\n")]
    plain = [" ".join(p.replace("*", "").split()) for p in paragraphs]
    assert [word for word in plain if word not in told] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_column_is_in_the_dossier(said, study, name):
    told = set(texts(said(name)))
    assert {column.name for column in columns_of_study(study(name))} - told == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_exactly_one_place(said, name):
    document = said(name)
    assert set(links(document)) - set(document["targets"]) == set()


def test_every_element_of_the_checklist_has_a_row(said, study):
    told = set(texts(said("therapist-tears")))
    wanted = {item.id for item in study("therapist-tears").consent.checklist}
    assert wanted - told == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_dossier_and_the_page_count_the_same_elements_as_missing(said, study, name):
    facts = dict.fromkeys(study(name).consent.optional_facts, "")
    missing = [line.element.id for line in answered(study(name), facts) if line.fault]
    listed = f"{len(missing)} are satisfied by no passage: {', '.join(missing)}."
    assert (listed if missing else "Each has its passage.") in set(texts(said(name)))


def test_a_fact_that_is_not_given_stands_out(said):
    runs = [run for run in _runs(said("kinds")) if run[0] == "gap"]
    assert ("gap", "[institution]") in runs


def _runs(part: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(part, tuple):
        yield part
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _runs(inner)


def test_an_approval_is_told_with_its_conditions(said):
    document = said("minimal", SIGNED)
    assert document["status"] == "Approved: EK 2026/17, from 2026-03-04 to 2027-03-03"
    assert {"Dr Ada Berg", "Not in clinics."} <= set(texts(document))


@pytest.mark.parametrize(
    ("demo", "status"), [(True, "Pilot: not approved"), (False, "Not approved")]
)
def test_without_an_approval_the_dossier_says_so(said, demo, status):
    assert said("minimal", demo=demo)["status"] == status
