from pathlib import Path

import pytest
from lxml import etree

from exports.documents.context import DocumentContext
from exports.documents.metadata import ddi
from tests.exports.documents.desk import NASTY, context, relabelled

DDI = {"d": "ddi:codebook:2_5"}
FACTS = {
    "institution": "University of Example", "researcher_names": "Ada Example", "funder": "Fund",
    "ethics_board": "Board", "ethics_ref": "17",
}  # fmt: skip


@pytest.fixture(scope="session")
def schema(shared_data: Path) -> etree.XMLSchema:
    folder = shared_data / "schemas" / "ddi-codebook-2.5" / "schemas"
    return etree.XMLSchema(etree.parse(folder / "codebook.xsd"))


def tree(release: DocumentContext) -> etree._Element:
    return etree.fromstring(ddi(release))


RELEASES = {
    "ordinary": context(),
    "with authors": context(facts={"authors": "Example, Ada; Sample, Bob"}),
    "with facts": context(facts=FACTS, findings=[("k", "5", "Five look alike.")]),
    "pilot": context(pilot=True, synthetic=True, policy_notes=["Under 50 rows."]),
    "words that break syntax": relabelled(
        context(), "met", label=NASTY + "\x0b", question={"a": NASTY, "b": "]]>"}
    ),
    "no report": context(report={}),
}  # fmt: skip


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_the_file_is_valid_ddi_codebook(release, schema):
    assert schema.validate(tree(release)), schema.error_log.filter_from_errors()[0]


def test_mixed_levels_and_sets_of_ticks_are_told_in_valid_ddi(mixed, schema):
    found = etree.parse(mixed / "documentation" / "ddi.xml")
    assert schema.validate(found), schema.error_log.filter_from_errors()[0]
    natures = found.xpath(
        "//d:var[@name='age_band' or @name='age_band_l1']/@nature", namespaces=DDI
    )
    assert natures == ["nominal", "nominal"]
    [ticks] = found.xpath("//d:varGrp[@type='multipleResp']", namespaces=DDI)
    assert ticks.get("name") == "ep_topic"
    assert ticks.get("var").split()[0] == "V_ep_topic__loss"


def variable(name: str, path: str) -> list[str]:
    return [
        str(v) for v in tree(context()).xpath(f"//d:var[@name='{name}']/{path}", namespaces=DDI)
    ]


def test_every_column_is_a_variable_in_the_order_of_the_file():
    names = tree(context()).xpath("//d:var/@name", namespaces=DDI)
    assert names == [e["variable"] for e in context().codebook]


def test_missing_codes_are_categories_marked_missing():
    assert "-99" in variable("calm", "d:catgry[@missing='Y']/d:catValu/text()")
    assert variable("calm", "d:catgry[not(@missing)]/d:catValu/text()") == list("12345")


def test_missing_codes_are_listed_as_invalid():
    assert "-99" in variable("calm", "d:invalrng/d:item/@VALUE")


def test_a_number_has_a_valid_range():
    assert variable("sc_mood", "d:valrng/d:range/@min") == ["1"]


def test_each_branch_has_its_question():
    assert variable("calm", "d:qstn/d:qstnLit/text()") == ["Back then", "These days"]


def test_the_anonymisation_report_is_told_in_notes():
    release = context(findings=[("Smallest group", "7", "Seven look alike.")])
    notes = tree(release).xpath(
        "//d:stdyDscr/d:notes[@type='anonymisation']/text()", namespaces=DDI
    )
    assert "Seven look alike." in notes


def test_the_language_stands_on_the_sections_and_not_on_the_root():
    root, lang = tree(context()), "{http://www.w3.org/XML/1998/namespace}lang"
    assert lang not in root.attrib
    assert [section.get(lang) for section in root] == [context().study.language] * 4


def test_no_answer_is_counted_in_it():
    assert not tree(context()).xpath("//d:catStat | //d:sumStat | //d:TotlResp", namespaces=DDI)
