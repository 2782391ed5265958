import json
from dataclasses import replace

import pytest

from exports.documents.all_documents import documents
from tests.exports.documents.desk import FLAGSHIP, NASTY, context, relabelled, report

READ = {
    ".psychds-ignore", "datacite.json", "dataverse.json", "ro-crate-metadata.json",
    "CHANGES.md", "CITATION.cff", "LICENSE", "README.md",
    "analysis/import.R", "analysis/import.do", "analysis/import.py", "analysis/import.sps",
    "analysis/score.R", "analysis/score.do", "analysis/score.py", "analysis/score.sps",
    "dataset_description.json", "documentation/anonymisation-plan.md",
    "documentation/cherries.md", "documentation/codebook.csv",
    "documentation/codebook.html", "documentation/codebook.json",
    "documentation/consent-c1-en.html", "documentation/consent-c1-en.md", "documentation/ddi.xml",
    "documentation/motivated-intruder.md", "documentation/report.html",
    "materials/questionnaire-1-en.html", "materials/questionnaire-1-en.md",
}  # fmt: skip
# Tables and lists for programs, which have no line for a mark.
UNMARKED = {".psychds-ignore", "documentation/codebook.csv"}


def test_a_release_tells_everything_that_people_read():
    assert documents(context()).keys() == READ


def test_the_same_release_gives_the_same_bytes():
    assert documents(context()) == documents(context())


@pytest.mark.parametrize("name", sorted(READ - UNMARKED))
def test_pilot_and_synthetic_data_are_marked_on_top_of_every_file(name):
    text = documents(context(pilot=True, synthetic=True))[name].decode()
    body = text.partition("</style>")[2] if name.endswith(".html") else text
    assert "PILOT DATA" in body[:900]
    assert "SYNTHETIC" in body[:900]


def test_a_real_release_carries_no_mark():
    assert not any(b"PILOT DATA" in content for content in documents(context()).values())


@pytest.mark.parametrize("name", ["report.html", "codebook.html", "ddi.xml", "codebook.json"])
def test_how_the_figures_must_not_be_read_is_printed(name):
    files = documents(context())
    assert b"Not a prevalence." in files["README.md"]
    assert b"Not a prevalence." in files[f"documentation/{name}"]


def test_a_release_without_columns_has_what_describes_the_rest():
    files = documents(context(codebook=()))
    assert "README.md" in files
    assert not any(name.startswith("analysis/") or "codebook" in name for name in files)


def test_a_release_without_scores_has_no_scripts_that_score():
    book = [e for e in context().codebook if e["part"] != "score"]
    files = documents(context(codebook=book))
    assert files.keys() == {name for name in READ if "score" not in name}
    assert b"analysis/score" not in files["README.md"]


def test_a_report_that_says_little_still_makes_every_file():
    bare = {k: v for k, v in report().items() if k in ("study", "title", "tier", "pilot")}
    assert documents(replace(context(), report=bare)).keys() == READ


def test_words_that_break_syntax_break_no_file():
    release = relabelled(context(), "met", label=NASTY, codes={"1": NASTY, "2": NASTY + "!"})
    files = documents(release)
    assert json.loads(files["documentation/codebook.json"])["variables"][7]["label"] == NASTY
    assert b"<b>|" not in files["documentation/codebook.html"]


def test_every_wording_that_stands_in_the_data_has_its_own_texts():
    first = context().archived[0]
    release = context(wordings=[first, replace(first, version="2+ab", consent="c2+cd")])
    assert {"materials/questionnaire-2-ab-en.md", "documentation/consent-c2-cd-en.md"} <= documents(
        release
    ).keys()


def test_the_folders_own_words_stand_in_where_no_wording_was_handed_over():
    release = context(study=FLAGSHIP, codebook=(), wordings=())
    assert "materials/questionnaire-1.0-draft-en.html" in documents(release)
