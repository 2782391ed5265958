"""No page, paper or release shows what its authors wrote to each other.

Such are marks of what is verified or remembered, numbers of screens and pages in a working paper,
and the names of working papers. Names of variables stand on no client's page.
"""

import re

import pytest

from exports.documents.all_documents import documents
from forms.flow import SCREENS
from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.exports.documents.desk import context
from tests.journeys.client import Journey
from tests.journeys.site import Site

MARK = re.compile(
    r"""(?x)
      \[[VM]\]                        # verified, or from memory
    | \bS\d{1,2}a?\b                  # a screen of a working paper
    | \bp[01]\d\b                     # a page of one
    | \bsection\ \d+\b
    | \bdocument\ 0\b
    | \b(?:CONSENT|INSTRUMENT|DESIGN|TIER_A|STUDIES|SEALED|NEEDS)\.md\b
    """
)
PUBLIC = ["", "text", "checklist", "data", "stored", "routes", "versions", "certificate"]
STUDY = load_study(FLAGSHIP)


def marks(text):
    return [found[0] for found in MARK.finditer(text)]


@pytest.fixture
def flagship(open_app):
    return Site(open_app("therapist-tears"), "therapist-tears")


@pytest.mark.parametrize("page", PUBLIC)
def test_no_page_of_the_board_has_one(flagship, page):
    board = Journey(flagship.app, "")
    board.base = f"/ethics/{flagship.name}/"
    said = board.open(page).text
    assert board.status == 200
    assert marks(said) == []


@pytest.mark.parametrize("screen", ["", "information", "eligibility", "support", "withdraw"])
def test_no_page_of_a_client_has_one_or_names_a_variable(flagship, screen):
    said = flagship.client().open(screen).text
    variables = {name for name, _ in STUDY.variables() if "_" in name}
    assert (marks(said), [name for name in variables if name in said]) == ([], [])


def test_no_question_names_a_variable_to_a_client(flagship):
    client, variables = flagship.client().begin(), {n for n, _ in STUDY.variables() if "_" in n}
    while client.screen == "questions":
        assert (marks(client.text), [n for n in variables if n in client.text]) == ([], [])
        client.answer(**({"saw_tears": 1} if client.asked == ["saw_tears"] else {}))


def test_nothing_that_the_study_says_has_one():
    support = (*STUDY.support.passages, *STUDY.support.lines)
    policy = (STUDY.policy.caution, *STUDY.policy.tiers.values())
    assert marks(f"{STUDY.content} {support} {policy}") == []


def test_no_screen_is_called_by_a_number():
    assert [screen.label for screen in SCREENS.values() if marks(screen.label)] == []


def test_no_document_of_a_release_has_one():
    found = {
        name: marks(body.decode(errors="replace")) for name, body in documents(context()).items()
    }
    assert {name: kinds for name, kinds in found.items() if kinds} == {}
