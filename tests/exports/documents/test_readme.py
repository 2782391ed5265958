from dataclasses import replace

import pytest

from exports.documents.all_documents import documents
from exports.documents.context import DocumentContext
from exports.documents.readme import readme
from tests.exports.documents.desk import context, report

OPEN = {"name": "B", "label": "Open microdata", "audience": "anyone"}


def text(release: DocumentContext | None = None) -> str:
    return documents(release or context())["README.md"].decode()


def test_it_says_first_what_this_is():
    assert text().splitlines()[0] == "# A tiny study"
    assert "Tier C, restricted microdata, for named researchers." in text().splitlines()[2]


def test_the_verifiers_sentences_are_told():
    release = context(findings=[("k", "7", "Seven people look alike.")])
    assert "- Seven people look alike." in text(release)


@pytest.mark.parametrize(
    "line",
    [
        "3 rows were left out: too few alike.",
        "`town`: withheld from every row",
        "`age`: 2 rows level 1",
    ],
)
def test_what_was_done_is_told(line):
    assert line in text()


def test_only_files_that_are_there_are_listed():
    listed = readme(context(), ["LICENSE"]).decode().partition("## Files")[2]
    assert "| `documentation/codebook.html`" not in listed


def test_a_restricted_file_is_not_called_safe_from_those_who_were_there():
    assert "with the care that personal data ask" in text()


def test_an_open_file_is_not_called_protected_by_an_agreement():
    said = text(context(report=report(tier=OPEN)))
    assert "agreement" not in said


def test_every_missing_code_is_explained():
    assert "| -99 | Prefer not to answer |" in text()


def test_a_rule_for_small_samples_is_told():
    assert "Under 50 rows no demographics." in text(
        context(policy_notes=["Under 50 rows no demographics."])
    )


def test_a_study_s_words_open_no_tag():
    release = replace(context(), facts={"institution": "<script>x</script>"})
    assert "<script" not in text(release)


def test_a_release_of_tables_speaks_of_no_codes():
    said = text(context(codebook=(), how="Counted, rounded to 5."))
    assert "## Codes" not in said
    assert "Counted, rounded to 5." in said


def test_other_formats_are_explained():
    files = {"data/study-tinystudy_data.sav": "0" * 64}
    assert "for SPSS, with labels" in text(context(files={}, report=report(files=files)))
