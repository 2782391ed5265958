"""Files for repositories, by the rules that they publish (rules/, each with its source)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree

from exports.documents.all_documents import documents
from exports.documents.archives import datacite, dataverse
from exports.documents.context import DocumentContext
from exports.documents.metadata import dataset_description, ddi
from exports.documents.readme import citation, citation_cff, readme
from forms.authors import Author
from forms.deposit import NOT_TOLD, SUBJECTS, Deposit, Grant, RelatedWork, language_names
from tests.exports.documents.desk import NASTY, context, report

RULES = Path(__file__).parent / "rules"
OPEN = {"name": "B", "label": "Open microdata", "audience": "anyone"}
TOLD = Deposit(
    author=(
        Author("Example", "Ada", "0000-0002-1825-0097", "A house", "03yrm5c26"),
        Author("Sample", "Bob", affiliation="A house"),
    ),
    year=2028, publisher="An archive", place=("Finland", "Sweden"), period=("2027-03", "2028-02"),
    languages=("fi", "en"), sampling="Nonprobability.Availability", sampling_text="By link.",
    weights="none", subject=("Social Sciences",), keywords=("weeping",), contact_name="Cleo Third",
    contact_email="cleo@house.example", grant=(Grant("A fund", "F-17", "Moods", "01abcde23"),),
    related=(RelatedWork("IsCitedBy", "10.1037/a0031384", "JournalArticle"),),
)  # fmt: skip
LITTLE = Deposit(year=2028, publisher="An archive")
PLAIN = {"institution": "A house", "contact_email": "ask@house.example", "funder": "A fund"}

RELEASES = {
    "all is told": context(deposit=TOLD),
    "all is told of an open file": context(deposit=TOLD, report=report(tier=OPEN)),
    "what DataCite asks for": context(deposit=LITTLE),
    "the site's facts": context(deposit=LITTLE, facts=PLAIN),
    "no columns": context(deposit=TOLD, codebook=()),
    "a pilot": context(deposit=TOLD, pilot=True, synthetic=True),
    "words that break syntax": context(
        deposit=replace(TOLD, publisher=NASTY, weights=NASTY, place=(NASTY,), contact_name=NASTY)
    ),
}  # fmt: skip
NOTHING = {"nothing is told": context(), "no report": context(report={})}


def rules(name: str) -> dict[str, Any]:
    return json.loads((RULES / f"{name}.json").read_text("utf-8"))  # type: ignore[no-any-return]


def checked(said: object, schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(said)


def cff(release: DocumentContext) -> dict[str, Any]:
    lines = [line for line in citation_cff(release).decode().splitlines() if line[0] != "#"]
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in lines)}


def crate(release: DocumentContext) -> dict[str, dict[str, Any]]:
    """Entity by identifier."""
    said = json.loads(documents(release)["ro-crate-metadata.json"])
    return {one["@id"]: one for one in said["@graph"]}


def fields(release: DocumentContext) -> dict[str, Any]:
    """Field of dataverse.json → its value, compounds as parts → value."""

    def value(field: dict[str, Any]) -> Any:
        if field["typeClass"] != "compound":
            return field["value"]
        return [{part: value(inner) for part, inner in one.items()} for one in field["value"]]

    version = json.loads(dataverse(release))["datasetVersion"]
    blocks = version["metadataBlocks"].values()
    return {field["typeName"]: value(field) for block in blocks for field in block["fields"]}


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_datacite_json_holds_by_the_rules_of_version_4_5(release):
    checked(json.loads(datacite(release)), rules("datacite-4.5"))


@pytest.mark.parametrize("release", NOTHING.values(), ids=NOTHING)
def test_datacite_json_lacks_what_is_not_told_and_nothing_else(release):
    schema, said = rules("datacite-4.5"), json.loads(datacite(release))
    lacking = {"publisher", "publicationYear"}
    assert not lacking & said.keys()
    checked(said, {**schema, "required": sorted(set(schema["required"]) - lacking)})


@pytest.mark.parametrize("release", [*RELEASES.values(), *NOTHING.values()])
def test_the_citation_holds_by_the_rules_of_cff(release):
    checked(cff(release), rules("citation-file-format-1.2.0"))


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_the_crate_holds_by_the_rules_of_ro_crate(release):
    checked(json.loads(documents(release)["ro-crate-metadata.json"]), rules("ro-crate-1.1"))


def linked(value: object) -> list[str]:
    if isinstance(value, dict):
        return [value["@id"]]
    return [x for one in value for x in linked(one)] if isinstance(value, list) else []


@pytest.mark.parametrize("release", [*RELEASES.values(), *NOTHING.values()])
def test_whatever_the_crate_links_to_is_described_in_it_once(release):
    graph = json.loads(documents(release)["ro-crate-metadata.json"])["@graph"]
    named = [one["@id"] for one in graph]
    assert len(set(named)) == len(named)
    targets = {t for one in graph for k, v in one.items() if k != "conformsTo" for t in linked(v)}
    assert targets <= set(named)


def test_the_crate_lists_every_file_but_itself():
    files = documents(context(deposit=TOLD))
    parts = set(linked(crate(context(deposit=TOLD))["./"]["hasPart"]))
    beside = {"documentation/report.json", "SHA256SUMS", "data/study-tinystudy_data.csv"}
    assert parts == files.keys() - {"ro-crate-metadata.json"} | beside


@pytest.mark.parametrize("release", [*RELEASES.values(), *NOTHING.values()])
def test_dataverse_json_has_fields_that_dataverse_knows_in_the_form_it_takes(release):
    known = rules("dataverse-fields")
    version = json.loads(dataverse(release))["datasetVersion"]
    for name, block in version["metadataBlocks"].items():
        for field in block["fields"]:
            rule = known[name][field["typeName"]]
            assert field["multiple"] == rule.get("many", False) == isinstance(field["value"], list)
            kind = "compound" if "parts" in rule else "primitive"
            assert field["typeClass"] == ("controlledVocabulary" if "list" in rule else kind)
            for one in field["value"] if "parts" in rule else ():
                assert one.keys() <= set(rule["parts"])
                assert all(inner["typeName"] == part for part, inner in one.items())
                assert {p for p, i in one.items() if i["typeClass"] == "controlledVocabulary"} <= {
                    "authorIdentifierScheme"
                }
    assert set(version) == {"metadataBlocks", "license" if release.open else "termsOfUse"}


def test_nothing_that_dataverse_requires_lacks_where_all_is_told():
    required = {n for n, r in rules("dataverse-fields")["citation"].items() if r.get("required")}
    assert required <= fields(context(deposit=TOLD)).keys()
    assert required - fields(context()).keys() == {"datasetContact", "subject"}


def test_values_of_dataverses_lists_are_on_them():
    said = fields(context(deposit=TOLD))
    assert set(said["subject"]) <= set(SUBJECTS)
    assert said["language"] == [language_names()["fi"], language_names()["en"]]


def tree(release: DocumentContext) -> etree._Element:
    return etree.fromstring(ddi(release))


@pytest.fixture(scope="session")
def schema(shared_data: Path) -> etree.XMLSchema:
    folder = shared_data / "schemas" / "ddi-codebook-2.5" / "schemas"
    return etree.XMLSchema(etree.parse(folder / "codebook.xsd"))


@pytest.mark.parametrize("release", [*RELEASES.values(), *NOTHING.values()])
def test_ddi_stays_valid_whatever_is_told(release, schema):
    assert schema.validate(tree(release)), schema.error_log.filter_from_errors()[0]


# Of IQSS/dataverse, ImportDDIServiceBean: these are read as texts, and any element inside one ends
# the import ("element text content may not contain START_ELEMENT").
READ_AS_TEXT = (
    "titl", "subTitl", "AuthEnty", "producer", "fundAg", "grantNo", "distrbtr", "contact",
    "version", "keyword", "topcClas", "abstract", "geogCover", "anlyUnit", "universe", "dataKind",
    "sampProc", "collMode", "resInstru", "weight", "confDec", "restrctn", "citReq", "disclaimer",
    "relMat",
)  # fmt: skip


def test_ddi_is_such_as_dataverse_reads():
    root = tree(context(deposit=TOLD, facts=PLAIN))
    assert "{http://www.w3.org/XML/1998/namespace}lang" not in root.attrib
    study = root.find("{*}stdyDscr")
    assert study is not None
    found = [one for name in READ_AS_TEXT for one in study.iter("{*}" + name)]
    assert {etree.QName(one).localname for one in found} == set(READ_AS_TEXT)
    assert not [one for one in found if len(one)]
    # A country would have to be one of Dataverse's own list.
    assert not list(study.iter("{*}nation"))


FACTS = {
    "an author": "Example", "an ORCID": "0000-0002-1825-0097", "an affiliation": "A house",
    "the year": "2028", "the publisher": "An archive", "a place": "Sweden", "the period": "2027-03",
    "a language": "fi", "the sampling": "Nonprobability.Availability", "the weights": "none",
    "the subject": "Social Sciences", "a keyword": "weeping", "the contact": "cleo@house.example",
    "a grant": "F-17", "a related work": "10.1037/a0031384", "an organisation": "03yrm5c26",
}  # fmt: skip
# What a format has no place for.
NO_PLACE = {
    "CITATION.cff": {"the period", "a language", "the sampling", "the weights", "the subject",
                     "a grant", "a related work", "an organisation"},
    "datacite.json": {"the contact"},
    "dataverse.json": {"an organisation", "a language"},
    "ro-crate-metadata.json": {"the sampling", "the weights", "a grant"},
    "documentation/ddi.xml": {"an ORCID", "an organisation", "a language"},
}  # fmt: skip


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("file", NO_PLACE)
def test_a_fact_that_is_told_stands_in_the_file(file, fact):
    told = json.dumps(FACTS[fact])[1:-1]
    with_it, without = documents(context(deposit=TOLD))[file], documents(context())[file]
    assert (told in with_it.decode()) == (fact not in NO_PLACE[file] or told in without.decode())


def test_what_is_not_told_is_named_for_readers_and_made_up_nowhere():
    text = readme(context(), ()).decode()
    assert "Not told: author, year, publisher, subject, contact_email, place, period" in text
    assert "All that archives ask for is told." not in text
    assert not {"datasetContact", "distributor", "grantNumber"} & fields(context()).keys()
    assert not {"datePublished", "publisher", "funder"} & crate(context())["./"].keys()


def test_a_release_that_tells_all_says_so():
    told = replace(TOLD, author=TOLD.author[:1])
    assert "All that archives ask for is told." in readme(context(deposit=told), ()).decode()


def test_facts_that_the_site_tells_clients_fill_in_what_is_not_told():
    said = fields(context(facts=PLAIN))
    assert said["datasetContact"] == [
        {"datasetContactName": "A house", "datasetContactEmail": "ask@house.example"}
    ]
    assert said["grantNumber"] == [{"grantNumberAgency": "A fund"}]


def test_no_grant_is_no_funder():
    release = context(facts=PLAIN, deposit=Deposit(grant=()))
    assert "fundingReferences" not in json.loads(datacite(release))


def test_a_fact_that_is_no_address_is_no_contact():
    assert "datasetContact" not in fields(context(facts={"contact_email": "by post only"}))


@pytest.mark.parametrize(
    ("plan", "works"),
    [
        ("https://osf.example/abcde", ["IsDocumentedBy: https://osf.example/abcde"]),
        ("not registered", None),
    ],
)
def test_the_preregistration_is_a_related_work(plan, works):
    assert fields(context(facts={"prereg_url": plan})).get("relatedMaterial") == works


def test_the_title_and_the_citation_name_place_period_and_year():
    said = citation(context(deposit=TOLD))
    assert said.startswith("Ada Example and Bob Sample (2028). A tiny study: anonymised survey")
    assert "tier C, Finland, Sweden, 2027-2028, version 1 [Data set]. An archive." in said


def test_an_open_file_is_under_creative_commons_for_every_repository():
    release = context(deposit=TOLD, report=report(tier=OPEN))
    assert json.loads(datacite(release))["rightsList"][0]["rightsIdentifier"] == "cc-by-4.0"
    version = json.loads(dataverse(release))["datasetVersion"]
    assert version["license"]["uri"] == "https://creativecommons.org/licenses/by/4.0"
    assert crate(release)["./"]["license"]["@id"] == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize("file", ["datacite.json", "dataverse.json", "ro-crate-metadata.json"])
def test_no_restricted_file_is_called_open(file):
    assert "creativecommons" not in documents(context(deposit=TOLD))[file].decode()


def test_authors_of_the_deposit_are_persons_for_psych_ds():
    makers = json.loads(dataset_description(context(deposit=TOLD)))["author"]
    assert [maker["affiliation"] for maker in makers] == ["A house", "A house"]


@pytest.mark.parametrize("deposit", [NOT_TOLD, TOLD])
def test_the_same_facts_give_the_same_bytes(deposit):
    assert documents(context(deposit=deposit)) == documents(context(deposit=deposit))
