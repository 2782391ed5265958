import json
from typing import Any

import pytest

from exports.documents.metadata import dataset_description, ddi
from exports.documents.readme import changes, citation_cff, licence
from tests.exports.documents.desk import context, report

OPEN = {"name": "B", "label": "Open microdata", "audience": "anyone"}
RECIPIENT = {"name": "Ada Example", "agreement": "DUA 7", "date": "2026-03-01"}


def cff(**changes: Any) -> dict[str, object]:
    lines = [
        line for line in citation_cff(context(**changes)).decode().splitlines() if line[0] != "#"
    ]
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in lines)}


def test_an_open_file_is_under_creative_commons():
    text = licence(context(report=report(tier=OPEN))).decode()
    assert "Creative Commons Attribution 4.0 International" in text
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in text


def test_a_restricted_file_names_nobody_s_licence():
    text = licence(context()).decode()
    assert "data\nuse agreement" in text
    assert "Creative Commons" not in text


def test_the_person_the_agreement_and_the_date_are_named():
    text = licence(context(recipient=RECIPIENT)).decode()
    assert "Given to: Ada Example\nAgreement: DUA 7\nDate: 2026-03-01" in text


@pytest.mark.parametrize("key", ["cff-version", "message", "title", "authors"])
def test_the_citation_has_every_required_key(key):
    assert cff()[key]


def test_only_an_open_file_names_a_licence_in_the_citation():
    assert "license" not in cff()


def test_the_citation_needs_no_date():
    assert not [key for key in cff() if "date" in key]


def test_corrections_of_earlier_releases_are_listed():
    text = changes(context(corrections=["Release 3 is recalled: wrong labels."])).decode()
    assert "- Release 3 is recalled: wrong labels." in text


AUTHORS = {"authors": "Example, Ada (0000-0002-1825-0097); Sample, Bob", "institution": "A house"}


def test_authors_are_persons_in_the_citation():
    assert cff(facts=AUTHORS)["authors"] == [
        {
            "family-names": "Example",
            "given-names": "Ada",
            "affiliation": "A house",
            "orcid": "https://orcid.org/0000-0002-1825-0097",
        },
        {"family-names": "Sample", "given-names": "Bob", "affiliation": "A house"},
        {"name": "A house"},
    ]


def test_names_that_are_no_list_stay_one_maker():
    facts = {"researcher_names": "Ada Example and Bob Sample"}
    assert cff(facts=facts)["authors"] == [{"name": "Ada Example and Bob Sample"}]


def test_authors_are_persons_for_catalogues():
    makers = json.loads(dataset_description(context(facts=AUTHORS)))["author"]
    assert [maker["@type"] for maker in makers] == ["Person", "Person", "Organization"]
    assert (makers[0]["familyName"], makers[0]["givenName"]) == ("Example", "Ada")
    assert makers[0]["@id"] == "https://orcid.org/0000-0002-1825-0097"
    assert ">Sample, Bob</AuthEnty>" in ddi(context(facts=AUTHORS)).decode()
